import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

/// From a kubeconfig on disk through the real network to a server that answers as an API server does.
@Suite struct LiveServerTests {
    private let token = "s3cr3t-opaque-token-0123456789"

    private func kubeconfig(_ server: LoopbackServer, authority: TestAuthority, other: LoopbackServer? = nil) -> String
    {
        let data = Data(authority.certificatePEM.utf8).base64EncodedString()
        let second = other.map { other in
            """
            - name: other
              cluster: {server: \(other.url), insecure-skip-tls-verify: true}
            """
        }
        return """
            apiVersion: v1
            kind: Config
            current-context: lab
            contexts:
            - {name: lab, context: {cluster: lab, user: jane}}
            - {name: spare, context: {cluster: other, user: jane}}
            users:
            - {name: jane, user: {token: \(token)}}
            clusters:
            - name: lab
              cluster: {server: \(server.url), certificate-authority-data: \(data)}
            \(second ?? "")
            """
    }

    private func with(
        _ api: APIServer, other: LoopbackServer? = nil,
        body: (Surroundings, LoopbackServer, String) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        try await withTemporaryDirectory { directory in
            try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
                api.respond($0)
            } body: { server in
                let path = "\(directory)/config"
                try kubeconfig(server, authority: authority, other: other).write(
                    toFile: path, atomically: true, encoding: .utf8)
                let surroundings = Surroundings(
                    environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""], homeDirectory: directory,
                    selection: .init(kubeconfig: path), now: recordedAt, effects: world)
                try await body(surroundings, server, path)
            }
        }
    }

    private var known: APIServer {
        var api = APIServer()
        api.tokens = [token: "jane"]
        api.lists = ["/api/v1/pods": [#"{"metadata":{"name":"web-1","namespace":"default"}}"#]]
        return api
    }

    @Test func `the kubeconfig's token is sent to its server, and shown nowhere`() async throws {
        try await with(known) { surroundings, server, _ in
            for name in ["server.connection", "server.version", "server.authentication", "server.local"] {
                let collector = try #require(Catalogue.builtIn[name])
                let observation = try await collector.collect([:], in: surroundings)
                #expect(!"\(observation)".contains(token), "\(name)")
                expectFits(observation.value, collector.declaration.returns, name)
            }
            let pods = try await KubernetesCollector().collect(["resource": .string("pods")], in: surroundings)
            #expect(pods.value.text("items.0.metadata.name") == "web-1")
            #expect(!"\(pods)".contains(token))
            let asked = server.requests.filter { $0.header("Authorization") == "Bearer \(token)" }
            #expect(asked.map(\.path) == ["/api", "/api/v1/pods"])
        }
    }

    @Test func `a rejected token tells why, without the token`() async throws {
        try await with(APIServer()) { surroundings, _, _ in
            let fact = try await AuthenticationCollector().collect([:], in: surroundings).value
            #expect(fact.number("status") == 401)
            do {
                _ = try await KubernetesCollector().collect(["resource": .string("pods")], in: surroundings)
                Issue.record("the token is not accepted")
            } catch let error as Unknown {
                #expect(error.reason == .denied)
                #expect(!"\(error)".contains(token))
            }
        }
    }

    @Test func `ports that other contexts name on this host are looked at`() async throws {
        try await withLoopbackServer(tls: try TestAuthority("other").issue("kube-apiserver").serverTLS) {
            APIServer().respond($0)
        } body: { other in
            try await with(known, other: other) { surroundings, _, _ in
                let fact = try await PortsCollector().collect([:], in: surroundings).value
                let found = fact.elements?.first { $0.number("port") == Int64(other.port) }
                #expect(found?.text("context") == "spare")
                #expect(found?.flag("isAPIServer") == true)
                #expect(found?.flag("clusterMatches") == false)
            }
        }
    }

    @Test(.enabled(if: isInstalled("kubectl"), "kubectl is not installed"))
    func `real kubectl takes the test server for an API server`() async throws {
        try await with(known) { surroundings, _, path in
            let output = try await surroundings.effects.run(
                Command("kubectl", ["--kubeconfig=\(path)", "get", "pods", "--all-namespaces", "--output=name"]))
            #expect(String(decoding: output.standardOutput, as: UTF8.self) == "pod/web-1\n")
            #expect(output.exitCode == 0)
        }
        try await with(APIServer()) { surroundings, _, path in
            let output = try await surroundings.effects.run(
                Command("kubectl", ["--kubeconfig=\(path)", "get", "pods"]))
            #expect(
                String(decoding: output.standardError, as: UTF8.self)
                    .contains("error: You must be logged in to the server"))
        }
    }
}

func isInstalled(_ program: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}
