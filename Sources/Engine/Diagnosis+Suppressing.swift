internal import CEL
internal import Facts
package import Playbooks

/// A finding that somebody knows and accepts for now.
package struct SuppressedFinding: Sendable {
    package var finding: Finding
    package var suppression: Suppression

    package init(finding: Finding, suppression: Suppression) {
        self.finding = finding
        self.suppression = suppression
    }
}

extension Diagnosis {
    /// The diagnosis without what is known and accepted, as of the time it judges by.
    ///
    /// A suppression that has expired suppresses nothing, and the finding says so. What is ruled out needs none, and a
    /// condition that fails is never hidden: it says nothing about the cause that was accepted.
    package func suppressing(_ suppressions: [Suppression]) -> Diagnosis {
        guard !suppressions.isEmpty else { return self }
        var result = self
        result.findings = []
        for var finding in findings {
            let name = "\(finding.playbook)/\(finding.cause)"
            let covering = suppressions.filter {
                $0.cause == name
                    && $0.scope.holds(context: subject.context, server: subject.server, platform: subject.platform)
            }
            guard finding.status == .confirmed || finding.status == .undetermined,
                let last = covering.max(by: {
                    ($0.expires.seconds, $0.expires.nanoseconds) < ($1.expires.seconds, $1.expires.nanoseconds)
                })
            else {
                result.findings.append(finding)
                continue
            }
            if (last.expires.seconds, last.expires.nanoseconds) > (collectedAt.seconds, collectedAt.nanoseconds) {
                result.suppressed.append(SuppressedFinding(finding: finding, suppression: last))
            } else {
                finding.lapsed = last
                result.findings.append(finding)
            }
        }
        result.next = NextFact(deciding: result.findings)
        return result
    }
}
