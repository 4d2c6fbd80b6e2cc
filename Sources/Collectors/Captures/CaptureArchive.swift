internal import Archives
internal import CEL
internal import Facts

/// A capture as its tool packed it: a tar archive, with gzip or xz around it or without.
///
/// No file of it is written anywhere, so that no path of it can lead out; links have names and no content. What is
/// unpacked stands in memory, and where it is much, in a file without a name.
enum CaptureArchive {
    static let mostBytes = 4 << 30
    static let mostFileBytes = 1 << 30
    fileprivate static let chunk = 1 << 20

    /// `nil` where the file is no such archive.
    static func open(
        _ path: String, mostInMemory: Int = 32 << 20, folders: [String] = ["/var/tmp", "/tmp"]
    ) throws(Unknown) -> (any CaptureTree)? {
        do throws(ArchiveError) {
            let file = try ArchiveFile(path)
            let start = try file.read(at: 0, count: min(file.size, 512))
            if start.starts(with: Array("BZh".utf8)) {
                throw ArchiveError(.notAnArchive, "it is packed with bzip2; 'bzip2 -dk \(path)' unpacks it")
            }
            var reader = TarStream()
            if start.starts(with: [0x1F, 0x8B]) || start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) {
                let spool = Spool(mostInMemory: mostInMemory, folders: folders)
                try unsafe unpack(file, isXZ: start[0] == 0xFD) { (piece) throws(ArchiveError) in
                    try unsafe spool.append(piece)
                    try reader.take(unsafe Array(piece))
                }
                return try reader.tree(of: .unpacked(spool.finished()))
            }
            guard start.count == 512, (try? TarHeader(block: start[...], passing: TarStream.others)) != nil else {
                return nil
            }
            for offset in stride(from: 0, to: file.size, by: chunk) {
                try reader.take(try file.read(at: offset, count: min(chunk, file.size - offset)))
            }
            return try reader.tree(of: .file(file))
        } catch {
            throw Unknown(.malformed, "\(path) cannot be used: \(error.message)")
        }
    }

    private static func unpack(
        _ file: ArchiveFile, isXZ: Bool, _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let unpacker: any Unpacker = isXZ ? try XZInflater(limit: mostBytes) : try Inflater(limit: mostBytes)
        for offset in stride(from: 0, to: file.size, by: chunk) {
            try unsafe unpacker.inflate(try file.read(at: offset, count: min(chunk, file.size - offset)), use)
        }
        try unsafe unpacker.finish(use)
    }
}

/// The files of a tar archive, each read where it stands.
private struct TarTree: CaptureTree {
    enum Bytes: Sendable {
        case file(ArchiveFile)
        case unpacked(SpooledBytes)
    }

    let files: [CaptureFile]
    /// Where the content of each begins.
    let starts: [String: Int]
    let bytes: Bytes

    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        guard let file = file(path), let start = starts[path] else {
            throw Unknown(.notFound, "\(path) is not in the capture")
        }
        return try read(at: start + min(offset, file.size), count: min(count, max(0, file.size - offset)))
    }

    private func read(at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        do throws(ArchiveError) {
            switch bytes {
            case .file(let file): return try file.read(at: offset, count: count)
            case .unpacked(let spooled): return try spooled.read(at: offset, count: count)
            }
        } catch {
            throw Unknown(.malformed, "the capture cannot be read: \(error.message)")
        }
    }
}

/// Takes a tar archive as it comes in, and notes where the files in it stand.
private struct TarStream {
    /// Links, GNU's long names; devices and pipes too, which are passed over.
    static let others = "123456LKS"

    private struct Entry {
        var header: TarHeader
        var modified: Int64
        var start: Int
        /// Of what says something about other entries alone.
        var content: [UInt8] = []

        var isAboutOthers: Bool {
            switch header.kind {
            case .extended, .global, .other(UInt8(ascii: "L")), .other(UInt8(ascii: "K")): true
            case .file, .directory, .other: false
            }
        }
    }

