internal import CEL
internal import Facts

/// The kubeconfig as a fact: everything but the secrets.
struct KubeconfigFact {
    let access: SelectedAccess
    let isInCluster: Bool
    let environment: [String: String]

    private var kubeconfig: Kubeconfig { access.kubeconfig }

    var value: Value {
        var values: [String: Value] = [
            "source": .string(kubeconfig.source.rawValue),
            "paths": .texts(kubeconfig.files.map(\.path)),
            "files": .list(List(kubeconfig.files.map(file))),
            "loaded": .bool(kubeconfig.isLoaded),
            "problems": .list(List(access.problems.map(problem))),
            "defaultsToLocalhost8080": .bool(defaultsToLocalhost && !isInCluster),
            "fallsBackToInCluster": .bool(defaultsToLocalhost && isInCluster),
            "hiddenByEarlierFile": .texts(kubeconfig.hidden),
        ]
        if let obstacle = kubeconfig.obstacle {
            for name in [
                "isEmpty", "currentContext", "contextName", "contextExists", "contexts", "nearestContexts",
                "clusters", "users", "context", "clusterExists", "userExists", "nearestClusters", "nearestUsers",
                "cluster", "user", "servers",
            ] { values[name] = obstacle.value }
        } else {
            values.merge(merged) { $1 }
            if isAbsent { values["user"] = Self.absent.value }
        }
        return .map(Map(values))
    }

    /// There is no file at all: who asks, and with what, is not written anywhere that we could look.
    private var isAbsent: Bool {
        !isInCluster && !kubeconfig.files.contains { $0.kind != .missing }
    }
    private static let absent = Unknown(
        .noKubeconfig, "there is no kubeconfig here", hint: "set KUBECONFIG, or use --kubeconfig")

    /// client-go gives up before that where a file is bad, a flag's file is missing or the context does not exist.
    private var defaultsToLocalhost: Bool {
        let refused = kubeconfig.files.contains { file in
            file.kind == .missing ? kubeconfig.source == .flag : !file.isLoaded
        }
        let contextIsWrong = !kubeconfig.contextName.isEmpty && kubeconfig.context == nil
        return !refused && !contextIsWrong && access.cluster.server.isEmpty
            && (environment["KUBERNETES_MASTER"] ?? "").isEmpty
    }

    private var merged: [String: Value] {
        let context = kubeconfig.context
        var values: [String: Value] = [
            "isEmpty": .bool(kubeconfig.isEmpty),
            "contextExists": .bool(context != nil),
            "contexts": .texts(kubeconfig.contexts.map(\.name)),
            "clusters": .texts(kubeconfig.clusters.map(\.name)),
            "users": .texts(kubeconfig.users.map(\.name)),
            "nearestContexts": nearest(kubeconfig.contextName, kubeconfig.contexts.map(\.name)),
            "nearestClusters": nearest(context?.cluster ?? "", kubeconfig.clusters.map(\.name)),
            "nearestUsers": nearest(context?.user ?? "", kubeconfig.users.map(\.name)),
            "clusterExists": .bool(kubeconfig.cluster != nil), "userExists": .bool(kubeconfig.user != nil),
            "cluster": cluster, "user": user, "servers": servers,
        ]
        values["currentContext"] = kubeconfig.currentContext.orNil.map(Value.string)
        values["contextName"] = kubeconfig.contextName.orNil.map(Value.string)
        var contextValues: [String: Value] = [:]
        contextValues["cluster"] = context?.cluster.orNil.map(Value.string)
        contextValues["user"] = context?.user.orNil.map(Value.string)
        contextValues["namespace"] = context?.namespace.orNil.map(Value.string)
        values["context"] = .map(Map(contextValues))
        return values
    }

    private func nearest(_ name: String, _ names: [String]) -> Value {
        .texts(name.isEmpty || names.contains(name) ? [] : nearestNames(to: name, among: names))
    }

