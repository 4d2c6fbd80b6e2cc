internal import Playbooks

/// What the process answers to a script.
package enum ExitCode: Int32, Sendable {
    case nothingFound = 0
    case confirmed = 1
    case undetermined = 2
    case badInput = 3
    case internalError = 4
}

extension Diagnosis {
    /// A confirmed cause is the answer whatever else went wrong; a broken playbook is not "nothing found"; and what
    /// could not be seen is neither.
    package var exitCode: ExitCode {
        let statuses = Set(findings.map(\.status))
        if statuses.contains(.confirmed) { return .confirmed }
        if statuses.contains(.failed) || problems.contains(where: { $0.severity == .error }) { return .badInput }
        return statuses.contains(.undetermined) ? .undetermined : .nothingFound
    }
}
