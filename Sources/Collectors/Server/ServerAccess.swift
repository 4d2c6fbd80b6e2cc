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
    /// What the answers are to be; changed by who wants less of an object.
    var accept = "application/json"
    /// An access that the server takes no more, with the credentials that there are by now; `nil`: with no others.
    var renewal: (@Sendable (ServerAccess) async -> ServerAccess?)?
    /// What stands for the URL in a fact's source, where there is no server behind it.
    var shownName: String?

    /// The selected context's server with its credentials; runs the exec plugin where the kubeconfig names one (once a
    /// diagnosis, through `surroundings.cache`).
    static func authenticated(in surroundings: Surroundings) async throws(Unknown) -> ServerAccess {
        var access = try await anonymous(in: surroundings)
        if surroundings.capture != nil { return access }
        let selected = await SelectedAccess.load(in: surroundings)
        if selected.fallsBackToInCluster(surroundings), await Kubeconfig.isInCluster(surroundings) {
            try await access.takeMountedToken(in: surroundings)
            access.renewal = { await $0.reread(PodServiceAccount.directory + "/token", in: surroundings) }
            return access
        }
        // client-go reads no credentials for a server without TLS.
        guard access.isTLS else { return access }
        try access.takeCertificate(of: selected)
        try access.takeToken(of: selected)
        if case .none = access.credential, selected.user.exec != nil {
            try await access.takePluginCredential(in: surroundings)
            access.renewal = { await $0.renewed(in: surroundings) }
        } else if !selected.user.tokenFile.isEmpty {
            let path = selected.user.tokenFile
            access.renewal = { await $0.reread(path, in: surroundings) }
        }
        access.impersonate(selected.user.impersonation)
        return access
    }

    /// The selected context's server without any credentials.
    static func anonymous(in surroundings: Surroundings) async throws(Unknown) -> ServerAccess {
        if let capture = surroundings.capture { return ServerAccess(capture: capture) }
        let selected = await SelectedAccess.load(in: surroundings)
        if let obstacle = selected.kubeconfig.obstacle { throw obstacle }
        if selected.fallsBackToInCluster(surroundings), await Kubeconfig.isInCluster(surroundings) {
            return try await inCluster(surroundings)
        }
        let name = selected.kubeconfig.contextName
        guard selected.kubeconfig.isLoaded else {
            throw Unknown(.noKubeconfig, "no kubeconfig could be loaded", hint: "set KUBECONFIG, or use --kubeconfig")
        }
        guard selected.kubeconfig.cluster != nil, selected.server.isUsable, let port = selected.server.port else {
            let detail =
                name.isEmpty
                ? "the kubeconfig selects no context" : "context '\(name)' leads to no server that could be asked"
            throw Unknown(.noKubeconfig, detail, hint: "kubectl config get-contexts")
        }
        let proxy = ProxySettings.proxy(
            for: selected.server, proxyURL: selected.cluster.proxyURL, environment: surroundings.environment)
        return ServerAccess(
            url: selected.server.text, host: selected.server.host, port: port, isTLS: selected.server.isTLS,
            tls: try selected.anonymousTLS, proxy: proxy, credential: .none, extraHeaders: [])
    }
}

extension SelectedAccess {
    /// Whether client-go would look for a pod's service account: nothing else gives a server.
    fileprivate func fallsBackToInCluster(_ surroundings: Surroundings) -> Bool {
        let refused = kubeconfig.files.contains { file in
            file.kind == .missing ? kubeconfig.source == .flag : !file.isLoaded
        }
        return !refused && kubeconfig.contextName.isEmpty && cluster.server.isEmpty
            && (surroundings.environment["KUBERNETES_MASTER"] ?? "").isEmpty
    }

    fileprivate var anonymousTLS: TLSOptions {
        get throws(Unknown) {
            var tls = TLSOptions(serverName: cluster.tlsServerName.orNil, skipsVerification: cluster.skipsVerification)
            guard authority.isPresent, server.isTLS else { return tls }
            guard authority.isUsable else { throw authority.failure("certificate-authority") }
            tls.authoritiesPEM = authority.pem
            return tls
        }
    }
}

extension LoadedMaterial {
    fileprivate func failure(_ field: String) -> Unknown {
        if let unknown { return unknown }
        let reason: Unknown.Reason = problem == .missing ? .notFound : .malformed
        let place = path.isEmpty || problem == .missing ? "" : "\(path): "
        return Unknown(reason, "\(field) of the kubeconfig cannot be used: \(place)\(detail.isEmpty ? words : detail)")
    }

    /// For what has no detail of its own.
    private var words: String {
        switch problem {
        case .none: "it does not fit"
        case .missing: "\(path) does not exist"
        case .unreadable: "it may not be read"
        case .directory: "it is a directory"
        case .empty: "it is empty"
        case .notBase64: "it is no base64"
        case .notPEM, .wrongPEM: "it is not the PEM that is wanted"
        case .malformed: "it cannot be decoded"
        }
    }
}

extension ServerAccess {
    private mutating func takeCertificate(of selected: SelectedAccess) throws(Unknown) {
        guard !selected.user.certificate.isEmpty else { return }
        guard selected.certificate.isUsable else { throw selected.certificate.failure("client-certificate") }
        guard selected.key.isUsable else { throw selected.key.failure("client-key") }
        guard selected.keyMatchesCertificate != false else {
            throw Unknown(.malformed, "the private key of the kubeconfig is not the certificate's")
        }
        tls.certificateChainPEM = selected.certificate.pem
        tls.privateKeyPEM = selected.key.pem
        credential = .clientCertificate
    }

