import CEL
import Facts
import Testing

@testable import Collectors

@Suite struct `The kubeconfig` {
    private func fact(_ recording: String, files: [String: String] = [:]) async throws -> Value {
        try await collect(
            KubeconfigCollector(),
            in: surroundings(kubeconfig: try Recordings.text(recording), files: files))
    }

    @Test func `a healthy one has no problems and a certificate of the cluster's authority`() async throws {
        let fact = try await fact("healthy")
        #expect(fact.flag("loaded") == true)
        #expect(fact.texts("problems") == [])
        #expect(fact.text("contextName") == "lab")
        #expect(fact.flag("contextExists") == true)
        #expect(fact.text("cluster.server") == "https://127.0.0.1:6443")
        #expect(fact.text("cluster.host") == "127.0.0.1")
        #expect(fact.flag("cluster.isLoopback") == true)
        #expect(fact.texts("user.credentialKinds") == ["clientCertificate"])
        #expect(fact.text("user.clientCertificate.commonName") == "kubernetes-admin")
        #expect(fact.texts("user.clientCertificate.organizations") == ["system:masters"])
        #expect(fact.flag("user.clientCertificate.issuedByClusterCA") == true)
        #expect(fact.text("user.clientCertificate.authorityKeyId") == "5764c25f31e55fd3434542f2ac40626dd1f6a7f2")
        #expect(fact.flag("user.clientKey.matchesCertificate") == true)
        #expect(fact.flag("defaultsToLocalhost8080") == false)
    }

    @Test func `an expired certificate tells its dates`() async throws {
        let fact = try await fact("expired-client-cert")
        #expect(fact.seconds("user.clientCertificate.notAfter") == 1_767_225_600)
        #expect(fact.seconds("user.clientCertificate.notBefore") == 1_735_689_600)
        #expect(fact.flag("user.clientCertificate.issuedByClusterCA") == true)
    }

    @Test func `a certificate of another authority with the same name is told by its signature`() async throws {
        let fact = try await fact("cert-of-another-ca")
        #expect(fact.text("user.clientCertificate.issuer") == "CN=kubernetes")
        #expect(fact.flag("user.clientCertificate.issuedByClusterCA") == false)
    }

    @Test func `a service account's token tells its claims and not itself`() async throws {
        let text = try Recordings.text("service-account-deleted")
        let fact = try await fact("service-account-deleted")
        #expect(fact.text("user.token.kind") == "jwt")
        #expect(fact.text("user.token.claims.serviceAccount.name") == "robot")
        #expect(fact.text("user.token.claims.serviceAccount.uid") == "2a7e6867-ac52-408a-818b-380f87058ae3")
        #expect(fact.seconds("user.token.claims.expiresAt") == 1_795_483_089)
        #expect(fact.texts("user.token.claims.audiences") == ["https://kubernetes.default.svc.cluster.local"])
        let token = try #require(text.split(separator: "\n").last { $0.contains("token:") }).dropFirst(11)
        #expect(!"\(fact)".contains(token.prefix(40)))
    }

    @Test func `an opaque token is called so`() async throws {
        let fact = try await fact("opaque-token-rejected")
        #expect(fact.text("user.token.kind") == "opaque")
        #expect(fact.text("user.token.malformation") == "none")
        #expect(!"\(fact)".contains("not-a-real-token"))
    }

    @Test func `a user without any credential has no kinds`() async throws {
        let fact = try await fact("no-credentials")
        #expect(fact.texts("user.credentialKinds") == [])
        #expect(fact.flag("userExists") == true)
    }

    @Test func `a missing certificate file is told with its path`() async throws {
        let fact = try await fact("client-cert-file-missing")
        #expect(fact.text("user.clientCertificate.problem") == "missing")
        #expect(fact.text("user.clientCertificate.path") == "/root/.minikube/profiles/minikube/client.crt")
        #expect(fact.at("user.clientCertificate.notAfter") == nil)
    }

