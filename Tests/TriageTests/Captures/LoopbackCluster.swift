import Foundation
import TestSupport

/// Runs the body beside a server and with a kubeconfig that leads to it, in a folder that both may use.
func withCluster(
    _ server: APIServer, _ body: (_ kubeconfig: String, LoopbackServer, _ folder: URL) async throws -> Void
) async throws {
    try await withLoopbackServer(respond: server.respond) { loopback in
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let kubeconfig = folder.appending(path: "kubeconfig")
        let text = """
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test}}]
            clusters: [{name: test, cluster: {server: "\(loopback.url)"}}]
            users: [{name: test, user: {}}]
            """
        try Data(text.utf8).write(to: kubeconfig)
        try await body(kubeconfig.path(percentEncoded: false), loopback, folder)
    }
}
