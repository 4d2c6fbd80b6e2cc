internal import Facts

/// What it takes to talk to the selected cluster, with its secrets: never becomes a fact, never printed.
struct ServerAccess: Sendable {
    /// How the requests say who they come from.
    enum Credential: Sendable {
        case none
        case bearer(String)
        case basic(user: String, password: String)
        /// In `tls`.
        case clientCertificate
    }

    /// `scheme://host:port/path`, without a trailing slash.
    var url: String
    var host: String
    var port: Int
    var isTLS: Bool
    /// Authorities, server name, client certificate and key as far as the kubeconfig gives them.
    var tls: TLSOptions
    /// The proxy in force for this host (`proxy-url`, else HTTPS_PROXY and NO_PROXY), and where it is set.
    var proxy: (url: String, source: String)?
    var credential: Credential
    /// `Impersonate-User` and the like.
    var extraHeaders: [(name: String, value: String)]

    /// The selected context's server with its credentials; runs the exec plugin where the kubeconfig names one (once a
    /// diagnosis, through `surroundings.cache`).
    static func authenticated(in surroundings: Surroundings) async throws(Unknown) -> ServerAccess {
        throw Unknown(.noKubeconfig, "not built yet")
    }

    /// The selected context's server without any credentials.
    static func anonymous(in surroundings: Surroundings) async throws(Unknown) -> ServerAccess {
        throw Unknown(.noKubeconfig, "not built yet")
    }
}
