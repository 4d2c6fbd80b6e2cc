import Foundation
import TestSupport
import Testing

/// Remedies on real things: what kubectl reads, what a server accepts, what etcd stores.
///
/// Each is looked at again afterwards, and undone where it is made to fail.
@Suite(.serialized) struct FixTests {
    private static let kubectl = FileManager.default.isExecutableFile(atPath: "/usr/bin/kubectl")

    private static func kubeconfig(server: String = "https://127.0.0.1:1", user: String = "{token: abc}") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: dev-ne
        clusters: [{name: c, cluster: {server: "\(server)"}}]
        users: [{name: u, user: \(user)}]
        contexts: [{name: dev-one, context: {cluster: c, user: u}}]

        """
    }

    private func withFolder(_ body: (URL, (String) -> String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder) { folder.appending(path: $0).path(percentEncoded: false) }
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    // MARK: A kubeconfig's context

    @Test(.enabled(if: kubectl, "kubectl is not installed"))
    func `a context that does not exist is repaired, and the transcripts tell it`() async throws {
        try await withFolder { folder, path in
            try write(Self.kubeconfig(), path("config"))
            let result = try await TriageCommand.run(
                [
                    "fix", "invalid-configuration/context-not-found", "--kubeconfig", path("config"), "--yes",
                    "--transcript", path("done.jsonl"), "--transcript", path("done.md"),
                ])
            #expect(result.exitCode == 0, "\(result.output)\n\(result.notes)")
            #expect(result.output.contains("names \(path("config"))"))
            #expect(try text(path("config")).contains("current-context: dev-one"))
            #expect(result.notes.contains("-current-context: dev-ne\n"), "\(result.notes)")
            #expect(result.notes.contains("+current-context: dev-one\n"))
            // Whatever kubectl wrote anew, the token is in no diff.
            #expect(!result.notes.contains("token: abc"))
            let events = try text(path("done.jsonl")).split(separator: "\n").compactMap { line in
                (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["event"] as? String
            }
            #expect(events == ["planned", "rechecked", "running", "ran", "changed", "verified", "finished"])
            let page = try text(path("done.md"))
            #expect(page.contains("- Cause: `invalid-configuration/context-not-found`"))
            #expect(page.contains("```diff"))
            #expect(page.contains("Outcome: fixed."))
        }
    }

    @Test func `a dry run changes nothing, and nobody being there is no yes`() async throws {
        try await withFolder { folder, path in
            try write(Self.kubeconfig(), path("config"))
            let arguments = ["fix", "invalid-configuration/context-not-found", "--kubeconfig", path("config")]
            let preview = try await TriageCommand.run(arguments + ["--dry-run", "--yes"])
            #expect(preview.exitCode == 0, "\(preview.notes)")
            #expect(preview.output.contains("kubectl config use-context -- dev-one"))
            let alone = try await TriageCommand.run(arguments)
            #expect(alone.exitCode == 3)
            #expect(alone.notes.contains("nobody is there to say yes"))
            let unwritable = try await TriageCommand.run(arguments + ["--yes", "--transcript", path("none/done.md")])
            #expect(unwritable.exitCode == 3)
            #expect(try text(path("config")) == Self.kubeconfig())
        }
    }

    @Test(.enabled(if: kubectl, "kubectl is not installed"))
    func `what did not help is undone`() async throws {
        try await withFolder { folder, path in
            try write(Self.kubeconfig(), path("config"))
            try write(
                """
                apiVersion: playbooks.triage/v1
                kind: Playbook
                metadata: {name: team-context, title: The context is gone, version: 1.0.0, severity: error}
                spec:
                  symptoms: [{text: our context is gone}]
                  facts: {kubeconfig: kubeconfig}
                  causes:
                    - {id: gone, title: It is gone, when: "!facts.kubeconfig.contextExists", remedies: [guess]}
                  remedies:
                    guess:
                      title: Guess another
                      risk: disruptive
                      steps:
                        - run: [kubectl, config, set, current-context, dev-two]
                      verify: facts.kubeconfig.contextExists
                      rollback:
                        - run: [kubectl, config, set, current-context, "{{ facts.kubeconfig.contextName }}"]
                """, path("team-context.yaml"))
            let result = try await PseudoTerminal.run(
                [
                    "fix", "team-context", "--kubeconfig", path("config"), "--playbooks", path("team-context.yaml"),
                    "--transcript", path("done.jsonl"),
                ],
                replies: [
                    .init("Guess another (disruptive)? [y/N]", "y"), .init("step 1 of 1", "y"),
                    .init("undo what was done", "y"),
                ])
            #expect(result.exitCode == 1, "\(result.shown)")
            #expect(result.shown.contains("+current-context: dev-two"), "\(result.shown)")
            #expect(result.shown.contains("outcome: rolled back"))
            #expect(try text(path("config")).contains("current-context: dev-ne\n"))
            #expect(try text(path("done.jsonl")).contains(#""event":"rollingBack""#))
        }
    }

    // MARK: A client certificate

    /// The certificate of a kubeconfig is replaced by the given one, and put back where that is not accepted.
    private static let certificatePlaybook = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: team-certificate, title: Our certificate has ended, version: 1.0.0, severity: error}
        spec:
          symptoms: [{text: our certificate has ended}]
          inputs:
            certificate: {type: string, title: The new certificate's file}
            key: {type: string, title: The new key's file}
          facts:
            kubeconfig: kubeconfig
            verdict: {collector: credential.verdict, timeout: 45s}
          define:
            user: facts.kubeconfig.user
          causes:
            - id: ended
              title: The certificate has ended
              when: has(user.clientCertificate.notAfter) && user.clientCertificate.notAfter < now && facts.verdict.outcome != 'accepted'
              remedies: [replace]
          remedies:
            replace:
              title: Put the new certificate in
              risk: disruptive
              steps:
                - run: [cp, --, "{{ user.file }}", "{{ user.file }}.before"]
                - run: [kubectl, config, set-credentials, "{{ user.name }}", "--client-certificate={{ inputs.certificate }}", "--client-key={{ inputs.key }}", --embed-certs=true]
              verify: facts.verdict.outcome == 'accepted'
              rollback:
                - run: [cp, --, "{{ user.file }}.before", "{{ user.file }}"]
        """

