import Foundation
import Testing

/// `triage eval`: a condition on the facts of a file.
struct EvalTests {
    private static let facts = """
        pods:
          - {name: web-1, restarts: 0}
          - {name: web-2, restarts: 7}
        ready: true
        """

    private func eval(_ arguments: String...) async throws -> TriageCommand.Result {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "facts.yaml")
        try Data(Self.facts.utf8).write(to: file)
        return try await TriageCommand.run(["eval", "--facts", file.path(percentEncoded: false)] + arguments)
    }

    @Test func `prints the value, its type, what it cost and what it may cost`() async throws {
        let result = try await eval("pods.exists(p, p.restarts > 5)", "--type", "--cost")
        #expect(result.exitCode == 0)
        let form = /true\ntype: bool\ncost: (\d+)\nestimate: (\d+) to (\d+) in a cluster of ordinary size\n/
        let match = try #require(result.output.wholeMatch(of: form), "\(result.output)")
        let numbers = [match.2, match.1, match.3].compactMap { Int($0) }
        #expect(numbers == numbers.sorted() && numbers.count == 3)
    }

    @Test func `an estimate may have no bound`() async throws {
        let result = try await eval("lists.range(int(facts.pods[1].restarts)).all(n, n < 9)", "--cost")
        #expect(result.output.hasPrefix("true\n"))
        #expect(result.output.contains(" to any number in a cluster"))
    }

    @Test func `lays out the value of every part`() async throws {
        let result = try await eval("ready && pods.size() == 2", "--explain")
        #expect(result.output.contains("  pods.size()  →  2\n"))
        #expect(result.output.hasSuffix("\ntrue\n"))
    }

    @Test(arguments: [
        ("pods.exits(p, true)", 3, "did you mean 'exists'?"), ("pods[5].name", 3, ""),
        ("1 +", 3, "expression:1:4: error:"),
    ])
    func `a mistake is told with its place`(expression: String, exitCode: Int32, note: String) async throws {
        let result = try await eval(expression)
        #expect(result.exitCode == exitCode)
        #expect(note.isEmpty || result.notes.contains(note), "\(result.notes)")
    }
}
