package import CEL
internal import Facts
package import Playbooks

/// A case of a playbook's test, made of what an investigation saw: the same facts, and the findings they led to.
package struct RecordedTest: Sendable {
    /// Why what was seen cannot be told as a test.
    package struct Failure: Error, Sendable {
        /// Lower case, no full stop.
        package var message: String
    }

    /// One element of `cases`, its keys in the order of the format.
    package var document: Value
    /// What was found and a test of this playbook cannot show, for people.
    package var notes: [String]
}

extension PlaybookTestRunner {
    /// Records what the investigation says of a playbook; its facts are cut down to what the findings rest on.
    ///
    /// - Parameters:
    ///   - text: empty where the playbook was named rather than recognised.
    ///   - name: what the case proves; made from the findings where nobody says it.
    package func record(
        _ investigation: Investigation, of playbook: Playbook, text: String, inputs: [String: String], name: String?
    ) async throws(RecordedTest.Failure) -> RecordedTest {
        let memory = investigation.memory
        var testCase = PlaybookTestCase(
            name: "", location: playbook.location, text: text, now: memory.situation.now,
            platform: investigation.readsPlatform ? memory.platform.string : nil,
            inputs: inputs.filter { input in playbook.inputs.contains { $0.name == input.key } },
            facts: investigation.factsHad(by: playbook), expectations: .nothing(at: playbook.location))
        let replayed = await investigate(testCase, of: playbook).diagnosis
        let outcome = TestOutcome(replayed, of: playbook)
        let differences = outcome.differences(from: TestOutcome(investigation.diagnosis, of: playbook))
        guard differences.own.isEmpty else {
            throw RecordedTest.Failure(
                message: "a test cannot give what \(differences.own.joined(separator: " and ")) rests on: "
                    + "facts of other playbooks, or values that YAML cannot hold")
        }
        var reduction = FactReduction(self, playbook, testCase, outcome)
        await reduction.run(words: investigation.wordsRead)
        testCase = reduction.testCase
        testCase.name = name ?? outcome.sentence(of: playbook, at: testCase.now)
        return RecordedTest(
            document: document(of: testCase, outcome, of: playbook),
            notes: differences.others.map {
                "\($0) is not in the test: it rests on facts that '\(playbook.name)' does not have"
            })
    }

    private func document(of testCase: PlaybookTestCase, _ outcome: TestOutcome, of playbook: Playbook) -> Value {
        var fields: [(key: Value, value: Value)] = [(.string("name"), .string(testCase.name))]
        func add(_ key: String, _ value: Value?) {
            if let value { fields.append((.string(key), value)) }
        }
        var facts: [(key: Value, value: Value)] = []
        var unknown: [(key: Value, value: Value)] = []
        for declaration in playbook.facts {
            guard let fact = testCase.facts[declaration.name] else { continue }
            let type = catalogue[declaration.collector]?.declaration.returns ?? .dyn
            let parts = WrittenFact(fact.result, as: type, named: declaration.name)
            if let value = parts.value { facts.append((.string(declaration.name), value)) }
            unknown += parts.unknown.map { (.string($0.path), .string($0.reason)) }
        }
        add("text", testCase.text.isEmpty ? nil : .string(testCase.text))
        add("now", .timestamp(testCase.now))
        add("platform", testCase.platform.map { .string($0) })
        add("inputs", testCase.inputs.isEmpty ? nil : .map(Map(testCase.inputs.mapValues { .string($0) })))
        add("facts", facts.isEmpty ? nil : .map(Map(facts)))
        add("unknown", unknown.isEmpty ? nil : .map(Map(unknown)))
        add("expect", outcome.expectations(of: playbook))
        return .map(Map(fields))
    }
}

extension Investigation {
    /// The facts that were had, or could not be had, by their names in the playbook.
    fileprivate func factsHad(by playbook: Playbook) -> [String: Fact] {
        let scope = Scope(playbook, memory: memory)
        var facts: [String: Fact] = [:]
        for declaration in playbook.facts {
            if case .had(let fact) = scope.state(of: declaration.name) { facts[declaration.name] = fact }
        }
        return facts
    }

    /// Those whose causes take part.
    private var playbooksInPart: [Playbook] {
        Set(diagnosis.findings.map(\.playbook)).sorted().compactMap { library[$0] }
    }

    fileprivate var wordsRead: Set<String> { playbooksInPart.reduce(into: []) { $0.formUnion($1.wordsRead) } }

    fileprivate var readsPlatform: Bool { wordsRead.contains("platform") }
}

/// A fact as a test file has it: a value without unknown parts, and those parts by their paths.
private struct WrittenFact {
    var value: Value?
    var unknown: [(path: String, reason: String)] = []

    init(_ result: Result<Value, Unknown>, as type: ValueType, named name: String) {
        switch result {
        case .failure(let reason): unknown = [(name, reason.reason.rawValue)]
        case .success(let whole):
            do throws(Cut) { value = try known(whole, as: type, [name]) } catch {
                unknown.append((name, error.reason))
            }
        }
    }

    /// What holds this cannot be written without it, so it is unknown too.
    private struct Cut: Error { var reason: String }

    private mutating func known(_ value: Value, as type: ValueType, _ path: [String]) throws(Cut) -> Value {
        switch value {
        case .unknown(let set): throw Cut(reason: set.attributes.map(\.reason).min() ?? "notCollected")
        case .list(let list):
            var elements: [Value] = []
            for (index, element) in list.enumerated() {
                guard let known = try part(element, as: type.element, path + [String(index)]) else {
                    // An unknown element needs something that stands in its place.
                    guard case .dyn = type.element else { throw Cut(reason: unknown.removeLast().reason) }
                    elements.append(.null)
                    continue
                }
                elements.append(known)
            }
            return .list(List(elements))
        case .map(let map):
            var entries: [(key: Value, value: Value)] = []
            for entry in map.entries {
                let key = if case .string(let text) = entry.key { text } else { entry.key.description }
                if let known = try part(entry.value, as: type.field(key), path + [key]) {
                    entries.append((entry.key, known))
                }
            }
            return .map(Map(entries))
        default: return value
        }
    }

    /// `nil`: it is unknown, and told so by its path.
    private mutating func part(_ value: Value, as type: ValueType, _ path: [String]) throws(Cut) -> Value? {
        do throws(Cut) { return try known(value, as: type, path) } catch {
            let joined = path.joined(separator: ".")
            guard !path.contains(where: { $0.contains(".") }), Shape.NameStyle.path.allows(joined) else { throw error }
            unknown.append((joined, error.reason))
            return nil
        }
    }
}

extension ValueType {
    fileprivate var element: ValueType { if case .list(let element) = self { element } else { .dyn } }

    fileprivate func field(_ name: String) -> ValueType {
        switch self {
        case .object(let fields): fields[name] ?? .dyn
        case .map(_, let value): value
        case .nullable(let inner), .optional(let inner): inner.field(name)
        default: .dyn
        }
    }
}