    private func replaceCertificate(
        isAccepted: Bool, replies: [PseudoTerminal.Reply],
        _ check: (PseudoTerminal.Result, _ before: String, _ after: String, _ newKey: String) throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let ended = try authority.issue("jane", toYear: 2024)
        // A stranger's certificate is none of ours, whatever name it bears.
        let new = try (isAccepted ? authority : TestAuthority("someone-else")).issue("jane")
        var server = APIServer()
        server.allowsAnonymous = false
        if isAccepted { server.certificates = [new.certificateDER: "jane"] }
        let respond = server
        try await withFolder { folder, path in
            try write(new.certificatePEM, path("new.crt"))
            try write(new.keyPEM, path("new.key"))
            try write(Self.certificatePlaybook, path("team-certificate.yaml"))
            try await withLoopbackServer(
                tls: try authority.issue("kube-apiserver").serverTLS, respond: respond.respond
            ) { server in
                func data(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
                let before = """
                    apiVersion: v1
                    kind: Config
                    current-context: dev
                    clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(server.port)", certificate-authority-data: \(data(authority.certificatePEM))}}]
                    users: [{name: u, user: {client-certificate-data: \(data(ended.certificatePEM)), client-key-data: \(data(ended.keyPEM))}}]
                    contexts: [{name: dev, context: {cluster: c, user: u}}]

                    """
                try write(before, path("config"))
                let result = try await PseudoTerminal.run(
                    [
                        "fix", "team-certificate", "--kubeconfig", path("config"), "--now", "2026-11-24T00:10:00Z",
                        "--playbooks", path("team-certificate.yaml"), "--input", "certificate=\(path("new.crt"))",
                        "--input", "key=\(path("new.key"))",
                    ], replies: replies)
                try check(result, before, try text(path("config")), data(new.keyPEM))
            }
        }
    }

    private var yesToAll: [PseudoTerminal.Reply] {
        [
            .init("Put the new certificate in (disruptive)? [y/N]", "y"), .init("step 1 of 2", "y"),
            .init("step 2 of 2", "y"),
        ]
    }

    @Test(.enabled(if: kubectl, "kubectl is not installed"))
    func `an expired client certificate is replaced, and the server accepts the new one`() async throws {
        try await replaceCertificate(isAccepted: true, replies: yesToAll) { result, before, after, key in
            #expect(result.exitCode == 0, "\(result.shown)\n\(result.output)")
            #expect(after != before && after.contains(key))
            #expect(result.shown.contains("outcome: fixed"))
            #expect(result.shown.contains("client-key-data: [redacted]"))
            #expect(!result.shown.contains(key.prefix(64)))
        }
    }

    @Test(.enabled(if: kubectl, "kubectl is not installed"))
    func `a certificate that the server does not accept is taken out again`() async throws {
        try await replaceCertificate(
            isAccepted: false, replies: yesToAll + [.init("undo what was done", "y")]
        ) { result, before, after, _ in
            #expect(result.exitCode == 1, "\(result.shown)\n\(result.output)")
            #expect(result.shown.contains("outcome: rolled back"))
            #expect(after == before)
        }
    }
}

/// A member with data of another cluster joins again by the built-in remedy, the test being the person who does what the
/// remedy says; started wrongly, its data come back.
@Suite(.enabled(if: LocalEtcd.program != nil, "no etcd is installed"), .serialized)
struct EtcdFixTests {
    private let ready = "published local member to cluster through raft"
    private let listening = "serving peer traffic"

