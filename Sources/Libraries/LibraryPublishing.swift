/// What a publisher does with a folder before others can have it.
package enum LibraryPublishing {
    /// Writes `digests.txt` and returns the package.
    package static func writeDigests(_ folder: String) throws(LibraryError) -> LibraryPackage {
        var tree = try Disk.tree(folder)
        for path in tree.paths where !Digests.isListed(path) { tree.remove(path) }
        let list = Digests.list(tree)
        try tree.add(Digests.file, list)
        // The manifest is checked before anything is written.
        _ = try LibraryPackage(checking: tree)
        if try Disk.contentsIfPresent(of: "\(folder)/\(Digests.file)", limit: PackageTree.mostBytes) != list {
            try Disk.replace("\(folder)/\(Digests.file)", list)
        }
        return try package(folder)
    }

    package static func package(_ folder: String) throws(LibraryError) -> LibraryPackage {
        try LibraryPackage(checking: Disk.tree(folder))
    }

    /// A `tar.gz`; equal packages give equal bytes.
    package static func archive(_ package: LibraryPackage) throws(LibraryError) -> [UInt8] {
        try Tar.check(package.tree)
        return try Gzip.pack(Tar.write(package.tree))
    }

    /// Signs the list of digests with `ssh-keygen`, which knows agents, hardware keys and passphrases.
    ///
    /// - Returns: the file that was written.
    package static func sign(
        _ folder: String, key: String, environment: [String: String]
    ) async throws(LibraryError) -> String {
        let package = try package(folder)
        let output = try await Programs.run(
            "ssh-keygen", ["-q", "-Y", "sign", "-n", SSHSignature.namespace, "-f", key],
            input: package.tree[Digests.file] ?? [], environment: environment, isInteractive: true)
        guard output.exitCode == 0 else {
            throw LibraryError(.toolFailed, "ssh-keygen could not sign: \(printable(output.error))")
        }
        // What was written is read back, so that no useless signature is published.
        let signature = try SSHSignature(armored: output.output)
        try signature.verify(package.tree[Digests.file] ?? [])
        let number = package.tree.paths.count(where: Digests.isSignature)
        let file = number == 0 ? "\(Digests.file).sig" : "\(Digests.file).\(number + 1).sig"
        try Disk.replace("\(folder)/\(file)", output.output)
        return "\(folder)/\(file)"
    }

    /// Signs the list of digests with `minisign`, which may ask for the key's password.
    ///
    /// - Returns: the file that was written.
    package static func sign(
        _ folder: String, minisignKey: String, environment: [String: String]
    ) async throws(LibraryError) -> String {
        let package = try package(folder)
        let file = "\(folder)/\(Digests.file).minisig"
        let comment = "\(package.manifest.name) \(package.manifest.version) \(package.digest)"
        let output = try await Programs.run(
            "minisign", ["-S", "-s", minisignKey, "-m", "\(folder)/\(Digests.file)", "-x", file, "-t", comment],
            environment: environment, isInteractive: true)
        guard output.exitCode == 0 else {
            throw LibraryError(.toolFailed, "minisign could not sign: \(printable(output.error))")
        }
        let signature = try MinisignSignature(reading: Disk.contents(of: file, limit: 64 << 10))
        guard signature.trustedComment == comment else {
            throw LibraryError(.badSignature, "minisign wrote another comment than '\(comment)'")
        }
        return file
    }

    /// Writes all pinned libraries with their signatures: what is carried over an air gap.
    ///
    /// - Parameter target: a folder for archives and the lock, or `oci:` and a folder for OCI's image layout.
    package static func mirror(_ home: LibraryHome, to target: String) throws(LibraryError) -> [String] {
        let lock = try home.store.lock()
        guard !target.hasPrefix("oci:") else {
            var layout = OCILayout(String(target.dropFirst(4)))
            var tags: [String] = []
            for name in lock.order {
                guard let entry = lock.entries[name] else { continue }
                let tag = "\(name)-\(entry.version)"
                try layout.add(LibraryArtifact(home.store.package(entry.digest)), tag: tag)
                tags.append("\(target):\(tag)")
            }
            try layout.close()
            return tags
        }
        var files: [String] = []
        for name in lock.order {
            guard let entry = lock.entries[name] else { continue }
            let file = "\(target)/\(archiveName(name, entry))"
            try Disk.replace(file, archive(home.store.package(entry.digest)))
            files.append(file)
        }
        try Disk.replace("\(target)/triage.lock", Array(lock.text.utf8))
        return files + ["\(target)/triage.lock"]
    }

    static func archiveName(_ name: String, _ entry: LibraryLock.Entry) -> String { "\(name)-\(entry.version).tar.gz" }
}
