package import Archives
package import CEL
package import Facts

/// Writes a snapshot's file, fact by fact, long lists as they come.
///
/// The file appears when `finish` has returned, and not at all where that is never reached.
package final class SnapshotWriter {
    /// A list within a fact that is written before the fact itself.
    private struct OpenList {
        var buffer: [UInt8] = []
        var count = 0
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
    private var entries: [Value] = []

    package init(_ path: String, catalogue: Catalogue) throws(ArchiveError) {
        file = try NewFile(path)
        self.catalogue = catalogue
        let marker = Value.map([
            "apiVersion": .string(Snapshot.apiVersion), "kind": .string(SnapshotFormat.kind),
            "formatVersion": .int(SnapshotFormat.version),
        ])
        _ = try write(SnapshotFormat.markerPath, json(marker))
    }

    /// Writes a snapshot as a whole, those of its facts that are not in memory too.
    package static func write(
        _ snapshot: Snapshot, to path: String, catalogue: Catalogue
    ) async throws(ArchiveError) {
        let writer = try SnapshotWriter(path, catalogue: catalogue)
        for key in snapshot.keys {
            if let fact = await snapshot.fact(key) { try writer.add(fact) }
        }
        try writer.finish(subject: snapshot.subject, now: snapshot.now, text: snapshot.text)
    }

    /// Adds an element, as JSON, to a list of a fact that is added later.
    package func append(_ element: some Sequence<UInt8>, to field: String, of key: Fact.Key) throws(ArchiveError) {
        let name = ListName(key: key, field: field)
        // Taken out while it grows, so that its bytes are not copied.
        var list = lists.removeValue(forKey: name) ?? OpenList()
        list.buffer += list.buffer.isEmpty ? [UInt8(ascii: "[")] : [UInt8(ascii: ","), 0x0A]
        list.buffer += element
        list.count += 1
        if list.buffer.count >= SnapshotFormat.chunkSize { try flush(&list, name) }
        lists[name] = list
    }

    private func flush(_ list: inout OpenList, _ name: ListName) throws(ArchiveError) {
        guard list.count > 0 else { return }
        list.buffer += [UInt8(ascii: "]"), 0x0A]
        let path = "\(base(name.key))/\(name.field)-\(padded(list.chunks.count + 1, 6)).json"
        var chunk = try write(path, list.buffer)
        chunk.count = list.count
        list.chunks.append(chunk)
        list.buffer.removeAll(keepingCapacity: true)
        list.count = 0
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
            entry.append((.string("value"), try write("\(base(fact.key)).json", json(rest)).document))
            let chunks = try closedLists(of: fact.key)
            if !chunks.isEmpty { entry.append((.string("lists"), .map(Map(chunks)))) }
        }
        for name in lists.keys where name.key == fact.key { lists[name] = nil }
        entries.append(.map(Map(entry + fact.provenance.documentEntries)))
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
            for element in list { try append(json(element), to: field, of: key) }
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
    package func finish(subject: Snapshot.Subject, now: Timestamp, text: String) throws(ArchiveError) {
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
        index.append((.string("facts"), .list(List(entries))))
        let offset = file.position
        let content = json(.map(Map(index)), layout: .indented(by: 1))
        try file.write(try SnapshotFormat.member(SnapshotFormat.indexPath, content, isLast: true))
        try file.write(SnapshotFormat.footer(indexOffset: offset))
        try file.commit()
    }

    private func write(_ path: String, _ content: [UInt8]) throws(ArchiveError) -> SnapshotMember {
        let offset = file.position
        try file.write(try SnapshotFormat.member(path, content))
        return SnapshotMember(path: path, offset: offset, packed: file.position - offset, size: content.count)
    }

    /// Encoded values are plain JSON, so there is nothing to refuse; what should come anyway is left out visibly.
    private func json(_ value: Value, layout: JSONWriter.Layout = .compact) -> [UInt8] {
        let writer = JSONWriter(layout: layout, substitute: { .string($0.description) })
        return (try? writer.bytes(value)) ?? Array("null".utf8)
    }

    private func base(_ key: Fact.Key) -> String {
        let number = numbers[key] ?? numbers.count + 1
        numbers[key] = number
        let name = key.collector.utf8.allSatisfy { isPlainLetter($0) || $0 == UInt8(ascii: ".") }
        return "facts/\(padded(number, 4))-\(name ? String(key.collector.prefix(40)) : "fact")"
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func isPlainLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte &- UInt8(ascii: "0") < 10
        || byte == UInt8(ascii: "_")
}