    /// Two members that agree, and one whose data are of a cluster of its own.
    private func withForeignMember(
        _ body: (LocalEtcd, [LocalEtcd.Member], Process) async throws -> Void
    ) async throws {
        try await withLocalEtcd { etcd in
            var members: [LocalEtcd.Member] = []
            for name in ["m1", "m2", "m3"] { members.append(try await LocalEtcd.member(name)) }
            let alone = try etcd.start(members[2], cluster: LocalEtcd.list([members[2]]), token: "other")
            #expect(try await etcd.waits(for: ready, of: members[2]))
            await etcd.stop(alone)
            for member in members.prefix(2) { try etcd.start(member, cluster: LocalEtcd.list(members)) }
            for member in members.prefix(2) { #expect(try await etcd.waits(for: ready, of: member)) }
            let foreign = try etcd.start(members[2], cluster: LocalEtcd.list(members))
            #expect(try await etcd.waits(for: listening, of: members[2], times: 2))
            try await body(etcd, members, foreign)
        }
    }

    private func fix(_ members: [LocalEtcd.Member], _ replies: [PseudoTerminal.Reply]) async throws
        -> PseudoTerminal.Result
    {
        try await PseudoTerminal.run(
            [
                "fix", "etcd-cluster-id-mismatch/stale-data-dir", "--remedy", "set-the-stale-data-aside-and-rejoin",
                "--timeout", "60",
            ], replies: replies, environment: ["ETCDCTL_ENDPOINTS": members.map(\.clientURL).joined(separator: ",")])
    }

    private func begin(stopping stop: @escaping () async -> Void) -> [PseudoTerminal.Reply] {
        [
            .init("Type 'set-the-stale-data-aside-and-rejoin' to go on:", "set-the-stale-data-aside-and-rejoin"),
            .init("step 1 of 6", "y"), .init("step 2 of 6", "y"), .init("step 3 of 6", "y", act: { await stop() }),
            .init("step 4 of 6", "y"), .init("step 5 of 6", "y"),
        ]
    }

    @Test func `a member with foreign data joins again`() async throws {
        try await withForeignMember { etcd, members, foreign in
            let replies =
                begin { await etcd.stop(foreign) } + [
                    .init(
                        "step 6 of 6", "y",
                        act: {
                            try etcd.start(members[2], cluster: LocalEtcd.list(members), state: "existing")
                            #expect(try await etcd.waits(for: ready, of: members[2], times: 2))
                        })
                ]
            let result = try await fix(members, replies)
            #expect(result.exitCode == 0, "\(result.shown)\n\(result.output)")
            #expect(result.shown.contains("outcome: fixed"))
            #expect(FileManager.default.fileExists(atPath: "\(etcd.directory)/m3/member.set-aside"))
            let again = try await TriageCommand.run(
                ["run", "etcd-cluster-id-mismatch", "-o", "json", "--timeout", "60"],
                environment: ["ETCDCTL_ENDPOINTS": members.map(\.clientURL).joined(separator: ",")])
            #expect(again.confirmed == [], "\(again.output)")
        }
    }

    @Test func `started with another token it does not, and its data come back`() async throws {
        try await withForeignMember { etcd, members, foreign in
            var wrong: Process?
            let replies =
                begin { await etcd.stop(foreign) } + [
                    .init(
                        "step 6 of 6", "y",
                        act: {
                            wrong = try etcd.start(members[2], cluster: LocalEtcd.list(members), token: "third")
                            #expect(try await etcd.waits(for: listening, of: members[2], times: 3))
                        }),
                    .init(
                        "undo what was done", "y",
                        act: {
                            if let wrong { await etcd.stop(wrong) }
                            // The person clears what the wrong start wrote, so that the former data fit again.
                            try FileManager.default.removeItem(atPath: "\(etcd.directory)/m3/member")
                        }),
                ]
            let result = try await fix(members, replies)
            #expect(result.exitCode == 1, "\(result.shown)\n\(result.output)")
            #expect(result.shown.contains("outcome: rolled back"))
            let folder = "\(etcd.directory)/m3"
            #expect(FileManager.default.fileExists(atPath: folder + "/member/wal"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/member.set-aside"))
        }
    }
}
