internal import CEL
internal import Facts
internal import FoundationEssentials
internal import X509
internal import YAML

/// What a credential plugin answered (`client.authentication.k8s.io`), checked as client-go checks it.
///
/// Holds secrets.
struct ExecCredential: Sendable {
    enum Problem: String, Sendable, CaseIterable {
        case none, missing, failed, notJSON, wrongKind, wrongVersion, noCredential, malformedCredential
    }

    var problem = Problem.none
    var detail = ""
    var exitCode: Int32?
    var standardError = ""
    var apiVersion = ""
    var kind = ""
    var token = BearerToken.none
    var expiresAt: Timestamp?
    var certificatePEM = ""
    var keyPEM = ""
    /// argv, without secrets.
    var commandLine = ""

    private struct Answer: Decodable {
        struct Status: Decodable {
            var expirationTimestamp: String?
            var token: String?
            var clientCertificateData: String?
            var clientKeyData: String?
        }

        var apiVersion: String?
        var kind: String?
        var status: Status?

        /// client-go takes YAML as well.
        init?(_ output: [UInt8]) {
            if let answer = try? JSONDecoder().decode(Answer.self, from: Data(output)) {
                self = answer
                return
            }
            let yaml = YAML.parse(output, limits: .kubeconfig)
            guard yaml.errors.isEmpty, let value = yaml.documents.first?.celValue, case .map = value else { return nil }
            func text(_ field: String) -> String? { value[field: "status"]?[field: field]?.text }
            apiVersion = value[field: "apiVersion"]?.text
            kind = value[field: "kind"]?.text
            status = Status(
                expirationTimestamp: text("expirationTimestamp"), token: text("token"),
                clientCertificateData: text("clientCertificateData"), clientKeyData: text("clientKeyData"))
        }
    }

    /// Runs the plugin of the selected user, once a diagnosis, and once more where the server takes its answer no more;
    /// `nil` where the user has none.
    static func obtain(
        in surroundings: Surroundings, isRenewal: Bool = false
    ) async throws(Unknown) -> ExecCredential? {
        let access = await SelectedAccess.load(in: surroundings)
        guard let exec = access.user.exec else { return nil }
        do {
            return try await surroundings.cache.value("credential.plugin\(isRenewal ? ".renewed" : "")") {
                try await run(exec, access: access, in: surroundings)
            }
        } catch let unknown as Unknown {
            throw unknown
        } catch {
            throw Unknown(.timedOut, "the credential plugin was not waited for")
        }
    }

    private static func run(
        _ exec: ExecConfiguration, access: SelectedAccess, in surroundings: Surroundings
    ) async throws(Unknown) -> ExecCredential {
        let plugin = await ExecPlugin.resolve(exec, in: surroundings)
        let policy = try await CredentialPluginPolicy.load(in: surroundings)
        guard await policy.allows(plugin, in: surroundings) else {
            throw Unknown(
                .notAllowed,
                policy.fault ?? "kuberc's policy \(policy.kind.rawValue) does not allow '\(exec.command)'",
                hint: "kubectl kuberc set --section credentialplugin --policy Allowlist --allowlist-entry command="
                    + exec.command)
        }
        guard exec.interactiveMode != "Always" else {
            throw Unknown(
                .notAllowed, "'\(exec.command)' wants to ask on a terminal", hint: "run kubectl get --raw /version")
        }
        var result = ExecCredential()
        result.commandLine = ([exec.command] + Redaction.redact(arguments: exec.arguments)).joined(separator: " ")
        guard let path = plugin.path else {
            result.problem = .missing
            result.detail = plugin.exists ? "the file may not be executed" : "it is not there"
            return result
        }
        // All of the person's environment, as kubectl hands it on: many plugins look there for their settings.
        var environment = surroundings.environment
        for variable in exec.environment { environment[variable.name] = variable.value }
        environment["KUBERNETES_EXEC_INFO"] = information(exec, access)
        // Before the fact is given up, so that its reason names the plugin, and all others that need it have it too.
        let seconds = min(30, surroundings.secondsLeft(or: 30) * 0.9)
        let output: CommandOutput
        do throws(Unknown) {
            output = try await surroundings.effects.run(
                Command(path, exec.arguments, environment: environment, deadlineSeconds: seconds, outputLimit: 1 << 20))
        } catch  where error.reason == .notFound {
            result.problem = .missing
            result.detail = error.detail
            return result
        }
        result.take(output, exec, secrets: environment.filter { Redaction.isSecretName($0.key) }.map(\.value))
        return result
    }

