import CEL
import Testing

@testable import Playbooks

@Suite struct SuppressionTests {
    private func load(_ entries: String) -> (suppressions: [Suppression], problems: [Problem]) {
        let text = "apiVersion: playbooks.triage/v1\nkind: Suppressions\nsuppressions:\n" + entries
        return Suppression.load(Array(text.utf8), file: "s.yaml", causes: [])
    }

    private func messages(_ problems: [Problem]) -> [String] {
        problems.filter { $0.severity == .error }.map {
            "\($0.location.line):\($0.location.column) \($0.code.rawValue) \($0.message)"
        }
    }

    @Test func `an entry says what, where, who, why and until when`() throws {
        let (suppressions, problems) = load(
            """
              - cause: p/c
                scope: {context: "dev-*", platform: kind}
                owner: team-a
                reason: the demo
                expires: 2027-01-31
              - {cause: p/d, owner: o, reason: r, expires: 2027-01-31T12:00:00Z}
            """)
        #expect(messages(problems) == [])
        #expect(suppressions.map(\.cause) == ["p/c", "p/d"])
        #expect(suppressions.map(\.expires.description) == ["2027-02-01T00:00:00Z", "2027-01-31T12:00:00Z"])
        let first = try #require(suppressions.first)
        #expect((first.owner, first.reason, first.location.line) == ("team-a", "the demo", 4))
        #expect(first.scope == .init(context: "dev-*", platform: "kind"))
    }

    @Test(arguments: [
        ("  - {cause: p/c, owner: o, reason: r, expires: soon}", "4:48 TRI0018"),
        ("  - {cause: c, owner: o, reason: r, expires: 2027-01-31}", "4:13 TRI0015"),
        ("  - {cause: p/c, owner: o, expires: 2027-01-31}", "4:5 TRI0013"),
        ("  - {cause: p/c, owner: o, reason: r}", "4:5 TRI0013"),
        ("  - {cause: p/c, owner: o, reason: r, expires: 2027-01-31, scope: {cluster: x}}", "4:68 TRI0012"),
        ("  - {cause: p/c, owner: o, reason: r, expires: 2027-13-41}", "4:48 TRI0018"),
    ])
    func `what is wrong is told at its place and suppresses nothing`(entry: String, problem: String) {
        let (suppressions, problems) = load(entry)
        #expect(suppressions.isEmpty)
        #expect(messages(problems).count == 1)
        #expect(messages(problems).first?.hasPrefix(problem) == true, "\(messages(problems))")
    }

    @Test func `a cause that there is not is a warning`() {
        let (suppressions, problems) = load("  - {cause: p/c, owner: o, reason: r, expires: 2027-01-31}")
        #expect(suppressions.count == 1)
        #expect(problems.map(\.severity) == [.warning])
        #expect(problems.map(\.code) == [.unknownCause])
    }

    @Test(arguments: [
        ("dev-*", "dev-1", true), ("dev-*", "dev-", true), ("dev-*", "prod-dev-1", false), ("*", "", true),
        ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("a*a", "a", false), ("dev", "dev", true),
        ("dev", "dev2", false), ("*.eks.amazonaws.com", "https://x.gr7.eu-west-1.eks.amazonaws.com", true),
    ])
    func `a star stands for any text`(pattern: String, text: String, holds: Bool) {
        #expect(Suppression.Scope(context: pattern).holds(context: text, server: "s", platform: "p") == holds)
        #expect(Suppression.Scope(server: pattern).holds(context: "c", server: text, platform: "p") == holds)
    }
}
