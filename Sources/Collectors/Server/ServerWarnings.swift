package import Facts

/// What a person should know before answers of the selected cluster are believed.
package enum ServerWarnings {
    package static func of(_ surroundings: Surroundings) async -> [String] {
        let selected = await SelectedAccess.load(in: surroundings)
        guard selected.kubeconfig.obstacle == nil, selected.server.isTLS, selected.cluster.skipsVerification else {
            return []
        }
        return [
            "the certificate of \(withoutCredentials(selected.server.text)) is not verified, because the kubeconfig sets "
                + "insecure-skip-tls-verify: anybody on the way can read the credentials and make up the answers"
        ]
    }
}
