import Foundation
import Playbooks
import TestSupport
import Testing

/// The pages that the built command writes of the playbooks that ship with it.
@Suite struct DocsTests {
    private func pages(_ folder: URL) throws -> [String: String] {
        var pages: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            guard name.hasSuffix(".html") || name.hasSuffix(".md") else { continue }
            pages[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
        return pages
    }

    @Test func `every playbook has its pages, and every link leads somewhere`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let folder = home.appending(path: "site")
        let command = ["docs", "-o", folder.path, "--title", "Lab"]
        let result = try await TriageCommand.run(command, home: home)
        #expect(result.exitCode == 0 && result.output.contains("tests pass\n"), "\(result.output) \(result.notes)")
        let first = try pages(folder)
        let playbooks = PasteTests.library.outlines.map(\.name)
        #expect(
            Set(first.keys)
                == Set(
                    ["index.html", "README.md"] + playbooks.flatMap { ["playbooks/\($0).html", "playbooks/\($0).md"] }))
        #expect(try deadLinks(in: first) == [])
        #expect(first["index.html"]?.contains("<h1>Lab</h1>") == true)
        // Nothing is fetched from anywhere.
        for (path, text) in first where path.hasSuffix(".html") {
            for piece in ["src=", "<link", "@import", "url("] { #expect(!text.contains(piece), "\(path): \(piece)") }
        }
    }

    @Test func `pages of playbooks that are no more go, and nothing else does`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let (source, folder) = (home.appending(path: "mine"), home.appending(path: "site"))
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: TriageCommand.root.appending(path: "playbooks/etcd-no-space.yaml"),
            to: source.appending(path: "etcd-no-space.yaml"))
        let command = ["docs", source.path, "-o", folder.path]
        #expect(try await TriageCommand.run(command, home: home).exitCode == 0)
        let first = try pages(folder)
        #expect(
            first.keys.sorted() == ["README.md", "index.html"] + ["html", "md"].map { "playbooks/etcd-no-space.\($0)" })
        let old = folder.appending(path: "playbooks/gone.html")
        try Data((first["playbooks/etcd-no-space.html"] ?? "").utf8).write(to: old)
        let own = folder.appending(path: "playbooks/notes.md")
        try Data("My notes\n".utf8).write(to: own)
        #expect(try await TriageCommand.run(command, home: home).exitCode == 0)
        #expect(!FileManager.default.fileExists(atPath: old.path) && FileManager.default.fileExists(atPath: own.path))
        var second = try pages(folder)
        second["playbooks/notes.md"] = nil
        #expect(second == first)
    }

    @Test func `what cannot be written, and a library that is not there, are told`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let file = home.appending(path: "file")
        try Data().write(to: file)
        let blocked = try await TriageCommand.run(["docs", "-o", file.path], home: home)
        #expect(blocked.exitCode == 3 && blocked.notes.contains("cannot be written"), "\(blocked.notes)")
        let unknown = try await TriageCommand.run(["docs", "acme", "-o", home.appending(path: "s").path], home: home)
        #expect(
            unknown.exitCode == 3 && unknown.notes.contains("neither a pinned library nor a folder"), "\(unknown.notes)"
        )
    }
}
