import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

@Suite struct ExplanationTests {
    static let text = playbookText(
        "p", facts: "n: n\nyes: yes\ndark: dark", define: "big: facts.n > 10",
        causes: """
            - {id: no, title: T, when: facts.yes && facts.n > 3 && (facts.n == 7 || big)}
            - {id: sure, title: T, when: big || facts.n > 3}
            - {id: unseen, title: T, when: facts.yes && facts.dark}
            """)

    private func explanation(_ cause: String) async throws -> CauseExplanation {
        let world = MadeUp().adding("n", .int, .value(.int(5))).adding("yes", .bool, .bool(true))
            .adding("dark", .bool, .unknown(Unknown(.denied, "get nodes is forbidden", hint: "allow it")))
        let investigation = await world.diagnostician(world.playbooks(Self.text))
            .investigate(Inquiry(names: ["p"], scope: .everything))
        return try #require(investigation.explanation(of: "p/" + cause))
    }

    @Test func `why not names the first operand that ended the cause`() async throws {
        let explanation = try await explanation("no")
        #expect(explanation.status == .ruledOut)
        #expect(explanation.verdict == "ruled out: `facts.n == 7` and `big (`facts.n > 10`)` does not hold")
    }

    @Test func `a confirmed cause is laid out with the value of every part`() async throws {
        let explanation = try await explanation("sure")
        #expect(explanation.status == .confirmed)
        #expect(explanation.verdict == "confirmed: `facts.n > 3` holds")
        let condition = try #require(explanation.expressions.first)
        #expect(condition.name == "when")
        #expect(
            condition.parts.first.map { "\($0.text) = \($0.value?.description ?? "")" } == "big || facts.n > 3 = true")
        #expect(condition.parts.contains { $0.text == "facts.n" && $0.value?.description == "5" })
        #expect(explanation.expressions.map(\.name) == ["when", "big"])
        #expect(explanation.facts.map(\.name) == ["n"])
        #expect(explanation.facts.first?.provenance?.source == "made up n")
    }

    @Test func `an undetermined cause names what it lacks and how to get it`() async throws {
        let explanation = try await explanation("unseen")
        #expect(explanation.verdict == "undetermined: it lacks dark (denied: get nodes is forbidden)")
        #expect(explanation.missing.map(\.hint) == ["allow it"])
    }

    @Test func `a cause that does not exist has no explanation`() async throws {
        let world = MadeUp()
        let investigation = await world.diagnostician([]).investigate(Inquiry())
        #expect(investigation.explanation(of: "p/none") == nil)
        #expect(investigation.explanation(of: "none") == nil)
    }

    @Test func `evidence is what decided, not all that is mentioned`() async throws {
        let world = MadeUp().adding("n", .int, .value(.int(5))).adding("yes", .bool, .bool(true))
            .adding("dark", .bool, .bool(false))
        let diagnosis = await world.diagnose(world.playbooks(Self.text))
        #expect(diagnosis.finding("p/sure")?.evidence.map { "\($0.fact)=\($0.value)" } == ["n=5"])
    }
}
