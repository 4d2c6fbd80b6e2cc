import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

@Suite struct `The verdict on the credentials` {
    /// The recording's kubeconfig, with the server of the test instead of the recorded one.
    private func kubeconfig(_ server: LoopbackServer, _ authority: TestAuthority, user: String) -> String {
        let data = Base64.encode(Array(authority.certificatePEM.utf8))
        return """
            current-context: lab
            contexts: [{name: lab, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: '\(server.url)', certificate-authority-data: \(data)}}]
            users: [{name: u, user: \(user)}]
            """
    }

    private func verdict(_ user: String, text: String = "", answers: APIServer = APIServer()) async throws -> Value {
        var result: Value = .null
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
            answers.respond($0)
        } body: { server in
            let world = MadeUpWorld(files: ["/home/jo/.kube/config": kubeconfig(server, authority, user: user)])
            let surroundings = Surroundings(
                homeDirectory: "/home/jo", text: text, now: recordedAt,
                effects: MadeUpFilesOnRealNetwork(files: world))
            result = try await collect(CredentialVerdictCollector(), in: surroundings)
        }
        return result
    }

    @Test func `a known token is accepted`() async throws {
        var answers = APIServer()
        answers.tokens["good"] = "jo"
        let fact = try await verdict(
            "{token: good}", text: "error: You must be logged in to the server", answers: answers)
        #expect(fact.text("outcome") == "accepted")
        #expect(fact.text("basis") == "server")
        #expect(fact.seconds("date") == 1_795_479_000)
    }

    @Test func `an unknown token is rejected`() async throws {
        let fact = try await verdict("{token: bad}")
        #expect(fact.text("outcome") == "rejected")
        #expect(fact.number("status") == 401)
        #expect(fact.flag("isAPIServer") == true)
    }

    @Test func `no credential is an anonymous request`() async throws {
        #expect(try await verdict("{}").text("outcome") == "anonymous")
    }

    @Test func `a client certificate is presented`() async throws {
        let client = try TestAuthority().issue("jo")
        var answers = APIServer()
        answers.certificates[client.certificateDER] = "jo"
        let data = Base64.encode(Array(client.certificatePEM.utf8))
        let key = Base64.encode(Array(client.keyPEM.utf8))
        let fact = try await verdict(
            "{client-certificate-data: \(data), client-key-data: \(key)}", answers: answers)
        #expect(fact.text("outcome") == "accepted")
    }

    @Test(arguments: [
        ("error: You must be logged in to the server (Unauthorized)", "rejected"),
        (
            "E1124 memcache.go:265] the server has asked for the\n   client to provide \u{1B}[31mcredentials\u{1B}[0m",
            "rejected"
        ),
        (#"nodes is forbidden: User "system:anonymous" cannot list resource"#, "anonymous"),
    ])
    func `what the text shows counts where no server answers`(text: String, outcome: String) async throws {
        let config = try Recordings.text("opaque-token-rejected")
        var surroundings = surroundings(kubeconfig: config)
        surroundings.text = text
        let fact = try await collect(CredentialVerdictCollector(), in: surroundings)
        #expect(fact.text("outcome") == outcome)
        #expect(fact.text("basis") == "text")
    }

    @Test(arguments: [
        "", "Error from server (Forbidden): nodes is forbidden: User \"jane\" cannot list",
        "unauthorized: authentication required",
    ])
    func `without a server and without words for it nobody can tell`(text: String) async throws {
        var surroundings = surroundings(kubeconfig: try Recordings.text("opaque-token-rejected"))
        surroundings.text = text
        await #expect(throws: Unknown.self) {
            _ = try await CredentialVerdictCollector().collect([:], in: surroundings)
        }
    }
}

/// Made-up files, the real network: a kubeconfig that leads to a server on loopback.
struct MadeUpFilesOnRealNetwork: Effects {
    var files: MadeUpWorld
    private let system = SystemEffects(environment: [:])

    init(files: MadeUpWorld) { self.files = files }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await files.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus { try await files.status(of: path) }
    func list(_ directory: String) async throws(Unknown) -> [String] { try await files.list(directory) }
    func run(_ command: Facts.Command) async throws(Unknown) -> CommandOutput { try await files.run(command) }
    func send(_ request: Facts.HTTPRequest) async throws(Unknown) -> Facts.HTTPResponse {
        try await system.send(request)
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { await system.connect(endpoint) }
}
