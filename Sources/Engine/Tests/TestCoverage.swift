package import Playbooks

/// What the tests show of playbooks: the statuses of each cause and the commands of each remedy.
package struct TestCoverage: Sendable {
    package struct Row: Sendable, Hashable {
        package var playbook: String
        package var cause: String
        package var isConfirmed: Bool
        package var isRuledOut: Bool
        package var isUndetermined: Bool

        package var isComplete: Bool { isConfirmed && isRuledOut && isUndetermined }
    }

    package let rows: [Row]
    /// `playbook/remedy` of those that run something, and of those of them whose commands a case expects.
    package let commands: (all: [String], expected: Set<String>)
    private let strays: [ShownByTests.Stray]

    /// - Parameter results: only the cases that passed count.
    package init(of playbooks: [Playbook], by results: [PlaybookTestRunner.Result]) {
        let passed = results.filter(\.failures.isEmpty)
        var seen: [String: Set<Finding.Status>] = [:]
        for result in passed {
            for finding in result.diagnosis.findings {
                seen["\(finding.playbook)/\(finding.cause)", default: []].insert(finding.status)
            }
        }
        rows = playbooks.flatMap { playbook in
            playbook.causes.map { cause in
                let statuses = seen["\(playbook.name)/\(cause.id)"] ?? []
                return Row(
                    playbook: playbook.name, cause: cause.id, isConfirmed: statuses.contains(.confirmed),
                    isRuledOut: statuses.contains(.ruledOut), isUndetermined: statuses.contains(.undetermined))
            }
        }
        commands = (
            playbooks.flatMap { playbook in
                playbook.remedies.filter(\.runsSomething).map { "\(playbook.name)/\($0.id)" }
            }, Set(passed.flatMap { result in result.remedies.map { "\(result.playbook)/\($0)" } })
        )
        strays = StraySymptoms(playbooks, results).all
    }

    /// The same for the rules of the linter.
    package var shown: ShownByTests {
        var shown = ShownByTests(commands: commands.expected, strays: strays)
        for row in rows {
            var statuses: Set<ShownByTests.Status> = []
            if row.isConfirmed { statuses.insert(.confirmed) }
            if row.isRuledOut { statuses.insert(.ruledOut) }
            if row.isUndetermined { statuses.insert(.undetermined) }
            shown.causes["\(row.playbook)/\(row.cause)"] = statuses
        }
        return shown
    }
}

/// What the tests show of the playbooks' expressions: every evaluation is followed once more for it.
package struct BranchCoverage: Sendable {
    /// A branch that has always gone the same way.
    package struct Gap: Sendable, Hashable {
        package var branch: Branch
        package var wasTrue: Bool
        package var wasFalse: Bool
    }

    /// Branches that no case has both true and false, in the order of the text.
    package let gaps: [Gap]
    /// How many ways there are to go, two a branch, and how many of them were gone.
    package let ways: (all: Int, gone: Int)

    /// - Parameter results: only the cases that passed count.
    package init(of playbooks: [Playbook], by results: [PlaybookTestRunner.Result]) {
        var tracer = BranchTracer()
        for result in results where result.failures.isEmpty { tracer.add(result.investigation) }
        let trace = tracer.trace
        let states = playbooks.flatMap(\.branches).map {
            Gap(branch: $0, wasTrue: trace.wereTrue.contains($0), wasFalse: trace.wereFalse.contains($0))
        }
        gaps = states.filter { !$0.wasTrue || !$0.wasFalse }
        ways = (2 * states.count, states.reduce(0) { $0 + ($1.wasTrue ? 1 : 0) + ($1.wasFalse ? 1 : 0) })
    }
}
