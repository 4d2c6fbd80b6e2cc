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
        guard let (digest, document) = try await client.manifest(wanted) else {
            throw LibraryError(.notFound, "\(host)/\(repository) has no \(wanted)")
        }
        guard document["artifactType"]?.text == OCI.library else {
            throw LibraryError(.malformedArchive, "\(host)/\(repository):\(wanted) is no library of triage's")
        }
        let layers = document["layers"]?.elements ?? []
        guard layers.count == 1, layers[0]["mediaType"]?.text == OCI.content,
            let blob = layers[0]["digest"]?.text, LibraryLock.isDigest(blob)
        else {
            throw LibraryError(.malformedArchive, "the manifest does not have one layer with the library's content")
        }
        var tree = try Tar.read(Gzip.unpack(try await client.blob(blob)))
        for path in tree.paths where Digests.isSignature(path) { tree.remove(path) }
        try await addSignatures(of: digest, to: &tree, &client)
        return FetchedTree(tree: tree, transport: digest)
    }

    private static let mostSignatures = 16

    private func addSignatures(
        of digest: String, to tree: inout PackageTree, _ client: inout RegistryClient
    ) async throws(LibraryError) {
        let referrers = try await referrers(of: digest, &client)
        var number = 0
        for item in referrers.prefix(Self.mostSignatures) where item["artifactType"]?.text == OCI.signature {
            guard let reference = item["digest"]?.text, LibraryLock.isDigest(reference),
                let (_, document) = try await client.manifest(reference),
                document["subject"]?["digest"]?.text == digest, let layer = document["layers"]?.elements.first,
                let blob = layer["digest"]?.text, LibraryLock.isDigest(blob)
            else { throw LibraryError(.badSignature, "a signature of \(host)/\(repository) cannot be read") }
            let bytes = try await client.blob(blob)
            let suffix = layer["mediaType"]?.text == OCI.minisignSignature ? "minisig" : "sig"
            number += 1
            try tree.add("\(Digests.file).\(number).\(suffix)", bytes)
        }
    }

    /// By the API; where a registry lacks it, by the tag that stands for it.
    private func referrers(of digest: String, _ client: inout RegistryClient) async throws(LibraryError) -> [Value] {
        let response = try await client.send("GET", "referrers/\(digest)", headers: [("Accept", OCI.index)])
        if response.status == 200 { return try OCI.read(response.body)["manifests"]?.elements ?? [] }
        return try await client.manifest(Self.fallbackTag(digest))?.document["manifests"]?.elements ?? []
    }

    private static func fallbackTag(_ digest: String) -> String { digest.replacing(":", with: "-") }

    // MARK: Push

    /// Pushes the package and its signatures; returns the manifest's digest.
    package func push(_ package: LibraryPackage, environment: [String: String]) async throws(LibraryError) -> String {
        guard !reference.hasPrefix("sha256:") else {
            throw LibraryError(.badReference, "a push needs a tag, such as :\(package.manifest.version)")
        }
        var client = client(environment)
        var content = package.tree
        let signatures = content.paths.filter(Digests.isSignature)
        for path in signatures { content.remove(path) }
        try Tar.check(content)
        let layer = try Gzip.pack(Tar.write(content))
        let configuration = OCI.write(
            .map([
                "name": .string(package.manifest.name), "version": .string(package.manifest.version.description),
                "digest": .string(package.digest), "description": .string(package.manifest.description),
                "permissions": .list(CEL.List(package.manifest.permissions.words.map { .string($0) })),
                "permissionsHash": .string(package.manifest.permissions.hash),
            ]))
        let manifest = OCI.manifest(
            artifactType: OCI.library, configuration: OCI.descriptor(OCI.configuration, configuration),
            layer: OCI.descriptor(OCI.content, layer),
            annotations: [
                "org.opencontainers.image.version": package.manifest.version.description,
                "org.opencontainers.image.title": package.manifest.name,
            ])
        try await client.push(blob: configuration)
        try await client.push(blob: layer)
        let digest = "sha256:" + sha256(manifest)
        if let (old, _) = try await client.manifest(reference), old != digest,
            SemanticVersion(reference) != nil
        {
            throw LibraryError(
                .versionChanged, "\(host)/\(repository):\(reference) is there already, with other content",
                hint: "a version never changes; raise it")
        }
        try await client.push(manifest: manifest, as: reference)
        for path in signatures {
            try await push(
                signature: package.tree[path] ?? [], path: path, subject: OCI.descriptor(OCI.manifest, manifest),
                subjectDigest: digest, &client)
        }
        return digest
    }

    private func push(
        signature bytes: [UInt8], path: String, subject: Value, subjectDigest: String, _ client: inout RegistryClient
    ) async throws(LibraryError) {
        let type = path.hasSuffix(".minisig") ? OCI.minisignSignature : OCI.sshSignature
        let empty = Array("{}".utf8)
        let manifest = OCI.manifest(
            artifactType: OCI.signature, configuration: OCI.descriptor(OCI.empty, empty),
            layer: OCI.descriptor(type, bytes), subject: subject)
        try await client.push(blob: empty)
        try await client.push(blob: bytes)
        let isTracked = try await client.push(manifest: manifest, as: "sha256:" + sha256(manifest))
        guard !isTracked else { return }
        let tag = Self.fallbackTag(subjectDigest)
        var items = try await client.manifest(tag)?.document["manifests"]?.elements ?? []
        let descriptor = OCI.descriptor(OCI.manifest, manifest, artifactType: OCI.signature)
        items.removeAll { $0["digest"]?.text == descriptor["digest"]?.text }
        items.append(descriptor)
        let index = OCI.write(
            .map([
                "schemaVersion": .int(2), "mediaType": .string(OCI.index), "manifests": .list(CEL.List(items)),
            ]))
        try await client.push(manifest: index, as: tag, type: OCI.index)
    }
}