    private mutating func takeToken(of selected: SelectedAccess) throws(Unknown) {
        let user = selected.user
        if let unknown = selected.tokenUnknown { throw unknown }
        if selected.token.kind != .none {
            guard selected.token.isHeaderSafe else {
                throw Unknown(.malformed, "the token holds control characters and cannot be sent")
            }
            credential = .bearer(selected.token.text)
        } else if !user.tokenFile.isEmpty {
            throw Unknown(.notFound, "no token can be read from \(user.tokenFile)")
        } else if !user.username.isEmpty || !user.password.isEmpty {
            credential = .basic(user: user.username, password: user.password)
        } else if let provider = user.authProvider, user.exec == nil {
            let token = provider.configuration["id-token"] ?? ""
            guard provider.name == "oidc", !token.isEmpty else {
                throw Unknown(.notApplicable, "no credential comes from the auth provider '\(provider.name)'")
            }
            credential = .bearer(token)
        }
    }

    /// The plugin is asked once more in a diagnosis, however many requests were refused (client-go does so at each 401).
    private func renewed(in surroundings: Surroundings) async -> ServerAccess? {
        var access = self
        access.renewal = nil
        do throws(Unknown) { try await access.takePluginCredential(in: surroundings, isRenewal: true) } catch {
            return nil
        }
        return access
    }

    /// What the token's file holds by now: whoever rotates a token writes the new one before the old one runs out.
    ///
    /// client-go reads it each minute (`transport.NewCachedFileTokenSource`), and goes on with the token that it has
    /// where the file cannot be read, or is empty.
    private func reread(_ path: String, in surroundings: Surroundings) async -> ServerAccess? {
        guard let bytes = try? await surroundings.effects.readFile(path, limit: LoadedMaterial.readLimit) else {
            return nil
        }
        let token = BearerToken(String(decoding: bytes, as: UTF8.self), source: "tokenFile", isFile: true)
        guard token.kind != .none, token.isHeaderSafe else { return nil }
        if case .bearer(let refused) = credential, refused == token.text { return nil }
        var access = self
        access.credential = .bearer(token.text)
        return access
    }

    private mutating func takePluginCredential(
        in surroundings: Surroundings, isRenewal: Bool = false
    ) async throws(Unknown) {
        guard let given = try await ExecCredential.obtain(in: surroundings, isRenewal: isRenewal) else { return }
        guard given.problem == .none else {
            throw Unknown(.notFound, "the credential plugin gave no credential: \(given.detail)")
        }
        if !given.certificatePEM.isEmpty {
            tls.certificateChainPEM = given.certificatePEM
            tls.privateKeyPEM = given.keyPEM
            credential = .clientCertificate
        }
        if given.token.kind != .none {
            guard given.token.isHeaderSafe else {
                throw Unknown(.malformed, "the plugin's token holds control characters and cannot be sent")
            }
            credential = .bearer(given.token.text)
        }
    }

    private mutating func impersonate(_ impersonation: Impersonation) {
        guard !impersonation.user.isEmpty else { return }
        extraHeaders.append(("Impersonate-User", impersonation.user))
        if !impersonation.uid.isEmpty { extraHeaders.append(("Impersonate-Uid", impersonation.uid)) }
        extraHeaders += impersonation.groups.map { ("Impersonate-Group", $0) }
        for (key, values) in impersonation.extra {
            extraHeaders += values.map { ("Impersonate-Extra-\(Self.headerName(key))", $0) }
        }
        extraHeaders.removeAll { header in
            header.value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        }
    }

    /// `transport.headerKeyEscape`: what no header's name may hold is written as `%XX`.
    private static func headerName(_ key: String) -> String {
        key.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isToken =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || "0123456789!#$&'*+-.^_`|~".unicodeScalars.contains(scalar))
            return isToken
                ? String(Character(scalar)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}

extension ServerAccess {
    /// `rest.InClusterConfig`.
    private static func inCluster(_ surroundings: Surroundings) async throws(Unknown) -> ServerAccess {
        let host = surroundings.environment["KUBERNETES_SERVICE_HOST"] ?? ""
        guard let port = Int(surroundings.environment["KUBERNETES_SERVICE_PORT"] ?? "") else {
            throw Unknown(.malformed, "KUBERNETES_SERVICE_PORT is no number")
        }
        var authority = await LoadedMaterial.load(file: PodServiceAccount.directory + "/ca.crt", in: surroundings)
        _ = authority.readCertificates()
        let shownHost = host.contains(":") ? "[\(host)]" : host
        let server = ServerURL("https://\(shownHost):\(port)", usesTLS: true)
        return ServerAccess(
            url: server.text, host: host, port: port, isTLS: true,
            tls: TLSOptions(authoritiesPEM: authority.isUsable ? authority.pem : nil),
            proxy: ProxySettings.proxy(for: server, proxyURL: "", environment: surroundings.environment),
            credential: .none, extraHeaders: [])
    }

    private mutating func takeMountedToken(in surroundings: Surroundings) async throws(Unknown) {
        let bytes = try await surroundings.effects.readFile(
            PodServiceAccount.directory + "/token", limit: LoadedMaterial.readLimit)
        let token = BearerToken(String(decoding: bytes, as: UTF8.self), source: "mounted", isFile: true)
        if token.kind != .none, token.isHeaderSafe { credential = .bearer(token.text) }
    }
}

extension BearerToken {
    /// Whether it can be sent at all: Go refuses a header value with control characters.
    var isHeaderSafe: Bool { !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
}
