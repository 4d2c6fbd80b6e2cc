import Foundation
import Testing

/// The index in the cache: without it, with it and with a damaged one the answers are the same.
@Suite struct LibraryIndexTests {
    private static let text =
        "error: You must be logged in to the server (Unauthorized)\nrunning with swap on is not supported"

    @Test func `an index changes no answer, and a damaged one neither`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let index = home.appending(path: ".cache/triage/index")
        // Of a snapshot: on the machine itself other tests turn swap on meanwhile.
        let snapshot = TriageCommand.root.appending(path: "docs/example/snapshot.json").path(percentEncoded: false)
        let commands = [
            ["diagnose", Self.text, "--snapshot", snapshot, "--offline", "-o", "json"],
            ["run", "swap-enabled", "--snapshot", snapshot, "--offline", "-o", "json"], ["list", "--json"],
            ["search", "certificate", "expired"], ["run", "swap-enabld", "--offline"],
        ]
        func answers() async throws -> [String] {
            var answers: [String] = []
            for command in commands {
                let result = try await TriageCommand.run(command, home: home)
                answers.append("\(result.exitCode)\n\(result.output)\n\(result.notes)")
            }
            return answers
        }
        try Data().write(to: home.appending(path: ".cache"))  // A file: nothing can be kept.
        let without = try await answers()
        #expect(without[0].contains("unauthorized"))
        try FileManager.default.removeItem(at: home.appending(path: ".cache"))
        #expect(try await answers() == without)
        // The index, and which one it is: that has the length of a digest.
        var files = try FileManager.default.contentsOfDirectory(atPath: index.path)
        #expect((1...2).contains(files.count), "\(files)")
        files.sort { size(index.appending(path: $0)) > size(index.appending(path: $1)) }
        #expect(try await answers() == without)

        let file = index.appending(path: try #require(files.first))
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        #expect(try await answers() == without)
        try Data(bytes.prefix(100)).write(to: file)
        #expect(try await answers() == without)
    }

    private func size(_ file: URL) -> Int { (try? Data(contentsOf: file).count) ?? 0 }

    @Test func `a folder that settled is not read again, and a change in it is seen`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let folder = home.appending(path: "mine")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func write(_ name: String, _ title: String) throws {
            let text = """
                apiVersion: playbooks.triage/v1
                kind: Playbook
                metadata: {name: \(name), title: \(title), version: 1.0.0, severity: error}
                spec: {causes: [{id: a, title: A cause, when: platform == 'kind'}]}

                """
            // In place, so that neither the folder nor the file's number changes.
            try Data(text.utf8).write(to: folder.appending(path: "\(name).yaml"))
        }
        func list() async throws -> String {
            try await TriageCommand.run(["list", "--playbooks", folder.path], home: home).output
        }
        for name in ["one", "two"] { try write(name, "First title") }
        // Longer than the time for which nothing that changed is relied on.
        try await Task.sleep(for: .seconds(3.5))
        let first = try await list()
        let index = home.appending(path: ".cache/triage/index")
        #expect(try FileManager.default.contentsOfDirectory(atPath: index.path).count == 2)
        #expect(try await list() == first)
        try write("two", "Other title")
        #expect(try await list().contains("Other title"))
        try write("three", "Third title")
        #expect(try await list().contains("Third title"))
        try FileManager.default.removeItem(at: folder.appending(path: "one.yaml"))
        #expect(try await !list().contains("First title"))
    }

    @Test func `a changed playbook is seen at once, whatever its time says`() async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let file = home.appending(path: "mine.yaml")
        let time = Date(timeIntervalSince1970: 1_700_000_000)
        func title(_ title: String) async throws -> String {
            let text = """
                apiVersion: playbooks.triage/v1
                kind: Playbook
                metadata: {name: mine, title: \(title), version: 1.0.0, severity: error}
                spec: {causes: [{id: a, title: A cause, when: platform == 'kind'}]}

                """
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file.path)
            return try await TriageCommand.run(["list", "--playbooks", file.path], home: home).output
        }
        #expect(try await title("One title").contains("One title"))
        #expect(try await title("Two title").contains("Two title"))
        #expect(try await title("One title").contains("One title"))
    }
}
