import Foundation
import TestSupport
import Testing

@Suite struct WarningTests {
    private func notes(_ cluster: String, _ arguments: [String] = []) async throws -> String {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "config")
        let text = """
            current-context: x
            contexts: [{name: x, context: {cluster: c}}]
            clusters: [{name: c, cluster: {\(cluster)}}]
            """
        try Data(text.utf8).write(to: file)
        let kubeconfig = file.path(percentEncoded: false)
        return try await TriageCommand.run(["facts", "collect", "kubeconfig", "--kubeconfig", kubeconfig] + arguments)
            .notes
    }

    @Test func `a server whose certificate is not verified is warned of, and no other`() async throws {
        let port = try await unusedPort()
        let server = #"server: "https://me:s3cr3t@127.0.0.1:\#(port)""#
        let warned = try await notes("\(server), insecure-skip-tls-verify: true")
        #expect(warned.contains("warning: the certificate of https://127.0.0.1:\(port) is not verified"))
        #expect(!warned.contains("s3cr3t"))
        #expect(try await notes(server).contains("is not verified") == false)
        let offline = try await notes("\(server), insecure-skip-tls-verify: true", ["--offline"])
        #expect(!offline.contains("is not verified"), "nobody is asked")
    }
}
