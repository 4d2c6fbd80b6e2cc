import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

/// What is asked of a collector that leaves out what nobody reads.
@Suite struct FactReadsTests {
    /// Objects with more in them than anybody reads; logs what was to be read.
    private struct Objects: Collector {
        let log: CallLog
        let declaration = Declaration(
            "objects", summary: "Made up.", returns: .object(["items": .list(.dyn), "version": .string]), cost: .list,
            readsInPart: true)

        static let value = Value.map([
            "items": .list([
                .map(["name": .string("one"), "x": .int(1), "y": .int(2), "z": .int(3)]),
                .map(["name": .string("two"), "x": .int(2), "y": .int(1), "z": .int(3)]),
            ]), "version": .string("7"),
        ])

        func collect(
            _ parameters: [String: Value], in surroundings: Surroundings
        ) async throws(Unknown) -> Observation {
            log.add(surroundings.reading.description + (surroundings.lists == nil ? "" : ", the rest is written"))
            if let lists = surroundings.lists, case .map(let map) = Self.value, case .list(let items) = map["items"] {
                for item in items { try lists.take(item, of: "items") }
            }
            // Only of elements something is left out.
            let reading = surroundings.reading.union(Projection(paths: ["version"]))
            return Observation(Self.value.projected(reading), source: "made up")
        }
    }

    private let log = CallLog()
    private var world: MadeUp { MadeUp().adding(Objects(log: log)) }

    private func playbook(_ name: String, _ when: String, because: String = "it is so", more: String = "") -> String {
        playbookText(
            name, facts: "l: objects", define: "found: facts.l.items.filter(i, \(when))",
            causes: "- {id: a, title: T, when: size(found) > 0, because: \"\(because)\"\(more)}")
    }

    @Test func `what takes part reads together, in one go`() async {
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbook("p", "i.x == 1", because: "{{ found[0].name }} has it"), playbook("q", "i.y > 5")))
        #expect(diagnosis.summary == ["p/a: confirmed", "q/a: ruled-out"])
        #expect(diagnosis.findings.first?.because == "one has it")
        #expect(log.all == ["{items[*].name.*, items[*].x, items[*].y.*}"])
    }

    @Test func `who comes to take part and reads more has it asked for again`() async {
        let playbooks = world.playbooks(
            playbook("p", "i.x == 1"), playbook("root", "i.y == 2", more: ", explains: [p/a]"),
            playbook("other", "i.z == 3"))
        let diagnosis = await world.diagnose(playbooks, Inquiry(names: ["p"]))
        #expect(diagnosis.summary == ["root/a: confirmed", "p/a: confirmed"])
        #expect(log.all == ["{items[*].x}", "{items[*].x, items[*].y}"])
    }

    @Test func `what is saved is whole, and what is known already is asked for again only for more`() async {
        let playbooks = world.playbooks(playbook("p", "i.x == 1"))
        let diagnostician = world.diagnostician(playbooks)
        let snapshot = await diagnostician.collected(Inquiry(names: ["p"]))
        #expect(snapshot.facts.map { "\((try? $0.result.get()) ?? .null)" }.contains("\(Objects.value)"))
        // What stays in memory is what is read.
        #expect(log.all == ["{items[*].x}, the rest is written"])
        let first = await diagnostician.investigate(Inquiry(names: ["p"], known: snapshot.facts))
        #expect(first.diagnosis.summary == ["p/a: confirmed"])
        #expect(log.all.count == 1)
        var partial = snapshot.facts
        partial[0] = partial[0].projected(Projection(paths: ["version"]))
        _ = await diagnostician.investigate(Inquiry(names: ["p"], known: partial))
        #expect(log.all.last == "{items[*].x}")
    }

    @Test func `what is read of it once more is not written twice`() async {
        let playbooks = world.playbooks(
            playbook("p", "i.x == 1"), playbook("root", "i.y == 2", more: ", explains: [p/a]"))
        let snapshot = await world.diagnostician(playbooks).collected(Inquiry(names: ["p"]))
        #expect(log.all == ["{items[*].x}, the rest is written", "{items[*].x, items[*].y}"])
        #expect(snapshot.facts.count { $0.key.collector == "objects" } == 1)
    }

    @Test func `a snapshot gives the same answer with the same evidence`() async throws {
        let playbooks = world.playbooks(playbook("p", "i.x == 1"))
        let live = await world.diagnose(playbooks)
        var diagnostician = world.diagnostician(playbooks)
        diagnostician.source = .snapshot(await diagnostician.collected(Inquiry()))
        let saved = await diagnostician.diagnose(Inquiry())
        #expect(live.summary == saved.summary)
        let evidence = try #require(live.findings.first?.evidence.first)
        #expect(evidence.value.description == #"[{"x": 1}, {"x": 2}]"#)
        #expect(saved.findings.first?.evidence.first?.value.description == evidence.value.description)
    }

    @Test func `what was not had is told with the reason`() async {
        let world = MadeUp().adding("no", .bool, cost: .memory, .bool(false)).adding(
            "dear", .bool, cost: .list, .bool(true)
        )
        .adding("denied", .bool, .unknown(Unknown(.denied, "said no")))
        let text = playbookText(
            "p", facts: "no: no\ndear: dear\ndenied: denied",
            causes: "- {id: a, title: T, when: facts.no && facts.dear}\n- {id: b, title: T, when: facts.denied}")
        let diagnosis = await world.diagnose(world.playbooks(text))
        #expect(
            diagnosis.skipped == [
                SkippedFact(
                    playbook: "p", fact: "dear", reason: SkippedFact.notNeeded,
                    detail: "it was not asked for, since it cannot change the answer"),
                SkippedFact(playbook: "p", fact: "denied", reason: "denied", detail: "said no"),
            ])
    }
}
