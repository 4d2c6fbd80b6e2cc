/// Where a library is: `dir:`, `git+https:`, `git+ssh:`, `git+file:`, `https:` or `oci:`.
package struct LibraryReference: Sendable, Hashable, CustomStringConvertible {
    package enum Transport: String, Sendable, CaseIterable { case directory, git, archive, registry }

    package let transport: Transport
    /// Without what follows `?` and `#`.
    package let location: String
    /// `ref`, `path`, `sha256`.
    package let parameters: [String: String]

    /// - Parameter text: a reference, or a directory's path.
    package init(_ text: String) throws(LibraryError) {
        guard !text.isEmpty else { throw LibraryError(.badReference, "the source is empty", hint: Self.expected) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw LibraryError(.badReference, "'\(printable(text))' holds blanks or control characters")
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var location = String(parts[0])
        let transport: Transport
        switch true {
        case location.hasPrefix("git+https://"), location.hasPrefix("git+ssh://"), location.hasPrefix("git+file:///"):
            transport = .git
        // Git's smart HTTP of this machine alone.
        case location.hasPrefix("git+http://") && Web.isLoopback(String(location.dropFirst(4))): transport = .git
        case location.hasPrefix("https://"): transport = .archive
        case location.hasPrefix("http://") && Web.isLoopback(location): transport = .archive
        case location.hasPrefix("oci://"): transport = .registry
        case location.hasPrefix("dir:"), !location.contains(":"):
            transport = .directory
            location = "dir:" + Disk.absolute(location.hasPrefix("dir:") ? String(location.dropFirst(4)) : location)
        default:
            throw LibraryError(
                .badReference, "'\(printable(text))' is not a source", hint: Self.expected)
        }
        if transport != .directory, let at = location.firstIndex(of: "@"),
            location[..<at].last(where: { $0 == ":" }) != nil,
            location[..<at].split(separator: "/").last?.contains(":") == true, !location.hasPrefix("oci://")
        {
            throw LibraryError(
                .badReference, "a source may not hold a password", hint: "git's credential helpers keep it")
        }
        // A rule is compared with the text: no other text may name the same place below it.
        let path = transport == .directory ? "" : location.lowercased().replacing("%2e", with: ".")
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }), !path.contains("\\") else {
            throw LibraryError(.badReference, "'\(printable(text))' leads through '.' or '..'")
        }
        var parameters: [String: String] = [:]
        for pair in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, ["ref", "path", "sha256"].contains(halves[0]), parameters[String(halves[0])] == nil
            else {
                throw LibraryError(
                    .badReference, "'\(printable(String(pair)))' means nothing here",
                    hint: "expected ref=, path= or sha256=")
            }
            parameters[String(halves[0])] = String(halves[1])
        }
        // Git would take it for an option.
        guard parameters["ref"]?.hasPrefix("-") != true else {
            throw LibraryError(.badReference, "a ref begins with '-'")
        }
        self.transport = transport
        self.location = location
        self.parameters = parameters
    }

    private static let expected = "expected a directory, git+https://, git+ssh://, git+file:///, https:// or oci://"

    package var description: String {
        parameters.isEmpty
            ? location
            : location + "?"
                + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }
}

/// A package as it came, unverified, and what its transport calls it.
package struct FetchedTree: Sendable {
    package var tree: PackageTree
    package var transport: String
}

extension LibraryReference {
    /// Fetches what the reference names now.
    ///
    /// - Parameter pinned: a commit or a digest that it was resolved to before, to fetch exactly that.
    package func fetch(
        environment: [String: String], pinned: String? = nil
    ) async throws(LibraryError) -> FetchedTree {
        switch transport {
        case .directory: return try directoryTree()
        case .git: return try await GitSource(self).fetch(environment: environment, pinned: pinned)
        case .archive: return try await ArchiveSource(self).fetch(environment: environment)
        case .registry: return try await RegistrySource(self).fetch(environment: environment, pinned: pinned)
        }
    }

    /// A folder that is being worked on has no list of digests, or an old one: it is made here.
    private func directoryTree() throws(LibraryError) -> FetchedTree {
        let folder = String(location.dropFirst(4))
        var tree: PackageTree
        do throws(LibraryError) { tree = try Disk.tree(folder) } catch {
            guard error.code == .notFound, !Disk.exists(folder) else { throw error }
            throw LibraryError(.notFound, "there is no folder \(folder)", hint: Self.expected)
        }
        tree = try tree.subfolder(parameters["path"] ?? "")
        if tree[Digests.file] == nil { try tree.add(Digests.file, Digests.list(tree)) }
        return FetchedTree(tree: tree, transport: "")
    }
}
