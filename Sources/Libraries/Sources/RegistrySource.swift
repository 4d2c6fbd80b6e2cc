internal import CEL

/// A library as an artifact of an OCI registry; its signatures are artifacts that refer to it.
package struct RegistrySource: Sendable {
    let host: String
    let repository: String
    /// A tag, or `sha256:…`.
    let reference: String

    package init(_ reference: LibraryReference) throws(LibraryError) {
        let text = reference.location.dropFirst("oci://".count)
        guard let slash = text.firstIndex(of: "/") else {
            throw LibraryError(
                .badReference, "'\(reference)' names no repository", hint: "expected oci://host/repository:tag")
        }
        var path = text[text.index(after: slash)...]
        var wanted = "latest"
        if let at = path.firstIndex(of: "@") {
            wanted = String(path[path.index(after: at)...])
            path = path[..<at]
            guard LibraryLock.isDigest(wanted) else { throw LibraryError(.badReference, "'\(wanted)' is no digest") }
        } else if let colon = path.lastIndex(of: ":") {
            wanted = String(path[path.index(after: colon)...])
            path = path[..<colon]
        }
        let repository = String(path)
        guard repository.wholeMatch(of: #/[a-z0-9]+([._\-]+[a-z0-9]+)*(\/[a-z0-9]+([._\-]+[a-z0-9]+)*)*/#) != nil,
            wanted.hasPrefix("sha256:") || wanted.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._\-]{0,127}/#) != nil,
            text[..<slash].wholeMatch(of: #/[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?/#) != nil
        else { throw LibraryError(.badReference, "'\(reference)' is not oci://host/repository:tag") }
        host = String(text[..<slash])
        self.repository = repository
        self.reference = wanted
    }

    private func client(_ environment: [String: String]) -> RegistryClient {
        RegistryClient(host: host, repository: repository, environment: environment)
    }

    // MARK: Pull

    func fetch(environment: [String: String], pinned: String?) async throws(LibraryError) -> FetchedTree {
        var client = client(environment)
        let wanted = pinned.flatMap { $0.hasPrefix("sha256:") ? $0 : nil } ?? reference
        guard var (digest, document) = try await client.manifest(wanted) else {
            throw LibraryError(.notFound, "\(host)/\(repository) has no \(wanted)")
        }
        let transport = digest
        if let variant = LibraryImage.variant(of: document) {
            guard let found = try await client.manifest(variant) else {
                throw LibraryError(.notFound, "\(host)/\(repository) lacks \(variant), which \(wanted) names")
            }
            (digest, document) = found
        }
        let isImage = document["config"]?["mediaType"]?.text == OCI.imageConfiguration
        guard isImage || document["artifactType"]?.text == OCI.library else {
            throw LibraryError(.malformedArchive, "\(host)/\(repository):\(wanted) is no library of triage's")
        }
        let layers = document["layers"]?.elements ?? []
        guard layers.count == 1, layers[0]["mediaType"]?.text == (isImage ? OCI.imageLayer : OCI.content),
            let blob = layers[0]["digest"]?.text, LibraryLock.isDigest(blob)
        else {
            throw LibraryError(.malformedArchive, "the manifest does not have one layer with the library's content")
        }
        var tree = try Tar.unpacked(try await client.blob(blob))
        // An image has its signatures among its files; those of an artifact are found by what refers to it.
        guard !isImage else { return FetchedTree(tree: tree, transport: transport) }
        for path in tree.paths where Digests.isSignature(path) { tree.remove(path) }
        try await addSignatures(of: digest, to: &tree, &client)
        return FetchedTree(tree: tree, transport: transport)
    }

    private static let mostSignatures = 16

    private func addSignatures(
        of digest: String, to tree: inout PackageTree, _ client: inout RegistryClient
    ) async throws(LibraryError) {
        let referrers = try await referrers(of: digest, &client)
        var numbers: [String: Int] = [:]
        // Tools that copy an index may leave the type out of it; the manifest itself says it too.
        let candidates = referrers.filter { ($0["artifactType"]?.text ?? OCI.signature) == OCI.signature }
        for item in candidates.prefix(Self.mostSignatures) {
            guard let reference = item["digest"]?.text, LibraryLock.isDigest(reference),
                let (_, document) = try await client.manifest(reference)
            else { throw LibraryError(.badSignature, "a signature of \(host)/\(repository) cannot be read") }
            guard document["artifactType"]?.text == OCI.signature else { continue }
            guard document["subject"]?["digest"]?.text == digest, let layer = document["layers"]?.elements.first,
                let blob = layer["digest"]?.text, LibraryLock.isDigest(blob)
            else { throw LibraryError(.badSignature, "a signature of \(host)/\(repository) cannot be read") }
            let bytes = try await client.blob(blob)
            let suffix = layer["mediaType"]?.text == OCI.minisignSignature ? "minisig" : "sig"
            numbers[suffix, default: 0] += 1
            try tree.add(Digests.signatureFile(numbers[suffix] ?? 1, suffix), bytes)
        }
    }

    /// By the API; where a registry lacks it, by the tag that stands for it.
    private func referrers(of digest: String, _ client: inout RegistryClient) async throws(LibraryError) -> [Value] {
        let response = try await client.send("GET", "referrers/\(digest)", headers: [("Accept", OCI.index)])
        if response.status == 200 { return try OCI.read(response.body)["manifests"]?.elements ?? [] }
        return try await client.manifest(LibraryArtifact.fallbackTag(of: digest))?.document["manifests"]?.elements ?? []
    }

    /// What the repository holds, without the tags that stand for signatures.
    func tags(environment: [String: String]) async throws(LibraryError) -> [String] {
        var client = client(environment)
        return try await client.tags().filter { $0.wholeMatch(of: #/sha256-[0-9a-f]{64}.*/#) == nil }
    }

    // MARK: Push

    /// Pushes the package and its signatures; returns the manifest's digest.
    package func push(_ package: LibraryPackage, environment: [String: String]) async throws(LibraryError) -> String {
        try checkIsTag(package)
        try LibraryPublishing.checkSignatures(package)
        var client = client(environment)
        let artifact = try LibraryArtifact(package)
        try await client.push(blob: artifact.configuration)
        try await client.push(blob: artifact.layer)
        try await checkTag(&client, artifact.digest)
        try await client.push(manifest: artifact.manifest, as: reference)
        for signature in artifact.signatures { try await push(signature, of: artifact.digest, &client) }
        return artifact.digest
    }

    /// The same as an image, which container runtimes can mount; returns the digest of its index.
    package func pushImage(
        _ package: LibraryPackage, environment: [String: String]
    ) async throws(LibraryError) -> String {
        try checkIsTag(package)
        try LibraryPublishing.checkSignatures(package)
        var client = client(environment)
        let image = try LibraryImage(package)
        try await client.push(blob: image.layer)
        try await checkTag(&client, image.digest)
        for variant in image.variants {
            try await client.push(blob: variant.configuration)
            try await client.push(manifest: variant.manifest, as: "sha256:" + sha256(variant.manifest))
        }
        try await client.push(manifest: image.index, as: reference, type: OCI.index)
        return image.digest
    }

    private func checkIsTag(_ package: LibraryPackage) throws(LibraryError) {
        guard !reference.hasPrefix("sha256:") else {
            throw LibraryError(.badReference, "a push needs a tag, such as :\(package.manifest.version)")
        }
    }

    /// A version that is there stays what it is.
    private func checkTag(_ client: inout RegistryClient, _ digest: String) async throws(LibraryError) {
        guard let (old, _) = try await client.manifest(reference), old != digest, SemanticVersion(reference) != nil
        else { return }
        throw LibraryError(
            .versionChanged, "\(host)/\(repository):\(reference) is there already, with other content",
            hint: "a version never changes; raise it")
    }

    private func push(
        _ signature: LibraryArtifact.Signature, of digest: String, _ client: inout RegistryClient
    ) async throws(LibraryError) {
        try await client.push(blob: LibraryArtifact.empty)
        try await client.push(blob: signature.content)
        let isTracked = try await client.push(
            manifest: signature.manifest, as: "sha256:" + sha256(signature.manifest))
        guard !isTracked else { return }
        let tag = LibraryArtifact.fallbackTag(of: digest)
        var items = try await client.manifest(tag)?.document["manifests"]?.elements ?? []
        let descriptor = OCI.descriptor(OCI.manifest, signature.manifest, artifactType: OCI.signature)
        items.removeAll { $0["digest"]?.text == descriptor["digest"]?.text }
        items.append(descriptor)
        try await client.push(manifest: LibraryArtifact.index(items), as: tag, type: OCI.index)
    }
}
