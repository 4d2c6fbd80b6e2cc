internal import CEL

/// The packages of this machine by their digest, and the lock that says which of them are in force.
///
/// Everything is written before the lock is; the lock is changed by one rename. So whenever the machine stops, the old
/// state is there or the new one, whole.
package struct LibraryStore: Sendable {
    /// Where packages are: nothing that could not be fetched again.
    package let cache: String
    /// What this machine has to remember, whoever empties the cache: versions seen, what was revoked, earlier locks.
    let state: String
    /// The lock.
    package let lockFile: String

    static let mostGenerations = 5

    package init(cache: String, state: String, lockFile: String) {
        self.cache = cache
        self.state = state
        self.lockFile = lockFile
    }

    // MARK: Packages

    private func objectFile(_ digest: String) -> String { "\(cache)/objects/\(digest.dropFirst(7)).tar" }

    package func contains(_ digest: String) -> Bool { Disk.exists(objectFile(digest)) }

    /// The package of that digest; its bytes are hashed again, whoever may have touched the file.
    package func package(_ digest: String) throws(LibraryError) -> LibraryPackage {
        guard LibraryLock.isDigest(digest) else {
            throw LibraryError(.malformedLock, "'\(printable(digest))' is no digest")
        }
        let bytes: [UInt8]
        do throws(LibraryError) {
            bytes = try Disk.contents(of: objectFile(digest), limit: 2 * PackageTree.mostBytes, followsLinks: false)
        } catch {
            guard error.code == .notFound else { throw error }
            throw LibraryError(
                .notInstalled, "the package \(digest) is not in the cache",
                hint: "'triage library update --locked' fetches what the lock pins")
        }
        let package = try LibraryPackage(checking: Tar.read(bytes))
        guard package.digest == digest else {
            throw LibraryError(
                .digestMismatch, "the cached package of \(digest) is another one",
                hint: "remove \(objectFile(digest)) and run 'triage library update --locked'")
        }
        return package
    }

    private func insert(_ package: LibraryPackage) throws(LibraryError) {
        let bytes = try Tar.write(package.tree)
        let file = objectFile(package.digest)
        // Signatures are not part of the digest: the same package may come again with more of them.
        if try Disk.contentsIfPresent(of: file, limit: 2 * PackageTree.mostBytes) == bytes { return }
        try Disk.replace(file, bytes)
    }

    // MARK: The lock

    package func lock() throws(LibraryError) -> LibraryLock {
        guard let bytes = try Disk.contentsIfPresent(of: lockFile, limit: LibraryLock.mostBytes) else {
            return LibraryLock()
        }
        return try LibraryLock(reading: bytes, file: lockFile)
    }

    /// Held from before the lock is read until it has been written.
    package func exclusively() throws(LibraryError) -> FileLock { try FileLock("\(state)/busy") }

    /// Makes the new lock the one in force, with its packages.
    ///
    /// - Parameter isRollback: the lower version is wanted.
    package func commit(
        _ lock: LibraryLock, packages: [LibraryPackage], isRollback: Bool = false
    ) throws(LibraryError) {
        let old = try self.lock()
        let seen = try check(lock, isRollback: isRollback)
        for package in packages { try insert(package) }
        for (name, entry) in lock.entries where !contains(entry.digest) {
            throw LibraryError(.notInstalled, "the package of \(name) \(entry.version) is not in the cache")
        }
        try Disk.replace(seenFile, Array(seen.text.utf8))
        if old != lock, Disk.exists(lockFile) { try keep(old) }
        try Disk.replace(lockFile, Array(lock.text.utf8))
    }

    /// Whether every version is what it was, and none older than one that was here, but for what is pinned already.
    ///
    /// - Returns: what has been seen, with all of the lock.
    @discardableResult
    package func check(_ lock: LibraryLock, isRollback: Bool = false) throws(LibraryError) -> SeenVersions {
        let old = try self.lock()
        var seen = try seenVersions()
        // The lock remembers, too: it may have come from somewhere else.
        for (name, entry) in old.entries { seen.add(name, entry) }
        for (name, entry) in lock.entries.sorted(by: { $0.key < $1.key }) {
            try seen.check(name, entry, isRollback: isRollback || old.entries[name] == entry)
            seen.add(name, entry)
        }
        return seen
    }

    // MARK: Earlier locks

    private func generationFile(_ number: Int) -> String {
        "\(state)/generations/\(sha256(Array(lockFile.utf8)).prefix(16)).\(number).lock"
    }

    /// The newest is number 1.
    private func keep(_ lock: LibraryLock) throws(LibraryError) {
        for number in stride(from: Self.mostGenerations - 1, to: 0, by: -1) {
            if let bytes = try Disk.contentsIfPresent(of: generationFile(number), limit: LibraryLock.mostBytes) {
                try Disk.replace(generationFile(number + 1), bytes)
            }
        }
        try Disk.replace(generationFile(1), Array(lock.text.utf8))
    }

    package func generation(_ number: Int) throws(LibraryError) -> LibraryLock {
        let file = generationFile(number)
        guard (1...Self.mostGenerations).contains(number),
            let bytes = try Disk.contentsIfPresent(of: file, limit: LibraryLock.mostBytes)
        else { throw LibraryError(.noGeneration, "there is no state \(number) steps back") }
        return try LibraryLock(reading: bytes, file: file)
    }

    /// All that there are, the newest first.
    package func generations() throws(LibraryError) -> [(steps: Int, lock: LibraryLock)] {
        var found: [(steps: Int, lock: LibraryLock)] = []
        for steps in 1...Self.mostGenerations where Disk.exists(generationFile(steps)) {
            found.append((steps, try generation(steps)))
        }
        return found
    }

    // MARK: What has been seen

    private var seenFile: String { "\(state)/seen" }

    /// When this machine saw the package first; now, where it has not.
    package func firstSight(of digest: String, at now: Int64) throws(LibraryError) -> Int64 {
        let file = "\(state)/sights"
        func read() throws(LibraryError) -> (text: String, time: Int64?) {
            let text = String(decoding: try Disk.contentsIfPresent(of: file, limit: 16 << 20) ?? [], as: UTF8.self)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2, words[0] == digest, let time = Int64(words[1]) { return (text, time) }
            }
            return (text, nil)
        }
        // Only what is new takes the lock.
        if let time = try read().time { return time }
        let busy = try exclusively()
        defer { withExtendedLifetime(busy) {} }
        let (text, time) = try read()
        if let time { return time }
        try Disk.replace(file, Array("\(text)\(digest) \(now)\n".utf8))
        return now
    }

    // MARK: What libraries revoked

    /// Nothing that was revoked is ever trusted again: every list is kept beside the others.
    func keep(_ revocations: Revocations, of library: String) throws(LibraryError) {
        guard !revocations.reasons.isEmpty else { return }
        func areKept(_ all: Revocations) -> Bool { revocations.reasons.keys.allSatisfy { all.reasons[$0] != nil } }
        // Only what is new takes the lock.
        if let known = try self.revocations()[library], areKept(known) { return }
        let busy = try exclusively()
        defer { withExtendedLifetime(busy) {} }
        var all = try self.revocations()[library] ?? Revocations()
        guard !areKept(all) else { return }
        all.merge(revocations)
        let file = "\(state)/revocations/\(library).yaml"
        let bytes = Array(all.text.utf8)
        // What could not be read again would keep every library from being used.
        do throws(LibraryError) {
            guard bytes.count <= Revocations.mostBytes else {
                throw LibraryError(
                    .tooLarge, "they have \(bytes.count) bytes; at most \(Revocations.mostBytes) are kept of a library")
            }
            guard areKept(try Revocations(reading: bytes, file: file)) else {
                throw LibraryError(.malformedPolicy, "they read otherwise when they are read again")
            }
        } catch {
            throw LibraryError(
                error.code, "what '\(library)' revokes cannot be remembered: \(error.message)",
                hint: "the version that says so is not taken")
        }
        try Disk.replace(file, bytes)
    }

    /// By library.
    func revocations() throws(LibraryError) -> [String: Revocations] {
        var all: [String: Revocations] = [:]
        let folder = "\(state)/revocations"
        guard Disk.isDirectory(folder) else { return all }
        let tree = try Disk.tree(folder)
        for path in tree.paths where path.hasSuffix(".yaml") {
            all[String(path.dropLast(5))] = try Revocations(reading: tree[path] ?? [], file: "\(folder)/\(path)")
        }
        return all
    }

    package func seenVersions() throws(LibraryError) -> SeenVersions {
        guard let bytes = try Disk.contentsIfPresent(of: seenFile, limit: 16 << 20) else { return SeenVersions() }
        return SeenVersions(reading: String(decoding: bytes, as: UTF8.self))
    }
}

