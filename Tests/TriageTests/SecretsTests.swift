import Foundation
import TestSupport
import Testing

/// Nothing that a person would call a secret leaves the place where it is kept: not in a snapshot, a report, a note or an
/// error, whatever its encoding.
@Suite(.serialized)
struct SecretsTests {
    /// Each kind of secret by what it is.
    static let secrets = [
        "the kubeconfig's token": "opaque-kubeconfig-token-7f3a9",
        "the password of the server's URL": "url-pa55word-of-server",
        "the password of basic authentication": "basic-pa55word-1d2c",
        "what the exec plugin printed": "exec-plugin-token-b81e0",
        "the exec plugin's environment": "exec-env-s3cret-55aa",
        "what the exec plugin complained": "exec-stderr-s3cret-aa55",
        "a value of a Secret": "database-pa55word-91bc",
        "what a Secret was applied with": "applied-pa55word-20de",
        "the password of a docker configuration": "registry-pa55word-c4f6",
        "a Helm release's values": "helm-values-pa55word-e7a1",
        "a variable of a pod": "pod-variable-pa55word-3b8d",
        "a key of a pod": "pod-encryption-k3y-6f0e",
        "the password of a URL of a pod": "dsn-pa55word-8c1f",
        "an argument of a container": "argument-t0ken-4e9a",
        "a token in an annotation": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5vdGF0aW9uIn0.c2lnbmF0dXJlLW9mLWl0",
        "a token in an event": "event-bearer-t0ken-2c7b",
        "a token in the log": "log-bearer-t0ken-0a3f",
        "the client's key": clientKeyMark,
    ]
    /// The middle of the key that the test makes: found in PEM as it stands.
    static let identity = Result {
        () throws -> (TestAuthority, server: TestAuthority.Identity, client: TestAuthority.Identity) in
        let authority = try TestAuthority()
        return (authority, try authority.issue("kube-apiserver"), try authority.issue("jane", organization: "dev"))
    }
    private static let clientKeyMark: String = {
        let lines = ((try? identity.get().client.keyPEM) ?? "").split(separator: "\n").map(String.init)
        return lines.count > 2 ? lines[2] : "no key was made"
    }()

