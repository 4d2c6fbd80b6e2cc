internal import Archives
internal import CEL
internal import Facts

/// A capture as its tool packed it: a tar archive, with gzip around it or without, unpacked into memory.
///
/// Nothing is written anywhere, so that no path of it can lead out; links have names and no content.
enum CaptureArchive {
    static let mostBytes = 2 << 30
    static let mostFileBytes = 512 << 20
    private static let chunk = 1 << 20

    /// `nil` where the file is no such archive.
    static func open(_ path: String) throws(Unknown) -> (any CaptureTree)? {
        do throws(ArchiveError) {
            let file = try ArchiveFile(path)
            let start = try file.read(at: 0, count: min(file.size, 512))
            // sos packs with xz as a rule.
            if start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) || start.starts(with: [0x42, 0x5A, 0x68]) {
                throw ArchiveError(.notAnArchive, "it is packed with xz or bzip2: unpack it, and give the folder")
            }
            var reader = TarStream()
            if start.starts(with: [0x1F, 0x8B]) {
                try inflate(file, into: &reader)
            } else {
                guard start.count == 512, (try? TarHeader(block: start[...], passing: TarStream.others)) != nil else {
                    return nil
                }
                for offset in stride(from: 0, to: file.size, by: chunk) {
                    try reader.take(try file.read(at: offset, count: min(chunk, file.size - offset)))
                }
            }
            return try reader.tree()
        } catch {
            throw Unknown(.malformed, "\(path) cannot be used: \(error.message)")
        }
    }

    private static func inflate(_ file: ArchiveFile, into reader: inout TarStream) throws(ArchiveError) {
        let inflater = try Inflater(limit: mostBytes)
        for offset in stride(from: 0, to: file.size, by: chunk) {
            let packed = try file.read(at: offset, count: min(chunk, file.size - offset))
            var unpacked: [UInt8] = []
            try unsafe inflater.inflate(packed) { piece in unsafe unpacked.append(contentsOf: piece) }
            try reader.take(unpacked)
        }
        guard inflater.isAtEnd else { throw ArchiveError(.truncated, "its end is missing") }
    }
}

/// Takes a tar archive as it comes in.
private struct TarStream {
    /// Links, GNU's long names; devices and pipes too, which are passed over.
    static let others = "123456LKS"

    private var rest: [UInt8] = []
    private var entry: (header: TarHeader, modified: Int64, content: [UInt8])?
    private var missing = 0
    /// A block of zeros ends an archive.
    private var hasEnd = false
    private var longPath: String?
    private var files: [(file: CaptureFile, content: [UInt8])] = []

    mutating func take(_ bytes: [UInt8]) throws(ArchiveError) {
        rest += bytes
        var offset = 0
        defer { rest.removeFirst(offset) }
        while true {
            if missing > 0 {
                let count = min(missing, rest.count - offset)
                guard count > 0 else { return }
                entry?.content += rest[offset..<offset + count]
                missing -= count
                offset += count
                if missing == 0 { try finish() }
            } else {
                guard rest.count - offset >= TarHeader.blockSize else { return }
                let block = rest[offset..<offset + TarHeader.blockSize]
                offset += TarHeader.blockSize
                if block.allSatisfy({ $0 == 0 }) { hasEnd = true } else { try begin(block) }
            }
        }
    }

    private mutating func begin(_ block: ArraySlice<UInt8>) throws(ArchiveError) {
        let header = try TarHeader(block: block, passing: Self.others)
        guard header.size <= CaptureArchive.mostFileBytes else {
            throw ArchiveError(.tooLarge, "'\(header.path)' has \(header.size) bytes: unpack it, and give the folder")
        }
        guard files.count < CaptureFolder.mostFiles else {
            throw ArchiveError(.tooLarge, "it has more than \(CaptureFolder.mostFiles) files")
        }
        let digits = Array(block)[136..<147].drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- UInt8(ascii: "0") < 8 }
        let modified = digits.reduce(Int64(0)) { $0 << 3 | Int64($1 - UInt8(ascii: "0")) }
        entry = (header, modified, [])
        missing = header.size + TarHeader.padding(header.size)
        if missing == 0 { try finish() }
    }

    private mutating func finish() throws(ArchiveError) {
        guard let (header, modified, padded) = entry else { return }
        entry = nil
        let content = Array(padded.prefix(header.size))
        switch header.kind {
        case .extended:
            longPath = Self.path(inRecords: content) ?? longPath
            return
        case .global: return
        case .other(UInt8(ascii: "L")):
            longPath = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
            return
        case .other(UInt8(ascii: "K")): return
        case .directory: break
        case .file: add(header, modified, content, isLoose: false)
        case .other(let letter):
            if letter == UInt8(ascii: "1") || letter == UInt8(ascii: "2") { add(header, modified, [], isLoose: true) }
        }
        longPath = nil
    }

    private mutating func add(_ header: TarHeader, _ modified: Int64, _ content: [UInt8], isLoose: Bool) {
        var named = header
        if let longPath { named.path = longPath }
        if named.path.hasPrefix("./") { named.path.removeFirst(2) }
        // In memory a strange path harms nobody; it is no capture's either.
        guard named.isSafe else { return }
        files.append(
            (
                CaptureFile(
                    path: named.path, size: content.count, modified: Timestamp(seconds: modified), isLoose: isLoose),
                content
            ))
    }

    /// The record `LENGTH path=VALUE\n` of a pax header.
    private static func path(inRecords content: [UInt8]) -> String? {
        var rest = content[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
            guard digits.count < 8, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 1,
                length <= rest.count
            else { return nil }
            let record = String(decoding: rest.prefix(length).dropFirst(digits.count + 1), as: UTF8.self)
            if record.hasPrefix("path=") { return String(record.dropFirst("path=".count).prefix { $0 != "\n" }) }
            rest = rest.dropFirst(length)
        }
        return nil
    }

    func tree() throws(ArchiveError) -> CaptureMemory {
        guard missing == 0, entry == nil, hasEnd else { throw ArchiveError(.truncated, "its end is missing") }
        return CaptureMemory(files)
    }
}
