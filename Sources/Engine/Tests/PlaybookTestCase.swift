internal import CEL
internal import Facts
internal import Playbooks
internal import YAML

/// A case of a `*_test.yaml`: what is given and what is expected.
struct PlaybookTestCase {
    var name: String
    var location: Location
    var text: String
    var now: Timestamp
    var platform: String?
    var inputs: [String: String]
    /// By their name in the playbook under test.
    var facts: [String: Fact]
    var expectations: Expectations

    /// An expected list or text and its place.
    struct Expected<Content> {
        var content: Content
        var location: Location
    }

    struct Expectations {
        /// Exact and in order.
        var confirmed: Expected<[String]>
        /// These at least.
        var ruledOut: Expected<[String]>
        var undetermined: Expected<[String]>
        /// Exact.
        var failed: Expected<[String]>
        var because: [(cause: String, Expected<String>)]
        var missing: [(cause: String, Expected<[String]>)]
        var commands: [(remedy: String, Expected<[[String]]>)]
    }
}

/// Reads the cases of a test file against the playbook that they are about.
struct PlaybookTestReader {
    /// Judged as of then where a case says nothing, so that a test never depends on the day it is run.
    static let standardNow = Timestamp(seconds: 1_795_478_400)

    let playbook: Playbook
    let library: [Playbook]
    let catalogue: Catalogue
    let source: SourceText
    private(set) var problems: [Problem] = []

    init(_ playbook: Playbook, library: [Playbook], catalogue: Catalogue, source: SourceText) {
        self.playbook = playbook
        self.library = library
        self.catalogue = catalogue
        self.source = source
    }

    mutating func testCase(_ node: Node) -> PlaybookTestCase? {
        guard let mapping = Mapping(node) else { return nil }
        let now = mapping.text("now").flatMap { Timestamp(rfc3339: $0) } ?? Self.standardNow
        return PlaybookTestCase(
            name: mapping.text("name") ?? "", location: source.location(of: mapping["name"] ?? node),
            text: mapping.text("text") ?? "", now: now, platform: mapping.text("platform"),
            inputs: inputs(mapping), facts: facts(mapping, now: now), expectations: expectations(mapping, in: node))
    }

