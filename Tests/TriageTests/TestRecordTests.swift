import Foundation
import TestSupport
import Testing

/// `triage test --record`: what was found somewhere becomes a test that passes anywhere.
@Suite struct TestRecordTests {
    private static let snapshot = TriageCommand.root.appending(path: "docs/example/snapshot.json").path
    private static let text = TriageCommand.root.appending(path: "docs/example/output.txt").path
    private static let example = ["--snapshot", snapshot, "--file", text]

    private func withFolder(_ body: (_ path: (String) -> String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body { folder.appending(path: $0).path(percentEncoded: false) }
    }

    private func record(_ arguments: [String]) async throws -> TriageCommand.Result {
        try await TriageCommand.run(["test", "--record"] + arguments)
    }

    /// How many cases of a test file pass; each failure is an issue.
    private func passes(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int? {
        let result = try await TriageCommand.run(["test", path, "--json"])
        #expect(result.exitCode == 0, "\(result.output)\(result.notes)", sourceLocation: sourceLocation)
        return result.json["passed"] as? Int
    }

    @Test func `a snapshot with its text becomes a test that passes, the same each time`() async throws {
        try await withFolder { path in
            let result = try await record(["unauthorized", "-o", path("unauthorized_test.yaml")] + Self.example)
            #expect(result.exitCode == 0, "\(result.notes)")
            let written = try String(contentsOfFile: path("unauthorized_test.yaml"), encoding: .utf8)
            #expect(written.contains("playbook: unauthorized\n"))
            for part in ["confirmed:", "because:", "ruledOut:", "text: \"E1124 00:07:47"] {
                #expect(written.contains(part), "\(written)")
            }
            #expect(try await passes(path("unauthorized_test.yaml")) == 1)
            let printed = try await record(["unauthorized"] + Self.example)
            #expect(printed.output == written)
            // Without a name the text tells the playbook.
            #expect(try await record(Self.example).output == written)
        }
    }

    @Test func `a case is added to a file that has some, and nothing is overwritten unasked`() async throws {
        try await withFolder { path in
            let file = path("unauthorized_test.yaml")
            #expect(try await record(["unauthorized", "-o", file] + Self.example).exitCode == 0)
            let first = try String(contentsOfFile: file, encoding: .utf8)
            let again = try await record(["unauthorized", "-o", file] + Self.example)
            #expect(again.exitCode == 3 && again.notes.contains("there is a case of this name already"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == first)
            let second = try await record(["unauthorized", "-o", file, "--name", "another"] + Self.example)
            #expect(second.exitCode == 0, "\(second.notes)")
            let both = try String(contentsOfFile: file, encoding: .utf8)
            #expect(both.hasPrefix(first) && both.contains("name: another\n"))
            #expect(try await passes(file) == 2)
            let other = try await record(["swap-enabled", "-o", file] + Self.example)
            #expect(other.exitCode == 3 && other.notes.contains("another playbook"), "\(other.notes)")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == both)
            #expect(try await record(["unauthorized", "-o", file, "--force"] + Self.example).exitCode == 0)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == first)
        }
    }

    @Test func `secrets in the text and what the person wants removed are not in the test`() async throws {
        try await withFolder { path in
            let text =
                try String(contentsOfFile: Self.text, encoding: .utf8)
                + "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\nby jane@example.com\n"
            try Data(text.utf8).write(to: URL(filePath: path("text")))
            let result = try await record([
                "unauthorized", "--snapshot", Self.snapshot, "--file", path("text"), "--redact", "jane@[a-z.]+",
            ])
            #expect(result.exitCode == 0, "\(result.notes)")
            #expect(!result.output.contains("abcdefghij") && !result.output.contains("jane@"), "\(result.output)")
            #expect(result.output.contains("[redacted]"))
        }
    }

    @Test func `a live cluster becomes a test of what was read there and no more`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let file = folder.appending(path: "crash-loop-back-off_test.yaml").path(percentEncoded: false)
            let result = try await record([
                "crash-loop-back-off", "-o", file, "--kubeconfig", kubeconfig, "--now", BrokenCluster.now,
            ])
            #expect(result.exitCode == 0, "\(result.notes)")
            let written = try String(contentsOfFile: file, encoding: .utf8)
            #expect(written.contains("confirmed:") && written.contains("application-error"), "\(written)")
            // No condition reads these, so no test needs them.
            for unread in ["resourceVersion", "uid", "managedFields", "podIP", "dnsPolicy"] {
                #expect(!written.contains(unread), "\(written)")
            }
            #expect(try await passes(file) == 1)
        }
    }

    @Test func `several playbooks become documents of one file`() async throws {
        try await withFolder { path in
            let file = path("both_test.yaml")
            let result = try await record(["unauthorized", "swap-enabled", "-o", file] + Self.example)
            #expect(result.exitCode == 0, "\(result.notes)")
            #expect(try await passes(file) == 2)
        }
    }

    @Test func `what goes with recording is refused without it, and recording without a subject too`() async throws {
        for arguments in [["test", "-o", "x"], ["test", "--force"], ["test", "--record"]] {
            let result = try await TriageCommand.run(arguments)
            #expect(result.exitCode == 64, "\(arguments): \(result.notes)")
        }
        #expect(try await record(["unauthorised"] + Self.example).exitCode == 3)
    }
}
