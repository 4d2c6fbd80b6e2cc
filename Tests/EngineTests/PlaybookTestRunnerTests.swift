import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

@Suite struct PlaybookTestRunnerTests {
    static let world = MadeUp()
        .adding("swap", DiagnosisTests.swapType, .unknown(Unknown(.notCollected, "tests give it")))
        .adding("cert", .object(["notAfter": .timestamp]), .unknown(Unknown(.notCollected, "tests give it")))
        .adding("platform", .object(["name": .string]), .unknown(Unknown(.notCollected, "tests give it")))

    static let certText = playbookText(
        "cert", facts: "cert: cert",
        causes: """
            - {id: expired, title: T, when: facts.cert.notAfter < now}
            - {id: on-kind, title: T, when: platform == 'kind'}
            - {id: root, title: T, when: facts.cert.notAfter <= now, explains: [swap/active]}
            """)

    private func run(_ cases: String, playbook: String = "swap") async -> PlaybookTestRunner.Report {
        let runner = PlaybookTestRunner(
            playbooks: Self.world.playbooks(DiagnosisTests.swapText, Self.certText), catalogue: Self.world.catalogue)
        let text = "apiVersion: playbooks.triage/v1\nkind: PlaybookTest\nplaybook: \(playbook)\ncases:\n" + cases
        return await runner.run(Array(text.utf8), file: "made-up_test.yaml")
    }

    @Test(arguments: [
        """
          - name: on
            text: here is the symptom of swap
            facts: {swap: {devices: [{name: /dev/sda2}]}}
            expect:
              confirmed: [active]
              because: {active: "1 device(s): /dev/sda2"}
              commands: {"off": [[swapoff, -a]]}

        """,
        """
          - name: off
            facts: {swap: {devices: []}}
            expect: {ruledOut: [active]}

        """,
        """
          - name: unseen
            facts: {swap: {devices: [{name: /dev/sda2}]}}
            unknown: {swap.failSwapOn: denied}
            expect: {undetermined: [active], missing: {active: [swap.failSwapOn]}}

        """,
        """
          - name: not given
            expect: {undetermined: [active], missing: {active: [swap]}}

        """,
        """
          - name: text that does not match
            text: all is well
            facts: {swap: {devices: [{name: /dev/sda2}]}}
            expect: {confirmed: []}

        """,
    ])
    func `a case that holds passes`(text: String) async {
        let report = await run(text)
        #expect(report.problems.isEmpty)
        #expect(report.results.count == 1)
        #expect(report.results.flatMap(\.failures).isEmpty)
    }

    @Test func `times, the platform and the day are as the case says`() async {
        let report = await run(
            """
              - name: judged as of then
                now: 2026-01-02T00:00:00Z
                platform: kind
                facts: {cert: {notAfter: 2026-01-01T00:00:00Z}}
                expect: {confirmed: [expired, on-kind, root]}
              - name: before
                now: 2025-01-02T00:00:00Z
                facts: {cert: {notAfter: 2026-01-01T00:00:00Z}}
                expect: {ruledOut: [expired], undetermined: [on-kind]}

            """, playbook: "cert")
        #expect(report.problems.isEmpty)
        #expect(report.results.flatMap(\.failures).isEmpty)
        #expect(report.results.count == 2)
    }

