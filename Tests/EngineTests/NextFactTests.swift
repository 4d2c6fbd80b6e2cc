import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

/// What next, and what a person is asked.
@Suite struct NextFactTests {
    private let dark = Answer.unknown(Unknown(.denied, "the server says no", hint: "ask for it"))

    private func world(_ collectors: [(name: String, cost: Declaration.Cost)]) -> MadeUp {
        collectors.reduce(MadeUp()) { $0.adding($1.name, .bool, cost: $1.cost, dark) }
    }

    @Test func `the fact that would decide most is named, with the command that gets it`() async throws {
        let world = world([("a", .file), ("b", .network)])
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "x: a\ny: b",
                    causes: """
                        - {id: one, title: T, when: facts.x}
                        - {id: two, title: T, when: facts.y}
                        - {id: three, title: T, when: "!facts.y"}
                        """)))
        let next = try #require(diagnosis.next)
        #expect(next.missing.fact == "y")
        #expect(next.wouldDecide == ["p/two", "p/three"])
        #expect(next.missing.command == ["triage", "facts", "collect", "b"])
    }

    @Test func `of equals the cheapest`() async throws {
        let world = world([("a", .network), ("b", .file)])
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "x: a\ny: b",
                    causes: "- {id: one, title: T, when: facts.x}\n- {id: two, title: T, when: facts.y}")))
        #expect(diagnosis.next?.missing.fact == "y")
        #expect(diagnosis.next?.missing.command == ["sudo", "triage", "facts", "collect", "b"])
    }

    @Test func `a fact that two playbooks name differently counts once`() async throws {
        let world = world([("a", .file), ("b", .file)])
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText("p", facts: "x: a", causes: "- {id: one, title: T, when: facts.x}"),
                playbookText("q", facts: "z: a", causes: "- {id: one, title: T, when: facts.z}"),
                playbookText("r", facts: "y: b", causes: "- {id: one, title: T, when: facts.y}")))
        #expect(diagnosis.next?.wouldDecide == ["p/one", "q/one"])
    }

    @Test func `nothing is next where a cause is confirmed, or nothing can be had`() async {
        let world = world([("a", .file)]).adding("yes", .bool, .bool(true))
            .adding("never", .bool, .unknown(Unknown(.notApplicable, "no etcd here")))
        let text = "- {id: one, title: T, when: facts.x}"
        let confirmed = await world.diagnose(
            world.playbooks(
                playbookText("p", facts: "x: a\nt: yes", causes: text + "\n- {id: two, title: T, when: facts.t}")))
        #expect(confirmed.next == nil)
        let hopeless = await world.diagnose(world.playbooks(playbookText("p", facts: "x: never", causes: text)))
        #expect(hopeless.summary == ["p/one: undetermined"])
        #expect(hopeless.next == nil)
    }

    @Test func `an input is asked where it can decide, a defaulted one where its fact could not be had`() async {
        let parameter = Declaration.Parameter("path", .string, "")
        let world = MadeUp().adding(
            MadeUpCollector("file", .bool, parameters: [parameter]) { parameters throws(Unknown) in
                guard case .string("/right") = parameters["path"] else { throw Unknown(.notFound, "no file there") }
                return .bool(true)
            })
        let playbooks = world.playbooks(
            playbookText(
                "p",
                inputs: "path: {type: string, title: Path, default: /wrong}\nidle: {type: bool, title: Idle}",
                facts: "file: {collector: file, with: {path: '{{ inputs.path }}'}}",
                causes: """
                    - {id: a, title: T, when: facts.file}
                    - {id: b, title: T, when: platform == 'kind' && inputs.idle}
                    """))
        let first = await world.diagnostician(playbooks).investigate(Inquiry())
        #expect(first.questions.map(\.name) == ["inputs.path"])
        let second = await world.diagnostician(playbooks).investigate(
            Inquiry(inputs: ["path": "/right"], known: first.snapshot.facts))
        #expect(second.diagnosis.confirmed == ["p/a"])
        #expect(second.questions.isEmpty)
    }

    @Test func `facts that are known are not collected again`() async {
        let world = MadeUp().adding("on", .bool, .bool(true))
        let playbooks = world.playbooks(
            playbookText("p", facts: "on: on", causes: "- {id: a, title: T, when: facts.on}"))
        let first = await world.diagnostician(playbooks).investigate(Inquiry())
        let second = await world.diagnostician(playbooks).investigate(Inquiry(known: first.snapshot.facts))
        #expect(second.diagnosis.confirmed == ["p/a"])
        #expect(world.log.all == ["on"])
    }
}

/// What all the conditions of a diagnosis may cost together.
@Suite struct CostBudgetTests {
    private static func heavy(_ name: String) -> String {
        playbookText(
            name, facts: "n: n",
            causes: (0..<5).map {
                "- {id: c\($0), title: T, when: 'facts.n.all(x, facts.n.exists(y, y == x && y != -\($0 + 1)))'}"
            }
            .joined(separator: "\n"))
    }

    private let world = MadeUp().adding(
        "n", .list(.int), .value(.list(CEL.List((0..<60).map { .int($0) }))))

    private func diagnose(_ cost: UInt64) async -> Diagnosis {
        let playbooks = world.playbooks(Self.heavy("p"), Self.heavy("q"))
        return await world.diagnostician(playbooks, limits: .init(cost: cost)).diagnose(Inquiry())
    }

    @Test func `within the budget all are judged`() async {
        let diagnosis = await diagnose(50_000_000)
        #expect(diagnosis.confirmed.count == 10)
        #expect(diagnosis.problems.isEmpty)
    }

    @Test func `beyond it what was judged stands, and the rest is failed and told, never ruled out`() async throws {
        let diagnosis = await diagnose(12_000)
        #expect(diagnosis.findings.count == 10)
        #expect(diagnosis.findings.contains { $0.status == .failed })
        #expect(!diagnosis.findings.contains { $0.status == .ruledOut })
        let problem = try #require(diagnosis.problems.first)
        #expect(problem.code == .budgetExhausted)
        #expect(problem.message.contains("12000 units together, most of it in 'p'"))
        let failure = try #require(diagnosis.findings.first { $0.status == .failed }?.failure)
        #expect(failure.message.contains("the budget of the whole diagnosis was used up"))
        #expect(failure.location.file == "made-up-0.yaml" || failure.location.file == "made-up-1.yaml")
    }

    /// What goes over each element once costs more than 1,000,000 units here.
    @Test func `a large cluster is looked through as a small one is`() async {
        let items = Value.list(CEL.List((0..<400_000).map { .int($0) }))
        let world = MadeUp().adding("n", .object(["items": .list(.int)]), .fields(["items": items]))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "n: n",
                causes: """
                    - {id: linear, title: T, when: "facts.n.items.filter(x, x % 2 == 0).size() == 200000"}
                    """))
        let diagnosis = await world.diagnostician(playbooks).diagnose(Inquiry())
        #expect(diagnosis.confirmed == ["p/linear"])
    }

    @Test func `what goes over all pairs ends as ever`() async throws {
        let items = Value.list(CEL.List((0..<5000).map { .int($0) }))
        let world = MadeUp().adding("n", .list(.int), .value(items))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "n: n",
                causes: #"- {id: a, title: T, when: "facts.n.all(x, !facts.n.exists(y, y > x + 400000))"}"#))
        let diagnosis = await world.diagnostician(playbooks).diagnose(Inquiry())
        let finding = try #require(diagnosis.findings.first)
        #expect(finding.status == .failed)
        #expect(finding.failure?.message.contains("budget") == true)
    }
}
