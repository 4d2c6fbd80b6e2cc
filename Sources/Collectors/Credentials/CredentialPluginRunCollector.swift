internal import CEL
internal import Facts

/// What the credential plugin answers, once a diagnosis.
struct CredentialPluginRunCollector: Collector {
    let declaration = Declaration(
        "credential.plugin.run",
        summary: "Runs the credential plugin of the selected user as kubectl would, and tells what it gave.",
        returns: .object([
            "configured": .bool, "command": .string, "problem": .string, "detail": .string, "exitCode": .int,
            "standardError": .string, "errorCode": .string, "deniedRole": .string, "requestedVersion": .string,
            "apiVersion": .string,
            "kind": .string, "token": TokenFields.type, "expirationTimestamp": .timestamp,
            "clientCertificate": CertificateFields.type,
        ]),
        fields: [
            "configured": "false: the user has no exec block, and nothing else is here",
            "problem":
                "none, missing, failed, notJSON, wrongKind, wrongVersion, noCredential or malformedCredential",
            "errorCode":
                "what standard error says, where it is one of the known ones: expiredToken, ssoSessionExpired, "
                + "noCredentials, invalidCredentials, accessDenied, assumeRoleDenied, profileNotFound, "
                + "loginRequired, clientSecretInvalid, groupOverage, network",
            "deniedRole": "the role that may not be assumed, where standard error names it",
            "standardError": "its last 4 KiB, without secrets",
            "apiVersion": "that the plugin answered with; requestedVersion is the kubeconfig's",
        ],
        words: ["problem": ExecCredential.Problem.words].merging(TokenFields.words(at: "token")) { $1 },
        cost: .command, privileges: ["run the credential plugin that the kubeconfig names"],
        secrets: ["token", "clientKey"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        guard let credential = try await ExecCredential.obtain(in: surroundings) else {
            let kubeconfig = await Kubeconfig.load(in: surroundings)
            if let obstacle = kubeconfig.obstacle { throw obstacle }
            return Observation(
                .map(["configured": .bool(false)]), source: kubeconfig.files.map(\.path).joined(separator: ":"))
        }
        let exec = await SelectedAccess.load(in: surroundings).user.exec
        var values: [String: Value] = [
            "configured": .bool(true), "problem": .string(credential.problem.rawValue),
            "token": credential.token.value, "clientCertificate": .map(Map()),
            "standardError": .string(credential.standardError),
        ]
        values["command"] = exec.map { .string($0.command) }
        values["requestedVersion"] = exec?.apiVersion.orNil.map(Value.string)
        values["detail"] = credential.detail.orNil.map(Value.string)
        values["exitCode"] = credential.exitCode.map { .int(Int64($0)) }
        if credential.problem == .failed {
            values["errorCode"] = PluginErrors.code(of: credential.standardError).map(Value.string)
            values["deniedRole"] = PluginErrors.deniedRole(in: credential.standardError).map(Value.string)
        }
        values["apiVersion"] = credential.apiVersion.orNil.map(Value.string)
        values["kind"] = credential.kind.orNil.map(Value.string)
        values["expirationTimestamp"] = credential.expiresAt.map(Value.timestamp)
        if let leaf = credential.leaf {
            values["clientCertificate"] = .map(Map(CertificateFields.values(leaf.certificate, der: leaf.der)))
        }
        return Observation(.map(Map(values)), source: credential.commandLine)
    }
}
