import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct KubernetesCollectorTests {
    private static let pods = (0..<7).map {
        #"{"metadata":{"name":"p\#($0)","namespace":"default","managedFields":[{}]}}"#
    }

    /// An API server that knows one token.
    private var api: APIServer {
        var api = APIServer()
        api.tokens = ["good": "jane"]
        api.lists = [
            "/api/v1/pods": Self.pods, "/api/v1/namespaces/default/pods": Self.pods,
            "/apis/example.org/v1/widgets": [#"{"metadata":{"name":"w"}}"#],
        ]
        return api
    }

    private func observe(
        _ api: APIServer, _ parameters: [String: Value], namespace: String? = nil, pageSize: Int = 3,
        deadlineSeconds: Double = 300, reading paths: [String]? = nil,
        log: (([LoopbackServer.Request]) -> Void)? = nil
    ) async throws -> Value {
        let server = try await LoopbackServer { api.respond($0) }
        do {
            let query = try ObjectQuery(parameters, defaultNamespace: namespace)
            let access = ServerAccess(server.url, credential: .bearer("good"))
            var surroundings = surroundings()
            if let paths { surroundings.reading = Projection(paths: paths) }
            let fact = try await KubernetesCollector().observe(
                query, access, in: surroundings, pageSize: pageSize, deadlineSeconds: deadlineSeconds)
            log?(server.requests)
            await server.stop()
            return fact.value
        } catch {
            await server.stop()
            throw error
        }
    }

    private func names(_ fact: Value) -> [String] {
        fact.at("items")?.elements?.compactMap { $0.text("metadata.name") } ?? []
    }

    @Test func `a list is read page by page to its end`() async throws {
        var asked: [String] = []
        let fact = try await observe(api, ["resource": .string("pods")]) { asked = $0.map(\.uri) }
        #expect(names(fact) == (0..<7).map { "p\($0)" })
        #expect(
            asked == [
                "/api/v1/pods?limit=3", "/api/v1/pods?limit=3&continue=3", "/api/v1/pods?limit=3&continue=6",
            ])
        #expect(fact.text("resourceVersion") == "1000")
        #expect(fact.at("items")?.elements?.first?.at("metadata.managedFields") == nil)
    }

    @Test func `namespace and selectors reach the server`() async throws {
        var asked: [String] = []
        _ = try await observe(
            api,
            [
                "resource": .string("pods"), "labelSelector": .string("app=web,tier!=db"),
                "fieldSelector": .string("status.phase=Running"),
            ], namespace: "default", pageSize: 100
        ) { asked = $0.map(\.uri) }
        #expect(
            asked == [
                "/api/v1/namespaces/default/pods?limit=100&labelSelector=app%3Dweb%2Ctier%21%3Ddb"
                    + "&fieldSelector=status.phase%3DRunning"
            ])
    }

    @Test func `a trailing dot is the core group`() async throws {
        #expect(try await names(observe(api, ["resource": .string("pods.")])).count == 7)
    }

    @Test func `a star is every namespace`() async throws {
        let fact = try await observe(
            api, ["resource": .string("pods"), "namespace": .string("*")], namespace: "default")
        #expect(fact.text("namespace") == "")
    }

    @Test func `a list that expires on the way is asked for as a whole`() async throws {
        var api = api
        api.expiresContinueTokens = true
        var asked: [String] = []
        let fact = try await observe(api, ["resource": .string("pods"), "labelSelector": .string("a")]) {
            asked = $0.map(\.uri)
        }
        #expect(names(fact) == (0..<7).map { "p\($0)" })
        #expect(
            asked == [
                "/api/v1/pods?limit=3&labelSelector=a", "/api/v1/pods?limit=3&labelSelector=a&continue=3",
                "/api/v1/pods?labelSelector=a",
            ])
    }

    @Test func `a list that expires as a whole too is truncated`() async throws {
        var api = api
        let expired = api.status(410, "Expired", "too old")
        api.once = OnceAnswers(["/api/v1/pods": [expired, expired]])
        #expect(await reason { _ = try await observe(api, ["resource": .string("pods")]) } == .truncated)
    }

    @Test func `a server that knows no pages is asked once, and may answer more than a page`() async throws {
        var api = api
        api.answers["/api/v1/pods"] = .json(
            #"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":["#
                + Self.pods.joined(separator: ",") + "]}")
        var asked: [String] = []
        let fact = try await observe(api, ["resource": .string("pods")]) { asked = $0.map(\.uri) }
        #expect(names(fact).count == 7)
        #expect(asked == ["/api/v1/pods?limit=3"])
    }

    /// Far more than any other answer may have, and only one piece of it is in memory at a time.
    @Test func `a list in one piece may be long`() async throws {
        let query = try ObjectQuery(["resource": .string("pods")], defaultNamespace: nil)
        var surroundings = surroundings()
        surroundings.effects = EndlessList(objects: 5_000, perPiece: 20)
        surroundings.reading = Projection(paths: ["items.*.metadata.name"])
        let fact = try await KubernetesCollector().observe(
            query, ServerAccess("http://127.0.0.1:1"), in: surroundings, deadlineSeconds: 3600)
        #expect(fact.value.at("items")?.elements?.count == 5_000)
    }

    @Test func `busy servers are asked again when they say so`() async throws {
        var api = api
        let busy = LoopbackServer.Response(429, "", headers: [("Retry-After", "0")])
        let down = LoopbackServer.Response(503, "", headers: [("Retry-After", "0")])
        api.once = OnceAnswers(["/api/v1/pods": [busy, down, busy]])
        #expect(try await names(observe(api, ["resource": .string("pods")])).count == 7)
    }

    @Test func `a server that wants longer than the deadline is unreachable at once`() async throws {
        var api = api
        api.once = OnceAnswers(["/api/v1/pods": [.init(429, "", headers: [("Retry-After", "3600")])]])
        #expect(await reason { _ = try await observe(api, ["resource": .string("pods")]) } == .unreachable)
    }

    @Test(arguments: [
        (LoopbackServer.Fault.truncated, Unknown.Reason.truncated), (.resetMidBody, .truncated), (.stall, .timedOut),
        (.silent, .timedOut),
    ])
    func `a fault in the middle makes the whole list unknown`(
        fault: LoopbackServer.Fault, expected: Unknown.Reason
    ) async throws {
        var api = api
        api.once = OnceAnswers(["/api/v1/pods": [.json(#"{"items":[{"metadata":{"name":"p0"}}]}"#, fault: fault)]])
        #expect(
            await reason {
                // Only what waits is to meet the deadline, however busy the machine is.
                _ = try await observe(
                    api, ["resource": .string("pods")], deadlineSeconds: expected == .timedOut ? 0.5 : 300)
            }
                == expected)
    }

    @Test func `the time that a playbook gives rules, and no time of the collector's own`() async throws {
        var api = api
        api.acceptsEverybody = true
        api.once = OnceAnswers(["/api/v1/pods": [.init(200, fault: .silent)]])
        try await withCluster(api) { surroundings, _ in
            var hurried = surroundings
            hurried.deadline = .now + .milliseconds(300)
            #expect(
                await reason {
                    _ = try await KubernetesCollector().collect(["resource": .string("pods")], in: hurried)
                } == .timedOut)
        }
    }

    @Test(arguments: [("clusterroles", "Admin:of_all@x"), ("clusterroles", "system:node")])
    func `names that only some resources may have are asked for`(resource: String, name: String) async throws {
        var api = api
        api.answers["/apis/rbac.authorization.k8s.io/v1/clusterroles/\(name)"] = .json(
            #"{"metadata":{"name":"\#(name)"}}"#)
        let fact = try await observe(api, ["resource": .string(resource), "name": .string(name)])
        #expect(names(fact) == [name])
    }

    @Test func `half a JSON text is malformed, not an empty list`() async throws {
        var api = api
        api.once = OnceAnswers(["/api/v1/pods": [.json(#"{"items":[{"#)]])
        #expect(await reason { _ = try await observe(api, ["resource": .string("pods")]) } == .malformed)
    }

    @Test func `a forbidden list is denied, with the verb that is missing`() async throws {
        var api = api
        api.forbidden = ["/api/v1/pods"]
        do {
            _ = try await observe(api, ["resource": .string("pods")])
            Issue.record("it is forbidden")
        } catch let unknown as Unknown {
            #expect(unknown.reason == .denied)
            #expect(unknown.detail.contains(#"User "jane" cannot list"#))
            #expect(unknown.hint.contains("kubectl auth can-i list pods"))
        }
    }

    @Test func `rejected credentials are denied`() async throws {
        var api = api
        api.tokens = [:]
        #expect(await reason { _ = try await observe(api, ["resource": .string("pods")]) } == .denied)
    }

    @Test func `a resource that is not well known is discovered`() async throws {
        var api = api
        api.answers["/apis"] = .json(
            #"{"groups":[{"name":"example.org","preferredVersion":{"version":"v1"}}]}"#)
        api.answers["/apis/example.org/v1"] = .json(
            #"{"resources":[{"name":"widgets","singularName":"widget","namespaced":false}]}"#)
        for name in ["widgets", "widgets.example.org", "widget"] {
            #expect(try await names(observe(api, ["resource": .string(name)])) == ["w"])
        }
        #expect(await reason { _ = try await observe(api, ["resource": .string("gadgets")]) } == .notFound)
    }

    @Test func `a named object, or none`() async throws {
        var api = api
        api.answers["/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"] = .json(
            #"{"metadata":{"name":"v1beta1.metrics.k8s.io","resourceVersion":"5"}}"#)
        let parameters: [String: Value] = [
            "resource": .string("apiservices"), "name": .string("v1beta1.metrics.k8s.io"),
        ]
        #expect(try await names(observe(api, parameters)) == ["v1beta1.metrics.k8s.io"])
        api.answers["/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"] = api.status(
            404, "NotFound", "apiservices not found")
        #expect(try await observe(api, parameters).at("items")?.elements?.isEmpty == true)
        // Plain text: the server does not serve the resource at all.
        api.answers = [:]
        #expect(await reason { _ = try await observe(api, parameters) } == .notFound)
    }

    @Test func `a null list is empty`() async throws {
        var api = api
        api.answers["/api/v1/pods"] = .json(#"{"kind":"PodList","metadata":{},"items":null}"#)
        #expect(try await observe(api, ["resource": .string("pods")]).at("items")?.elements?.isEmpty == true)
    }

    @Test(arguments: ["", "../secrets", "pods/x", "pods?x", "POD S"])
    func `what is no name of a resource gets into no path`(name: String) async {
        #expect(await reason { _ = try await observe(api, ["resource": .string(name)]) } == .malformed)
    }

    @Test(arguments: ["../kube-system", "a/b", "..", "a?b", "A"])
    func `what is no name of a namespace gets into no path`(name: String) async {
        #expect(
            await reason {
                _ = try await observe(api, ["resource": .string("pods"), "namespace": .string(name)])
            } == .malformed)
    }

    @Test func `the data of Secrets and secret-looking variables never leave the collector`() async throws {
        var api = api
        api.lists["/api/v1/secrets"] = [
            #"{"kind":"Secret","data":{"password":"aHVudGVyMg=="},"metadata":{"name":"s","annotations":"#
                + #"{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":\"aHVudGVyMg==\"}"}}}"#
        ]
        api.lists["/apis/apps/v1/deployments"] = [
            #"{"spec":{"containers":[{"name":"c","env":[{"name":"DB_PASSWORD","value":"hunter2"},"#
                + #"{"name":"MODE","value":"fast"}]}]}}"#
        ]
        let secrets = try await observe(api, ["resource": .string("secrets")])
        let item = try #require(secrets.at("items")?.elements?.first)
        #expect(item.reason("data.password") == "redacted")
        #expect(!"\(secrets)".contains("aHVudGVyMg"))
        let deployments = try await observe(api, ["resource": .string("deployments")])
        #expect(!"\(deployments)".contains("hunter2"))
        #expect("\(deployments)".contains("fast"))
    }

    @Test func `only what is read of an object is kept, and nothing secret of it`() async throws {
        var api = api
        api.lists["/apis/apps/v1/deployments"] = [
            #"{"metadata":{"name":"web","managedFields":[{}]},"spec":{"containers":[{"name":"c","image":"i","#
                + #""args":["--password","hunter2","--verbose"],"command":["run","Bearer abcdefgh12345678"],"#
                + #""env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"MODE","value":"fast"}]}]}}"#
        ]
        api.lists["/api/v1/secrets"] = [#"{"data":{"password":"aHVudGVyMg=="},"metadata":{"name":"s"}}"#]
        let paths = [
            "items[*].spec.containers[*].env[*].value", "items[*].spec.containers[*].args[*]",
            "items[*].spec.containers[*].command.*",
        ]
        let fact = try await observe(api, ["resource": .string("deployments")], reading: paths)
        let container = try #require(fact.at("items.0.spec.containers.0"))
        #expect(container.texts("args") == ["--password", "[redacted]", "--verbose"])
        #expect(container.reason("env.0.value") == "redacted")
        #expect(container.text("env.1.value") == "fast")
        #expect(container.at("env.0.name") == nil)
        #expect(container.at("image") == nil && fact.at("items.0.metadata") == nil)
        #expect(!"\(fact)".contains("hunter2") && !"\(fact)".contains("abcdefgh"))
        let secrets = try await observe(
            api, ["resource": .string("secrets")], reading: ["items[*].data.password", "items[*].metadata.name"])
        #expect(secrets.reason("items.0.data.password") == "redacted")
        #expect(!"\(secrets)".contains("aHVudGVyMg"))
    }

    @Test func `what is read of an object decides nothing about the object itself`() async throws {
        let counted = try await observe(api, ["resource": .string("pods")], reading: ["items[*]"])
        #expect(counted.at("items")?.elements?.count == 7)
        let named = try await observe(api, ["resource": .string("pods")], reading: ["items[*].metadata.name"])
        #expect(names(named) == (0..<7).map { "p\($0)" })
    }
}

/// Gives one list of pods, whatever is asked, in pieces that end anywhere, and only to who lets it be long.
private struct EndlessList: Effects {
    var objects: Int
    var perPiece: Int

    func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        guard !request.url.contains("continue"), request.bodyLimit > 1 << 31 else {
            throw Unknown(.truncated, "the list is longer than \(request.bodyLimit) bytes")
        }
        let padding = String(repeating: "x", count: 400)
        try reader.take(contentsOf: Array(#"{"kind":"PodList","items":["#.utf8))
        for start in stride(from: 0, to: objects, by: perPiece) {
            let items = (start..<min(objects, start + perPiece)).map { number in
                #"{"metadata":{"name":"p\#(number)","annotations":{"a":"\#(padding)"}}}"#
            }
            let piece = (start == 0 ? "" : ",") + items.joined(separator: ",")
            let half = piece.index(piece.startIndex, offsetBy: piece.count / 2)
            try reader.take(contentsOf: Array(piece[..<half].utf8))
            try reader.take(contentsOf: Array(piece[half...].utf8))
        }
        try reader.take(contentsOf: Array("]}".utf8))
        return HTTPResponse(status: 200, headers: [], body: [])
    }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        throw Unknown(.notFound, "\(path) does not exist")
    }
    func status(of path: String) async throws(Unknown) -> FileStatus {
        throw Unknown(.notFound, "\(path) does not exist")
    }
    func list(_ directory: String) async throws(Unknown) -> [String] { [] }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        throw Unknown(.notFound, "\(command.executable) is not installed")
    }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        throw Unknown(.unreachable, "only lists are given")
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { ConnectionReport() }
}