    @Test func `a broken YAML text gives the place and no abort`() async throws {
        let fact = try await fact("kubeconfig-bad-yaml")
        #expect(fact.flag("loaded") == false)
        #expect(fact.at("files.0.parseError.line").map { "\($0)" } == "8")
        #expect(fact.text("files.0.parseError.text") == "    server: https: //x: y://127.0.0.1:6443")
        #expect(fact.reason("contextExists") == "malformed")
        #expect(fact.text("problems.0.code") == "malformed")
        #expect(fact.flag("defaultsToLocalhost8080") == false)
    }

    @Test func `an empty file is an empty kubeconfig and ends at localhost`() async throws {
        let fact = try await fact("localhost-8080-empty-kubeconfig")
        #expect(fact.flag("isEmpty") == true)
        #expect(fact.flag("files.0.empty") == true)
        #expect(fact.flag("loaded") == true)
        #expect(fact.flag("defaultsToLocalhost8080") == true)
    }

    @Test(arguments: [true, false])
    func `a kubeconfig's own text in KUBECONFIG is shown to nobody`(isEncoded: Bool) async throws {
        let text = try Recordings.text("healthy")
        let value = isEncoded ? Base64.encode(Array(text.utf8)) : text
        let fact = try await collect(KubeconfigCollector(), in: surroundings(environment: ["KUBECONFIG": value]))
        let path =
            "(the text of a kubeconfig\(isEncoded ? " in base64" : ""), \(value.utf8.count) bytes, instead of a path)"
        #expect(fact.at("paths")?.elements?.compactMap(\.text) == [path])
        #expect(fact.at("files")?.elements?.first?[field: "kind"]?.text == "missing")
    }

    @Test func `a path may have the words of a kubeconfig in it`() {
        let path = "/home/jo/.kube/clusters/prod-server-eu.yaml:/home/jo/.kube/apiVersion"
        let list = surroundings(environment: ["KUBECONFIG": path])
        #expect(Kubeconfig.paths(in: list).paths == path.split(separator: ":").map(String.init))
    }

    @Test func `a missing file in KUBECONFIG is skipped in silence`() async throws {
        let fact = try await collect(
            KubeconfigCollector(), in: surroundings(environment: ["KUBECONFIG": "/lab/nowhere/config"]))
        #expect(fact.text("source") == "KUBECONFIG")
        #expect(fact.text("files.0.kind") == "missing")
        #expect(fact.flag("defaultsToLocalhost8080") == true)
        #expect(fact.at("problems").map { "\($0)" }?.contains("fileMissing") == false)
    }

    @Test func `who asks is unknown where there is no kubeconfig`() async throws {
        let fact = try await collect(
            KubeconfigCollector(), in: surroundings(environment: ["KUBECONFIG": "/lab/nowhere/config"]))
        #expect(fact.reason("user") == "noKubeconfig")
        #expect(fact.flag("isEmpty") == true)
    }

    @Test func `a missing file that a flag names is an error`() async throws {
        let fact = try await collect(
            KubeconfigCollector(), in: surroundings(selection: .init(kubeconfig: "/nowhere")))
        #expect(fact.text("problems.0.code") == "fileMissing")
        #expect(fact.flag("defaultsToLocalhost8080") == false)
    }

    @Test func `a context that does not exist gets near names`() async throws {
        let fact = try await collect(
            KubeconfigCollector(),
            in: surroundings(
                kubeconfig: try Recordings.text("healthy"), selection: .init(context: "lap")))
        #expect(fact.flag("contextExists") == false)
        #expect(fact.texts("nearestContexts") == ["lab"])
        #expect(fact.text("problems.0.code") == "contextNotFound")
    }

