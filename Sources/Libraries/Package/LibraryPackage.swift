package import Playbooks

/// A library whose bytes are what its digest says.
///
/// The only way to one is `init(checking:)`: whatever is parsed has been verified, and it is the same bytes.
package struct LibraryPackage: Sendable {
    package let tree: PackageTree
    package let manifest: LibraryManifest
    /// `sha256:…`.
    package let digest: String

    /// - Parameter tree: with `digests.txt`; nothing that it does not list may be there.
    package init(checking tree: PackageTree) throws(LibraryError) {
        digest = try Digests.verified(tree)
        guard let bytes = tree[LibraryManifest.file] else {
            throw LibraryError(.malformedManifest, "there is no \(LibraryManifest.file) in the package")
        }
        let (manifest, problems) = LibraryManifest.read(bytes, file: LibraryManifest.file)
        guard let manifest else {
            throw LibraryError(.malformedManifest, problems.map(Self.line).joined(separator: "\n"))
        }
        self.manifest = manifest
        self.tree = tree
    }

    /// As people call it: `acme 2.3.0`.
    package var title: String { "\(manifest.name) \(manifest.version)" }

    /// How the files of this package are named in problems and reports: `acme@2.3.0/playbooks/a.yaml`.
    package var filePrefix: String { "\(manifest.name)@\(manifest.version)/" }

    package var playbooks: [PlaybookFiles.Content] {
        let tests = filePrefix + "playbooks/tests/"
        return yaml(below: "playbooks/").filter { !$0.file.hasPrefix(tests) }
    }
    package var tests: [PlaybookFiles.Content] { yaml(below: "playbooks/tests/") }
    package var overlays: [PlaybookFiles.Content] {
        yaml(below: "overlays/").map { PlaybookFiles.Content(file: $0.file, bytes: $0.bytes, isOverlay: true) }
    }
    /// All that is loaded.
    package var contents: [PlaybookFiles.Content] { playbooks + overlays }

    /// The same, with the digest that it was verified by.
    package var verified: PlaybookFiles.Verified { PlaybookFiles.Verified(digest: digest, contents: contents) }

    /// A file by the name that `filePrefix` gives it.
    package func content(of file: String) -> [UInt8]? {
        file.hasPrefix(filePrefix) ? tree[String(file.dropFirst(filePrefix.count))] : nil
    }

    /// What this version says of earlier ones, and of keys that signed them.
    package func revocations() throws(LibraryError) -> Revocations {
        try tree[Revocations.file].map { bytes throws(LibraryError) in
            try Revocations(reading: bytes, file: filePrefix + Revocations.file)
        } ?? Revocations()
    }

    private func yaml(below folder: String) -> [PlaybookFiles.Content] {
        let prefix = filePrefix
        return tree.paths.filter { $0.hasPrefix(folder) && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }
            .map { PlaybookFiles.Content(file: prefix + $0, bytes: tree[$0] ?? []) }
    }

    /// Loads every playbook, and compares what they use with what the library declares.
    package func checkedPlaybooks(_ loader: Loader) throws(LibraryError) -> [Playbook] {
        let library = PlaybookLibrary([contents], loader: loader)
        // What explains causes of other libraries can only be judged beside them.
        let errors = library.problems.filter {
            $0.severity == .error && $0.code != .unknownCause && $0.code != .overlayTarget
        }
        guard errors.isEmpty else {
            throw LibraryError(.brokenPlaybook, errors.prefix(20).map(Self.line).joined(separator: "\n"))
        }
        var used = Permissions(of: library.playbooks, catalogue: loader.catalogue)
        if overlays.contains(where: \.hasOverlayCommands) { used.remedies = max(used.remedies, .printed) }
        let missing = manifest.permissions.missing(for: used)
        guard missing.isEmpty else {
            throw LibraryError(
                .permissionsTooNarrow,
                "the playbooks of \(title) ask for more than \(LibraryManifest.file) declares: "
                    + missing.joined(separator: ", "))
        }
        return library.playbooks
    }

    private static func line(_ problem: Problem) -> String {
        "\(problem.location.file):\(problem.location.line):\(problem.location.column): \(problem.message)"
    }
}