    private var rest: [UInt8] = []
    /// Of the first byte of the rest.
    private var position = 0
    private var entry: Entry?
    private var missing = 0
    /// A block of zeros ends an archive.
    private var hasEnd = false
    private var longPath: String?
    private var files: [(file: CaptureFile, start: Int)] = []

    mutating func take(_ bytes: [UInt8]) throws(ArchiveError) {
        rest += bytes
        var offset = 0
        defer {
            rest.removeFirst(offset)
            position += offset
        }
        while true {
            if missing > 0 {
                let count = min(missing, rest.count - offset)
                guard count > 0 else { return }
                if entry?.isAboutOthers ?? false { entry?.content += rest[offset..<offset + count] }
                missing -= count
                offset += count
                if missing == 0 { try finish() }
            } else {
                guard rest.count - offset >= TarHeader.blockSize else { return }
                let block = rest[offset..<offset + TarHeader.blockSize]
                offset += TarHeader.blockSize
                if block.allSatisfy({ $0 == 0 }) { hasEnd = true } else { try begin(block, at: position + offset) }
            }
        }
    }

    private mutating func begin(_ block: ArraySlice<UInt8>, at start: Int) throws(ArchiveError) {
        let header = try TarHeader(block: block, passing: Self.others)
        guard header.size <= CaptureArchive.mostFileBytes else {
            throw ArchiveError(.tooLarge, "'\(header.path)' has \(header.size) bytes: unpack it, and give the folder")
        }
        guard files.count < CaptureFolder.mostFiles else {
            throw ArchiveError(.tooLarge, "it has more than \(CaptureFolder.mostFiles) files")
        }
        let digits = Array(block)[136..<147].drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- UInt8(ascii: "0") < 8 }
        let modified = digits.reduce(Int64(0)) { $0 << 3 | Int64($1 - UInt8(ascii: "0")) }
        let entry = Entry(header: header, modified: modified, start: start)
        guard !entry.isAboutOthers || header.size <= Self.mostAboutOthers else {
            throw ArchiveError(.tooLarge, "a name in it has \(header.size) bytes")
        }
        self.entry = entry
        missing = header.size + TarHeader.padding(header.size)
        if missing == 0 { try finish() }
    }

    private static let mostAboutOthers = 1 << 20

    private mutating func finish() throws(ArchiveError) {
        guard let entry else { return }
        self.entry = nil
        let content = Array(entry.content.prefix(entry.header.size))
        switch entry.header.kind {
        case .extended:
            // Other tools' archives are read as far as they can be: records that are damaged name nothing.
            longPath = (try? PaxRecords(content[...]))?.records.last { $0.key == "path" }?.value ?? longPath
            return
        case .global: return
        case .other(UInt8(ascii: "L")):
            longPath = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
            return
        case .other(UInt8(ascii: "K")): return
        case .directory: break
        case .file: add(entry, isLoose: false)
        case .other(let letter):
            if letter == UInt8(ascii: "1") || letter == UInt8(ascii: "2") { add(entry, isLoose: true) }
        }
        longPath = nil
    }

    private mutating func add(_ entry: Entry, isLoose: Bool) {
        var named = entry.header
        if let longPath { named.path = longPath }
        if named.path.hasPrefix("./") { named.path.removeFirst(2) }
        // No path of it is ever opened; a strange one is no capture's either.
        guard named.isSafe else { return }
        let file = CaptureFile(
            path: named.path, size: isLoose ? 0 : named.size, modified: Timestamp(seconds: entry.modified),
            isLoose: isLoose)
        files.append((file, entry.start))
    }

    /// The last of equal paths counts, as with tar.
    func tree(of bytes: TarTree.Bytes) throws(ArchiveError) -> TarTree {
        guard missing == 0, entry == nil, hasEnd else { throw ArchiveError(.truncated, "its end is missing") }
        let last = Dictionary(files.map { ($0.file.path, $0) }, uniquingKeysWith: { $1 })
        return TarTree(
            files: last.values.map(\.file).sorted { $0.path < $1.path },
            starts: last.filter { !$0.value.file.isLoose }.mapValues(\.start), bytes: bytes)
    }
}
