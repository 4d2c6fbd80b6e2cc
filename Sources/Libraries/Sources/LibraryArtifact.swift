internal import CEL

/// A package as an artifact of OCI: a manifest with its blobs, and a manifest that refers to it for each signature.
struct LibraryArtifact: Sendable {
    struct Signature: Sendable {
        var manifest: [UInt8]
        var content: [UInt8]
    }

    static let empty = Array("{}".utf8)

    let configuration: [UInt8]
    let layer: [UInt8]
    let manifest: [UInt8]
    let signatures: [Signature]

    var digest: String { "sha256:" + sha256(manifest) }

    /// Equal packages give equal bytes.
    init(_ package: LibraryPackage) throws(LibraryError) {
        var content = package.tree
        let paths = content.paths.filter(Digests.isSignature)
        for path in paths { content.remove(path) }
        layer = try Tar.packed(content)
        configuration = OCI.write(
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
        self.manifest = manifest
        signatures = paths.map { path in
            let bytes = package.tree[path] ?? []
            let type = path.hasSuffix(".minisig") ? OCI.minisignSignature : OCI.sshSignature
            return Signature(
                manifest: OCI.manifest(
                    artifactType: OCI.signature, configuration: OCI.descriptor(OCI.empty, Self.empty),
                    layer: OCI.descriptor(type, bytes), subject: OCI.descriptor(OCI.manifest, manifest)),
                content: bytes)
        }
    }

    /// The tag that stands for the referrers API where a registry lacks it.
    static func fallbackTag(of digest: String) -> String { digest.replacing(":", with: "-") }

    /// What stands behind that tag.
    static func index(_ items: [Value]) -> [UInt8] {
        OCI.write(
            .map([
                "schemaVersion": .int(2), "mediaType": .string(OCI.index), "manifests": .list(CEL.List(items)),
            ]))
    }
}

/// A folder in OCI's image layout, which `skopeo copy` carries to a registry and back.
struct OCILayout {
    let folder: String
    private var entries: [Value] = []

    init(_ folder: String) { self.folder = folder }

    /// Each library under its tag, its signatures under the tag that registries look for.
    mutating func add(_ artifact: LibraryArtifact, tag: String) throws(LibraryError) {
        for bytes in [artifact.configuration, artifact.layer, artifact.manifest] { try write(bytes) }
        entries.append(descriptor(OCI.manifest, artifact.manifest, tag: tag))
        guard !artifact.signatures.isEmpty else { return }
        try write(LibraryArtifact.empty)
        for signature in artifact.signatures {
            for bytes in [signature.content, signature.manifest] { try write(bytes) }
        }
        let index = LibraryArtifact.index(
            artifact.signatures.map { OCI.descriptor(OCI.manifest, $0.manifest, artifactType: OCI.signature) })
        try write(index)
        entries.append(descriptor(OCI.index, index, tag: LibraryArtifact.fallbackTag(of: artifact.digest)))
    }

    /// The table of contents comes last.
    func close() throws(LibraryError) {
        try Disk.replace("\(folder)/oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        try Disk.replace("\(folder)/index.json", LibraryArtifact.index(entries))
    }

    private func write(_ bytes: [UInt8]) throws(LibraryError) {
        try Disk.replace("\(folder)/blobs/sha256/\(sha256(bytes))", bytes)
    }

    private func descriptor(_ type: String, _ bytes: [UInt8], tag: String) -> Value {
        OCI.descriptor(type, bytes).adding(
            "annotations", .map(["org.opencontainers.image.ref.name": .string(tag)]))
    }
}
