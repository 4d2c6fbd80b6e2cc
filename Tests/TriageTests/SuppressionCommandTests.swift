import Foundation
import Testing

/// A suppressions file beside the command: counted in every format, out of the exit code, and loud again when expired.
struct SuppressionCommandTests {

    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: nope
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: u, user: {token: abc}}]
        contexts: [{name: dev-1, context: {cluster: c, user: u}}]
        """

    private func run(
        expires: String, _ arguments: [String], isDefaultPlace: Bool = false, entry: String? = nil
    ) async throws -> TriageCommand.Result {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let kubeconfig = folder.appending(path: "config")
        try Data(Self.kubeconfig.utf8).write(to: kubeconfig)
        let place = folder.appending(path: ".config/triage")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let file = place.appending(path: "suppressions.yaml")
        let entry =
            entry ?? """
                  - cause: invalid-configuration/context-not-found
                    owner: team-a
                    reason: the cluster is being moved
                    expires: \(expires)
                """
        try Data("apiVersion: playbooks.triage/v1\nkind: Suppressions\nsuppressions:\n\(entry)\n".utf8).write(to: file)
        let path = file.path(percentEncoded: false)
        return try await TriageCommand.run(
            ["run", "invalid-configuration", "--kubeconfig", kubeconfig.path(percentEncoded: false), "--offline"]
                + ["--now", "2026-11-24T12:00:00Z"] + (isDefaultPlace ? [] : ["--suppressions", path]) + arguments,
            environment: isDefaultPlace
                ? ["XDG_CONFIG_HOME": folder.appending(path: ".config").path(percentEncoded: false)] : [:])
    }

    @Test(arguments: ["text", "wide", "json", "yaml", "markdown", "html", "sarif", "junit"])
    func `what is accepted is counted in every format`(format: String) async throws {
        let result = try await run(expires: "2026-11-24", ["-o", format])
        #expect(result.exitCode != 1, "\(result.output)\n\(result.notes)")
        #expect(result.output.contains("context-not-found"), "\(result.output)")
        #expect(result.output.contains("team-a"))
        #expect(result.output.contains("the cluster is being moved"))
    }

    @Test func `it no longer counts as confirmed`() async throws {
        let result = try await run(expires: "2026-11-24", ["-o", "json"], isDefaultPlace: true)
        #expect(!result.confirmed.contains("invalid-configuration/context-not-found"))
        #expect((result.json["suppressed"] as? [Any])?.count == 1)
    }

    @Test func `once expired it is confirmed again, and says who had accepted it`() async throws {
        let result = try await run(expires: "2026-11-23", ["-o", "json"])
        #expect(result.confirmed.first == "invalid-configuration/context-not-found", "\(result.output)\(result.notes)")
        #expect(result.exitCode == 1)
        #expect(result.output.contains("expiredSuppression"))
        let text = try await run(expires: "2026-11-23", [])
        #expect(text.output.contains("was accepted by team-a until 2026-11-24T00:00:00Z"))
    }

    @Test func `a broken entry is told at its place and suppresses nothing`() async throws {
        let result = try await run(
            expires: "", ["-o", "json"],
            entry: "  - {cause: invalid-configuration/context-not-found, owner: o, reason: r, expires: never}")
        #expect(result.notes.contains("suppressions.yaml:4:"))
        #expect(result.notes.contains("TRI0018"))
        #expect(result.confirmed.first == "invalid-configuration/context-not-found")
    }
}
