package import CEL

/// What is different between two snapshots, fact by fact and path by path.
package struct SnapshotComparison: Sendable {
    package enum Change: Sendable {
        case appeared(Value)
        case disappeared(Value)
        case changed(from: Value, to: Value)
    }

    /// One place that differs.
    package struct Difference: Sendable {
        package var fact: Fact.Key
        /// Fields, indices, and the names of elements in brackets; empty: the fact as a whole.
        package var path: String
        package var change: Change
    }

    package private(set) var differences: [Difference] = []

    package init(from old: Snapshot, to new: Snapshot) async {
        let keys = Set(old.keys).union(new.keys).sorted {
            ($0.collector, $0.parameters) < ($1.collector, $1.parameters)
        }
        for key in keys {
            let (before, after) = (await old.fact(key)?.value, await new.fact(key)?.value)
            var walk = Walk(fact: key)
            switch (before, after) {
            case (nil, nil): continue
            case (nil, let after?): walk.note(.appeared(after))
            case (let before?, nil): walk.note(.disappeared(before))
            case (let before?, let after?): walk.compare(before, after)
            }
            differences += walk.differences
        }
    }
}

extension Fact {
    fileprivate var value: Value {
        switch result {
        case .success(let value): value
        case .failure(let unknown): unknown.value
        }
    }
}

private struct Walk {
    let fact: Fact.Key
    var path = ""
    var differences: [SnapshotComparison.Difference] = []

    /// Changes with every write, whatever was written.
    private static let counters: Set = ["resourceVersion"]

    init(fact: Fact.Key) { self.fact = fact }

    mutating func note(_ change: SnapshotComparison.Change) {
        differences.append(SnapshotComparison.Difference(fact: fact, path: path, change: change))
    }

    private mutating func within(_ step: String, _ body: (inout Walk) -> Void) {
        let outer = path
        path = path.isEmpty || step.hasPrefix("[") ? path + step : "\(path).\(step)"
        body(&self)
        path = outer
    }

    mutating func compare(_ old: Value, _ new: Value) {
        switch (old, new) {
        case (.map(let old), .map(let new)): compare(old, new)
        case (.list(let old), .list(let new)): compare(old.elements, new.elements)
        default:
            if canonical(old) != canonical(new) { note(.changed(from: old, to: new)) }
        }
    }

    private mutating func compare(_ old: Map, _ new: Map) {
        for (key, value) in old.entries {
            let name = name(of: key)
            guard !Self.counters.contains(name) else { continue }
            within(name) { walk in
                if let other = new[key] { walk.compare(value, other) } else { walk.note(.disappeared(value)) }
            }
        }
        for (key, value) in new.entries where old[key] == nil {
            guard !Self.counters.contains(name(of: key)) else { continue }
            within(name(of: key)) { $0.note(.appeared(value)) }
        }
    }

    private func name(of key: Value) -> String {
        if case .string(let name) = key { name } else { key.description }
    }

    private mutating func compare(_ old: [Value], _ new: [Value]) {
        if let before = identified(old), let after = identified(new) { return compare(before, after) }
        let isPlain = (old + new).allSatisfy { value in
            switch value {
            case .map, .list: false
            default: true
            }
        }
        if isPlain { return compareSets(old, new) }
        for index in 0..<max(old.count, new.count) {
            within("[\(index)]") { walk in
                switch (old.indices.contains(index), new.indices.contains(index)) {
                case (true, true): walk.compare(old[index], new[index])
                case (true, false): walk.note(.disappeared(old[index]))
                default: walk.note(.appeared(new[index]))
                }
            }
        }
    }

    /// By what the elements are called, whatever their order.
    private mutating func compare(_ old: [Identity: Value], _ new: [Identity: Value]) {
        for identity in Set(old.keys).union(new.keys).sorted() {
            within("[\(identity.name)]") { walk in
                switch (old[identity], new[identity]) {
                case (let before?, let after?): walk.compare(before, after)
                case (let before?, nil): walk.note(.disappeared(before))
                case (nil, let after?): walk.note(.appeared(after))
                case (nil, nil): break
                }
            }
        }
    }

    /// Plain values have no order that means anything here.
    private mutating func compareSets(_ old: [Value], _ new: [Value]) {
        let (before, after) = (Set(old.map(canonical)), Set(new.map(canonical)))
        for value in old where !after.contains(canonical(value)) { note(.disappeared(value)) }
        for value in new where !before.contains(canonical(value)) { note(.appeared(value)) }
    }

    /// `nil` where some element has no name of its own.
    private func identified(_ values: [Value]) -> [Identity: Value]? {
        var found: [Identity: Value] = [:]
        for value in values {
            guard let identity = Identity(value), found.updateValue(value, forKey: identity) == nil else {
                return nil
            }
        }
        return found
    }

    private func canonical(_ value: Value) -> String {
        (try? JSONWriter.canonical.string(SnapshotValue.encode(value, as: .dyn))) ?? value.description
    }
}

/// What an element of a list is called: an object's namespace, name and uid, or a field that names it.
private struct Identity: Hashable, Comparable {
    var name: String
    /// An object that was made anew under its old name is another one.
    var uid = ""

    init?(_ value: Value) {
        guard case .map(let map) = value else { return nil }
        if case .map(let metadata)? = map["metadata"], let own = metadata["name"]?.text {
            name = (metadata["namespace"]?.text.map { $0 + "/" } ?? "") + own
            uid = metadata["uid"]?.text ?? ""
            return
        }
        for field in ["uid", "name", "id", "key", "type", "device", "path", "pod", "host", "endpoint"] {
            guard let text = map[field]?.text else { continue }
            name = text
            return
        }
        return nil
    }

    static func < (left: Identity, right: Identity) -> Bool { (left.name, left.uid) < (right.name, right.uid) }
}

extension Value {
    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