    @Test func `the first file of the list wins and says what it hides`() async throws {
        let first = """
            clusters: [{name: c, cluster: {server: https://one:6443}}]
            current-context: b
            """
        let second = """
            clusters: [{name: c, cluster: {server: https://two:6443}}]
            users: [{name: u, user: {token: abc, tokenFile: t/x}}]
            contexts: [{name: b, context: {cluster: c, user: u, namespace: ns}}]
            current-context: z
            """
        let fact = try await collect(
            KubeconfigCollector(),
            in: surroundings(
                files: ["/a/one": first, "/b/two": second, "/b/t/x": "fromfile\n"],
                environment: ["KUBECONFIG": "/a/one::/gone:/b/two:/a/one"]))
        #expect(fact.texts("paths") == ["/a/one", "/gone", "/b/two"])
        #expect(fact.text("contextName") == "b")
        #expect(fact.text("cluster.server") == "https://one:6443")
        #expect(fact.text("cluster.file") == "/a/one")
        #expect(fact.texts("hiddenByEarlierFile") == ["cluster c"])
        #expect(fact.text("user.tokenFile.path") == "/b/t/x")
        #expect(fact.text("user.token.source") == "tokenFile")
    }

    @Test(arguments: [
        ("clusters: [{name: c, cluster: {server: 12}}]", "wrongType"),
        ("clusters: [{name: c, cluster: {certificate-authority-data: '!!!!'}}]", "dataNotBase64"),
        ("clusters: [{name: c, cluster: {}}, {name: c, cluster: {}}]", "wrongType"),
        ("kind: Pod", "wrongKind"), ("apiVersion: v2", "wrongVersion"), ("[1, 2]", "malformed"),
        ("just some text", "malformed"),
        ("{\"type\": \"service_account\", \"clusters\": 3}", "wrongType"),
    ])
    func `what client-go cannot decode is a problem with a code`(text: String, code: String) async throws {
        let fact = try await collect(KubeconfigCollector(), in: surroundings(kubeconfig: text))
        #expect(fact.flag("loaded") == false)
        #expect(fact.text("problems.0.code") == code)
    }

    @Test(arguments: [
        ("{cluster: nope, user: u}", "{server: https://h}", "{token: x}", "clusterNotFound"),
        ("{cluster: c, user: nope}", "{server: https://h}", "{token: x}", "userNotFound"),
        ("{cluster: c}", "{server: https://h}", "{token: x}", "userNotSpecified"),
        ("{cluster: c, user: u}", "{insecure-skip-tls-verify: true}", "{token: x}", "serverMissing"),
        ("{cluster: c, user: u}", "{server: 'htps://h'}", "{token: x}", "serverInvalid"),
        ("{cluster: c, user: u}", "{server: https://h, proxy-url: 'h:1'}", "{token: x}", "proxyInvalid"),
        (
            "{cluster: c, user: u}",
            "{server: https://h, certificate-authority: /no, certificate-authority-data: eA==}",
            "{token: x}", "authorityDataAndFile"
        ),
        ("{cluster: c, user: u}", "{server: https://h}", "{client-certificate-data: eA==}", "keyMissing"),
        ("{cluster: c, user: u}", "{server: https://h}", "{token: x, username: a}", "tokenAndBasic"),
        ("{cluster: c, user: u}", "{server: https://h}", "{auth-provider: {name: gcp}}", "authProviderRemoved"),
        (
            "{cluster: c, user: u}", "{server: https://h}",
            "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}", "execVersionUnsupported"
        ),
        (
            "{cluster: c, user: u}", "{server: https://h}",
            "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}", "execInteractiveMode"
        ),
    ])
    func `what client-go refuses is a problem with a code`(
        context: String, cluster: String, user: String, code: String
    ) async throws {
        let text = """
            contexts: [{name: x, context: \(context)}]
            clusters: [{name: c, cluster: \(cluster)}]
            users: [{name: u, user: \(user)}]
            current-context: x
            """
        let fact = try await collect(KubeconfigCollector(), in: surroundings(kubeconfig: text))
        guard case .list(let problems) = fact.at("problems") else { return }
        #expect(problems.contains { $0.text("code") == code }, "\(problems)")
    }
}
