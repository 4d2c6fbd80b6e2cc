internal import Archives

/// Packages as tar archives of regular files, packed as one gzip member: ustar (POSIX.1-1988) and the pax keys `path` and
/// `size` (POSIX.1-2001).
///
/// Anything else — links, devices, sparse files, GNU's long names — refuses the whole archive.
enum Tar {
    static let mostPacked = 16 << 20
    /// Beyond the first MiB nothing honest packs better.
    private static let mostRatio = 100
    private static let mostBytes = PackageTree.mostBytes + PackageTree.mostFiles * 1024 + 1024

    // MARK: Packed

    static func unpacked(_ packed: [UInt8]) throws(LibraryError) -> PackageTree { try read(inflated(packed)) }

    static func inflated(_ packed: [UInt8]) throws(LibraryError) -> [UInt8] {
        guard packed.count <= mostPacked else {
            throw LibraryError(.tooLarge, "the archive has \(packed.count) bytes; at most \(mostPacked) are taken")
        }
        do throws(ArchiveError) {
            let limit = min(mostBytes, max(1 << 20, (packed.count + 1) * mostRatio - 1))
            let inflater = try Inflater(limit: limit, takesOneMember: true)
            var archive: [UInt8] = []
            try unsafe inflater.inflate(packed) { piece in unsafe archive.append(contentsOf: piece) }
            guard inflater.isAtEnd else { throw ArchiveError(.truncated, "the gzip data is cut off") }
            return archive
        } catch {
            throw LibraryError(error)
        }
    }

    /// Equal trees give equal bytes, whose digest is what registries call it by: the level and the memory stay.
    static func packed(_ tree: PackageTree) throws(LibraryError) -> [UInt8] { try packed(write(tree)) }

    static func packed(_ archive: [UInt8]) throws(LibraryError) -> [UInt8] {
        do throws(ArchiveError) { return try Gzip.pack(archive, level: 9, memory: 9) } catch {
            throw LibraryError(error)
        }
    }

    // MARK: As it is

    static func read(_ archive: [UInt8]) throws(LibraryError) -> PackageTree {
        var reader = TarReader(archive: archive)
        return try reader.tree()
    }

    /// Equal trees give equal bytes: sorted, time 0, root's.
    static func write(_ tree: PackageTree) throws(LibraryError) -> [UInt8] {
        var archive: [UInt8] = []
        for path in tree.paths {
            let bytes = tree[path] ?? []
            guard let header = TarHeader(path: path, size: bytes.count).block else {
                throw LibraryError(.unsafePath, "'\(path)' has a part that is longer than 100 bytes")
            }
            archive += header
            archive += bytes
            archive += [UInt8](repeating: 0, count: TarHeader.padding(bytes.count))
        }
        return archive + [UInt8](repeating: 0, count: 2 * TarHeader.blockSize)
    }
}

private struct TarReader {
    let archive: [UInt8]
    var position = 0
    /// What a pax header says of the next entry.
    var longPath: String?
    var longSize: Int?

    mutating func tree() throws(LibraryError) -> PackageTree {
        var tree = PackageTree()
        var entries = 0
        while try !isAtEnd() {
            entries += 1
            guard entries <= 2 * PackageTree.mostFiles else {
                throw LibraryError(.tooLarge, "the archive has more than \(2 * PackageTree.mostFiles) entries")
            }
            try readEntry(into: &tree)
        }
        guard longPath == nil, longSize == nil else { throw malformed("it ends behind a pax header") }
        return tree
    }

    /// Two blocks of zeros end an archive, and only zeros follow: nothing hides behind them.
    private func isAtEnd() throws(LibraryError) -> Bool {
        guard position + TarHeader.blockSize <= archive.count else { throw malformed("it is cut off") }
        guard archive[position..<position + TarHeader.blockSize].allSatisfy({ $0 == 0 }) else { return false }
        guard position + 2 * TarHeader.blockSize <= archive.count else { throw malformed("it is cut off") }
        guard archive[position...].allSatisfy({ $0 == 0 }) else { throw malformed("something stands behind its end") }
        return true
    }

    private mutating func readEntry(into tree: inout PackageTree) throws(LibraryError) {
        let header: TarHeader
        do throws(ArchiveError) {
            header = try TarHeader(block: archive[position..<position + TarHeader.blockSize], isStrict: true)
        } catch {
            throw LibraryError(error)
        }
        position += TarHeader.blockSize
        let size = longSize ?? header.size
        let name = longPath ?? header.path
        guard size >= 0, size <= PackageTree.mostBytes else {
            throw LibraryError(.tooLarge, "'\(printable(name))' has \(size) bytes")
        }
        let end = position + size + TarHeader.padding(size)
        guard end <= archive.count else { throw malformed("it is cut off") }
        let content = archive[position..<position + size]
        position = end
        switch header.kind {
        case .file:
            (longPath, longSize) = (nil, nil)
            try tree.add(relative(name), Array(content))
        case .directory:
            (longPath, longSize) = (nil, nil)
            guard size == 0 else { throw malformed("a directory has content") }
            let path = relative(name.hasSuffix("/") ? String(name.dropLast()) : name)
            if !path.isEmpty, path != "." { try PackagePath.check(path) }
        case .extended:
            guard longPath == nil, longSize == nil else { throw malformed("two pax headers follow each other") }
            try readPax(content)
        case .global:
            // `git archive` says its commit there; nothing else may be said for all entries.
            guard try records(content).allSatisfy({ $0.key == "comment" }) else {
                throw malformed("a global pax header")
            }
        case .other:
            throw malformed("an entry is of another kind")
        }
    }

    /// `./library.yaml`, as `tar -C folder .` writes it.
    private func relative(_ name: String) -> String { name.hasPrefix("./") ? String(name.dropFirst(2)) : name }

    private func records(_ content: ArraySlice<UInt8>) throws(LibraryError) -> [(key: String, value: String)] {
        do throws(ArchiveError) { return try PaxRecords(content).records } catch { throw LibraryError(error) }
    }

    private mutating func readPax(_ content: ArraySlice<UInt8>) throws(LibraryError) {
        // An entry without either still uses the header up.
        for (key, value) in try records(content) {
            switch key {
            case "path":
                guard longPath == nil else { throw malformed("a pax header says 'path' twice") }
                longPath = value
            case "size":
                guard longSize == nil, let size = Int(value), size >= 0 else {
                    throw malformed("a pax header's size is wrong")
                }
                longSize = size
            case "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment": break
            default: throw LibraryError(.unsafeEntry, "the pax key '\(printable(key))' is not taken")
            }
        }
    }

    private func malformed(_ detail: String) -> LibraryError { LibraryError(ArchiveError(.damaged, detail)) }
}

extension LibraryError {
    fileprivate init(_ error: ArchiveError) {
        let code: Code =
            switch error.code {
            case .notAnArchive, .truncated, .damaged: .malformedArchive
            case .tooLarge: .tooLarge
            case .unsafeEntry: .unsafeEntry
            case .disk: .disk
            }
        self.init(
            code, "the archive cannot be used: \(error.message)",
            hint: error.code == .truncated ? "the download broke off; try again" : "")
    }
}