    private func inputs(_ mapping: Mapping) -> [String: String] {
        let entries = mapping.mapping("inputs")?.entries ?? []
        return Dictionary(
            entries.map { ($0.key, $0.value.scalar?.text ?? "") }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Facts

    private mutating func facts(_ mapping: Mapping, now: Timestamp) -> [String: Fact] {
        var values: [String: Value] = [:]
        for entry in mapping.mapping("facts")?.entries ?? [] {
            guard let type = type(ofFact: entry.key, at: entry.keyNode) else { continue }
            let (value, mismatches) = Value(entry.value).conforming(to: type)
            values[entry.key] = value
            for mismatch in mismatches { tell(mismatch, below: entry.value) }
        }
        var results: [String: Result<Value, Unknown>] = values.mapValues { .success($0) }
        for entry in mapping.mapping("unknown")?.entries ?? [] {
            let reason = Unknown.Reason(rawValue: entry.value.text ?? "") ?? .notCollected
            let path = entry.key.split(separator: ".").map(String.init)
            guard let name = path.first, checkPath(path, at: entry.keyNode) else { continue }
            let unknown = Unknown(reason, "the test says so")
            guard path.count > 1 else {
                results[name] = .failure(unknown)
                continue
            }
            let whole = (try? results[name]?.get()) ?? .map(Map())
            results[name] = .success(whole.replacing(path.dropFirst(), with: unknown.value))
        }
        return Dictionary(
            uniqueKeysWithValues: results.map { name, result in
                let collector = playbook.facts.first { $0.name == name }?.collector ?? name
                return (
                    name,
                    Fact(
                        key: Fact.Key(collector: collector), result: result,
                        provenance: Provenance(
                            collector: collector, source: "the test", collectedAt: now,
                            duration: CEL.Duration(seconds: 0)))
                )
            })
    }

    private mutating func type(ofFact name: String, at node: Node) -> ValueType? {
        guard let declaration = playbook.facts.first(where: { $0.name == name }) else {
            let nearest = nearestName(to: name, among: playbook.facts.map(\.name))
            problems.append(
                Problem(
                    .invalidTest, "the playbook '\(playbook.name)' has no fact '\(name)'" + didYouMean(nearest),
                    at: source.location(of: node), suggestion: nearest))
            return nil
        }
        return catalogue[declaration.collector]?.declaration.returns ?? .dyn
    }

    private mutating func tell(_ mismatch: Mismatch, below node: Node) {
        let nearest = mismatch.path.last.flatMap { nearestName(to: $0, among: mismatch.choices) }
        problems.append(
            Problem(
                .invalidTest, mismatch.message + didYouMean(nearest),
                at: source.location(of: node.descendant(mismatch.path) ?? node), suggestion: nearest))
    }

    /// Whether the path is one of a fact's, by its declared type.
    private mutating func checkPath(_ path: [String], at node: Node) -> Bool {
        guard var type = type(ofFact: path[0], at: node) else { return false }
        for step in path.dropFirst() {
            switch type {
            case .object(let fields):
                guard let field = fields[step] else {
                    tell(
                        Mismatch(path: [step], message: "there is no field '\(step)'", choices: Array(fields.keys)),
                        below: node)
                    return false
                }
                type = field
            case .list(let element): type = element
            case .map(_, let value): type = value
            case .dyn: return true
            default:
                tell(
                    Mismatch(path: [], message: "'\(path.joined(separator: "."))' leads below \(type.words)"),
                    below: node)
                return false
            }
        }
        return true
    }

    // MARK: Expectations

    private mutating func expectations(_ mapping: Mapping, in node: Node) -> PlaybookTestCase.Expectations {
        let expect = mapping.mapping("expect")
        let place = source.location(of: mapping.keyNode("expect") ?? node)
        return PlaybookTestCase.Expectations(
            confirmed: causes("confirmed", expect, place), ruledOut: causes("ruledOut", expect, place),
            undetermined: causes("undetermined", expect, place), failed: causes("failed", expect, place),
            because: named("because", expect).compactMap { entry in
                cause(entry.key, at: entry.keyNode).map { ($0, expected(entry.value.scalar?.text ?? "", entry.value)) }
            },
            missing: named("missing", expect).compactMap { entry in
                cause(entry.key, at: entry.keyNode).map {
                    ($0, expected((entry.value.elements ?? []).compactMap(\.scalar?.text), entry.value))
                }
            },
            commands: named("commands", expect).compactMap { entry in
                guard knowsRemedy(entry.key, at: entry.keyNode) else { return nil }
                let commands = (entry.value.elements ?? []).map { ($0.elements ?? []).compactMap(\.scalar?.text) }
                return (entry.key, expected(commands, entry.value))
            })
    }

    private func named(_ key: String, _ expect: Mapping?) -> [(key: String, keyNode: Node, value: Node)] {
        expect?.mapping(key)?.entries ?? []
    }

    private func expected<Content>(_ content: Content, _ node: Node) -> PlaybookTestCase.Expected<Content> {
        PlaybookTestCase.Expected(content: content, location: source.location(of: node))
    }

    private mutating func causes(
        _ key: String, _ expect: Mapping?, _ place: Location
    ) -> PlaybookTestCase.Expected<[String]> {
        let nodes = expect?.elements(key) ?? []
        var names: [String] = []
        for node in nodes {
            guard let text = node.text, let name = cause(text, at: node) else { continue }
            names.append(name)
        }
        return PlaybookTestCase.Expected(
            content: names, location: expect?.keyNode(key).map { source.location(of: $0) } ?? place)
    }

    /// `playbook/cause` for a cause that exists.
    private mutating func cause(_ text: String, at node: Node) -> String? {
        let name = text.contains("/") ? text : "\(playbook.name)/\(text)"
        let all = library.flatMap { playbook in playbook.causes.map { "\(playbook.name)/\($0.id)" } }
        if all.contains(name) { return name }
        let nearest = nearestName(to: name, among: all)
        problems.append(
            Problem(
                .invalidTest, "there is no cause '\(name)'" + didYouMean(nearest), at: source.location(of: node),
                suggestion: nearest))
        return nil
    }

    private mutating func knowsRemedy(_ id: String, at node: Node) -> Bool {
        let ids = playbook.remedies.map(\.id)
        if ids.contains(id) { return true }
        let nearest = nearestName(to: id, among: ids)
        problems.append(
            Problem(
                .invalidTest, "the playbook '\(playbook.name)' has no remedy '\(id)'" + didYouMean(nearest),
                at: source.location(of: node), suggestion: nearest))
        return false
    }
}

extension Value {
    init(_ node: Node) {
        self = node.fold(
            scalar: { _, value in Value(value) }, list: { _, elements in .list(List(elements)) },
            map: { _, entries in .map(Map(entries)) })
    }

    private init(_ value: CoreValue) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        }
    }

    /// The value with another one at the end of the path; maps on the way are made where there are none.
    func replacing(_ path: ArraySlice<String>, with value: Value) -> Value {
        guard let step = path.first else { return value }
        if case .list(let list) = self, let index = Int(step), list.indices.contains(index) {
            var elements = Array(list)
            elements[index] = elements[index].replacing(path.dropFirst(), with: value)
            return .list(List(elements))
        }
        var entries: [(key: Value, value: Value)] = []
        if case .map(let map) = self { entries = map.entries }
        let replaced = (member(step) ?? .map(Map())).replacing(path.dropFirst(), with: value)
        if let index = entries.firstIndex(where: { if case .string(step) = $0.key { true } else { false } }) {
            entries[index].value = replaced
        } else {
            entries.append((.string(step), replaced))
        }
        return .map(Map(entries))
    }
}

extension Node {
    fileprivate func descendant(_ path: [String]) -> Node? {
        var node = self
        for step in path {
            if let mapping = Mapping(node), let next = mapping[step] {
                // A misspelt key is marked itself.
                node = step == path.last ? (mapping.keyNode(step) ?? next) : next
            } else if let index = Int(step), let elements = node.elements, elements.indices.contains(index) {
                node = elements[index]
            } else {
                return node
            }
        }
        return node
    }
}
