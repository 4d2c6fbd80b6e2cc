internal import Archives
package import CEL
package import Facts

/// A snapshot's file: the index in memory, everything else where it is until somebody reads it.
package final class SnapshotArchive: SavedFacts {
    private struct Entry: Sendable {
        var key: Fact.Key
        var provenance: Provenance
        var unknown: Unknown?
        var value: SnapshotMember?
        var lists: [String: [SnapshotMember]] = [:]
    }

    private let file: ArchiveFile
    private let catalogue: Catalogue
    private let entries: [Entry]
    private let byKey: [Fact.Key: Int]

    package var keys: [Fact.Key] { entries.map(\.key) }

    /// Whether the file starts as a snapshot's archive does, whole or not; anything else is some other format.
    package static func isArchive(_ path: String) -> Bool {
        do throws(ArchiveError) { return try startsAsArchive(try ArchiveFile(path)) } catch { return false }
    }

    private static func startsAsArchive(_ file: ArchiveFile) throws(ArchiveError) -> Bool {
        var head: [UInt8] = []
        let start = try file.read(at: 0, count: 4096)
        guard start.starts(with: [0x1F, 0x8B]) else { return false }
        let inflater = try Inflater(limit: 64 << 20)
        // What is damaged further on is told when it is read.
        unsafe try? inflater.inflate(start) { piece in
            if head.count < TarHeader.blockSize { head += unsafe Array(piece) }
        }
        guard head.count >= TarHeader.blockSize else { return false }
        return try TarHeader(block: head[..<TarHeader.blockSize]).path == SnapshotFormat.markerPath
    }

    /// Reads the index; facts are read when they are asked for.
    package static func open(_ path: String, catalogue: Catalogue) throws(Snapshot.Issue) -> Snapshot {
        do throws(ArchiveError) {
            let file = try ArchiveFile(path)
            guard try startsAsArchive(file) else { throw ArchiveError(.notAnArchive, "this is no snapshot's archive") }
            let (index, end) = try readIndex(file)
            let facts = try SnapshotArchive(file, index: index, end: end, catalogue: catalogue)
            return try facts.snapshot(index, end: end)
        } catch {
            throw error.issue()
        }
    }

    private static func readIndex(_ file: ArchiveFile) throws(ArchiveError) -> (index: Value, end: Int) {
        let footerPlace = file.size - SnapshotFormat.footerSize
        guard
            let offset = SnapshotFormat.indexOffset(
                footer: try file.read(at: footerPlace, count: SnapshotFormat.footerSize))
        else {
            throw ArchiveError(
                .truncated, "the snapshot's end is missing: it was not written to its end, or not copied whole")
        }
        guard offset < footerPlace else {
            throw ArchiveError(.damaged, "the snapshot's index is not where it should be")
        }
        let member = SnapshotMember(
            path: SnapshotFormat.indexPath, offset: offset, packed: footerPlace - offset,
            size: SnapshotFormat.mostIndexBytes)
        let content = try file.content(of: member, isSizeKnown: false)
        let index: Value
        do throws(JSONError) {
            index = try Value.parseJSON(
                content, limits: JSONLimits(bytes: SnapshotFormat.mostIndexBytes, duplicateKeys: .refuse))
        } catch {
            throw ArchiveError(.damaged, "the snapshot's index is no JSON: \(error)")
        }
        guard index[field: "kind"]?.text == SnapshotFormat.kind else {
            throw ArchiveError(.notAnArchive, "the archive's index is not a snapshot's")
        }
        guard let version = index[field: "formatVersion"]?.number, version <= SnapshotFormat.version else {
            let found = index[field: "formatVersion"]?.description ?? "none"
            throw ArchiveError(
                .notAnArchive,
                "the snapshot is of the format's version \(found), this triage reads up to \(SnapshotFormat.version)")
        }
        return (index, offset)
    }

    private init(_ file: ArchiveFile, index: Value, end: Int, catalogue: Catalogue) throws(ArchiveError) {
        self.file = file
        self.catalogue = catalogue
        let documents = index[field: "facts"]?.elements ?? []
        guard documents.count <= SnapshotFormat.mostFacts else {
            throw ArchiveError(
                .tooLarge, "the snapshot holds \(documents.count) facts; at most \(SnapshotFormat.mostFacts) are taken")
        }
        let now = Self.now(index)
        var entries: [Entry] = []
        var chunkCount = 0
        for document in documents {
            let entry = try Self.entry(document, now: now, end: end)
            chunkCount += entry.lists.values.reduce(0) { $0 + $1.count }
            guard chunkCount <= SnapshotFormat.mostChunks else {
                throw ArchiveError(.tooLarge, "the snapshot holds more than \(SnapshotFormat.mostChunks) chunks")
            }
            entries.append(entry)
        }
        self.entries = entries
        byKey = Dictionary(entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { $1 })
    }

    private static func now(_ index: Value) -> Timestamp {
        index[field: "now"]?.text.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0)
    }

    private static func entry(_ document: Value, now: Timestamp, end: Int) throws(ArchiveError) -> Entry {
        guard case .map(let map) = document, let collector = map["collector"]?.text else {
            throw ArchiveError(.damaged, "the index holds a fact that does not say which collector it is from")
        }
        var entry = Entry(
            key: Fact.Key(collector: collector, parameters: map["parameters"]?.text ?? "{}"),
            provenance: Provenance(document: map, collector: collector, now: now))
        entry.unknown = map["unknown"].flatMap { Unknown(document: $0) }
        if let value = map["value"] { entry.value = try SnapshotMember(value, end: end) }
        guard entry.unknown != nil || entry.value != nil else {
            throw ArchiveError(.damaged, "the index holds \(collector) with neither a value nor a reason to have none")
        }
        if case .map(let lists)? = map["lists"] {
            for (name, chunks) in lists.entries {
                var members: [SnapshotMember] = []
                for chunk in chunks.elements ?? [] { members.append(try SnapshotMember(chunk, end: end)) }
                if let name = name.text { entry.lists[name] = members }
            }
        }
        return entry
    }

    private func snapshot(_ index: Value, end: Int) throws(ArchiveError) -> Snapshot {
        guard index[field: "now"]?.text.flatMap({ Timestamp(rfc3339: $0) }) != nil else {
            throw ArchiveError(.damaged, "the snapshot's 'now' is not a time such as 2026-11-24T00:00:00Z")
        }
        let subject = index[field: "subject"]
        var text = ""
        if let document = index[field: "text"] {
            let member = try SnapshotMember(document, end: end)
            guard member.size <= SnapshotFormat.mostTextBytes else {
                throw ArchiveError(.tooLarge, "the snapshot's text has \(member.size) bytes")
            }
            text = String(decoding: try file.content(of: member), as: UTF8.self)
        }
        return Snapshot(
            subject: Snapshot.Subject(
                context: subject?[field: "context"]?.text ?? "", server: subject?[field: "server"]?.text ?? "",
                platform: subject?[field: "platform"]?.text ?? "unknown"),
            now: Self.now(index), text: text, saved: self)
    }

    // MARK: - Facts

    package func fact(_ key: Fact.Key, reading projection: Projection) async -> Fact? {
        guard let index = byKey[key] else { return nil }
        let entry = entries[index]
        let result: Result<Value, Unknown>
        if let unknown = entry.unknown {
            result = .failure(unknown)
        } else {
            do throws(ArchiveError) { result = conforming(try value(of: entry, reading: projection), of: key) } catch {
                result = .failure(Unknown(.malformed, "\(file.path): \(error.message)"))
            }
        }
        return Fact(key: key, result: result, provenance: entry.provenance, reading: projection)
    }

    private func value(of entry: Entry, reading projection: Projection) throws(ArchiveError) -> Value {
        guard let member = entry.value else { return .null }
        let value = SnapshotValue.decode(try json(member))
        guard !entry.lists.isEmpty, case .map(let map) = value else { return value }
        var fields = map.entries
        for (name, chunks) in entry.lists.sorted(by: { $0.key < $1.key }) {
            // Nobody asks whether it is there.
            guard let wanted = projection[name] else { continue }
            fields.append((.string(name), .list(try list(chunks, reading: wanted.elements ?? .nothing))))
        }
        return .map(Map(fields))
    }

    /// Chunk by chunk, of which no more is in memory than what zlib unpacks at a time.
    private func list(_ chunks: [SnapshotMember], reading projection: Projection) throws(ArchiveError) -> List {
        var reader = JSONListReader(
            nil, reading: projection, keepsTags: true, limits: JSONLimits(bytes: SnapshotFormat.mostMemberBytes))
        var elements: [Value] = []
        for chunk in chunks {
            reader.restart()
            try unsafe file.stream(chunk) { piece throws(ArchiveError) in
                try Self.damage(chunk) { () throws(JSONError) in
                    try unsafe reader.take(piece) { elements.append(SnapshotValue.decode($0)) }
                }
            }
            try Self.damage(chunk) { () throws(JSONError) in
                _ = try reader.finish { elements.append(SnapshotValue.decode($0)) }
            }
        }
        return List(elements)
    }

    /// What is no JSON is damage to the archive.
    private static func damage(_ member: SnapshotMember, _ body: () throws(JSONError) -> Void) throws(ArchiveError) {
        do throws(JSONError) { try body() } catch {
            throw ArchiveError(.damaged, "'\(member.path)' is no JSON: \(error)")
        }
    }

    private func json(_ member: SnapshotMember) throws(ArchiveError) -> Value {
        let content = try file.content(of: member)
        do throws(JSONError) {
            return try Value.parseJSON(content, limits: JSONLimits(bytes: SnapshotFormat.mostMemberBytes))
        } catch {
            throw ArchiveError(.damaged, "'\(member.path)' is no JSON: \(error)")
        }
    }

    private func conforming(_ value: Value, of key: Fact.Key) -> Result<Value, Unknown> {
        guard let type = catalogue[key.collector]?.declaration.returns else { return .success(value) }
        let (value, mismatches) = value.conforming(to: type)
        guard let first = mismatches.first else { return .success(value) }
        let place = first.path.isEmpty ? "" : " at \(first.path.joined(separator: "."))"
        return .failure(Unknown(.malformed, "the snapshot's value does not fit\(place): \(first.message)"))
    }
}

