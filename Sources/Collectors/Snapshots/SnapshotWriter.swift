package import Archives
package import CEL
package import Facts

/// Writes a snapshot's file, fact by fact, long lists as they come.
///
/// The file appears when `finish` has returned, and not at all where that is never reached.
package final class SnapshotWriter {
    /// A list within a fact that is written before the fact itself.
    private struct OpenList {
        var chunk = ListChunk()
        var chunks: [SnapshotMember] = []
    }

    private struct ListName: Hashable {
        var key: Fact.Key
        var field: String
    }

    private let file: NewFile
    private let catalogue: Catalogue
    private var numbers: [Fact.Key: Int] = [:]
    private var lists: [ListName: OpenList] = [:]
    private var entries: [(key: Fact.Key, document: Value)] = []

    package init(_ path: String, catalogue: Catalogue) throws(ArchiveError) {
        file = try NewFile(path)
        self.catalogue = catalogue
        let marker = Value.map([
            "apiVersion": .string(Snapshot.apiVersion), "kind": .string(SnapshotFormat.kind),
            "formatVersion": .int(SnapshotFormat.version),
        ])
        _ = try write(SnapshotFormat.markerPath, SnapshotFormat.json(marker))
    }

    /// Adds an element, as JSON, to a list of a fact that is added later.
    package func append(_ element: some Sequence<UInt8>, to field: String, of key: Fact.Key) throws(ArchiveError) {
        let name = ListName(key: key, field: field)
        // Taken out while it grows, so that its bytes are not copied.
        var list = lists.removeValue(forKey: name) ?? OpenList()
        list.chunk.append(element)
        if list.chunk.isFull { try flush(&list, name) }
        lists[name] = list
    }

    /// Adds the list of a fact that is added later.
    func add(_ packed: PackedList, to field: String, of key: Fact.Key) throws(ArchiveError) {
        let start = file.position
        let piece = 1 << 20
        for offset in stride(from: 0, to: packed.bytes.size, by: piece) {
            try file.write(try packed.bytes.read(at: offset, count: piece))
        }
        let chunks = packed.chunks.map { chunk in
            var chunk = chunk
            chunk.offset += start
            return chunk
        }
        lists[ListName(key: key, field: field)] = OpenList(chunks: chunks)
    }

    private func flush(_ list: inout OpenList, _ name: ListName) throws(ArchiveError) {
        guard let (content, count) = list.chunk.take() else { return }
        var chunk = try write(
            SnapshotFormat.chunkPath(base(name.key), name.field, list.chunks.count + 1), content)
        chunk.count = count
        list.chunks.append(chunk)
    }

    /// Adds a fact; what was appended to its lists belongs to it.
    package func add(_ fact: Fact) throws(ArchiveError) {
        var entry: [(key: Value, value: Value)] = [(.string("collector"), .string(fact.key.collector))]
        if fact.key.parameters != "{}" { entry.append((.string("parameters"), .string(fact.key.parameters))) }
        switch fact.result {
        case .failure(let unknown): entry.append((.string("unknown"), unknown.document))
        case .success(let value):
            let type = catalogue[fact.key.collector]?.declaration.returns ?? .dyn
            let encoded = SnapshotValue.encode(value, as: type)
            let rest = try takeLongLists(out: encoded, of: fact.key)
            entry.append((.string("value"), try write("\(base(fact.key)).json", SnapshotFormat.json(rest)).document))
            let chunks = try closedLists(of: fact.key)
            if !chunks.isEmpty { entry.append((.string("lists"), .map(Map(chunks)))) }
        }
        for name in lists.keys where name.key == fact.key { lists[name] = nil }
        entries.append((fact.key, .map(Map(entry + fact.provenance.documentEntries))))
    }

    private func takeLongLists(out value: Value, of key: Fact.Key) throws(ArchiveError) -> Value {
        guard case .map(let map) = value else { return value }
        var rest: [(key: Value, value: Value)] = []
        for (name, value) in map.entries {
            // A chunk's path is made of the field's name.
            guard case .string(let field) = name, field.utf8.allSatisfy(isPlainLetter), !field.isEmpty,
                case .list(let list) = value, list.count >= SnapshotFormat.chunkedFrom,
                lists[ListName(key: key, field: field)] == nil
            else {
                if case .string(let field) = name, lists[ListName(key: key, field: field)] != nil { continue }
                rest.append((name, value))
                continue
            }
            for element in list { try append(SnapshotFormat.json(element), to: field, of: key) }
        }
        return .map(Map(rest))
    }

    private func closedLists(of key: Fact.Key) throws(ArchiveError) -> [String: Value] {
        var documents: [String: Value] = [:]
        for name in lists.keys.filter({ $0.key == key }) {
            guard var list = lists.removeValue(forKey: name) else { continue }
            try flush(&list, name)
            documents[name.field] = .list(List(list.chunks.map(\.document)))
        }
        return documents
    }

    /// Writes the index and puts the file in its place.
    ///
    /// - Parameter isSorted: the facts stand in the order of their keys, not in that in which they came.
    package func finish(
        subject: Snapshot.Subject, now: Timestamp, text: String, isSorted: Bool = false
    ) throws(ArchiveError) {
        var index: [(key: Value, value: Value)] = [
            (.string("apiVersion"), .string(Snapshot.apiVersion)), (.string("kind"), .string(SnapshotFormat.kind)),
            (.string("formatVersion"), .int(SnapshotFormat.version)),
            (
                .string("subject"),
                .map([
                    "context": .string(subject.context), "server": .string(subject.server),
                    "platform": .string(subject.platform),
                ])
            ), (.string("now"), .string(now.description)),
        ]
        if !text.isEmpty {
            index.append((.string("text"), try write(SnapshotFormat.textPath, Array(text.utf8)).document))
        }
        if isSorted {
            entries.sort { ($0.key.collector, $0.key.parameters) < ($1.key.collector, $1.key.parameters) }
        }
        index.append((.string("facts"), .list(List(entries.map(\.document)))))
        let offset = file.position
        let content = SnapshotFormat.json(.map(Map(index)), layout: .indented(by: 1))
        try file.write(try SnapshotFormat.member(SnapshotFormat.indexPath, content, isLast: true))
        try file.write(SnapshotFormat.footer(indexOffset: offset))
        try file.commit()
    }

    private func write(_ path: String, _ content: [UInt8]) throws(ArchiveError) -> SnapshotMember {
        let offset = file.position
        try file.write(try SnapshotFormat.member(path, content))
        return SnapshotMember(path: path, offset: offset, packed: file.position - offset, size: content.count)
    }

    /// What the names of the fact's members begin with.
    func base(_ key: Fact.Key) -> String {
        let number = numbers[key] ?? numbers.count + 1
        numbers[key] = number
        let name = key.collector.utf8.allSatisfy { isPlainLetter($0) || $0 == UInt8(ascii: ".") }
        return "facts/\(SnapshotFormat.padded(number, 4))-\(name ? String(key.collector.prefix(40)) : "fact")"
    }
}

private func isPlainLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte &- UInt8(ascii: "0") < 10
        || byte == UInt8(ascii: "_")
}