/// Every version that was ever taken and what it was: a version never changes, and never goes back unasked.
package struct SeenVersions: Sendable, Hashable {
    /// `name version` to digest.
    private var digests: [String: String] = [:]

    package init() {}

    init(reading text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 3 { digests["\(words[0]) \(words[1])"] = words[2] }
        }
    }

    var text: String { digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined() }

    /// What a version was when it was first seen, it is.
    mutating func add(_ name: String, _ entry: LibraryLock.Entry) {
        let key = "\(name) \(entry.version)"
        if digests[key] == nil { digests[key] = entry.digest }
    }

    package func highest(of name: String) -> SemanticVersion? {
        digests.keys.compactMap { key in
            let words = key.split(separator: " ")
            return words[0] == name ? SemanticVersion(String(words[1])) : nil
        }.max()
    }

    /// - Parameter isRollback: a lower version that was here before is wanted; other content never is.
    package func check(_ name: String, _ entry: LibraryLock.Entry, isRollback: Bool = false) throws(LibraryError) {
        if let known = digests["\(name) \(entry.version)"], known != entry.digest {
            throw LibraryError(
                .versionChanged,
                "\(name) \(entry.version) is not what it was: \(entry.digest) instead of \(known)",
                hint: "a version never changes; its publisher has to give the new content a new one")
        }
        guard !isRollback, let highest = highest(of: name), entry.version < highest else { return }
        throw LibraryError(
            .downgrade, "\(name) \(entry.version) is older than \(highest), which has been here",
            hint: "'triage library rollback' goes back to what was in force before")
    }
}
