import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct `Mutated kubeconfigs` {
    /// Knuth's MMIX generator: the same cases on every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let words: [[UInt8]] = [
        "\n", "\t", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "!!str ", "|", ">", "\"", "'", "#", "---\n", "\0",
        "\u{FEFF}",
        "null", "~", "yes", "0x1f", "1e999", "clusters:", "users:", "exec:", "server: ", "token: ", "../", "://", "=",
        "%",
    ].map { Array($0.utf8) }

    private static func mutate(_ seed: [UInt8], _ generator: inout Generator) -> [UInt8] {
        var bytes = seed
        for _ in 0...Int.random(in: 0...3, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.removeSubrange(place..<min(place + Int.random(in: 1...40, using: &generator), bytes.count))
            case 2: bytes.insert(contentsOf: words.randomElement(using: &generator) ?? [], at: place)
            case 3: bytes = Array(bytes[..<place])
            case 4:
                bytes.insert(
                    contentsOf: bytes[place..<min(place + 60, bytes.count)],
                    at: Int.random(in: 0...bytes.count, using: &generator))
            default: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            }
        }
        return bytes
    }

    /// Without the long certificates, which would only be noise to most mutations.
    private static let seeds: [String] = [
        """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters: [{name: c, cluster: {server: 'https://h:6443', certificate-authority-data: aGVsbG8=, proxy-url: http://p:1}}]
        contexts: [{name: lab, context: {cluster: c, user: u, namespace: ns}}]
        users:
        - name: u
          user:
            token: eyJhbGciOiJub25lIn0.eyJzdWIiOiJqbyIsImV4cCI6MTc5NTQ3OTAwMH0.c2ln
            as: jo
            as-groups: [a, b]
            as-user-extra: {k: [v]}
            exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1, args: [a, --region=x], env: [{name: N, value: V}]}
            auth-provider: {name: oidc, config: {id-token: a.b.c, refresh-token: r}}
        """,
        #"{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"https://h"}}],"users":[],"contexts":[]}"#,
    ]

    @Test(arguments: 0..<4)
    func `never crash and never loosen the fact's type`(part: Int) async throws {
        var texts = Self.seeds.map { Array($0.utf8) }
        texts += try ["expired-client-cert", "exec-plugin-missing", "kubeconfig-bad-yaml"].map {
            Array(try Recordings.text($0).utf8)
        }
        var generator = Generator(state: UInt64(part) &+ 20_261_124)
        var loaded = 0
        for index in 0..<5000 {
            // Long ones are dearer and rarer.
            let seed = texts[index.isMultiple(of: 40) ? 2 + index / 40 % 3 : index % 2]
            let bytes = Self.mutate(seed, &generator)
            let effects = BytesAsKubeconfig(bytes: bytes)
            let surroundings = Surroundings(homeDirectory: "/home/jo", now: recordedAt, effects: effects)
            let fact = try await collect(KubeconfigCollector(), in: surroundings)
            if fact.flag("loaded") == true { loaded += 1 }
            _ = try? await PlatformCollector().collect([:], in: surroundings)
            _ = try? await ServerAccess.anonymous(in: surroundings)
        }
        // The mutations reach behind the parser, and not all of them are harmless.
        #expect((100..<4900).contains(loaded))
    }

    @Test func `every cut of a real one is survived`() async throws {
        let bytes = Array(try Recordings.text("exec-plugin-missing").utf8)
        for end in stride(from: 0, to: bytes.count, by: 7) {
            let effects = BytesAsKubeconfig(bytes: Array(bytes[..<end]))
            _ = try await collect(
                KubeconfigCollector(),
                in: Surroundings(homeDirectory: "/home/jo", now: recordedAt, effects: effects))
        }
    }
}

/// One file, `~/.kube/config`, of any bytes.
private struct BytesAsKubeconfig: Effects {
    var bytes: [UInt8]

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        guard path == "/home/jo/.kube/config" else { throw Unknown(.notFound, "\(path) does not exist") }
        return bytes
    }
    func status(of path: String) async throws(Unknown) -> FileStatus {
        guard path == "/home/jo/.kube/config" else { throw Unknown(.notFound, "\(path) does not exist") }
        return FileStatus(kind: .regular, size: bytes.count, mode: 0o600, owner: 0, isReadable: true)
    }
    func list(_ directory: String) async throws(Unknown) -> [String] { [] }
    func run(_ command: Facts.Command) async throws(Unknown) -> CommandOutput {
        throw Unknown(.notFound, "nothing here")
    }
    func send(_ request: Facts.HTTPRequest) async throws(Unknown) -> Facts.HTTPResponse {
        throw Unknown(.unreachable, "nothing there")
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { ConnectionReport() }
}
