import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

/// A folder of this test alone, removed at the end.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "triage-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}

/// Writes a shell script that can be executed.
func writeScript(_ path: String, _ body: String) throws {
    try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
}

@Suite struct `A credential plugin` {
    private static let answer =
        #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","#
        + #""status":{"token":"tok-from-plugin","expirationTimestamp":"2026-11-24T01:00:00Z"}}"#

    private func kubeconfig(
        _ command: String, version: String = "client.authentication.k8s.io/v1", server: String = "https://h:1",
        extra: String = ""
    ) -> String {
        """
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters:
        - name: c
          cluster:
            server: \(server)
            extensions: [{name: client.authentication.k8s.io/exec, extension: {a: [1, yes], b: "x\\"y"}}]
        users:
        - name: u
          user:
            exec:
              apiVersion: \(version)
              command: \(command)
              args: [get, --client-secret, s3cr3t-value, --oidc-issuer-url=https://issuer]
              env: [{name: PLUGIN_SECRET, value: envsecret99}]
              interactiveMode: Never
        \(extra)
        """
    }

    private func real(_ folder: String, _ text: String, environment: [String: String] = [:]) throws -> Surroundings {
        try FileManager.default.createDirectory(atPath: folder + "/.kube", withIntermediateDirectories: true)
        try text.write(toFile: folder + "/.kube/config", atomically: true, encoding: .utf8)
        let environment = ["PATH": "\(folder)/bin:/usr/bin:/bin", "HOME": folder].merging(environment) { $1 }
        return Surroundings(
            environment: environment, homeDirectory: folder, now: recordedAt,
            effects: SystemEffects(environment: environment))
    }

    @Test func `a missing one is found out without running anything`() async throws {
        let fact = try await collect(
            CredentialPluginCollector(),
            in: surroundings(
                kubeconfig: try Recordings.text("exec-plugin-missing"), environment: ["PATH": "/usr/bin:/bin"]))
        #expect(fact.flag("configured") == true)
        #expect(fact.flag("found") == false)
        #expect(fact.text("command") == "aws-iam-authenticator")
        #expect(fact.text("provider") == "aws")
        #expect(fact.flag("apiVersionSupported") == true)
    }

    @Test func `its token is used and never told`() async throws {
        try await withTemporaryFolder { folder in
            let script = folder + "/plugin"
            try writeScript(
                script,
                "printf '%s' \"$KUBERNETES_EXEC_INFO\" > \(folder)/info; echo run >> \(folder)/runs\n"
                    + "echo '\(Self.answer)'")
            let text = kubeconfig("./../plugin").replacing(
                "interactiveMode", with: "provideClusterInfo: true\n      interactiveMode")
            let surroundings = try real(folder, text)
            let fact = try await collect(CredentialPluginRunCollector(), in: surroundings)
            #expect(fact.text("problem") == "none")
            #expect(fact.text("token.kind") == "opaque")
            #expect(fact.seconds("expirationTimestamp") == 1_795_482_000)
            #expect(!"\(fact)".contains("tok-from-plugin"))
            let access = try await ServerAccess.authenticated(in: surroundings)
            guard case .bearer("tok-from-plugin") = access.credential else {
                Issue.record("no token: \(access.credential)")
                return
            }
            // Both asked, and it ran once.
            let runs = (try? String(contentsOfFile: folder + "/runs", encoding: .utf8)) ?? ""
            #expect(runs != "run\nrun\n")
            let information = try Value.parseJSON(try String(contentsOfFile: folder + "/info", encoding: .utf8))
            #expect(information.text("kind") == "ExecCredential")
            #expect(information.text("apiVersion") == "client.authentication.k8s.io/v1")
            #expect(information.flag("spec.interactive") == false)
            #expect(information.text("spec.cluster.server") == "https://h:1")
            #expect(information.text("spec.cluster.config.b") == "x\"y")
            #expect(information.flag("spec.cluster.config.a.1") == true)
        }
    }

    @Test func `it has all of the person's environment, as with kubectl, and what of it is secret is never told`()
        async throws
    {
        try await withTemporaryFolder { folder in
            try writeScript(
                "\(folder)/plugin", "echo \"setting $MY_CLOUD_REGION, $MY_CLOUD_PASSWORD, $PLUGIN_SECRET\" >&2; exit 3")
            let surroundings = try real(
                folder, kubeconfig("\(folder)/plugin"),
                environment: ["MY_CLOUD_REGION": "mars-1", "MY_CLOUD_PASSWORD": "hunter2-of-mars"])
            let fact = try await collect(CredentialPluginRunCollector(), in: surroundings)
            #expect(fact.text("problem") == "failed")
            #expect(fact.text("standardError")?.contains("setting mars-1, ") == true)
            #expect(!"\(fact)".contains("hunter2-of-mars"))
            #expect(!"\(fact)".contains("envsecret99"))
        }
    }

