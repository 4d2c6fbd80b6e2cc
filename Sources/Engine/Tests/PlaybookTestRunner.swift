internal import CEL
package import Facts
package import Playbooks
internal import YAML

/// Runs the tests that stand beside playbooks: given facts and text, the findings must be the expected ones.
package struct PlaybookTestRunner: Sendable {
    /// What came of one case.
    package struct Result: Sendable {
        package var playbook: String
        package var name: String
        package var location: Location
        package var failures: [Failure]
        package var diagnosis: Diagnosis
        /// The text of the case and its place; empty where it has none.
        package var text: String
        /// Other playbooks whose causes the case speaks of.
        package var others: Set<String>
        /// Remedies whose commands the case expects.
        package var remedies: Set<String>
        /// From which the branches that it took can be told.
        let investigation: Investigation
    }

    /// An expectation that was not met.
    package struct Failure: Sendable, Hashable {
        /// Such as `confirmed` or `because of swap-active`.
        package var what: String
        package var expected: String
        package var found: String
        package var location: Location
    }

    package struct Report: Sendable {
        package var results: [Result] = []
        /// Wrong in the test files themselves.
        package var problems: [Problem] = []

        package init(results: [Result] = [], problems: [Problem] = []) {
            self.results = results
            self.problems = problems
        }
    }

    package let playbooks: [Playbook]
    package let catalogue: Catalogue
    private let library: PlaybookLibrary
    private let matcher: SymptomMatcher
    private let reads = ReadsOfPlaybooks.inPart()

    package init(playbooks: [Playbook], catalogue: Catalogue) {
        self.playbooks = playbooks
        self.catalogue = catalogue
        library = PlaybookLibrary(of: playbooks)
        matcher = SymptomMatcher(playbooks)
    }

    /// Runs the cases of one file.
    package func run(_ bytes: [UInt8], file: String) async -> Report {
        let reading = FileReading(bytes, file: file, kind: "PlaybookTest", shape: .playbookTest)
        var report = Report(problems: reading.problems)
        for document in reading.documents where document.isSound {
            guard let playbook = playbook(of: document.root, in: reading, &report) else { continue }
            var reader = PlaybookTestReader(playbook, library: playbooks, catalogue: catalogue, source: reading.source)
            for node in document.root.elements("cases") {
                let told = reader.problems.count
                guard let testCase = reader.testCase(node), reader.problems.count == told else { continue }
                report.results.append(await run(testCase, of: playbook, &report))
            }
            report.problems += reader.problems
        }
        report.problems = report.problems.inOrderOfPlace
        return report
    }

    private func playbook(of document: Mapping, in reading: FileReading, _ report: inout Report) -> Playbook? {
        guard let node = document["playbook"], let name = node.text else { return nil }
        if let playbook = playbooks.first(where: { $0.name == name }) { return playbook }
        let nearest = nearestName(to: name, among: playbooks.map(\.name))
        report.problems.append(
            Problem(
                .unknownPlaybook, "there is no playbook '\(name)'" + didYouMean(nearest),
                at: reading.source.location(of: node), suggestion: nearest))
        return nil
    }

    /// What the given facts and text of a case lead to.
    func investigate(_ testCase: PlaybookTestCase, of playbook: Playbook) async -> Investigation {
        var diagnostician = Diagnostician(
            library: library, catalogue: catalogue,
            source: .snapshot(Snapshot(now: testCase.now, facts: shared(testCase, of: playbook))))
        diagnostician.matcher = matcher
        diagnostician.reads = reads
        diagnostician.given = [playbook.name: testCase.facts]
        diagnostician.givenPlatform = testCase.platform
        return await diagnostician.investigate(
            Inquiry(
                text: testCase.text, names: testCase.text.isEmpty ? [playbook.name] : [], inputs: testCase.inputs))
    }

    private func run(_ testCase: PlaybookTestCase, of playbook: Playbook, _ report: inout Report) async -> Result {
        let investigation = await investigate(testCase, of: playbook)
        let diagnosis = investigation.diagnosis
        for problem in diagnosis.problems {
            var placed = problem
            placed.location = testCase.location
            report.problems.append(placed)
        }
        return Result(
            playbook: playbook.name, name: testCase.name, location: testCase.location,
            failures: testCase.expectations.failures(diagnosis, of: playbook.name), diagnosis: diagnosis,
            text: testCase.text, others: testCase.expectations.playbooks.subtracting([playbook.name]),
            remedies: Set(testCase.expectations.commands.filter { !$0.1.content.isEmpty }.map { $0.remedy }),
            investigation: investigation)
    }

    /// The given facts under the keys by which other playbooks that ask the same find them.
    private func shared(_ testCase: PlaybookTestCase, of playbook: Playbook) -> [Fact] {
        let situation = Situation(
            now: testCase.now, inputs: testCase.inputs, given: [playbook.name: testCase.facts],
            platform: testCase.platform)
        let scope = Scope(playbook, memory: WorkingMemory(situation, catalogue: catalogue))
        return testCase.facts.sorted { $0.key < $1.key }.compactMap { name, fact in
            scope.request(for: name).map { Fact(key: $0.key, result: fact.result, provenance: fact.provenance) }
        }
    }
}

