import CEL
import Facts
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Collectors

@Suite struct DiscoveryTests {
    private func locate(_ text: String, _ answers: [String: LoopbackServer.Response]) async throws -> ResourceLocation {
        var api = APIServer()
        api.tokens = ["good": "jane"]
        api.answers = answers
        var location: ResourceLocation?
        try await withLoopbackServer { [api] in
            api.respond($0)
        } body: { server in
            let client = APIClient(
                ServerAccess(server.url, credential: .bearer("good")), world, deadlineSeconds: 300)
            location = try await client.locate(try #require(ResourceName(text)))
        }
        return try #require(location)
    }

    /// A cluster with cert-manager, a CRD that is served in an old version only, and metrics whose server is away.
    private let cluster: [String: LoopbackServer.Response] = [
        "/apis": .json(
            #"""
            {"kind":"APIGroupList","groups":[
            {"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}],"preferredVersion":{"version":"v1beta1"}},
            {"name":"cert-manager.io","versions":[{"version":"v1"},{"version":"v1alpha2"}],"preferredVersion":{"version":"v1"}}]}
            """#),
        "/apis/metrics.k8s.io/v1beta1": .init(503, "", headers: [("Retry-After", "0")]),
        "/apis/cert-manager.io/v1": .json(
            #"""
            {"kind":"APIResourceList","groupVersion":"cert-manager.io/v1","resources":[
            {"name":"certificates/status","singularName":"","namespaced":true,"kind":"Certificate"},
            {"name":"certificates","singularName":"certificate","shortNames":["cert","certs"],"namespaced":true,"kind":"Certificate"},
            {"name":"clusterissuers","singularName":"clusterissuer","namespaced":false,"kind":"ClusterIssuer"}]}
            """#),
        "/apis/cert-manager.io/v1alpha2": .json(
            #"{"resources":[{"name":"orders","singularName":"order","namespaced":true,"kind":"Order"}]}"#),
    ]

    @Test(arguments: [
        ("certificates.cert-manager.io", "v1", "certificates", true), ("cert", "v1", "certificates", true),
        ("clusterissuer", "v1", "clusterissuers", false), ("orders", "v1alpha2", "orders", true),
    ])
    func `a CRD is found by plural, singular and short name, in whatever version serves it`(
        text: String, version: String, plural: String, isNamespaced: Bool
    ) async throws {
        var answers = cluster
        // Zero seconds, again and again, would be asked for ever.
        answers["/apis/metrics.k8s.io/v1beta1"] = .init(404)
        let location = try await locate(text, answers)
        #expect(
            location
                == ResourceLocation(
                    group: "cert-manager.io", version: version, plural: plural, isNamespaced: isNamespaced))
    }

    @Test func `an API whose server is away does not hide the others`() async throws {
        var answers = cluster
        answers["/apis/metrics.k8s.io/v1beta1"] = .init(503, "", headers: [("Retry-After", "100000")])
        #expect(try await locate("certs", answers).plural == "certificates")
        #expect(await reason { _ = try await locate("pods.metrics.k8s.io", answers) } == .unreachable)
    }

    @Test func `what the server serves is asked once for all facts`() async throws {
        var api = APIServer()
        api.acceptsEverybody = true
        api.answers = cluster
        api.answers["/apis/metrics.k8s.io/v1beta1"] = .init(404)
        try await withLoopbackServer { [api] in
            api.respond($0)
        } body: { server in
            let cache = SharedResults()
            for name in ["certs", "clusterissuer", "certificates.cert-manager.io"] {
                let client = APIClient(ServerAccess(server.url), world, deadlineSeconds: 300, cache: cache)
                let location = try await client.locate(try #require(ResourceName(name)))
                #expect(location.group == "cert-manager.io")
            }
            let paths = server.requests.map(\.path)
            #expect(paths.count == Set(paths).count, "\(paths)")
        }
    }

    @Test func `a resource that nobody serves is not found`() async {
        var answers = cluster
        answers["/apis/metrics.k8s.io/v1beta1"] = .init(404)
        #expect(await reason { _ = try await locate("unicorns", answers) } == .notFound)
    }
}

@Suite struct RetryTests {
    private func get(_ responses: [LoopbackServer.Response]) async throws -> (status: Int, requests: Int) {
        var api = APIServer()
        api.acceptsEverybody = true
        api.once = OnceAnswers(["/api/v1/pods": responses])
        api.lists = ["/api/v1/pods": []]
        var result = (status: 0, requests: 0)
        try await withLoopbackServer { [api] in
            api.respond($0)
        } body: { server in
            let client = APIClient(ServerAccess(server.url), world, deadlineSeconds: 300)
            do throws(Unknown) { result.status = try await client.get("/api/v1/pods").status } catch {
                #expect(error.reason == .unreachable)
            }
            result.requests = server.requests.count
        }
        return result
    }

    @Test func `a time to come back at is seen from the server's own clock`() async throws {
        let past = LoopbackServer.Response(
            429, "",
            headers: [("Retry-After", "Tue, 24 Nov 2026 00:09:00 GMT"), ("Date", "Tue, 24 Nov 2026 00:10:00 GMT")])
        let result = try await get([past, past])
        #expect(result == (200, 3))
        let far = LoopbackServer.Response(
            503, "",
            headers: [("Retry-After", "Tue, 24 Nov 2026 10:10:00 GMT"), ("Date", "Tue, 24 Nov 2026 00:10:00 GMT")])
        let hopeless = try await get([far, far])
        #expect(hopeless == (0, 1))
    }

    @Test func `a server that never says when is asked five times`() async throws {
        let result = try await get([LoopbackServer.Response](repeating: .init(500, "boom"), count: 10))
        #expect(result == (0, 5))
    }
}

/// - Parameter user: what the kubeconfig says of it, on one line.
private func kubeconfig(_ server: LoopbackServer, _ authority: TestAuthority, user: String) -> String {
    """
    current-context: x
    contexts: [{name: x, context: {cluster: c, user: u}}]
    clusters:
    - name: c
      cluster:
        server: \(server.url)
        certificate-authority-data: \(Data(authority.certificatePEM.utf8).base64EncodedString())
    users: [{name: u, user: {as: auditor, \(user)}}]
    """
}

/// A real plugin, real TLS, and a server that stops taking the first token.
@Suite struct RenewalTests {
    /// Gives `token-1`, then `token-2`, ….
    private func script(_ folder: String) -> String {
        """
        echo run >> \(folder)/runs
        n=$(wc -l < \(folder)/runs | tr -d ' ')
        echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"token-'$n'"}}'
        """
    }

    private func observe(
        tokens: [String: String], body: (Surroundings, LoopbackServer, String) async throws -> Void
    ) async throws {
        var api = APIServer()
        api.tokens = tokens
        api.lists = ["/api/v1/nodes": [#"{"metadata":{"name":"n1"}}"#], "/api/v1/pods": []]
        let authority = try TestAuthority()
        try await withTemporaryFolder { folder in
            try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) { [api] in
                api.respond($0)
            } body: { server in
                try writeScript("\(folder)/plugin", script(folder))
                try FileManager.default.createDirectory(atPath: "\(folder)/.kube", withIntermediateDirectories: true)
                let exec =
                    "{apiVersion: client.authentication.k8s.io/v1beta1, command: \(folder)/plugin, interactiveMode: Never}"
                try kubeconfig(server, authority, user: "exec: \(exec)").write(
                    toFile: "\(folder)/.kube/config", atomically: true, encoding: .utf8)
                let environment = ["PATH": "/usr/bin:/bin", "HOME": folder]
                let surroundings = Surroundings(
                    environment: environment, homeDirectory: folder, now: recordedAt,
                    effects: SystemEffects(environment: environment))
                try await body(surroundings, server, "\(folder)/runs")
            }
        }
    }

    @Test func `a token that is taken no more is asked for again, once for all facts`() async throws {
        try await observe(tokens: ["token-2": "jane"]) { surroundings, server, runs in
            let nodes = try await collect(NodesCollector(), in: surroundings)
            #expect(nodes.text("nodes.0.name") == "n1")
            let pods = try await collect(
                KubernetesCollector(), ["resource": .string("pods")], in: surroundings)
            #expect(pods.texts("items") == [])
            let asked = try String(contentsOfFile: runs, encoding: .utf8)
            #expect(asked == "run\nrun\n")
            #expect(server.requests.allSatisfy { $0.header("Impersonate-User") == "auditor" })
            #expect(server.requests.last?.header("Authorization") == "Bearer token-2")
        }
    }

    @Test func `a plugin whose tokens are never taken is asked twice, and the fact is denied`() async throws {
        try await observe(tokens: [:]) { surroundings, _, runs in
            #expect(await reason { _ = try await NodesCollector().collect([:], in: surroundings) } == .denied)
            #expect(await reason { _ = try await NodesCollector().collect([:], in: surroundings) } == .denied)
            let asked = try String(contentsOfFile: runs, encoding: .utf8)
            #expect(asked == "run\nrun\n")
        }
    }

    @Test func `a token that is good is asked for once`() async throws {
        try await observe(tokens: ["token-1": "jane"]) { surroundings, _, runs in
            _ = try await collect(NodesCollector(), in: surroundings)
            _ = try await collect(NodesCollector(), in: surroundings)
            let asked = try String(contentsOfFile: runs, encoding: .utf8)
            #expect(asked == "run\n")
        }
    }
}

/// A token that a file holds, and that somebody rotates in the middle.
@Suite struct TokenFileTests {
    private func observe(
        _ api: APIServer, body: (Surroundings, LoopbackServer, _ tokenFile: String) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        try await withTemporaryFolder { folder in
            try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
                api.respond($0)
            } body: { server in
                try "token-1\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
                try kubeconfig(server, authority, user: "tokenFile: \"\(folder)/token\"").write(
                    toFile: "\(folder)/config", atomically: true, encoding: .utf8)
                let surroundings = Surroundings(
                    homeDirectory: folder, selection: .init(kubeconfig: "\(folder)/config"), now: recordedAt,
                    effects: SystemEffects(environment: [:]))
                // From here on what was read at first is shared.
                _ = await SelectedAccess.load(in: surroundings)
                try await body(surroundings, server, "\(folder)/token")
            }
        }
    }

    private var api: APIServer {
        var api = APIServer()
        api.tokens = ["token-2": "jane"]
        api.lists = ["/api/v1/pods": (0..<7).map { #"{"metadata":{"name":"p\#($0)"}}"# }]
        return api
    }

    @Test func `a token that is taken no more is read again, and once for all pages`() async throws {
        try await observe(api) { surroundings, server, file in
            try "token-2\n".write(toFile: file, atomically: true, encoding: .utf8)
            let access = try await ServerAccess.authenticated(in: surroundings)
            let query = try ObjectQuery(["resource": .string("pods")], defaultNamespace: nil)
            let fact = try await KubernetesCollector().observe(
                query, access, in: surroundings, pageSize: 3, deadlineSeconds: 300)
            #expect(fact.value.at("items")?.elements?.count == 7)
            let sent = server.requests.map { $0.header("Authorization") }
            #expect(sent == ["Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-2"])
            #expect(server.requests.allSatisfy { $0.header("Impersonate-User") == "auditor" })
        }
    }

    @Test(arguments: ["token-1", "", " \n", "token-3", nil])
    func `where the file holds nothing better, the fact is denied, and nobody asks for ever`(
        content: String?
    ) async throws {
        try await observe(api) { surroundings, server, file in
            if let content {
                try content.write(toFile: file, atomically: true, encoding: .utf8)
            } else {
                try FileManager.default.removeItem(atPath: file)
            }
            #expect(
                await reason { _ = try await NodesCollector().collect([:], in: surroundings) } == .denied)
            #expect(server.requests.count == (content == "token-3" ? 2 : 1))
        }
    }

    @Test func `a pod's own token is read again too`() async throws {
        let folder = PodServiceAccount.directory
        let authority = try TestAuthority().certificatePEM
        let files = ChangingFiles(["\(folder)/token": "token-1", "\(folder)/ca.crt": authority])
        let surroundings = Surroundings(
            environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"], now: recordedAt,
            effects: files)
        let access = try await ServerAccess.authenticated(in: surroundings)
        #expect(access.bearer == "token-1")
        #expect(await access.renewal?(access) == nil)
        files.change("\(folder)/token", to: "token-2")
        let renewed = try #require(await access.renewal?(access))
        #expect(renewed.bearer == "token-2")
        #expect(renewed.tls.authoritiesPEM == access.tls.authoritiesPEM)
        #expect(await renewed.renewal?(renewed) == nil)
    }
}

extension ServerAccess {
    fileprivate var bearer: String? { if case .bearer(let token) = credential { token } else { nil } }
}

/// Files that a test changes.
private final class ChangingFiles: Effects {
    private let world: Mutex<MadeUpWorld>

    init(_ files: [String: String]) { world = Mutex(MadeUpWorld(files: files)) }

    func change(_ path: String, to text: String) { world.withLock { $0.files[path] = text } }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await world.withLock { $0 }.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus {
        try await world.withLock { $0 }.status(of: path)
    }
    func list(_ directory: String) async throws(Unknown) -> [String] {
        try await world.withLock { $0 }.list(directory)
    }
    func run(_ command: Facts.Command) async throws(Unknown) -> CommandOutput {
        throw Unknown(.notFound, "\(command.executable) is not installed")
    }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        throw Unknown(.unreachable, "nothing answers at \(request.url)")
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { ConnectionReport() }
}