extension ArchiveFile {
    /// A member's content, checked against what its entry and the index say of it.
    func content(of member: SnapshotMember, isSizeKnown: Bool = true) throws(ArchiveError) -> [UInt8] {
        var content: [UInt8] = []
        try unsafe stream(member, isSizeKnown: isSizeKnown) { piece in content += unsafe Array(piece) }
        return content
    }

    /// The same, piece by piece.
    func stream(
        _ member: SnapshotMember, isSizeKnown: Bool = true,
        _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var reading = MemberReading(member: member, isSizeKnown: isSizeKnown)
        let inflater = try Inflater(limit: member.size + 4 * TarHeader.blockSize)
        var offset = member.offset
        let end = member.offset + member.packed
        while offset < end {
            let packed = try read(at: offset, count: min(256 << 10, end - offset))
            guard !packed.isEmpty else { throw ArchiveError(.truncated, "'\(member.path)' is cut off") }
            offset += packed.count
            try unsafe inflater.inflate(packed) { piece throws(ArchiveError) in try unsafe reading.take(piece, use) }
        }
        guard inflater.isAtEnd else { throw ArchiveError(.damaged, "'\(member.path)' ends too early") }
        guard reading.isComplete else { throw ArchiveError(.damaged, "'\(member.path)' is shorter than it says") }
    }
}

/// What of a tar entry has passed by.
private struct MemberReading {
    let member: SnapshotMember
    let isSizeKnown: Bool
    private var header: [UInt8] = []
    private var left = -1

    init(member: SnapshotMember, isSizeKnown: Bool) {
        self.member = member
        self.isSizeKnown = isSizeKnown
    }

    var isComplete: Bool { left == 0 }

    mutating func take(
        _ piece: UnsafeRawBufferPointer, _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var rest = unsafe piece[...]
        if left < 0 {
            let missing = unsafe rest.prefix(TarHeader.blockSize - header.count)
            header += unsafe Array(missing)
            unsafe rest = rest.dropFirst(missing.count)
            guard header.count == TarHeader.blockSize else { return }
            let entry = try TarHeader(block: header[...])
            guard entry.path == member.path, entry.kind == .file,
                isSizeKnown ? entry.size == member.size : entry.size <= member.size
            else { throw ArchiveError(.damaged, "'\(member.path)' is not where the index says, or of another size") }
            left = entry.size
        }
        let content = unsafe rest.prefix(left)
        left -= unsafe content.count
        if unsafe !content.isEmpty { try unsafe use(UnsafeRawBufferPointer(rebasing: content)) }
    }
}
