internal import Archives
internal import CEL
internal import Facts

/// The layout of a snapshot's file: docs/snapshot-format.md.
enum SnapshotFormat {
    static let kind = "SnapshotArchive"
    /// Raised when a reader of the old version would misread what a writer of the new one writes.
    static let version: Int64 = 1
    /// The first entry; by its name the format is known.
    static let markerPath = "triage-snapshot.json"
    static let textPath = "text.txt"
    static let indexPath = "index.json"
    /// A list of at least so many elements is kept as chunks of about so many bytes.
    static let chunkedFrom = 64
    static let chunkSize = 1 << 20

    // What is taken from others.
    static let mostMemberBytes = 256 << 20
    static let mostIndexBytes = 256 << 20
    static let mostTextBytes = 1 << 30
    static let mostFacts = 100_000
    static let mostChunks = 4_000_000

    static let footerSize = 42

    /// An empty gzip member, always of the same length, that says in its extra field (RFC 1952, 2.3.1.1) where the
    /// index begins.
    static func footer(indexOffset: Int) -> [UInt8] {
        let digits = String(indexOffset, radix: 16)
        let place = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
        return [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 20, 0, UInt8(ascii: "T"), UInt8(ascii: "S"), 16, 0] + place
            + [3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    /// Where the index begins; `nil` where these bytes are no footer.
    static func indexOffset(footer: [UInt8]) -> Int? {
        guard footer.count == footerSize,
            let offset = Int(String(decoding: footer[16..<32], as: UTF8.self), radix: 16), offset >= 0,
            footer == Self.footer(indexOffset: offset)
        else { return nil }
        return offset
    }

    /// A whole tar entry as one gzip member.
    static func member(_ path: String, _ content: [UInt8], isLast: Bool = false) throws(ArchiveError) -> [UInt8] {
        guard let header = TarHeader(path: path, size: content.count).block else {
            throw ArchiveError(.tooLarge, "'\(path)' cannot be an entry of a tar archive")
        }
        let padding = TarHeader.padding(content.count) + (isLast ? 2 * TarHeader.blockSize : 0)
        return try Gzip.pack(header + content + [UInt8](repeating: 0, count: padding))
    }
}

/// Where an entry stands in the file.
struct SnapshotMember: Sendable {
    var path: String
    /// Of the gzip member.
    var offset: Int
    var packed: Int
    /// Of the content.
    var size: Int
    /// For a chunk of a list: how many elements it holds.
    var count: Int?

    init(path: String, offset: Int, packed: Int, size: Int, count: Int? = nil) {
        self.path = path
        self.offset = offset
        self.packed = packed
        self.size = size
        self.count = count
    }

    var document: Value {
        var entries: [(key: Value, value: Value)] = [
            (.string("path"), .string(path)), (.string("offset"), .int(Int64(offset))),
            (.string("packed"), .int(Int64(packed))), (.string("size"), .int(Int64(size))),
        ]
        if let count { entries.append((.string("count"), .int(Int64(count)))) }
        return .map(Map(entries))
    }

    /// - Parameter end: where the members end.
    init(_ document: Value?, end: Int) throws(ArchiveError) {
        func number(_ name: String) -> Int? { (document?[field: name]?.number).flatMap { Int(exactly: $0) } }
        guard let path = document?[field: "path"]?.text, let offset = number("offset"), let packed = number("packed"),
            let size = number("size"), offset >= 0, packed > 0, size >= 0, offset <= end, packed <= end - offset
        else { throw ArchiveError(.damaged, "the index names a member that is not in the file") }
        guard TarHeader(path: path, size: size).isSafe else {
            throw ArchiveError(.unsafeEntry, "the index names '\(path)', which leads out of the snapshot")
        }
        guard size <= SnapshotFormat.mostMemberBytes || path == SnapshotFormat.textPath else {
            throw ArchiveError(
                .tooLarge, "'\(path)' has \(size) bytes; at most \(SnapshotFormat.mostMemberBytes) are taken")
        }
        self.init(path: path, offset: offset, packed: packed, size: size, count: number("count"))
    }
}

extension ArchiveError {
    func issue(isFatal: Bool = true) -> Snapshot.Issue {
        let kind: Snapshot.Issue.Kind =
            switch code {
            case .notAnArchive, .disk: .invalid
            case .truncated: .truncated
            case .damaged: .damaged
            case .tooLarge: .tooLarge
            case .unsafeEntry: .unsafe
            }
        return Snapshot.Issue(message: message, isFatal: isFatal, kind: kind)
    }
}
