internal import CEL
internal import Facts
internal import Playbooks

/// One playbook's view of the working memory: what its expressions may name.
///
/// Made for one round of evaluation.
final class Scope: Metered {
    /// How far a declared fact has come.
    enum State {
        case had(Fact)
        /// Can be asked for now.
        case wanted(FactRequest)
        /// Its parameters need these facts of the playbook, or the platform, first.
        case waiting(Set<[String]>)
        /// Its parameters cannot be had, so neither can it.
        case impossible(Unknown)
    }

    let playbook: Playbook
    let memory: WorkingMemory
    let meter: CostMeter
    private let declarations: [String: FactDeclaration]
    private let definitions: [String: Definition]
    private var values: [String: Value] = [:]
    private var states: [String: State] = [:]
    private var inProgress: Set<String> = []

    /// - Parameter meter: counts on what the whole diagnosis costs; by itself a scope may cost as much as one.
    init(_ playbook: Playbook, memory: WorkingMemory, meter: CostMeter? = nil) {
        self.playbook = playbook
        self.memory = memory
        self.meter = meter ?? CostMeter(Costs(limit: memory.costs.limit))
        self.meter.expect(elements: memory.elements)
        declarations = Dictionary(playbook.facts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        definitions = Dictionary(playbook.definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func value(of name: String) -> Value? {
        if let value = values[name] { return value }
        let value: Value? =
            switch name {
            case "facts": factMap(declarations.keys)
            case "inputs": inputMap
            case "platform": memory.platform
            case "isAsked": .bool(memory.situation.isAsked)
            case "now": .timestamp(memory.situation.now)
            default: definition(name)
            }
        values[name] = value
        return value
    }

    func definition(named name: String) -> Definition? { definitions[name] }

    private func definition(_ name: String) -> Value? {
        guard let definition = definitions[name] else { return nil }
        // The loader refuses cycles; a playbook made by hand must not hang.
        guard inProgress.insert(name).inserted else {
            return .error(EvaluationError(.tooDeep, "'\(name)' is defined by itself"))
        }
        defer { inProgress.remove(name) }
        return value(of: definition.condition)
    }
}

// MARK: - Inputs

extension Scope {
    private var inputMap: Value {
        .map(Map(Dictionary(playbook.inputs.map { ($0.name, value(of: $0)) }, uniquingKeysWith: { first, _ in first })))
    }

    private func value(of input: Input) -> Value {
        if let text = memory.situation.inputs[input.name], let value = input.kind.value(from: text) { return value }
        if let value = input.defaultValue { return value }
        return Unknown(
            .inputMissing, "'\(input.name)' (\(input.title)) must be given", hint: "--input \(input.name)=VALUE"
        ).value(at: ["inputs", input.name])
    }
}

extension Input.Kind {
    /// Whether the text, as typed, is a value of this kind.
    package func accepts(_ text: String) -> Bool { value(from: text) != nil }

    /// `nil` where the text is not of this kind.
    func value(from text: String) -> Value? {
        switch self {
        case .string: .string(text)
        case .int: Int64(text).map { .int($0) }
        case .double: Double(text).map { .double($0) }
        case .bool: text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        }
    }
}

// MARK: - Facts

extension Scope {
    func state(of name: String) -> State? {
        if let state = states[name] { return state }
        guard let declaration = declarations[name] else { return nil }
        guard inProgress.insert("facts." + name).inserted else {
            return .impossible(Unknown(.malformed, "its parameters need the fact itself"))
        }
        defer { inProgress.remove("facts." + name) }
        let state = state(of: declaration)
        states[name] = state
        return state
    }

    private func state(of declaration: FactDeclaration) -> State {
        if let fact = memory.situation.given[playbook.name]?[declaration.name] {
            return .had(fact.projected(reading(declaration)))
        }
        return collectedState(of: declaration)
    }

    /// What to ask for to have the fact, also where a test gives it; `nil` where its parameters are not known.
    func request(for name: String) -> FactRequest? {
        guard let declaration = declarations[name], case .wanted(let request) = collectedState(of: declaration)
        else { return nil }
        return request
    }

    /// What this playbook reads of a fact.
    private func reading(_ declaration: FactDeclaration) -> Projection {
        guard let collector = memory.catalogue[declaration.collector] else { return .whole }
        return memory.reads.projection(of: declaration.name, in: playbook, from: collector.declaration)
    }

    /// What each collector that leaves out what nobody reads is, or was, to be asked, as far as that is known.
    var partialRequests: [FactRequest] {
        playbook.facts.compactMap { declaration in
            guard memory.catalogue[declaration.collector]?.declaration.readsInPart ?? false,
                inProgress.insert("facts." + declaration.name).inserted
            else { return nil }
            defer { inProgress.remove("facts." + declaration.name) }
            return if case .known(let request) = asking(declaration) { request } else { nil }
        }
    }

    private enum Asking {
        case known(FactRequest)
        case notYet(State)
    }

    private func collectedState(of declaration: FactDeclaration) -> State {
        switch asking(declaration) {
        case .notYet(let state): return state
        case .known(let request):
            guard let fact = memory[request.place], fact.reading.covers(request.reading) else {
                return .wanted(request)
            }
            return .had(fact)
        }
    }

    private func asking(_ declaration: FactDeclaration) -> Asking {
        guard let collector = memory.catalogue[declaration.collector] else {
            return .notYet(.impossible(Unknown(.notApplicable, "there is no collector '\(declaration.collector)'")))
        }
        let scope = ParameterScope(self, facts: declaration.references)
        var parameters: [String: Value] = [:]
        for (name, parameter) in declaration.parameters.sorted(by: { $0.key < $1.key }) {
            let value = parameter.value(in: scope)
            switch value {
            case .unknown(let set): return .notYet(blocked(by: set, parameter: name))
            case .error(let error):
                return .notYet(
                    .impossible(Unknown(.notFound, "its parameter '\(name)' has no value: \(error.message)")))
            default: parameters[name] = value
            }
        }
        var request = FactRequest(
            collector.declaration, parameters: parameters, timeoutSeconds: declaration.timeoutSeconds,
            askers: askers(of: declaration))
        request.reading = reading(declaration)
        return .known(request)
    }

    /// Who chooses the fact's parameters: its author, and who overlays the defaults that may fill them in.
    func askers(of declaration: FactDeclaration) -> [String] {
        let files = [declaration.location.file] + playbook.inputs.compactMap(\.defaultLocation?.file)
        return Set(files.compactMap { memory.asker(of: $0) }).sorted()
    }

    private func blocked(by set: UnknownSet, parameter: String) -> State {
        let pending = set.attributes.map(\.path).filter { isPending($0) }
        guard pending.isEmpty else { return .waiting(Set(pending)) }
        let first = set.attributes.min { $0.path.joined(separator: ".") < $1.path.joined(separator: ".") }
        let needed = first?.path.joined(separator: ".") ?? "a fact"
        return .impossible(
            Unknown(
                first.flatMap { Unknown.Reason(rawValue: $0.reason) } ?? .notCollected,
                "its parameter '\(parameter)' needs \(needed): \(first?.detail ?? "it is not known")",
                hint: first?.hint ?? ""))
    }

    /// Whether what stands at the path can still be asked for.
    func isPending(_ path: [String]) -> Bool {
        if path.first == "platform" {
            return memory.situation.platform == nil && memory.catalogue["platform"] != nil
                && memory[WorkingMemory.platformKey] == nil
        }
        guard path.count > 1, path[0] == "facts", let state = state(of: path[1]) else { return false }
        switch state {
        case .wanted, .waiting: return true
        case .had, .impossible: return false
        }
    }

    func factMap(_ names: some Sequence<String>) -> Value {
        var map: [String: Value] = ["symptom": symptom]
        for name in names where declarations[name] != nil { map[name] = factValue(name) }
        return .map(Map(map))
    }

    private func factValue(_ name: String) -> Value? {
        switch state(of: name) {
        case .had(let fact):
            switch fact.result {
            case .success(let value): value
            case .failure(let unknown): unknown.value(at: ["facts", name])
            }
        case .wanted, .waiting: memory.uncollected.value(at: ["facts", name])
        case .impossible(let unknown): unknown.value(at: ["facts", name])
        case nil: nil
        }
    }

    /// The groups that the symptom's patterns caught; absent where they caught nothing.
    private var symptom: Value {
        .map(Map((memory.situation.matches[playbook.name]?.groups ?? [:]).mapValues { .string($0) }))
    }
}

/// What a parameter of a fact may name: the other facts that it reads, and no more, so that none waits for itself.
private struct ParameterScope: Metered {
    let scope: Scope
    var meter: CostMeter { scope.meter }
    var playbook: Playbook { scope.playbook }
    let facts: Set<String>

    init(_ scope: Scope, facts: Set<String>) {
        self.scope = scope
        self.facts = facts
    }

    func value(of name: String) -> Value? {
        name == "facts" ? scope.factMap(facts) : scope.value(of: name)
    }
}

extension FactDeclaration {
    /// The facts that its parameters read.
    var references: Set<String> {
        Set(
            parameters.values.flatMap(\.conditions).flatMap(\.program.references).compactMap { path in
                path.count > 1 && path[0] == "facts" ? path[1] : nil
            })
    }
}

extension FactDeclaration.ParameterValue {
    /// An unknown or an error anywhere makes the whole so.
    func value(in scope: some Metered) -> Value {
        switch self {
        case .constant(let value): return value
        case .template(let template): return template.value(in: scope)
        case .list(let values):
            let parts = values.map { $0.value(in: scope) }
            return Value.firstFailure(of: parts) ?? .list(List(parts))
        case .map(let values):
            let parts = values.mapValues { $0.value(in: scope) }
            return Value.firstFailure(of: parts.values) ?? .map(Map(parts))
        }
    }
}
