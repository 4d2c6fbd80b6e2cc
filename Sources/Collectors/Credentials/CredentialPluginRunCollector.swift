internal import CEL
internal import Facts

/// What the credential plugin answers, once a diagnosis.
struct CredentialPluginRunCollector: Collector {
    let declaration = Declaration(
        "credential.plugin.run",
        summary: "Runs the credential plugin of the selected user as kubectl would, and tells what it gave.",
        returns: .object([
            "configured": .bool, "command": .string, "problem": .string, "detail": .string, "exitCode": .int,
            "standardError": .string, "errorCode": .string, "requestedVersion": .string, "apiVersion": .string,
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
                + "loginRequired, clientSecretInvalid, network",
            "standardError": "its last 4 KiB, without secrets",
            "apiVersion": "that the plugin answered with; requestedVersion is the kubeconfig's",
        ],
        cost: .command, privileges: ["run the credential plugin that the kubeconfig names"],
        secrets: ["token", "clientKey"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "credential plugins are not run yet")
    }
}
