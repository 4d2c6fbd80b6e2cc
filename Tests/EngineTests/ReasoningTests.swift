import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

/// What playbooks know of each other: roots over several levels, facts that they share, each finding once.
@Suite struct ReasoningTests {
    private static let flags = ValueType.object(["a": .bool, "b": .bool, "c": .bool])

    private static func world(_ a: Bool, _ b: Bool, _ c: Bool) -> MadeUp {
        MadeUp().adding("flags", flags, .fields(["a": .bool(a), "b": .bool(b), "c": .bool(c)]))
    }

    private static func remedy(_ name: String) -> String {
        "\(name):\n  title: Mend\n  risk: safe\n  steps: [{run: [mend, \(name)]}]"
    }

    /// A symptom, what is behind it, and what is behind that; each in a playbook of its own.
    private static let chain = [
        playbookText(
            "symptom", symptom: "connection refused", facts: "flags: flags",
            causes: "- {id: seen, title: T, when: facts.flags.a, remedies: [mend-seen]}", remedies: remedy("mend-seen")),
        playbookText(
            "middle", symptom: "the middle one", facts: "flags: flags",
            causes:
                "- {id: between, title: T, when: facts.flags.b, explains: [symptom/seen], remedies: [mend-between]}",
            remedies: remedy("mend-between")),
        playbookText(
            "root", symptom: "the root of it", facts: "flags: flags",
            causes: """
                - {id: deepest, title: T, when: facts.flags.c, explains: [middle/between], remedies: [mend-root]}
                - {id: unrelated, title: T, when: facts.flags.a}
                """, remedies: remedy("mend-root")),
    ]

    private func diagnose(_ world: MadeUp, _ inquiry: Inquiry) async -> Diagnosis {
        await world.diagnose(world.playbooks(Self.chain[0], Self.chain[1], Self.chain[2]), inquiry)
    }

    @Test(arguments: [
        Inquiry(text: "dial tcp: connection refused"), Inquiry(names: ["symptom"]),
        // In whatever order they are asked for, and where all of them are.
        Inquiry(text: "connection refused\nthe middle one\nthe root of it"), Inquiry(names: ["root", "symptom"]),
    ])
    func `the root of the root is found, told first, and alone advised`(inquiry: Inquiry) async {
        let diagnosis = await diagnose(Self.world(true, true, true), inquiry)
        #expect(
            diagnosis.confirmed.filter { $0 != "root/unrelated" } == ["root/deepest", "middle/between", "symptom/seen"])
        #expect(Set(diagnosis.summary).count == diagnosis.summary.count)
        #expect(diagnosis.findings.filter { !$0.remedies.isEmpty }.map(\.cause) == ["deepest"])
        #expect(diagnosis.finding("root/deepest")?.explains == ["middle/between"])
        #expect(diagnosis.finding("middle/between")?.explains == ["symptom/seen"])
    }

    @Test func `a chain ends where a link is not confirmed, and what is behind takes no part`() async {
        let diagnosis = await diagnose(Self.world(true, false, true), Inquiry(text: "connection refused"))
        #expect(diagnosis.summary == ["symptom/seen: confirmed"])
        #expect(diagnosis.findings.first?.remedies.map(\.id) == ["mend-seen"])
    }

    @Test func `a fact that several playbooks read is asked for once`() async {
        let log = CallLog()
        let world = MadeUp().adding(
            MadeUpCollector("flags", Self.flags, log: log) { _ throws(Unknown) in
                .map(["a": .bool(true), "b": .bool(true), "c": .bool(true)])
            })
        _ = await diagnose(world, Inquiry(text: "connection refused"))
        #expect(log.all == ["flags"])
    }

    @Test func `one root of two echoes stands once, and before both`() async {
        let text = playbookText(
            "wide", symptom: "wide", facts: "flags: flags",
            causes: "- {id: root, title: T, when: facts.flags.c, explains: [symptom/seen, middle/between]}")
        let world = Self.world(true, true, true)
        let diagnosis = await world.diagnose(
            world.playbooks(Self.chain[0], Self.chain[1], text),
            Inquiry(text: "connection refused\nand the middle one"))
        #expect(diagnosis.confirmed == ["wide/root", "middle/between", "symptom/seen"])
    }

    @Test func `the same playbook named and recognised takes part once`() async {
        let diagnosis = await diagnose(
            Self.world(true, false, false), Inquiry(text: "connection refused, connection refused", names: ["symptom"]))
        #expect(diagnosis.summary == ["symptom/seen: confirmed"])
    }

    // MARK: Asking another

    private static let asking = [
        playbookText(
            "asker", symptom: "connection refused", facts: "flags: flags",
            causes: "- {id: seen, title: T, when: facts.flags.a}"
        ).replacing("  causes:", with: "  asks: [asked/root]\n  causes:"),
        playbookText(
            "asked", symptom: "the asked one", facts: "flags: flags",
            causes: """
                - {id: root, title: T, when: facts.flags.b}
                - {id: other, title: T, when: facts.flags.c}
                """),
    ]

    private func ask(_ world: MadeUp, _ inquiry: Inquiry) async -> Diagnosis {
        await world.diagnose(world.playbooks(Self.asking[0], Self.asking[1]), inquiry)
    }

    @Test func `a playbook without an answer asks for a cause of another, which is told where it is confirmed`() async {
        let diagnosis = await ask(Self.world(false, true, true), Inquiry(text: "connection refused"))
        #expect(diagnosis.summary == ["asked/root: confirmed", "asker/seen: ruled-out"])
    }

    @Test func `a playbook that has an answer asks nobody`() async {
        let diagnosis = await ask(Self.world(true, true, false), Inquiry(text: "connection refused"))
        #expect(diagnosis.summary == ["asker/seen: confirmed"])
    }

    @Test func `who is asked asks no further, and confirms nothing where nothing is wrong`() async {
        let diagnosis = await ask(Self.world(false, false, false), Inquiry(names: ["asker"]))
        #expect(diagnosis.confirmed == [])
    }
}