    @Test(arguments: [
        ("echo 'Token has expired and refresh failed' >&2; exit 255", "failed", "ssoSessionExpired"),
        ("echo 'Unable to locate credentials' >&2; exit 253", "failed", "noCredentials"),
        (
            "echo 'An error occurred (AccessDenied) when calling the AssumeRole operation: User: x is not authorized"
                + " to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/dev' >&2; exit 254",
            "failed", "assumeRoleDenied"
        ),
        ("echo nonsense", "notJSON", nil),
        // as client-go reads it
        (
            #"printf 'kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus:\n  token: t\n'"#,
            "none",
            nil
        ),
        (#"echo '{"kind":"Pod","apiVersion":"v1"}'"#, "wrongKind", nil),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"t"}}'"#,
            "wrongVersion", nil
        ),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'"#,
            "noCredential", nil
        ),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":"#
                + #"{"clientCertificateData":"x"}}'"#, "malformedCredential", nil
        ),
    ])
    func `what goes wrong is told`(script: String, problem: String, code: String?) async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
            try writeScript(folder + "/bin/my-plugin", script)
            let fact = try await collect(
                CredentialPluginRunCollector(), in: try real(folder, kubeconfig("my-plugin")))
            #expect(fact.text("problem") == problem)
            #expect(fact.text("errorCode") == code)
        }
    }

    @Test func `one that never answers is given up before the fact is, and named`() async throws {
        try await withTemporaryFolder { folder in
            try writeScript(folder + "/plugin", "echo run >> \(folder)/runs; sleep 1000")
            var surroundings = try real(folder, kubeconfig(folder + "/plugin"))
            surroundings.deadline = .now + .seconds(5)
            for _ in 0..<2 {
                do throws(Unknown) {
                    _ = try await CredentialPluginRunCollector().collect([:], in: surroundings)
                    Issue.record("it never answers")
                } catch {
                    #expect(error.reason == .timedOut)
                    #expect(error.detail.contains(folder + "/plugin"), "\(error.detail)")
                }
            }
            // Who asks later waits for it no more.
            let runs = (try? String(contentsOfFile: folder + "/runs", encoding: .utf8)) ?? ""
            #expect(runs != "run\nrun\n")
        }
    }

    @Test func `its secrets stay out of standard error`() async throws {
        try await withTemporaryFolder { folder in
            try writeScript(
                folder + "/plugin",
                #"echo "env $PLUGIN_SECRET token=abcdefghijklmnop eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.sig" >&2; exit 1"#
            )
            let surroundings = try real(folder, kubeconfig(folder + "/plugin"))
            let fact = try await collect(CredentialPluginRunCollector(), in: surroundings)
            let said = try #require(fact.text("standardError"))
            for secret in ["envsecret99", "abcdefghijklmnop", "eyJhbGci"] { #expect(!said.contains(secret)) }
            let configured = try await collect(KubeconfigCollector(), in: surroundings)
            #expect(
                configured.texts("user.exec.args") == [
                    "get", "--client-secret", "[redacted]", "--oidc-issuer-url=https://issuer",
                ])
            #expect(configured.text("user.exec.provider") == "oidc")
        }
    }

    @Test(arguments: [
        ("credentialPluginPolicy: AllowAll", true), ("credentialPluginPolicy: DenyAll", false),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: my-plugin}]", true),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: FOLDER/bin/my-plugin}]", true),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: other}]", false),
        // client-go refuses these rather than guess.
        ("credentialPluginPolicy: Allowlist", false),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []", false),
        ("credentialPluginPolicy: allowall", false), ("credentialPluginAllowlist: [{command: my-plugin}]", false),
        ("", true),
    ])
    func `kuberc decides whether it may run`(policy: String, mayRun: Bool) async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
            try writeScript(folder + "/bin/my-plugin", "touch \(folder)/ran; echo '\(Self.answer)'")
            let surroundings = try real(folder, kubeconfig("my-plugin"))
            try
                ("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"
                + policy.replacing("FOLDER", with: folder))
                .write(toFile: folder + "/.kube/kuberc", atomically: true, encoding: .utf8)
            let looked = try await collect(CredentialPluginCollector(), in: surroundings)
            #expect(looked.flag("allowed") == mayRun)
            #expect(looked.text("path") == folder + "/bin/my-plugin")
            let run = try? await collect(CredentialPluginRunCollector(), in: surroundings)
            #expect((run?.text("problem") == "none") == mayRun)
            #expect(FileManager.default.fileExists(atPath: folder + "/ran") == mayRun)
        }
    }

    @Test func `one that wants a terminal is not run`() async throws {
        try await withTemporaryFolder { folder in
            try writeScript(folder + "/plugin", "touch \(folder)/ran")
            let text = kubeconfig(folder + "/plugin").replacing(
                "interactiveMode: Never", with: "interactiveMode: Always")
            await #expect(throws: Unknown.self) {
                _ = try await CredentialPluginRunCollector().collect([:], in: try real(folder, text))
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/ran"))
        }
    }

    @Test func `offline nothing is run`() async throws {
        try await withTemporaryFolder { folder in
            try writeScript(folder + "/plugin", "touch \(folder)/ran")
            var surroundings = try real(folder, kubeconfig(folder + "/plugin"))
            surroundings.effects = OfflineEffects(files: surroundings.effects)
            await #expect(throws: Unknown.self) {
                _ = try await CredentialPluginRunCollector().collect([:], in: surroundings)
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/ran"))
        }
    }
}
