package import CEL
package import Playbooks

/// What a publisher does with a folder before others can have it.
package enum LibraryPublishing {
    /// Writes `digests.txt` and returns the package; signatures of what was there before are removed.
    ///
    /// - Parameter check: what has to hold before anything is written, beside the manifest.
    package static func writeDigests(
        _ folder: String, check: (LibraryPackage) throws(LibraryError) -> Void = { _ throws(LibraryError) in }
    ) throws(LibraryError) -> LibraryPackage {
        var tree = try Disk.tree(folder)
        let signatures = tree.paths.filter(Digests.isSignature)
        for path in tree.paths where !Digests.isListed(path) { tree.remove(path) }
        let list = Digests.list(tree)
        try tree.add(Digests.file, list)
        try check(try LibraryPackage(checking: tree))
        if try Disk.contentsIfPresent(of: "\(folder)/\(Digests.file)", limit: PackageTree.mostBytes) != list {
            try Disk.replace("\(folder)/\(Digests.file)", list)
            for path in signatures { Disk.unlinkQuietly("\(folder)/\(path)") }
        }
        return try package(folder)
    }

    /// A signature that does not hold has everybody refuse the package: it is not published.
    ///
    /// Minisign's do not hold their key; what their comment says of the package is all that can be looked at here.
    static func checkSignatures(_ package: LibraryPackage) throws(LibraryError) {
        for path in package.tree.paths where Digests.isSignature(path) {
            let bytes = package.tree[path] ?? []
            do throws(LibraryError) {
                guard path.hasSuffix(".minisig") else {
                    try SSHSignature(armored: bytes).verify(package.tree[Digests.file] ?? [])
                    continue
                }
                try MinisignSignature(reading: bytes).checkComment(package)
            } catch {
                throw LibraryError(
                    error.code, "\(path): \(error.message)", hint: "remove it and sign the library again")
            }
        }
    }

    package static func package(_ folder: String) throws(LibraryError) -> LibraryPackage {
        try LibraryPackage(checking: Disk.tree(folder))
    }

    /// A `tar.gz`; equal packages give equal bytes.
    package static func archive(_ package: LibraryPackage) throws(LibraryError) -> [UInt8] {
        try Tar.packed(package.tree)
    }

    /// Signs the list of digests with `ssh-keygen`, which knows agents, hardware keys and passphrases.
    ///
    /// - Returns: the file that was written.
    package static func sign(
        _ folder: String, key: String, environment: [String: String]
    ) async throws(LibraryError) -> String {
        let package = try package(folder)
        let signature = try await signature(of: package.tree[Digests.file] ?? [], key, environment)
        let number = (1...).first { package.tree[Digests.signatureFile($0, "sig")] == nil } ?? 1
        let file = Digests.signatureFile(number, "sig")
        try Disk.replace("\(folder)/\(file)", signature)
        return "\(folder)/\(file)"
    }

    /// Signs an index, whose signatures stand beside it.
    ///
    /// - Returns: the file that was written.
    package static func sign(
        index file: String, key: String, environment: [String: String]
    ) async throws(LibraryError) -> String {
        let bytes = try Disk.contents(of: file, limit: LibraryIndex.mostBytes)
        _ = try LibraryIndex(reading: bytes, from: file)
        let signature = try await signature(of: bytes, key, environment)
        let number = (1...).first { !Disk.exists(LibraryIndex.signatureFile(of: file, $0, "sig")) } ?? 1
        try Disk.replace(LibraryIndex.signatureFile(of: file, number, "sig"), signature)
        return LibraryIndex.signatureFile(of: file, number, "sig")
    }

    private static func signature(
        of bytes: [UInt8], _ key: String, _ environment: [String: String]
    ) async throws(LibraryError) -> [UInt8] {
        let output = try await Programs.run(
            "ssh-keygen", ["-q", "-Y", "sign", "-n", SSHSignature.namespace, "-f", key],
            input: bytes, environment: environment, isInteractive: true)
        guard output.exitCode == 0 else {
            throw LibraryError(.toolFailed, "ssh-keygen could not sign: \(printable(output.error, limit: 300))")
        }
        // What was written is read back, so that no useless signature is published.
        try SSHSignature(armored: output.output).verify(bytes)
        return output.output
    }

    /// Writes the index of packaged folders; signatures of the one that was there are removed.
    ///
    /// - Parameter serial: `nil`: one more than that of the index that is there.
    /// - Returns: the serial.
    package static func writeIndex(
        _ file: String, of libraries: [(package: LibraryPackage, playbooks: [Playbook], source: String?)],
        serial: Int64?, validUntil: Timestamp
    ) throws(LibraryError) -> Int64 {
        let old = try Disk.contentsIfPresent(of: file, limit: LibraryIndex.mostBytes).map {
            bytes throws(LibraryError) in try LibraryIndex(reading: bytes, from: file)
        }
        let number = serial ?? (old?.serial ?? 0) + 1
        guard (1..<LibraryIndex.serialEnd).contains(number) else {
            throw LibraryError(
                .malformedIndex, "an index may not have the serial \(number)",
                hint: "expected a number from 1 to \(LibraryIndex.serialEnd - 1)")
        }
        if let old, number <= old.serial {
            throw LibraryError(
                .downgrade, "the index that is there has the serial \(old.serial); \(number) would be refused")
        }
        try Disk.replace(
            file, LibraryIndex.document(of: libraries, serial: number, validUntil: validUntil))
        for kind in ["sig", "minisig"] {
            for number in 1...16 { Disk.unlinkQuietly(LibraryIndex.signatureFile(of: file, number, kind)) }
        }
        return number
    }

    /// Signs the list of digests with `minisign`, which may ask for the key's password.
    ///
    /// - Returns: the file that was written.
    package static func sign(
        _ folder: String, minisignKey: String, environment: [String: String]
    ) async throws(LibraryError) -> String {
        let package = try package(folder)
        let number = (1...).first { package.tree[Digests.signatureFile($0, "minisig")] == nil } ?? 1
        let file = "\(folder)/\(Digests.signatureFile(number, "minisig"))"
        let comment = MinisignSignature.comment(of: package)
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
    /// - Parameter target: a folder for archives and the lock, `oci:` and a folder for OCI's image layout, or
    ///   `oci://host/path` for a registry: each library in the repository of its name there, under its version.
    package static func mirror(_ home: LibraryHome, to target: String) async throws(LibraryError) -> [String] {
        let lock = try home.store.lock()
        if target.hasPrefix("oci://") { return try await mirror(lock, home, toRegistry: target) }
        guard target.hasPrefix("oci:") || target.firstMatch(of: /^[a-z+]+:\/\//) == nil else {
            throw LibraryError(
                .badReference, "'\(printable(target))' is no place for a mirror",
                hint: "expected a folder, oci:FOLDER or oci://host/path")
        }
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

    private static func mirror(
        _ lock: LibraryLock, _ home: LibraryHome, toRegistry target: String
    ) async throws(LibraryError) -> [String] {
        guard !home.isOffline else { throw LibraryError(.offline, "--offline forbids to push to \(printable(target))") }
        var pushed: [String] = []
        for name in lock.order {
            guard let entry = lock.entries[name] else { continue }
            let place = "\(target.hasSuffix("/") ? String(target.dropLast()) : target)/\(name):\(entry.version)"
            let source = try RegistrySource(LibraryReference(place))
            let digest = try await source.push(home.store.package(entry.digest), environment: home.environment)
            pushed.append("\(place)@\(digest)")
        }
        return pushed
    }

    static func archiveName(_ name: String, _ entry: LibraryLock.Entry) -> String { "\(name)-\(entry.version).tar.gz" }
}