    private var servers: Value {
        .list(
            List(
                kubeconfig.contexts.compactMap { context in
                    guard let cluster = kubeconfig.clusters.first(where: { $0.name == context.cluster }),
                        !cluster.server.isEmpty
                    else { return nil }
                    return .map([
                        "context": .string(context.name),
                        "server": .string(ServerURL(cluster.server, usesTLS: true).shown),
                    ])
                }))
    }

    private func problem(_ problem: KubeconfigProblem) -> Value {
        .map([
            "code": .string(problem.code.rawValue), "message": .string(problem.message),
            "path": .string(problem.path),
        ])
    }

    private func file(_ file: KubeconfigFile) -> Value {
        var values: [String: Value] = [
            "path": .string(file.path), "kind": .string(file.kind.rawValue), "readable": .bool(file.isReadable),
            "empty": .bool(file.isEmpty), "parsed": .bool(file.isParsed),
            "contexts": .texts(file.contexts.map(\.name)), "clusters": .texts(file.clusters.map(\.name)),
            "users": .texts(file.users.map(\.name)),
        ]
        if let unknown = file.unknown {
            for name in ["readable", "empty", "parsed", "contexts", "clusters", "users"] {
                values[name] = unknown.value
            }
        }
        values["format"] = file.format.map { .string($0.rawValue) }
        values["documentKind"] = file.documentKind.orNil.map(Value.string)
        values["documentVersion"] = file.documentVersion.orNil.map(Value.string)
        values["mode"] = file.mode.map { .int(Int64($0)) }
        values["modeText"] = file.mode.map { .string(String($0, radix: 8)) }
        values["owner"] = file.owner.map { .int(Int64($0)) }
        values["currentContext"] = file.currentContext.orNil.map(Value.string)
        if let error = file.parseError {
            values["parseError"] = .map([
                "message": .string(error.message), "line": .int(Int64(error.line)),
                "column": .int(Int64(error.column)), "text": .string(error.text),
            ])
        }
        return .map(Map(values))
    }
}

extension KubeconfigFact {
    private var cluster: Value {
        let cluster = access.cluster
        let server = access.server
        var values: [String: Value] = [
            "serverProblem": .string(server.problem.rawValue), "isLoopback": .bool(server.isLoopback),
            "certificateAuthority": .map(Map(authority)),
            "insecureSkipTLSVerify": .bool(cluster.skipsVerification),
            "hasDataAndFile": .bool(cluster.authority.hasBoth),
        ]
        values["name"] = cluster.name.orNil.map(Value.string)
        values["file"] = cluster.origin.orNil.map(Value.string)
        values["server"] = server.shown.orNil.map(Value.string)
        if server.problem != .missing {
            values["scheme"] = server.scheme.orNil.map(Value.string)
            values["host"] = server.host.orNil.map(Value.string)
            values["port"] = server.port.map { .int(Int64($0)) }
        }
        values["tlsServerName"] = cluster.tlsServerName.orNil.map(Value.string)
        values["proxyURL"] = cluster.proxyURL.orNil.map { .string(Redaction.redact($0)) }
        return .map(Map(values))
    }

    private var authority: [String: Value] {
        var values = material(access.authority)
        values["certificates"] =
            access.authority.unknown?.value
            ?? .list(
                List(
                    access.authorities.map { .map(Map(CertificateFields.values($0.certificate, der: $0.der))) }))
        return values
    }

    private func material(_ material: LoadedMaterial) -> [String: Value] {
        var values: [String: Value] = [
            "source": .string(material.source.rawValue), "problem": .string(material.problem.rawValue),
        ]
        values["path"] = material.path.orNil.map(Value.string)
        values["detail"] = material.detail.orNil.map(Value.string)
        if let unknown = material.unknown, material.problem == .none { values["problem"] = unknown.value }
        return values
    }

