import Foundation
import TestSupport
import Testing

/// Real faults, as real programs printed them: the first confirmed cause is the expected one, and look-alikes confirm
/// nothing but their own.
///
/// The recorded server is gone. A loopback server stands in for it where the fault needs one: it answers like the API
/// server, under an authority of its own, which takes the place of the recorded one in the kubeconfig.
@Suite(.serialized)
struct RecordingTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        var name: String
        var folder: URL
        var command: String
        var environment: [String: String]
        var playbook: String?
        var cause: String?
        var also: [String]

        var testDescription: String { name }

        init(_ folder: URL) throws {
            let data = try Data(contentsOf: folder.appending(path: "scenario.json"))
            let scenario = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let expected = try #require(scenario["expect"] as? [String: Any])
            name = folder.lastPathComponent
            self.folder = folder
            command = scenario["command"] as? String ?? ""
            environment = scenario["env"] as? [String: String] ?? [:]
            playbook = expected["playbook"] as? String
            cause = expected["cause"] as? String
            also = expected["also"] as? [String] ?? []
        }
    }

    /// Those that need neither etcd members nor a node; `EtcdRecordingTests` and `NodeRecordingTests` have those.
    static let recordings: [Recording] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
        return names.sorted().compactMap { try? Recording(folder.appending(path: $0)) }
            .filter { $0.name != "etcd-token-mismatch" && $0.name != "kubeadm-preflight-swap" }
    }()

    @Test func `all recordings are here`() { #expect(Self.recordings.count == 16) }

    /// With the text and the kubeconfig alone, whatever the server would say now.
    @Test(arguments: recordings.filter { !$0.name.hasPrefix("hpa") && $0.name != "wrong-port" })
    func `the text and the kubeconfig tell the cause`(recording: Recording) async throws {
        try await check(recording, port: nil, authority: nil)
    }

    @Test(arguments: recordings)
    func `with a server the cause is the same`(recording: Recording) async throws {
        let authority = try TestAuthority()
        let server = try Self.server(for: recording)
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS, respond: server.respond) {
            server in
            try await check(recording, port: server.port, authority: authority.certificatePEM)
        }
    }

    /// - Parameter port: where the stand-in listens; `nil`: there is none, and the recorded address stays.
    private func check(_ recording: Recording, port: Int?, authority: String?) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let lab = folder.path(percentEncoded: false)
        let home = folder.appending(path: "home")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        var arguments = [
            "diagnose", "--file", recording.folder.appending(path: "output.txt").path(percentEncoded: false),
            "-o", "json", "--now", "2026-11-24T00:18:30Z", "--timeout", "20",
        ]
        let kubeconfig = recording.folder.appending(path: "kubeconfig.yaml")
        if var text = try? String(contentsOf: kubeconfig, encoding: .utf8) {
            text = text.replacing("/lab", with: lab)
            if let port, let authority {
                text = Self.moved(text, recording: recording, port: port, authority: authority)
            }
            let path = folder.appending(path: "config")
            try Data(text.utf8).write(to: path)
            arguments += ["--kubeconfig", path.path(percentEncoded: false)]
        }
        if recording.command.contains("--context prod") { arguments += ["--context", "prod"] }
        let environment = recording.environment.mapValues { $0.replacing("/lab", with: lab) }
            .merging(TriageCommand.sharedIndex) { $1 }
        let result = try await TriageCommand.run(arguments, environment: environment, home: home)
        verify(result, recording)
    }

    private func verify(_ result: TriageCommand.Result, _ recording: Recording) {
        guard let playbook = recording.playbook else {
            #expect(result.confirmed == [], "\(result.output)")
            return
        }
        guard let cause = recording.cause else {
            #expect(result.confirmed.allSatisfy { $0.hasPrefix("\(playbook)/") }, "\(result.confirmed)")
            return
        }
        #expect(result.confirmed.first == "\(playbook)/\(cause)", "\(result.output)\n\(result.notes)")
        let allowed = Set([cause] + recording.also)
        #expect(
            result.confirmed.allSatisfy { finding in allowed.contains { finding.hasSuffix("/\($0)") } },
            "\(result.confirmed)")
        #expect(result.exitCode == 1)
    }

    /// The kubeconfig with the stand-in's address and authority.
    ///
    /// `wrong-port` keeps a port on which nothing listens, and
    /// names the stand-in's through another context, as a person's kubeconfig would.
    private static func moved(_ text: String, recording: Recording, port: Int, authority: String) -> String {
        let data = Data(authority.utf8).base64EncodedString()
        var text = text
        if recording.name == "wrong-port" {
            text = text.replacing(
                "clusters:\n", with: "clusters:\n- {name: other, cluster: {server: 'https://127.0.0.1:\(port)'}}\n")
            text = text.replacing(
                "contexts:\n", with: "contexts:\n- {name: other, context: {cluster: other, user: \"\"}}\n")
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.contains("certificate-authority-data:"), recording.name != "cert-of-another-ca" {
                return line.prefix { $0 == " " } + "certificate-authority-data: \(data)"
            }
            return line.replacing("https://127.0.0.1:6443", with: "https://127.0.0.1:\(port)")
        }.joined(separator: "\n")
    }

    private static func server(for recording: Recording) throws -> APIServer {
        var server = APIServer()
        // The clock of the recording, so that no clock seems to be off.
        server.date = "Tue, 24 Nov 2026 00:18:30 GMT"
        func items(_ file: String) throws -> [String] {
            let url = recording.folder.appending(path: file)
            guard let data = try? Data(contentsOf: url) else { return [] }
            let list = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try (list?["items"] as? [Any] ?? []).map {
                String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
            }
        }
        guard recording.name.hasPrefix("hpa") || recording.name == "healthy" || recording.name.hasPrefix("forbidden")
        else { return server }
        server.acceptsEverybody = true
        server.lists = [
            "/apis/autoscaling/v2/horizontalpodautoscalers": try items("hpa.json"),
            "/apis/apps/v1/deployments": try items("deployments.json"),
            "/apis/apps/v1/replicasets": try items("replicasets.json"),
            "/apis/apps/v1/statefulsets": [],
            "/api/v1/pods": try items("pods.json"), "/api/v1/events": try items("events.json"),
            "/apis/apiregistration.k8s.io/v1/apiservices": try items("apiservices.json"),
            "/api/v1/limitranges": [],
        ]
        return server
    }
}
