internal import CEL
package import Engine
internal import Playbooks

/// What came of playbook tests, for people.
package func testReportText(
    of report: PlaybookTestRunner.Report, _ tests: TestCoverage, _ branches: BranchCoverage, namingPassed: Bool,
    namingGaps: Bool,
    _ options: TextOptions
) -> String {
    var text = TerminalText(width: options.width)
    for result in report.results where namingPassed || !result.failures.isEmpty { add(result, to: &text) }
    if namingGaps { addGaps(tests, branches, to: &text) }
    let complete = tests.rows.count { $0.isComplete }
    let failed = report.results.count { !$0.failures.isEmpty }
    text.line("\(complete) of \(tests.rows.count) causes have all three kinds of test", .dim)
    let spelt = tests.commands.all.count - tests.untestedCommands.count
    text.line("\(spelt) of \(tests.commands.all.count) remedies have their commands tested", .dim)
    text.line("\(branches.ways.gone) of \(branches.ways.all) ways that conditions can go are tested", .dim)
    text.line("\(report.results.count - failed) passed, \(failed) failed")
    return text.rendered(inColor: options.isColored)
}

private func add(_ result: PlaybookTestRunner.Result, to text: inout TerminalText) {
    guard !result.failures.isEmpty else { return text.line("✓ \(result.playbook): \(result.name)", .green) }
    text.add("✗ \(result.playbook): \(result.name)", .red)
    text.line("  \(result.location.file):\(result.location.line)", .dim)
    for failure in result.failures {
        text.wrapped("\(failure.location.line):\(failure.location.column) \(failure.what)", indent: 4, .bold)
        text.wrapped("expected \(failure.expected)", indent: 6)
        text.wrapped("found    \(failure.found)", indent: 6)
    }
}

private func addGaps(_ tests: TestCoverage, _ branches: BranchCoverage, to text: inout TerminalText) {
    for row in tests.rows where !row.isComplete {
        text.line("no test has \(row.playbook)/\(row.cause) \(row.lacks.joined(separator: ", "))", .yellow)
    }
    for remedy in tests.untestedCommands { text.line("no test says what \(remedy) runs", .yellow) }
    for gap in branches.gaps {
        text.line("\(gap.branch.location.text): never \(gap.lacks)", .yellow)
        text.wrapped("  \(gap.branch.text)", indent: 4)
        text.wrapped("  in \(gap.branch.owner)", indent: 4, .dim)
    }
}

/// The same for programs, with everything that no test shows.
package func testReportJSON(
    of report: PlaybookTestRunner.Report, _ tests: TestCoverage, _ branches: BranchCoverage
) -> String {
    func texts(_ list: [String]) -> Value { .list(List(list.map { .string($0) })) }
    func count(_ number: Int) -> Value { .int(Int64(number)) }
    func list<Element>(_ elements: [Element], _ document: (Element) -> Map) -> Value {
        .list(List(elements.map { .map(document($0)) }))
    }
    let failed = report.results.filter { !$0.failures.isEmpty }
    let document: Map = [
        "passed": count(report.results.count - failed.count),
        "failed": list(failed) { result in
            [
                "playbook": .string(result.playbook), "name": .string(result.name),
                "place": .string(result.location.text),
                "failures": list(result.failures) { failure in
                    [
                        "what": .string(failure.what), "expected": .string(failure.expected),
                        "found": .string(failure.found), "place": .string(failure.location.text),
                    ]
                },
            ]
        },
        "causes": list(tests.rows) { row in
            ["cause": .string("\(row.playbook)/\(row.cause)"), "lacks": texts(row.lacks)]
        },
        "untestedCommands": texts(tests.untestedCommands),
        "ways": count(branches.ways.all),
        "testedWays": count(branches.ways.gone),
        "branches": list(branches.gaps) { gap in
            [
                "playbook": .string(gap.branch.playbook), "in": .string(gap.branch.owner),
                "text": .string(gap.branch.text), "never": .string(gap.lacks),
                "place": .string(gap.branch.location.text),
            ]
        },
    ]
    return jsonText(of: .map(document)) + "\n"
}

extension TestCoverage {
    /// `playbook/remedy` of those that run something nobody has spelt out.
    fileprivate var untestedCommands: [String] { commands.all.filter { !commands.expected.contains($0) } }
}

extension TestCoverage.Row {
    fileprivate var lacks: [String] {
        [
            isConfirmed ? nil : "confirmed", isRuledOut ? nil : "ruled out", isUndetermined ? nil : "undetermined",
        ].compactMap(\.self)
    }
}

extension BranchCoverage.Gap {
    fileprivate var lacks: String { wasTrue ? "false" : wasFalse ? "true" : "evaluated" }
}

extension Location {
    fileprivate var text: String { "\(file):\(line):\(column)" }
}
