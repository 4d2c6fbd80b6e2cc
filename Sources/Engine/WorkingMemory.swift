package import CEL
internal import Facts
internal import Playbooks

/// What is settled before any fact is collected.
struct Situation: Sendable {
    var now: Timestamp
    /// As typed, by name.
    var inputs: [String: String] = [:]
    /// Whether something was pasted or named; otherwise everything is looked at, and what is no fault may be as it is.
    var isAsked = true
    /// By playbook.
    var matches: [String: SymptomMatch] = [:]
    /// Facts that a test gives by their name in one playbook, by playbook and name.
    var given: [String: [String: Fact]] = [:]
    /// `nil`: the `platform` collector tells.
    var platform: String?
    /// The beginnings of the file names of playbooks that have permissions of their own.
    var askers: [String] = []
}

/// The facts so far.
struct WorkingMemory: Sendable {
    let situation: Situation
    let catalogue: Catalogue
    let reads: ReadsOfPlaybooks
    private var places: [FactPlace: Fact] = [:]
    /// How many elements the lists of the facts have together.
    private(set) var elements: UInt64 = 0
    /// What evaluating has cost so far.
    var costs: Costs
    /// Whether facts were left out because evaluating had used up what it may cost.
    var isExhausted = false
    /// What a fact is that nobody has asked for.
    var uncollected = Unknown(.notCollected, "it was not asked for, since it cannot change the answer")

    init(
        _ situation: Situation, catalogue: Catalogue, costLimit: UInt64 = Costs.standardLimit, facts: [Fact] = [],
        reads: ReadsOfPlaybooks = .everything
    ) {
        self.reads = reads
        self.situation = situation
        self.catalogue = catalogue
        costs = Costs(limit: costLimit)
        // For a playbook of a library it is asked again, within what that library may do.
        for fact in facts { insert(fact, for: []) }
    }

    mutating func insert(_ fact: Fact, for askers: [String]) {
        // Read again for more of it, a fact takes the place of what was there.
        let old = places.updateValue(fact, forKey: FactPlace(key: fact.key, askers: askers))
        elements = elements - (old?.elements ?? 0) + fact.elements
    }

    subscript(place: FactPlace) -> Fact? { places[place] }
    subscript(key: Fact.Key) -> Fact? { places[FactPlace(key: key)] }

    /// Each fact once, in the order of their keys; where one asker had it and another did not, as it was had.
    var facts: [Fact] {
        var all: [Fact] = []
        for (place, fact) in places.sorted(by: { $0.key.order < $1.key.order }) {
            guard all.last?.key == place.key else {
                all.append(fact)
                continue
            }
            if case .failure = all[all.count - 1].result { all[all.count - 1] = fact }
        }
        return all
    }

    /// Whose permissions count for what stands in the file.
    func asker(of file: String) -> String? { situation.askers.first { file.hasPrefix($0) } }

    static let platformKey = Fact.Key(collector: "platform")
    static let kubeconfigKey = Fact.Key(collector: "kubeconfig")

    /// The platform as conditions see it.
    var platform: Value {
        if let platform = situation.platform { return .string(platform) }
        guard catalogue["platform"] != nil else { return .string("unknown") }
        guard let fact = self[Self.platformKey] else { return uncollected.value(at: ["platform"]) }
        switch fact.result {
        case .failure(let unknown): return unknown.value(at: ["platform"])
        case .success(let value): return value.member("name") ?? .string("unknown")
        }
    }
}

extension Unknown {
    /// As a CEL value that knows where it stands.
    func value(at path: [String]) -> Value {
        .unknown(UnknownSet(UnknownAttribute(path: path, reason: reason.rawValue, detail: detail, hint: hint)))
    }
}

extension Value {
    /// A field of a map.
    package func member(_ name: String) -> Value? {
        guard case .map(let map) = self else { return nil }
        return map[name]
    }

    /// What stands at the end of a path of fields and indices.
    package func at(_ path: some Sequence<String>) -> Value? {
        var current = self
        for step in path {
            switch current {
            case .map(let map):
                guard let next = map[step] else { return nil }
                current = next
            case .list(let list):
                guard let index = Int(step), list.indices.contains(index) else { return nil }
                current = list[index]
            default:
                return nil
            }
        }
        return current
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

extension FactPlace {
    var order: (String, String, String) { (key.collector, key.parameters, askers.joined(separator: "\n")) }
}

extension Fact {
    /// How many elements its list has, or the lists that are its fields.
    fileprivate var elements: UInt64 {
        guard case .success(let value) = result else { return 0 }
        switch value {
        case .list(let list): return UInt64(list.count)
        case .map(let map):
            return map.entries.reduce(0) { sum, entry in
                if case .list(let list) = entry.value { sum + UInt64(list.count) } else { sum }
            }
        default: return 0
        }
    }
}