    private var user: Value {
        let user = access.user
        var values: [String: Value] = [
            "credentialKinds": .texts(user.credentialKinds), "clientCertificate": .map(Map(certificate)),
            "clientKey": .map(Map(key)), "token": access.tokenUnknown?.value ?? access.token.value,
            "tokenFile": .map(Map(tokenFile)), "exec": exec, "authProvider": authProvider,
            "hasBasicAuth": .bool(!user.username.isEmpty || !user.password.isEmpty),
        ]
        values["name"] = user.name.orNil.map(Value.string)
        values["file"] = user.origin.orNil.map(Value.string)
        values["impersonates"] = user.impersonation.user.orNil.map(Value.string)
        return .map(Map(values))
    }

    private var certificate: [String: Value] {
        var values = material(access.certificate)
        values["hasDataAndFile"] = .bool(access.user.certificate.hasBoth)
        if let leaf = access.certificates.first {
            values.merge(CertificateFields.values(leaf.certificate, der: leaf.der)) { $1 }
        }
        values["issuedByClusterCA"] = access.isIssuedByClusterCA.map { isIssued in
            isIssued ? .bool(true) : access.authorityIsOfServersOnly?.value ?? .bool(false)
        }
        if let unknown = access.certificate.unknown {
            for name in CertificateFields.fields.keys { values[name] = unknown.value }
            values["issuedByClusterCA"] = unknown.value
        } else if !access.certificates.isEmpty, let unknown = access.authority.unknown {
            values["issuedByClusterCA"] = unknown.value
        }
        return values
    }

    private var key: [String: Value] {
        var values = material(access.key)
        values["hasDataAndFile"] = .bool(access.user.key.hasBoth)
        values["matchesCertificate"] = access.keyMatchesCertificate.map(Value.bool)
        if let unknown = access.key.unknown ?? access.certificate.unknown {
            values["matchesCertificate"] = unknown.value
        }
        return values
    }

    private var tokenFile: [String: Value] {
        var values: [String: Value] = [:]
        values["path"] = access.user.tokenFile.orNil.map(Value.string)
        values["problem"] = access.tokenFileProblem.map { .string($0.rawValue) }
        return values
    }

    private var exec: Value {
        guard let exec = access.user.exec else { return .map(Map()) }
        let hints = ExecPlugin.hints(exec)
        var values: [String: Value] = [
            "command": .string(exec.command), "args": .texts(Redaction.redact(arguments: exec.arguments)),
            "environmentNames": .texts(exec.environment.map(\.name)),
            "provideClusterInfo": .bool(exec.providesClusterInfo), "provider": .string(hints.provider.rawValue),
        ]
        values["apiVersion"] = exec.apiVersion.orNil.map(Value.string)
        values["installHint"] = exec.installHint.orNil.map { .string(TextCollector.withoutControlCodes($0)) }
        values["interactiveMode"] = exec.interactiveMode.orNil.map(Value.string)
        values["clusterName"] = hints.cluster.map(Value.string)
        values["region"] = hints.region.map(Value.string)
        values["profile"] = hints.profile.map(Value.string)
        values["roleARN"] = hints.role.map(Value.string)
        return .map(Map(values))
    }

    private var authProvider: Value {
        guard let provider = access.user.authProvider else { return .map(Map()) }
        let settings = provider.configuration
        let token = BearerToken(settings["id-token"] ?? settings["access-token"] ?? "", source: "authProvider")
        var values: [String: Value] = [
            "name": .string(provider.name), "idToken": token.value,
            "hasRefreshToken": .bool(!(settings["refresh-token"] ?? "").isEmpty),
        ]
        values["issuer"] = settings["idp-issuer-url"].map(Value.string)
        values["clientID"] = settings["client-id"].map(Value.string)
        return .map(Map(values))
    }
}

extension String {
    /// The text, or `nil` for an empty one: in Go's structs an empty string is an absent one.
    var orNil: String? { isEmpty ? nil : self }
}
