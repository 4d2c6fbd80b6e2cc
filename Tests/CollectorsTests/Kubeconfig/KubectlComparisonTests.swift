import CEL
import Facts
import Foundation
import Testing

@testable import Collectors

/// The merged kubeconfig beside what the real kubectl makes of the same files.
@Suite(.enabled(if: Programs.has("kubectl"), "kubectl is not installed"))
struct `kubectl and triage` {
    private func kubectl(_ arguments: [String], _ environment: [String: String]) async throws -> CommandOutput {
        try await SystemEffects(environment: ProcessInfo.processInfo.environment)
            .run(Facts.Command("kubectl", arguments, environment: environment, deadlineSeconds: 30))
    }

    @Test func `merge a list of files alike`() async throws {
        try await withTemporaryFolder { folder in
            let one = """
                clusters: [{name: c, cluster: {server: "https://one:6443", certificate-authority: pki/ca.crt}}]
                current-context: b
                """
            let two = """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "https://two:6443"}}, {name: d, cluster: {server: "https://d"}}]
                users: [{name: u, user: {token: abc, tokenFile: t/x}}]
                contexts: [{name: b, context: {cluster: c, user: u, namespace: ns}}, {name: e, context: {cluster: d, user: v}}]
                current-context: z
                """
            try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
            try one.write(toFile: folder + "/one", atomically: true, encoding: .utf8)
            try two.write(toFile: folder + "/sub/two", atomically: true, encoding: .utf8)
            let list = "\(folder)/one::\(folder)/gone:\(folder)/sub/two"
            let output = try await kubectl(["config", "view", "--raw", "-o", "json"], ["KUBECONFIG": list])
            let theirs = try Value.parseJSON(output.standardOutput)
            let surroundings = Surroundings(
                environment: ["KUBECONFIG": list], homeDirectory: folder, now: recordedAt,
                effects: SystemEffects(environment: [:]))
            let ours = await Kubeconfig.load(in: surroundings)
            #expect(ours.currentContext == theirs.text("current-context"))
            #expect(ours.clusters.map(\.name).sorted() == ["c", "d"])
            #expect(ours.clusters.first { $0.name == "c" }?.server == theirs.text("clusters.0.cluster.server"))
            // `config view` leaves paths as written; client-go resolves them in their own file's folder.
            let authority = try #require(theirs.text("clusters.0.cluster.certificate-authority"))
            #expect(ours.cluster?.authority.file == "\(folder)/\(authority)")
            let token = try #require(theirs.text("users.0.user.tokenFile"))
            #expect(ours.user?.tokenFile == "\(folder)/sub/\(token)")
        }
    }

    /// Texts that kubectl loads or refuses: we must say the same.
    @Test(arguments: [
        "", "\n", "# only a comment\n", "{}", "kind: Config", "kind: Pod\napiVersion: v1", "[]", "text", "null",
        "clusters: [{name: 12, cluster: {server: h}}]", "clusters: [{name: c, cluster: {server: yes}}]",
        "clusters: [{name: c, cluster: {server: '12'}}]", "clusters: {}", "clusters: null",
        "users: [{name: u, user: null}]",
        "users: [{name: u, user: {client-key-data: '!!'}}]", "users: [{name: u, user: {client-key-data: aGk=}}]",
        "users: [{name: u, user: {client-key-data: \"aG\\nk=\"}}]",
        "users: [{name: u, user: {client-key-data: 'aG k='}}]",
        "clusters: [{name: c, cluster: {}}, {name: c, cluster: {}}]", "current-context: 12", "current-context: on",
        "a: b: c", "a: [", "\tx: 1", "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'true'}}]",
        "clusters: [{name: c, cluster: {insecure-skip-tls-verify: true}}]", "unknown: field",
        "current-context: a\ncurrent-context: b",
        "users: [{name: u, user: {exec: {args: [1]}}}]", "users: [{name: u, user: {exec: {args: x}}}]",
        "apiVersion: v1\nkind: Config\n---\nnot: [valid", "contexts: [{name: x, context: {cluster: 1.5}}]",
    ])
    func `load and refuse the same texts`(text: String) async throws {
        try await withTemporaryFolder { folder in
            try text.write(toFile: folder + "/config", atomically: true, encoding: .utf8)
            let output = try await kubectl(["config", "view", "--raw"], ["KUBECONFIG": folder + "/config"])
            let file = await KubeconfigFile.read(
                folder + "/config",
                in: Surroundings(now: recordedAt, effects: SystemEffects(environment: [:])))
            #expect(
                file.isLoaded == (output.exitCode == 0),
                "kubectl: \(output.exitCode) \(String(decoding: output.standardError, as: UTF8.self))")
        }
    }
}
