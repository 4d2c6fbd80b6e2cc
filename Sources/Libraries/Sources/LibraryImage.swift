internal import CEL

/// A package in the form of a container image, for what can mount nothing else: one layer with its files as they are.
///
/// Signatures are among the files, so that what is mounted can be verified where it is.
struct LibraryImage: Sendable {
    /// The layer says nothing of a machine, but some runtimes take no image that is not for theirs.
    private static let architectures = ["amd64", "arm64"]

    struct Variant: Sendable {
        var configuration: [UInt8]
        var manifest: [UInt8]
    }

    let layer: [UInt8]
    let variants: [Variant]
    /// What the tag stands for.
    let index: [UInt8]

    var digest: String { "sha256:" + sha256(index) }

    /// Equal packages give equal bytes.
    init(_ package: LibraryPackage) throws(LibraryError) {
        let archive = try Tar.write(package.tree)
        let layer = try Tar.packed(archive)
        let labels = [
            "org.opencontainers.image.title": package.manifest.name,
            "org.opencontainers.image.version": package.manifest.version.description,
            "org.opencontainers.image.description": package.manifest.description,
        ]
        variants = Self.architectures.map { architecture in
            let configuration = OCI.write(
                .map([
                    "architecture": .string(architecture), "os": .string("linux"),
                    "config": .map(["Labels": .map(Map(labels.mapValues { .string($0) }))]),
                    "rootfs": .map([
                        "type": .string("layers"), "diff_ids": .list([.string("sha256:" + sha256(archive))]),
                    ]),
                ]))
            let manifest = OCI.manifest(
                configuration: OCI.descriptor(OCI.imageConfiguration, configuration),
                layer: OCI.descriptor(OCI.imageLayer, layer), annotations: labels)
            return Variant(configuration: configuration, manifest: manifest)
        }
        self.layer = layer
        index = LibraryArtifact.index(
            zip(Self.architectures, variants).map { architecture, variant in
                OCI.descriptor(OCI.manifest, variant.manifest).adding(
                    "platform", .map(["architecture": .string(architecture), "os": .string("linux")]))
            })
    }

    /// The manifest of one variant, where the document is an index of them: all have the same layer.
    static func variant(of document: Value) -> String? {
        guard document["mediaType"]?.text == OCI.index else { return nil }
        return document["manifests"]?.elements.first?["digest"]?.text.flatMap { LibraryLock.isDigest($0) ? $0 : nil }
    }
}
