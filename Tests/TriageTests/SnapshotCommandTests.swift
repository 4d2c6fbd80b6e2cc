import Foundation
import TestSupport
import Testing

/// Saved facts, looked at, compared and redacted with the command.
struct SnapshotCommandTests {
    private func snapshot(_ facts: String, at path: URL, now: String = "2026-11-24T00:20:00Z") throws {
        let text = #"{"apiVersion":"triage/v1","kind":"Snapshot","now":"\#(now)","text":"","facts":[\#(facts)]}"#
        try Data(text.utf8).write(to: path)
    }

    private func pods(_ pods: [String]) -> String {
        #"{"collector":"kubernetes","parameters":"{\"resource\":\"pods\"}","source":"GET /api/v1/pods","collectedAt":"2026-11-24T00:20:00Z","value":{"items":[\#(pods.joined(separator: ","))],"resourceVersion":"7","namespace":""}}"#
    }

    private func pod(_ name: String, uid: String, phase: String, version: String = "1") -> String {
        #"{"metadata":{"name":"\#(name)","namespace":"shop","uid":"\#(uid)","resourceVersion":"\#(version)","labels":{"team":"acme-corp","acme-corp.example/tier":"gold"}},"status":{"phase":"\#(phase)","hostIP":"10.20.30.40"}}"#
    }

    private let denied =
        #"{"collector":"node.swap","source":"/proc/swaps","collectedAt":"2026-11-24T00:20:00Z","unknown":{"reason":"denied","detail":"/proc/swaps may not be read","hint":"run as root"}}"#

    private func withFolder(_ body: (URL, (String) -> String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder) { folder.appending(path: $0).path(percentEncoded: false) }
    }

    @Test func `show lists the facts with source and time, and why some are unknown`() async throws {
        try await withFolder { folder, path in
            try snapshot(
                pods([pod("web", uid: "1", phase: "Running")]) + "," + denied, at: folder.appending(path: "a"))
            let shown = try await TriageCommand.run(["snapshot", "show", path("a")])
            #expect(shown.exitCode == 0)
            for line in [
                "kubernetes  {\"resource\":\"pods\"}", "from GET /api/v1/pods, 2026-11-24T00:20:00Z",
                "unknown: denied: /proc/swaps may not be read", "to get it: run as root",
            ] {
                #expect(shown.output.contains(line), "\(line) is missing in \(shown.output)")
            }
            #expect(!shown.output.contains("10.20.30.40"))
            let whole = try await TriageCommand.run(["snapshot", "show", path("a"), "--values"])
            #expect(whole.output.contains("10.20.30.40"))
            let json = try await TriageCommand.run(["snapshot", "show", path("a"), "--json"])
            #expect((json.json["facts"] as? [Any])?.count == 2)
            #expect(try await TriageCommand.run(["snapshot", "show", path("none")]).exitCode == 3)
        }
    }

    @Test func `diff says what changed, matching what is listed by name and uid`() async throws {
        try await withFolder { folder, path in
            let swap =
                #"{"collector":"node.swap","source":"/proc/swaps","collectedAt":"2026-11-24T00:20:00Z","value":{"devices":[]}}"#
            try snapshot(
                pods([
                    pod("a", uid: "1", phase: "Running"), pod("b", uid: "2", phase: "Running"),
                    pod("c", uid: "3", phase: "Running"),
                ]) + "," + denied, at: folder.appending(path: "old"))
            // b first, a failed, c made anew.
            try snapshot(
                pods([
                    pod("b", uid: "2", phase: "Running", version: "9"), pod("a", uid: "1", phase: "Failed"),
                    pod("c", uid: "4", phase: "Running"),
                ]) + "," + swap, at: folder.appending(path: "new"))
            let result = try await TriageCommand.run(
                ["snapshot", "diff", path("old"), path("new")], environment: ["COLUMNS": "400"])
            #expect(result.exitCode == 1)
            let lines = result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.contains("items[shop/a].status.phase was Running, is Failed"), "\(result.output)")
            #expect(lines.contains { $0.hasPrefix("items[shop/c] is gone; it was {") }, "\(result.output)")
            #expect(lines.contains { $0.hasPrefix("items[shop/c] is new: {") })
            #expect(!result.output.contains("shop/b") && !result.output.contains("resourceVersion was"))
            #expect(lines.contains { $0.hasPrefix("was unknown (denied: /proc/swaps may not be read), is ") })
            let same = try await TriageCommand.run(["snapshot", "diff", path("old"), path("old")])
            #expect(same.exitCode == 0 && same.output == "Nothing changed.\n")
        }
    }

    @Test func `redact takes out what matches, in texts, keys and what stands under them`() async throws {
        try await withFolder { folder, path in
            try snapshot(pods([pod("web", uid: "1", phase: "Running")]), at: folder.appending(path: "a"))
            try Data("# addresses\n\\b10(\\.[0-9]+){3}\\b\n".utf8).write(to: folder.appending(path: "patterns"))
            let result = try await TriageCommand.run([
                "snapshot", "redact", path("a"), "-o", path("b"), "--redact", "acme-[a-z]+", "--redact-file",
                path("patterns"),
            ])
            #expect(result.exitCode == 0, "\(result.notes)")
            let values = try await TriageCommand.run(["snapshot", "show", path("b"), "--values"])
            for gone in ["acme-corp", "10.20.30.40", "gold"] { #expect(!values.output.contains(gone)) }
            for kept in ["Running", "[redacted]", "shop"] { #expect(values.output.contains(kept), "\(values.output)") }
            // Still a snapshot that playbooks run on.
            let run = try await TriageCommand.run([
                "run", "crash-loop-back-off", "-o", "json", "--snapshot", path("b"),
            ])
            #expect([0, 2].contains(run.exitCode))
            for bad in ["(", "x*"] {
                let wrong = try await TriageCommand.run([
                    "snapshot", "redact", path("a"), "-o", path("c"), "--redact", bad,
                ])
                #expect(wrong.exitCode == 64 && wrong.notes.contains("'\(bad)'"), "\(wrong.notes)")
            }
        }
    }

    @Test func `patterns count at collection, for reports as for what is saved`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, _ in
            try await withFolder { _, path in
                let common = ["--kubeconfig", kubeconfig, "--redact", "work(er)?", "--redact", "127.0.0.1"]
                let run = try await TriageCommand.run(["run", "crash-loop-back-off", "-o", "json"] + common)
                #expect(run.confirmed == ["crash-loop-back-off/application-error"], "\(run.output)")
                #expect(run.output.contains("shop/[redacted]-0") && !run.output.contains("worker"))
                let collected = try await TriageCommand.run(
                    ["collect", "crash-loop-back-off", "-o", path("s")] + common)
                #expect(collected.exitCode == 0)
                let shown = try await TriageCommand.run(["snapshot", "show", path("s"), "--values"])
                #expect(!shown.output.contains("worker") && !shown.output.contains("127.0.0.1"), "\(shown.output)")
                #expect(shown.output.contains("[redacted]-0"))
            }
        }
    }
}
