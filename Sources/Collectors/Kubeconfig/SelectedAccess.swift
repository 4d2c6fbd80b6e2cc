internal import Facts
internal import X509

/// What the selected context's cluster and user lead to: files read, certificates and tokens decoded.
///
/// Holds secrets.
struct SelectedAccess: Sendable {
    enum TokenFileProblem: String, Sendable, CaseIterable { case none, missing, unreadable, directory, empty }

    var kubeconfig: Kubeconfig
    var cluster: NamedCluster
    var user: NamedUser
    var authority = LoadedMaterial()
    var authorities: [(certificate: Certificate, der: [UInt8])] = []
    var certificate = LoadedMaterial()
    var certificates: [(certificate: Certificate, der: [UInt8])] = []
    var key = LoadedMaterial()
    var privateKey: Certificate.PrivateKey?
    var token = BearerToken.none
    var tokenFileProblem: TokenFileProblem?
    var tokenUnknown: Unknown?
    var server: ServerURL

    /// `nil` where certificate or key could not be read.
    var keyMatchesCertificate: Bool? {
        guard let privateKey, let leaf = certificates.first else { return nil }
        return privateKey.publicKey == leaf.certificate.publicKey
    }

    /// `nil` where there is no certificate, or no authority to compare with.
    var isIssuedByClusterCA: Bool? {
        guard let leaf = certificates.first, !authorities.isEmpty else { return nil }
        // The chain that the file brings along may lead to the authority.
        let signers = authorities.map(\.certificate)
        let intermediates = certificates.dropFirst().map(\.certificate)
        if signers.contains(where: { CertificateFields.isSigned(leaf.certificate, by: $0) }) { return true }
        return intermediates.contains { middle in
            CertificateFields.isSigned(leaf.certificate, by: middle)
                && signers.contains { CertificateFields.isSigned(middle, by: $0) }
        }
    }

    /// Why the cluster's authority tells nothing of client certificates: some distributions sign them with another one.
    var authorityIsOfServersOnly: Unknown? {
        let names = authorities.map(\.certificate.subject.description)
        let signers = [
            "k3s-server-ca@", "rke2-server-ca@", "kube-apiserver-lb-signer", "kube-apiserver-localhost-signer",
        ]
        guard let name = names.first(where: { name in signers.contains(where: name.contains) }) else { return nil }
        return Unknown(.notApplicable, "\(name) signs only the server's certificate, not those of clients")
    }

    static func load(in surroundings: Surroundings) async -> SelectedAccess {
        let loaded = try? await surroundings.cache.value("kubeconfig.selected") { await read(in: surroundings) }
        guard let loaded else { return await read(in: surroundings) }
        return loaded
    }

    private static func read(in surroundings: Surroundings) async -> SelectedAccess {
        let kubeconfig = await Kubeconfig.load(in: surroundings)
        let cluster = kubeconfig.cluster ?? NamedCluster()
        let user = kubeconfig.user ?? NamedUser()
        // A server without a scheme is plain HTTP: rest.DefaultServerURL takes it for TLS where anything of TLS is
        // configured, but clientcmd fills that in only behind a server that is TLS already (IsConfigTransportTLS).
        var access = SelectedAccess(
            kubeconfig: kubeconfig, cluster: cluster, user: user,
            server: ServerURL(cluster.server, usesTLS: false))
        access.authority = await LoadedMaterial.load(cluster.authority, in: surroundings)
        access.authorities = access.authority.readCertificates()
        access.certificate = await LoadedMaterial.load(user.certificate, in: surroundings)
        access.certificates = access.certificate.readCertificates()
        access.key = await LoadedMaterial.load(user.key, in: surroundings)
        access.privateKey = access.key.readKey()
        await access.readToken(in: surroundings)
        return access
    }

    /// A readable token file wins over `token` (`transport.NewBearerAuthWithRefreshRoundTripper`).
    private mutating func readToken(in surroundings: Surroundings) async {
        if !user.token.isEmpty { token = BearerToken(user.token, source: "token") }
        guard !user.tokenFile.isEmpty else { return }
        do throws(Unknown) {
            if try await surroundings.effects.status(of: user.tokenFile).kind == .directory {
                tokenFileProblem = .directory
                return
            }
            let bytes = try await surroundings.effects.readFile(user.tokenFile, limit: LoadedMaterial.readLimit)
            let read = BearerToken(String(decoding: bytes, as: UTF8.self), source: "tokenFile", isFile: true)
            tokenFileProblem = read.text.isEmpty ? .empty : TokenFileProblem.none
            if !read.text.isEmpty || user.token.isEmpty { token = read }
        } catch {
            switch error.reason {
            case .notFound: tokenFileProblem = .missing
            case .denied, .needsRoot:
                tokenFileProblem = .unreadable
                if user.token.isEmpty { tokenUnknown = error }
            case .timedOut, .notApplicable, .noKubeconfig, .notCollected, .unreachable, .redacted, .truncated,
                .malformed, .notAllowed, .inputMissing:
                if user.token.isEmpty { tokenUnknown = error }
            }
        }
    }
}