// MARK: - Expectations

extension PlaybookTestCase.Expectations {
    /// Those whose causes are spoken of.
    var playbooks: Set<String> {
        var causes = [confirmed, ruledOut, undetermined, failed].flatMap(\.content)
        causes += because.map { $0.cause }
        causes += missing.map { $0.cause }
        return Set(causes.compactMap { $0.split(separator: "/").first.map(String.init) })
    }

    func failures(_ diagnosis: Diagnosis, of playbook: String) -> [PlaybookTestRunner.Failure] {
        var failures: [PlaybookTestRunner.Failure] = []
        func names(_ status: Finding.Status) -> [String] {
            diagnosis.findings.filter { $0.status == status }.map { "\($0.playbook)/\($0.cause)" }
        }
        func short(_ names: [String]) -> String {
            "["
                + names.map { $0.hasPrefix(playbook + "/") ? String($0.dropFirst(playbook.count + 1)) : $0 }
                .joined(separator: ", ") + "]"
        }
        func fail(_ what: String, _ expected: String, _ found: String, at location: Location) {
            failures.append(.init(what: what, expected: expected, found: found, location: location))
        }
        if names(.confirmed) != confirmed.content {
            fail("confirmed", short(confirmed.content), short(names(.confirmed)), at: confirmed.location)
        }
        if Set(names(.failed)) != Set(failed.content) {
            fail("failed", short(failed.content), short(names(.failed)), at: failed.location)
        }
        for (status, expected) in [(Finding.Status.ruledOut, ruledOut), (.undetermined, undetermined)] {
            for name in expected.content where !names(status).contains(name) {
                let found = diagnosis.findings.first { "\($0.playbook)/\($0.cause)" == name }?.status.rawValue
                fail("status of \(name)", status.rawValue, found ?? "takes no part", at: expected.location)
            }
        }
        for (name, expected) in because {
            let found = diagnosis.finding(name)?.because ?? ""
            if found != expected.content { fail("because of \(name)", expected.content, found, at: expected.location) }
        }
        for (name, expected) in missing {
            let found = (diagnosis.finding(name)?.missing ?? []).map(\.fact)
            if Set(found) != Set(expected.content) {
                fail("missing for \(name)", short(expected.content), short(found), at: expected.location)
            }
        }
        for (id, expected) in commands {
            let found = diagnosis.commands(of: id, in: playbook)
            if found != expected.content {
                fail(
                    "commands of \(id)", "\(expected.content)", found.map { "\($0)" } ?? "not offered",
                    at: expected.location)
            }
        }
        return failures
    }
}

extension Diagnosis {
    func finding(_ name: String) -> Finding? { findings.first { "\($0.playbook)/\($0.cause)" == name } }

    /// `nil` where the remedy is not offered.
    func commands(of remedy: String, in playbook: String) -> [[String]]? {
        findings.filter { $0.playbook == playbook }.flatMap(\.remedies).first { $0.id == remedy }?.steps.compactMap {
            if case .run(let arguments, _) = $0 { arguments } else { nil }
        }
    }
}