    /// `ExecCredential.spec` for KUBERNETES_EXEC_INFO; standard input is closed, so never interactive.
    static func information(_ exec: ExecConfiguration, _ access: SelectedAccess) -> String {
        var cluster: [String] = []
        if exec.providesClusterInfo {
            cluster.append("\"server\":\(JSONText.quote(access.cluster.server))")
            if let name = access.cluster.tlsServerName.orNil {
                cluster.append("\"tls-server-name\":\(JSONText.quote(name))")
            }
            if access.cluster.skipsVerification { cluster.append("\"insecure-skip-tls-verify\":true") }
            if access.authority.isUsable {
                let data = Base64.encode(Array(access.authority.pem.utf8))
                cluster.append("\"certificate-authority-data\":\"\(data)\"")
            }
            if let proxy = access.cluster.proxyURL.orNil { cluster.append("\"proxy-url\":\(JSONText.quote(proxy))") }
            if let configuration = access.cluster.pluginConfiguration { cluster.append("\"config\":\(configuration)") }
        }
        let clusterPart = exec.providesClusterInfo ? "\"cluster\":{\(cluster.joined(separator: ","))}," : ""
        return "{\"kind\":\"ExecCredential\",\"apiVersion\":\(JSONText.quote(exec.apiVersion)),"
            + "\"spec\":{\(clusterPart)\"interactive\":false}}"
    }

    private mutating func take(_ output: CommandOutput, _ exec: ExecConfiguration, secrets: [String]) {
        exitCode = output.exitCode
        let printed = String(decoding: output.standardError.suffix(16 << 10), as: UTF8.self)
        standardError = String(
            Redaction.redact(TextCollector.withoutControlCodes(printed), secrets: secrets).suffix(4 << 10))
        guard output.exitCode == 0 else {
            problem = .failed
            detail = "it failed with exit code \(output.exitCode)"
            return
        }
        guard let answer = Answer(output.standardOutput) else {
            problem = .notJSON
            detail = "its standard output is no ExecCredential"
            return
        }
        apiVersion = answer.apiVersion ?? ""
        kind = answer.kind ?? ""
        check(answer, exec)
    }

    private mutating func check(_ answer: Answer, _ exec: ExecConfiguration) {
        guard kind == "ExecCredential" else {
            problem = .wrongKind
            detail = "it gave kind '\(kind)' instead of ExecCredential"
            return
        }
        guard apiVersion == exec.apiVersion else {
            problem = .wrongVersion
            detail = "it is configured for \(exec.apiVersion) and answered in \(apiVersion)"
            return
        }
        token = BearerToken(answer.status?.token ?? "", source: "exec")
        certificatePEM = answer.status?.clientCertificateData ?? ""
        keyPEM = answer.status?.clientKeyData ?? ""
        if token.text.isEmpty, certificatePEM.isEmpty, keyPEM.isEmpty {
            problem = .noCredential
            detail = "it gave neither a token nor a certificate"
        } else if certificatePEM.isEmpty != keyPEM.isEmpty {
            problem = .malformedCredential
            detail = "it gave a certificate or a key, not both"
        } else if !certificatePEM.isEmpty, leaf == nil {
            problem = .malformedCredential
            detail = "its certificate cannot be decoded"
        }
        if let text = answer.status?.expirationTimestamp {
            expiresAt = Self.time(text)
            if expiresAt == nil {
                problem = .malformedCredential
                detail = "its expirationTimestamp is no time"
            }
        }
    }

    /// The certificate that it gave.
    var leaf: (certificate: Certificate, der: [UInt8])? {
        guard let block = PEM.blocks(in: certificatePEM).first(where: { $0.label == "CERTIFICATE" }) else { return nil }
        return CertificateFields.certificate(block.bytes).map { ($0, block.bytes) }
    }

    static func time(_ text: String) -> Timestamp? {
        let plain = Date.ISO8601FormatStyle()
        let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return ((try? plain.parse(text)) ?? (try? fractional.parse(text))).map { Timestamp($0) }
    }
}
