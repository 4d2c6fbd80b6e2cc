import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

/// Which ways of conditions the cases of a test go.
@Suite struct BranchTracerTests {
    private static let world = MadeUp()
        .adding(
            "pods", .object(["items": .list(.object(["name": .string, "ready": .bool, "count": .int]))]),
            .unknown(Unknown(.notCollected, "tests give it"))
        )
        .adding("flags", .object(["a": .bool, "b": .bool]), .unknown(Unknown(.notCollected, "tests give it")))

    private static func text(_ when: String, define: String = "", remedies: String = "") -> String {
        playbookText(
            "p", facts: "pods: pods\nflags: flags", define: define,
            causes: "- {id: c, title: T, when: \"\(when)\"\(remedies.isEmpty ? "" : ", remedies: [r]")}",
            remedies: remedies)
    }

    /// The gaps that cases leave, as `never true: text`.
    private func gaps(_ playbook: String, _ facts: String...) async -> [String] {
        let playbooks = Self.world.playbooks(playbook)
        let runner = PlaybookTestRunner(playbooks: playbooks, catalogue: Self.world.catalogue)
        var text = "apiVersion: playbooks.triage/v1\nkind: PlaybookTest\nplaybook: p\ncases:\n"
        for (number, facts) in facts.enumerated() {
            // What comes out does not matter here, so each case expects it, whatever it is.
            for status in ["confirmed", "ruledOut", "undetermined"] {
                text += "  - {name: c\(number)\(status), facts: {\(facts)}, expect: {\(status): [c]}}\n"
            }
        }
        let report = await runner.run(Array(text.utf8), file: "p_test.yaml")
        #expect(report.problems.isEmpty)
        return BranchCoverage(of: playbooks, by: report.results).gaps.map { gap in
            "never \(gap.wasTrue ? "false" : gap.wasFalse ? "true" : "evaluated"): \(gap.branch.text)"
        }
    }

    @Test func `an operand that was never reached, or went one way, is told`() async {
        let text = Self.text("facts.flags.a && (facts.flags.b || facts.pods.items.size() > 3)")
        #expect(
            await gaps(text, "flags: {a: false, b: true}, pods: {items: []}") == [
                "never true: facts.flags.a", "never evaluated: facts.flags.b",
                "never evaluated: facts.pods.items.size() > 3",
            ])
        #expect(
            await gaps(
                text, "flags: {a: false, b: true}, pods: {items: []}", "flags: {a: true, b: false}, pods: {items: []}")
                == ["never true: facts.flags.b", "never true: facts.pods.items.size() > 3"])
    }

    @Test func `a body that begins with a bracket is followed`() async {
        let text = Self.text("facts.pods.items.exists(p, (p.count + 1) > 2 && !(p.ready || p.count == 9))")
        #expect(
            await gaps(text, "pods: {items: [{ready: true, count: 1}, {ready: false, count: 3}]}")
                == ["never true: p.ready", "never true: p.count == 9"])
        let quoted = Self.text("facts.pods.items.exists(p, ('(' + string(p.count)) == '(3')")
        #expect(
            await gaps(quoted, "pods: {items: [{ready: true, count: 1}, {ready: false, count: 3}]}") == [])
    }

    @Test func `in the body of a loop every element counts, not the last alone`() async {
        let text = Self.text("facts.pods.items.exists(p, p.ready && p.count > 2)")
        // The first is ready and small, the second not ready: nothing is left of ready.
        #expect(
            await gaps(text, "pods: {items: [{ready: true, count: 1}, {ready: false, count: 9}]}")
                == ["never true: p.count > 2"])
        #expect(
            await gaps(
                text, "pods: {items: [{ready: true, count: 1}, {ready: false, count: 9}, {ready: true, count: 3}]}")
                == [])
        // Behind the one that decides nothing is looked at.
        #expect(
            await gaps(text, "pods: {items: [{ready: true, count: 3}, {ready: false, count: 1}]}") == [
                "never false: p.ready", "never false: p.count > 2",
            ])
    }

    @Test func `loops within loops, maps, filters and questions are followed`() async {
        let text = Self.text(
            "facts.pods.items.map(p, p.ready, p.name).exists(n, facts.pods.items.all(q, q.name != n || q.count > 1))"
                + " ? facts.flags.a : false")
        #expect(
            await gaps(
                text,
                "flags: {a: true}, pods: {items: [{name: x, ready: true, count: 2}, {name: y, ready: false, count: 0}]}"
            )
            .map { $0.replacing("facts.pods.items.map(p, p.ready, p.name)", with: "…") } == [
                "never false: ….exists(n, facts.pods.items.all(q, q.name != n || q.count > 1))",
                "never false: facts.pods.items.all(q, q.name != n || q.count > 1)", "never false: q.count > 1",
            ])
    }

    @Test func `definitions, preconditions and steps count; what is only shown does not`() async {
        let remedies = """
            r:
              title: R
              risk: safe
              when: facts.flags.b || d
              steps: [{run: [a], when: facts.flags.a && facts.flags.b}]
            """
        let text = Self.text("facts.flags.a", define: "d: \"!facts.flags.a\"", remedies: remedies)
        #expect(
            await gaps(text, "flags: {a: true, b: true}")
                == [
                    "never false: facts.flags.a", "never false: facts.flags.b", "never evaluated: d",
                    "never false: facts.flags.a", "never false: facts.flags.b",
                ])
    }

    @Test func `each is told at its place`() async throws {
        let playbook = try #require(
            Self.world.playbooks(Self.text("facts.pods.items.exists(p,\\n p.ready && p.count > 2)")).first)
        let found = try #require(playbook.branches.first { $0.text == "p.count > 2" })
        #expect(found.owner == "the condition of c")
        #expect(found.location.line == 15)
        #expect(playbook.branches.count == 2)
    }
}
