package import Archives
package import CEL
package import Facts
internal import Synchronization

/// Writes facts into a snapshot's file as they are gathered, and takes out of them what a person wants removed.
///
/// What is in memory of a long list is the chunk that is being gathered.
package final class SnapshotRecorder: FactRecorder {
    private struct State {
        let writer: SnapshotWriter
        var had: Set<Fact.Key> = []
        var missing: [Fact.Key: Fact] = [:]
        var failure: ArchiveError?
    }

    private let catalogue: Catalogue
    private let redaction: RedactionPatterns
    private let state: Mutex<State>

    package init(
        _ path: String, catalogue: Catalogue, redaction: RedactionPatterns = .none
    ) throws(ArchiveError) {
        self.catalogue = catalogue
        self.redaction = redaction
        state = Mutex(State(writer: try SnapshotWriter(path, catalogue: catalogue)))
    }

    package func lists(of key: Fact.Key) -> (any ListRecorder)? {
        let key = shown(key)
        let base = state.withLock { $0.had.contains(key) ? nil : $0.writer.base(key) }
        guard let base else { return nil }
        return RecordedLists(base, of: catalogue.type(of: key), redaction: redaction)
    }

    package func record(_ fact: Fact, _ lists: (any ListRecorder)?) {
        var fact = redaction.isEmpty ? fact : redaction.applied(to: fact, as: catalogue.type(of: fact.key))
        fact.key = shown(fact.key)
        state.withLock { state in
            guard state.failure == nil, !state.had.contains(fact.key) else { return }
            guard case .success(let value) = fact.result else {
                state.missing[fact.key] = fact
                return
            }
            state.had.insert(fact.key)
            state.missing[fact.key] = nil
            do throws(ArchiveError) {
                var packed = try (lists as? RecordedLists)?.packed() ?? [:]
                // What was taken out whole by the name of its field stays out.
                packed = packed.filter { value[field: $0.key].map { $0.elements != nil } ?? true }
                for (field, list) in packed { try state.writer.add(list, to: field, of: fact.key) }
                fact.result = .success(value.without(Set(packed.keys)))
                try state.writer.add(fact)
            } catch {
                state.failure = error
            }
        }
    }

    /// What asked for the fact looks for it by its key.
    private func shown(_ key: Fact.Key) -> Fact.Key {
        var key = key
        key.parameters = redaction.applied(to: key.parameters)
        return key
    }

    /// Puts the file in its place; gives how many facts are in it, and how many of them are unknown.
    package func finish(
        subject: Snapshot.Subject, now: Timestamp, text: String
    ) throws(ArchiveError) -> (facts: Int, unknown: Int) {
        try state.withLock { state throws(ArchiveError) in
            if let failure = state.failure { throw failure }
            for fact in state.missing.values { try state.writer.add(fact) }
            try state.writer.finish(
                subject: redaction.applied(to: subject), now: now, text: redaction.applied(to: text), isSorted: true)
            return (state.had.count + state.missing.count, state.missing.count)
        }
    }
}

/// A list as it stands in a snapshot's file, somewhere else.
struct PackedList {
    var bytes: SpooledBytes
    /// Their offsets are those in the bytes.
    var chunks: [SnapshotMember]
}

/// The lists of a fact that is not there yet, packed as they come: a list that is begun anew, or never ends, leaves
/// nothing in the snapshot.
private final class RecordedLists: ListRecorder {
    private struct Open {
        var chunk = ListChunk()
        var chunks: [SnapshotMember] = []
        let spool = Spool(mostInMemory: 1 << 20)
    }

    private let base: String
    private let type: ValueType
    private let redaction: RedactionPatterns
    private let lists = Mutex<[String: Open]>([:])

    init(_ base: String, of type: ValueType, redaction: RedactionPatterns) {
        self.base = base
        self.type = type
        self.redaction = redaction
    }

    func take(_ element: Value, of field: String) throws(Unknown) {
        let type = type.field(field).element
        let element = redaction.isEmpty ? element : redaction.applied(to: element, as: type)
        let content = SnapshotFormat.json(SnapshotValue.encode(element, as: type))
        do throws(ArchiveError) {
            try lists.withLock { lists throws(ArchiveError) in
                var list = lists.removeValue(forKey: field) ?? Open()
                list.chunk.append(content)
                if list.chunk.isFull { try flush(&list, field) }
                lists[field] = list
            }
        } catch {
            throw Unknown(.truncated, "the list could not be written: \(error.message)")
        }
    }

    private func flush(_ list: inout Open, _ field: String) throws(ArchiveError) {
        guard let (content, count) = list.chunk.take() else { return }
        let path = SnapshotFormat.chunkPath(base, field, list.chunks.count + 1)
        let member = try SnapshotFormat.member(path, content)
        list.chunks.append(
            SnapshotMember(
                path: path, offset: list.spool.size, packed: member.count, size: content.count, count: count))
        let spool = list.spool
        try unsafe hand(member, member.count) { (bytes) throws(ArchiveError) in try unsafe spool.append(bytes) }
    }

    func restart(_ field: String) { lists.withLock { $0[field] = nil } }

    /// What was taken, and is given away.
    func packed() throws(ArchiveError) -> [String: PackedList] {
        try lists.withLock { lists throws(ArchiveError) in
            var packed: [String: PackedList] = [:]
            for (field, open) in lists {
                var open = open
                try flush(&open, field)
                packed[field] = PackedList(bytes: open.spool.finished(), chunks: open.chunks)
            }
            lists = [:]
            return packed
        }
    }
}

extension Catalogue {
    fileprivate func type(of key: Fact.Key) -> ValueType { self[key.collector]?.declaration.returns ?? .dyn }
}

extension Value {
    fileprivate func without(_ fields: Set<String>) -> Value {
        guard case .map(let map) = self, !fields.isEmpty else { return self }
        return .map(Map(map.entries.filter { entry in entry.key.text.map { !fields.contains($0) } ?? true }))
    }
}
