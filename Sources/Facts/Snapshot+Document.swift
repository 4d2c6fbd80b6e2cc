package import CEL

extension Snapshot {
    /// Something about a saved snapshot that cannot be used.
    package struct Issue: Error, Sendable, Hashable {
        /// For those who tell the issues apart; the message is for people.
        package enum Kind: String, Sendable, CaseIterable {
            /// It is no snapshot, or not one as its format has it.
            case invalid
            /// Its end is missing.
            case truncated
            /// What is there is not what was written.
            case damaged
            /// More or larger than is taken.
            case tooLarge
            /// It names files outside of itself, or holds what is no file.
            case unsafe
        }

        /// Lower case, no full stop.
        package var message: String
        /// From one, where the text itself is wrong; else the document's start.
        package var line = 1
        package var column = 1
        /// Whether nothing of the snapshot can be used.
        package var isFatal = false
        package var kind = Kind.invalid

        package init(message: String, line: Int = 1, column: Int = 1, isFatal: Bool = false, kind: Kind = .invalid) {
            self.message = message
            self.line = line
            self.column = column
            self.isFatal = isFatal
            self.kind = kind
        }
    }

    package static let apiVersion = "triage/v1"

    /// Whether a file that begins like this is meant to be a snapshot, be it a damaged one.
    package static func isOwnFormat(_ start: [UInt8]) -> Bool {
        let text = String(decoding: start, as: UTF8.self)
        return text.contains("\"kind\"") && text.contains("\"Snapshot\"") || text.contains("\"\(apiVersion)\"")
    }

    /// As JSON, ready to be saved.
    package func document(_ catalogue: Catalogue) -> [UInt8] {
        let document = Value.map([
            "apiVersion": .string(Self.apiVersion), "kind": .string("Snapshot"),
            "subject": .map([
                "context": .string(subject.context), "server": .string(subject.server),
                "platform": .string(subject.platform),
            ]),
            "now": .string(now.description), "text": .string(text),
            "facts": .list(
                List(facts.map { self.document($0, as: catalogue[$0.key.collector]?.declaration.returns ?? .dyn) })),
        ])
        // Encoded values are plain JSON, so there is nothing to refuse; what should come anyway is left out visibly.
        let writer = JSONWriter(layout: .indented(by: 1), substitute: { .string($0.description) })
        return ((try? writer.bytes(document)) ?? []) + [0x0A]
    }

    private func document(_ fact: Fact, as type: ValueType) -> Value {
        var entries = [(key: Value.string("collector"), value: Value.string(fact.key.collector))]
        if fact.key.parameters != "{}" { entries.append((.string("parameters"), .string(fact.key.parameters))) }
        switch fact.result {
        case .success(let value): entries.append((.string("value"), SnapshotValue.encode(value, as: type)))
        case .failure(let unknown): entries.append((.string("unknown"), unknown.document))
        }
        return .map(Map(entries + fact.provenance.documentEntries))
    }

    /// Reads what was saved.
    ///
    /// A fact that no longer fits its declaration is unknown, and said to be.
    package static func read(_ bytes: [UInt8], catalogue: Catalogue) -> (snapshot: Snapshot?, issues: [Issue]) {
        let document: Value
        do throws(JSONError) {
            document = try Value.parseJSON(bytes, limits: JSONLimits(bytes: 256 << 20, duplicateKeys: .refuse))
        } catch {
            return (nil, [Issue(message: error.message, line: error.line, column: error.column, isFatal: true)])
        }
        var reader = SnapshotReader(catalogue: catalogue)
        let snapshot = reader.snapshot(document)
        return (snapshot, reader.issues)
    }
}

private struct SnapshotReader {
    let catalogue: Catalogue
    var issues: [Snapshot.Issue] = []

    init(catalogue: Catalogue) { self.catalogue = catalogue }

    mutating func snapshot(_ document: Value) -> Snapshot? {
        guard case .map(let map) = document, map["kind"]?.text == "Snapshot" else {
            return refuse("this is not a snapshot: expected a JSON object with \"kind\": \"Snapshot\"")
        }
        guard let version = map["apiVersion"]?.text, version == Snapshot.apiVersion else {
            return refuse(
                "the snapshot's apiVersion is '\(map["apiVersion"]?.text ?? "")', expected '\(Snapshot.apiVersion)'")
        }
        guard let now = map["now"]?.text.flatMap({ Timestamp(rfc3339: $0) }) else {
            return refuse("the snapshot's 'now' is not a time such as 2026-11-24T00:00:00Z")
        }
        guard case .list(let facts)? = map["facts"] else { return refuse("the snapshot has no list 'facts'") }
        var snapshot = Snapshot(now: now, text: map["text"]?.text ?? "")
        if case .map(let subject)? = map["subject"] {
            snapshot.subject = Snapshot.Subject(
                context: subject["context"]?.text ?? "", server: subject["server"]?.text ?? "",
                platform: subject["platform"]?.text ?? "unknown")
        }
        for (index, entry) in facts.enumerated() {
            if let fact = fact(entry, index, now: now) { snapshot.insert(fact) }
        }
        return snapshot
    }

    private mutating func fact(_ document: Value, _ index: Int, now: Timestamp) -> Fact? {
        guard case .map(let map) = document, let collector = map["collector"]?.text else {
            return ignore("facts[\(index)] does not say which collector it is from")
        }
        let key = Fact.Key(collector: collector, parameters: map["parameters"]?.text ?? "{}")
        let result: Result<Value, Unknown>
        switch (map["value"], map["unknown"].flatMap { Unknown(document: $0) }) {
        case (_, let unknown?): result = .failure(unknown)
        case (let value?, nil): result = conforming(SnapshotValue.decode(value), of: collector, index)
        case (nil, nil): return ignore("facts[\(index)] (\(collector)) has neither a value nor a reason to have none")
        }
        return Fact(key: key, result: result, provenance: Provenance(document: map, collector: collector, now: now))
    }

    private mutating func conforming(_ value: Value, of collector: String, _ index: Int) -> Result<Value, Unknown> {
        guard let type = catalogue[collector]?.declaration.returns else { return .success(value) }
        let (value, mismatches) = value.conforming(to: type)
        guard let first = mismatches.first else { return .success(value) }
        let place = (["facts[\(index)]", "value"] + first.path).joined(separator: ".")
        issues.append(Snapshot.Issue(message: "\(place): \(first.message) (\(collector))"))
        return .failure(Unknown(.malformed, "the snapshot's value does not fit: \(first.message)"))
    }

    private mutating func refuse(_ message: String) -> Snapshot? {
        issues.append(Snapshot.Issue(message: message, isFatal: true))
        return nil
    }

    private mutating func ignore(_ message: String) -> Fact? {
        issues.append(Snapshot.Issue(message: message))
        return nil
    }
}

extension Provenance {
    /// As it stands in a snapshot beside a fact's value.
    package var documentEntries: [(key: Value, value: Value)] {
        [
            (.string("source"), .string(source)), (.string("collectedAt"), .string(collectedAt.description)),
            (.string("duration"), .string(duration.description)),
        ]
    }

    package init(document: Map, collector: String, now: Timestamp) {
        self.init(
            collector: collector, source: document["source"]?.text ?? "snapshot",
            collectedAt: document["collectedAt"]?.text.flatMap { Timestamp(rfc3339: $0) } ?? now,
            duration: document["duration"]?.text.flatMap { CEL.Duration(text: $0) } ?? CEL.Duration(seconds: 0))
    }
}

extension Value {
    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
