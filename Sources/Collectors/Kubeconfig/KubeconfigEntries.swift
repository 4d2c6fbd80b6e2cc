/// What a kubeconfig calls `clusters`, `users` and `contexts`, with its secrets: never becomes a fact as it is.
struct NamedCluster: Sendable {
    var name = ""
    /// The file it stands in; its relative paths start at that file's folder.
    var origin = ""
    var server = ""
    var tlsServerName = ""
    var proxyURL = ""
    var skipsVerification = false
    var authority = Material()
    /// JSON of the extension `client.authentication.k8s.io/exec`, which goes to the credential plugin.
    var pluginConfiguration: String?
    var isEmpty = true
    /// The body as written, to tell whether two entries of one name are the same.
    var content = ""
}

struct NamedUser: Sendable {
    var name = ""
    var origin = ""
    var certificate = Material()
    var key = Material()
    var token = ""
    var tokenFile = ""
    var username = ""
    var password = ""
    var impersonation = Impersonation()
    var exec: ExecConfiguration?
    var authProvider: AuthProvider?
    /// The body as written, to tell whether two entries of one name are the same.
    var content = ""

    /// What is configured, by client-go's names for the ways to say who one is.
    var credentialKinds: [String] {
        var kinds: [String] = []
        if !certificate.isEmpty { kinds.append("clientCertificate") }
        if !token.isEmpty { kinds.append("token") }
        if !tokenFile.isEmpty { kinds.append("tokenFile") }
        if !username.isEmpty || !password.isEmpty { kinds.append("basic") }
        if exec != nil { kinds.append("exec") }
        if authProvider != nil { kinds.append("authProvider") }
        return kinds
    }
}

struct NamedContext: Sendable {
    var name = ""
    var origin = ""
    var cluster = ""
    var user = ""
    var namespace = ""
    /// The body as written, to tell whether two entries of one name are the same.
    var content = ""
}

/// A certificate or key: base64 in the kubeconfig, or a file's path.
struct Material: Sendable {
    var data = ""
    var file = ""

    var isEmpty: Bool { data.isEmpty && file.isEmpty }
    var hasBoth: Bool { !data.isEmpty && !file.isEmpty }
}

struct Impersonation: Sendable {
    var user = ""
    var uid = ""
    var groups: [String] = []
    var extra: [(key: String, values: [String])] = []
}

struct ExecConfiguration: Sendable {
    var command = ""
    var arguments: [String] = []
    var environment: [(name: String, value: String)] = []
    var apiVersion = ""
    var installHint = ""
    var providesClusterInfo = false
    var interactiveMode = ""
}

struct AuthProvider: Sendable {
    var name = ""
    var configuration: [String: String] = [:]
}
