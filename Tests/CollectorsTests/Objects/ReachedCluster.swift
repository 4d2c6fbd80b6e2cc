import Facts
import TestSupport

@testable import Collectors

/// Runs the body with surroundings whose kubeconfig leads to the server.
func withCluster(
    _ api: APIServer, selection: Surroundings.Selection = .init(),
    body: (Surroundings, LoopbackServer) async throws -> Void
) async throws {
    try await withLoopbackServer { [api] in
        api.respond($0)
    } body: { server in
        let kubeconfig = """
            current-context: x
            contexts: [{name: x, context: {cluster: c}}]
            clusters: [{name: c, cluster: {server: "\(server.url)"}}]
            """
        let effects = FilesAndNetwork(files: MadeUpWorld(files: ["/root/.kube/config": kubeconfig]))
        try await body(Surroundings(selection: selection, now: recordedAt, effects: effects), server)
    }
}
