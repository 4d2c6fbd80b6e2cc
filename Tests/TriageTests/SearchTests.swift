import Engine
import Foundation
import Playbooks
import Testing

/// What `triage search` finds among the playbooks that ship with triage.
@Suite struct SearchTests {
    struct Query: Sendable, CustomTestStringConvertible {
        var text: String
        var playbook: String
        var testDescription: String { text }
    }

    static let queries: [Query] = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pastes/searches.txt")
        let lines = ((try? String(contentsOf: url, encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.filter { !$0.hasPrefix("#") }.compactMap { line in
            let parts = line.components(separatedBy: " => ")
            return parts.count == 2 ? Query(text: parts[0], playbook: parts[1]) : nil
        }
    }()

    static let search = PlaybookSearch(PasteTests.library)

    @Test(arguments: queries)
    func `the playbook that is meant comes first`(query: Query) throws {
        let hits = Self.search.hits(for: query.text)
        let first = try #require(hits.first)
        let names = hits.prefix(4).map { "\($0.playbook.name) \($0.score)" }
        #expect(first.playbook.name == query.playbook, "\(names)")
        #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.symptom != nil || $1.symptom == nil })
    }

    @Test func `every playbook is looked for`() {
        #expect(Set(Self.queries.map(\.playbook)) == Set(PasteTests.library.outlines.map(\.name)))
    }

    @Test(arguments: PasteTests.pastes.filter { $0.playbook != nil })
    func `what people pasted leads to its playbook`(paste: PasteTests.Paste) {
        #expect(Self.search.hits(for: paste.text).first?.playbook.name == paste.playbook)
    }

    @Test func `the command tells programs what it found, and nothing where it found nothing`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let found = try await TriageCommand.run(
            ["search", "swaap", "memory", "-o", "json", "--limit", "1"], home: home)
        #expect(found.exitCode == 0 && found.notes.contains("more with --limit 0"), "\(found.notes)")
        let documents = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]]
        let first = try #require(documents?.first)
        #expect(documents?.count == 1 && first["name"] as? String == "swap-enabled", "\(found.output)")
        #expect((first["score"] as? Double ?? 0) > 0)
        let pasted = try await TriageCommand.run(
            ["search", "error: You must be logged in to the server (Unauthorized)"], home: home)
        #expect(pasted.output.contains("its symptom: error: You must be logged in"), "\(pasted.output)")
        let nothing = try await TriageCommand.run(["search", "zzyzx", "-o", "json"], home: home)
        #expect(nothing.exitCode == 2 && nothing.output == "[]\n", "\(nothing.output) \(nothing.notes)")
    }
}