    @Test func `what does not hold is told with what was expected and found`() async {
        let report = await run(
            """
              - name: wrong
                facts: {swap: {devices: []}}
                expect:
                  confirmed: [active]
                  undetermined: [active]
                  because: {active: x}
                  commands: {"off": []}

            """)
        #expect(
            report.results.first?.failures.map { "\($0.location.line) \($0.what): \($0.expected) / \($0.found)" } == [
                "8 confirmed: [active] / []", "9 status of swap/active: undetermined / ruled-out",
                "10 because of swap/active: x / ", "11 commands of off: [] / not offered",
            ])
    }

    @Test(arguments: [
        ("    facts: {swp: {}}\n", "the playbook 'swap' has no fact 'swp'; did you mean 'swap'?", 7),
        ("    facts: {swap: {device: []}}\n", "there is no field 'device'; did you mean 'devices'?", 7),
        ("    facts: {swap: {devices: 3}}\n", "expected a list, each element a mapping, found 3", 7),
        ("    unknown: {swap.failSwapOm: denied}\n", "there is no field 'failSwapOm'; did you mean 'failSwapOn'?", 7),
        ("    inputs: {nope: 1}\n", "no playbook has an input 'nope'", 5),
    ])
    func `a misspelt fact or field is a problem at its place`(line: String, message: String, at: Int) async {
        let report = await run("  - name: x\n    text: y\n" + line + "    expect: {}\n")
        #expect(report.problems.map { "\($0.location.line) \($0.message)" } == ["\(at) \(message)"])
    }

    @Test func `a cause or playbook that does not exist is a problem`() async {
        let report = await run("  - name: x\n    expect: {confirmed: [activ]}\n")
        #expect(report.problems.map(\.message) == ["there is no cause 'swap/activ'; did you mean 'swap/active'?"])
        let other = await run("  - name: x\n    expect: {}\n", playbook: "swop")
        #expect(other.problems.map(\.message) == ["there is no playbook 'swop'; did you mean 'swap'?"])
    }

    @Test func `coverage counts what passing cases show of each cause`() async {
        let report = await run(
            """
              - name: on
                facts: {swap: {devices: [{name: a}]}}
                expect: {confirmed: [active]}
              - name: off, and wrong about it
                facts: {swap: {devices: []}}
                expect: {confirmed: [active]}
              - name: unseen
                expect: {undetermined: [active]}

            """)
        let coverage = TestCoverage(of: Self.world.playbooks(DiagnosisTests.swapText), by: report.results)
        #expect(
            coverage.rows == [
                .init(playbook: "swap", cause: "active", isConfirmed: true, isRuledOut: false, isUndetermined: true)
            ])
    }

    @Test func `coverage knows whose commands are spelt out, and which symptoms stray`() async {
        let playbooks = Self.world.playbooks(DiagnosisTests.swapText, Self.certText)
        let report = await run(
            """
              - name: on
                text: here is the symptom of swap, and the symptom of cert
                facts: {swap: {devices: [{name: a}]}}
                expect:
                  confirmed: [active]
                  commands: {"off": [[swapoff, -a]]}

            """)
        #expect(report.results.flatMap(\.failures).isEmpty)
        let coverage = TestCoverage(of: playbooks, by: report.results)
        #expect(coverage.commands.all == ["swap/off"])
        #expect(coverage.shown.commands == ["swap/off"])
        // A cause of cert explains one of swap's, so the two belong together.
        #expect(coverage.shown.strays.isEmpty)
        let other = Self.world.playbooks(
            DiagnosisTests.swapText,
            playbookText(
                "else", symptom: "the symptom of", facts: "cert: cert",
                causes: "- {id: c, title: T, when: platform == 'kind'}"))
        let runner = PlaybookTestRunner(playbooks: other, catalogue: Self.world.catalogue)
        func strays(_ expect: String) async -> [ShownByTests.Stray] {
            let text = """
                apiVersion: playbooks.triage/v1
                kind: PlaybookTest
                playbook: swap
                cases: [{name: on, text: the symptom of swap, expect: \(expect)}]
                """
            let report = await runner.run(Array(text.utf8), file: "swap_test.yaml")
            return TestCoverage(of: other, by: report.results).shown.strays
        }
        #expect(
            await strays("{}").map { "\($0.playbook) \($0.symptom) \($0.testCase) \($0.place.line)" } == ["else 0 on 4"]
        )
        #expect(await strays("{undetermined: [else/c]}").isEmpty)
    }
}