    private static func secret(_ what: String) -> String { secrets[what] ?? "there is no secret '\(what)'" }
    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// Every object that holds one.
    static var server: APIServer {
        var server = BrokenCluster.server
        let docker =
            #"{"auths":{"registry.example":{"username":"u","auth":"\#(base64("u:\(secret("the password of a docker configuration"))"))"}}}"#
        let applied =
            #"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"stringData\":{\"password\":\"\#(secret("what a Secret was applied with"))\"}}"#
        let helm = base64(base64(#"{"name":"web","config":{"password":"\#(secret("a Helm release's values"))"}}"#))
        let list = [
            #"{"metadata":{"name":"db","namespace":"shop","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"\#(applied)"}},"type":"Opaque","data":{"password":"\#(base64(secret("a value of a Secret")))"}}"#,
            #"{"metadata":{"name":"pull","namespace":"shop"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"\#(base64(docker))"}}"#,
            #"{"metadata":{"name":"sh.helm.release.v1.web.v1","namespace":"shop","labels":{"owner":"helm","name":"web","status":"deployed","version":"1"}},"type":"helm.sh/release.v1","data":{"release":"\#(helm)"}}"#,
        ]
        server.lists["/api/v1/secrets"] = list
        for namespace in BrokenCluster.namespaces {
            server.lists["/api/v1/namespaces/\(namespace)/secrets"] = namespace == "shop" ? list : []
        }
        let pod = #"""
            {"metadata":{"name":"worker-1","namespace":"shop","uid":"p9","annotations":{"team/token":"\#(secret("a token in an annotation"))"}},
             "spec":{"containers":[{"name":"main","image":"registry.example/wor:1","args":["--api-token=\#(secret("an argument of a container"))","--v=2"],
              "env":[{"name":"DB_PASSWORD","value":"\#(secret("a variable of a pod"))"},{"name":"ENCRYPTION_KEY","value":"\#(secret("a key of a pod"))"},
                     {"name":"DATABASE","value":"postgres://shop:\#(secret("the password of a URL of a pod"))@db/shop"}]}]},
             "status":{"phase":"Running","containerStatuses":[{"name":"main","restartCount":3,
              "state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}}]}}
            """#
        server.lists["/api/v1/pods"]?.append(pod)
        let event = #"""
            {"metadata":{"name":"worker-1.1","namespace":"shop"},"reason":"Unhealthy","type":"Warning",
             "involvedObject":{"kind":"Pod","namespace":"shop","name":"worker-1"},
             "message":"Liveness probe failed: Authorization: Bearer \#(secret("a token in an event")) was refused"}
            """#
        server.lists["/api/v1/events"]?.append(event)
        server.answers["/api/v1/namespaces/shop/pods/worker-1/log"] = .init(
            200, "calling with Authorization: Bearer \(secret("a token in the log"))\n")
        return server
    }

    private func kubeconfig(_ url: String, folder: URL) throws -> String {
        let (authority, _, client) = try Self.identity.get()
        let plugin = folder.appending(path: "plugin")
        let answer =
            #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"\#(Self.secret("what the exec plugin printed"))"}}"#
        try Data(
            """
            #!/bin/sh
            echo 'token=\(Self.secret("what the exec plugin complained"))' >&2
            echo '\(answer)'

            """.utf8
        ).write(to: plugin)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: plugin.path(percentEncoded: false))
        let withPassword = url.replacing(
            "https://", with: "https://jane:\(Self.secret("the password of the server's URL"))@")
        return """
            apiVersion: v1
            kind: Config
            current-context: exec
            contexts:
            - {name: exec, context: {cluster: lab, user: exec}}
            - {name: token, context: {cluster: lab, user: token}}
            - {name: basic, context: {cluster: lab, user: basic}}
            - {name: key, context: {cluster: lab, user: key}}
            - {name: url, context: {cluster: url, user: token}}
            clusters:
            - name: lab
              cluster: {server: "\(url)", certificate-authority-data: \(Self.base64(authority.certificatePEM))}
            - name: url
              cluster: {server: "\(withPassword)", certificate-authority-data: \(Self.base64(authority.certificatePEM))}
            users:
            - {name: token, user: {token: \(Self.secret("the kubeconfig's token"))}}
            - {name: basic, user: {username: jane, password: \(Self.secret("the password of basic authentication"))}}
            - name: key
              user: {client-certificate-data: \(Self.base64(client.certificatePEM)), client-key-data: \(Self.base64(client.keyPEM))}
            - name: exec
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: \(plugin.path(percentEncoded: false))
                  interactiveMode: Never
                  env: [{name: PLUGIN_SECRET, value: \(Self.secret("the exec plugin's environment"))}]

            """
    }

    /// What is found of the secrets: as they are, and in base64, twice packed too.
    static func leaks(in bytes: Data) -> [String] {
        var texts = [bytes]
        for _ in 0..<2 { texts += texts.flatMap { decoded(runsIn: $0) } }
        return secrets.filter { _, secret in texts.contains { $0.range(of: Data(secret.utf8)) != nil } }.map(\.key)
            .sorted()
    }

    /// Whatever looks like base64, from each of the places where its first group may begin.
    private static func decoded(runsIn bytes: Data) -> [Data] {
        let isBase64 = { (byte: UInt8) in
            Unicode.Scalar(byte).properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
                || [43, 47, 45, 95].contains(byte)
        }
        return bytes.split { !isBase64($0) }.filter { $0.count >= 16 }.flatMap { run in
            (0..<4).compactMap { start -> Data? in
                let text = String(decoding: run.dropFirst(start), as: UTF8.self).replacing("-", with: "+").replacing(
                    "_", with: "/")
                let whole = text.utf8.count % 4 == 1 ? String(text.dropLast()) : text
                return Data(base64Encoded: whole + String(repeating: "=", count: (4 - whole.utf8.count % 4) % 4))
            }
        }
    }

    @Test func `the search finds each secret in every encoding`() {
        for (what, secret) in Self.secrets {
            for text in [secret, "x\(Self.base64("a" + secret))", Self.base64(Self.base64(secret + "!")) + "\n"] {
                #expect(Self.leaks(in: Data(text.utf8)).contains(what), "\(what) in \(text)")
            }
        }
        #expect(Self.leaks(in: Data("nothing of interest".utf8)).isEmpty)
        #expect(Set(Self.secrets.values).count == Self.secrets.count)
    }

    @Test func `no output and no snapshot holds a secret`() async throws {
        let (_, identity, _) = try Self.identity.get()
        let server = Self.server
        try await withLoopbackServer(tls: identity.serverTLS, respond: server.respond) { loopback in
            let folder = try temporaryFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }
            try Data(try kubeconfig(loopback.url, folder: folder).utf8).write(to: folder.appending(path: "config"))
            // A person's file that is no kubeconfig any more, with the token on the line that is wrong.
            let token = Self.secret("the kubeconfig's token")
            try Data("apiVersion: v1\nusers:\n- {name: a, user: {token: \(token)\n".utf8)
                .write(to: folder.appending(path: "broken"))
            try Data("password: \(Self.secret("a value of a Secret"))\n".utf8).write(
                to: folder.appending(path: "no-snapshot"))

            var runs: [[String]] = ["text", "wide", "json", "yaml", "markdown", "html", "sarif", "junit"].map {
                ["diagnose", "Unauthorized CrashLoopBackOff missing request for cpu", "-o", $0]
            }
            for context in ["token", "basic", "key", "url", "exec"] {
                runs.append(["collect", "-o", path("snapshot-\(context)"), "-v", "--context", context])
                runs.append(["facts", "collect", "--json", "--context", context])
            }
            for resource in ["secrets", "pods", "events"] {
                runs.append(["facts", "collect", "kubernetes", "--with", "resource=\(resource)"])
            }
            runs += [
                ["facts", "collect", "logs", "--with", "pod=worker-1", "--with", "namespace=shop"],
                ["explain", "unauthorized/token-rejected"], ["explain", "crash-loop-back-off/application-error"],
                ["fix", "crash-loop-back-off", "--dry-run"], ["fix", "hpa-missing-cpu-request", "--dry-run"],
                ["run", "unauthorized", "--dry-run"], ["rbac"],
                ["eval", "facts.kubeconfig.user", "--explain"],
                ["diagnose", "Unauthorized", "--kubeconfig", path("broken")],
                ["facts", "collect", "kubeconfig", "--kubeconfig", path("broken")],
                ["run", "unauthorized", "--snapshot", path("no-snapshot")],
                ["diagnose", "Unauthorized", "--context", "nowhere"],
            ]
            var leaks: [String] = []
            for arguments in runs {
                let own = arguments.contains("--kubeconfig") ? [] : ["--kubeconfig", path("config")]
                let result = try await TriageCommand.run(arguments + own)
                let found = Self.leaks(in: Data((result.output + "\n" + result.notes).utf8))
                leaks += found.map { "\(arguments.joined(separator: " ")): \($0)" }
                #expect(result.exitCode != 4, "\(arguments): \(result.notes)")
            }
            #expect(leaks == [])
            for context in ["token", "basic", "key", "url", "exec"] {
                let content = try await unpacked(folder.appending(path: "snapshot-\(context)"), in: folder)
                #expect(content.range(of: Data("worker-1".utf8)) != nil, "the pods are in it")
                #expect(Self.leaks(in: content) == [], "the snapshot of \(context)")
            }
        }
    }

    @Test func `nor does what is collected from another tool's capture`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var files: [String: String] = [:]
        for (plural, kind) in [("secrets", "Secret"), ("pods", "Pod"), ("events", "Event")] {
            let items = Self.server.lists["/api/v1/\(plural)"] ?? []
            files["lists/\(plural).json"] =
                #"{"kind":"\#(kind)List","apiVersion":"v1","items":[\#(items.joined(separator: ","))]}"#
        }
        try CaptureLayout(files: files).write(to: folder)
        let lists = folder.appending(path: "lists").path(percentEncoded: false)
        let saved = folder.appending(path: "saved")
        for arguments in [
            ["facts", "collect", "kubernetes", "--with", "resource=secrets"],
            ["facts", "collect", "kubernetes", "--with", "resource=pods", "--json"],
            ["collect", "-o", saved.path(percentEncoded: false), "-v"], ["run", "crash-loop-back-off", "-o", "json"],
        ] {
            let result = try await TriageCommand.run(arguments + ["--snapshot", lists])
            #expect(Self.leaks(in: Data((result.output + result.notes).utf8)) == [], "\(arguments)")
        }
        #expect(Self.leaks(in: try await unpacked(saved, in: folder)) == [])
    }

    /// The file as it is, and what gzip makes of it.
    private func unpacked(_ file: URL, in folder: URL) async throws -> Data {
        let plain = folder.appending(path: "plain-\(file.lastPathComponent)")
        try Data().write(to: plain)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/gzip")
        process.arguments = ["-dcf", file.path(percentEncoded: false)]
        process.standardOutput = try FileHandle(forWritingTo: plain)
        process.standardError = FileHandle.nullDevice
        try await process.runToEnd()
        return try Data(contentsOf: file) + (try Data(contentsOf: plain))
    }
}
