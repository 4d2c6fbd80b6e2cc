internal import CEL
internal import Facts
internal import Playbooks

/// A fact to be asked for.
struct FactRequest: Sendable {
    var key: Fact.Key
    /// With the declared defaults filled in.
    var parameters: [String: Value]
    var cost: Declaration.Cost
    var timeoutSeconds: Double?
    /// Whose permissions count, all of them; none: those of the surroundings.
    private(set) var askers: [String] = []
    /// What of it the playbook chose.
    let choices: Choices
    /// What of it is read.
    var reading = Projection.whole

    /// - Parameter askers: they count where there is something to choose, or to be asked for.
    init(
        _ declaration: Declaration, parameters: [String: Value], timeoutSeconds: Double? = nil, askers: [String] = []
    ) {
        var given = parameters
        var complete = parameters
        for parameter in declaration.parameters {
            guard let standard = parameter.defaultValue else { continue }
            if complete[parameter.name] == nil { complete[parameter.name] = standard }
            // Said or left out, the default asks for the same fact.
            if let value = given[parameter.name],
                Fact.Key(collector: "", parameters: ["": value]) == Fact.Key(collector: "", parameters: ["": standard])
            {
                given[parameter.name] = nil
            }
        }
        key = Fact.Key(collector: declaration.name, parameters: given)
        self.parameters = complete
        cost = declaration.cost
        self.timeoutSeconds = timeoutSeconds
        choices = Choices(given, of: declaration)
        if !choices.isEmpty || !declaration.asks.isEmpty { self.askers = askers }
    }

    var place: FactPlace { FactPlace(key: key, askers: askers) }
}

/// A fact as one asker has it: what one library may have, another may not.
struct FactPlace: Sendable, Hashable {
    var key: Fact.Key
    var askers: [String] = []
}

/// Which facts to ask for next.
///
/// Nothing is asked because it is mentioned: an expression is evaluated with what there is, and what its result lacks
/// is wanted. `a && b` with `a` false lacks nothing, so nobody asks for `b`.
struct FactPlan {
    private var wanted: [FactPlace: FactRequest] = [:]

    init(_ evaluation: Evaluation, memory: WorkingMemory, wanting scope: Inquiry.Scope) {
        want(WorkingMemory.kubeconfigKey, in: memory)
        if !evaluation.hypotheses.isEmpty && memory.situation.platform == nil {
            want(WorkingMemory.platformKey, in: memory)
        }
        let echoes = evaluation.echoes
        for hypothesis in evaluation.hypotheses {
            guard let scope = evaluation.scopes[hypothesis.playbook.name] else { continue }
            wantVerdict(on: hypothesis, in: scope)
            if hypothesis.verdict.isConfirmed {
                wantTexts(of: hypothesis, isEcho: echoes.contains(hypothesis.id), in: scope)
            }
        }
        guard case .everything = scope else { return }
        for (_, scope) in evaluation.scopes { wantAll(in: scope) }
    }

    private mutating func wantVerdict(on hypothesis: Hypothesis, in scope: Scope) {
        guard case .undetermined(let set) = hypothesis.verdict else { return }
        want(lackedBy: .unknown(set), of: hypothesis.cause.when, in: scope)
    }

    /// Wants what the reason and the remedies of a confirmed cause say.
    private mutating func wantTexts(of hypothesis: Hypothesis, isEcho: Bool, in scope: Scope) {
        hypothesis.cause.because.map { want($0, in: scope) }
        guard !isEcho else { return }
        for remedy in hypothesis.playbook.remedies where hypothesis.cause.remedies.contains(remedy.id) {
            want(remedy, in: scope)
        }
    }

    private mutating func want(_ remedy: Remedy, in scope: Scope) {
        if let when = remedy.when {
            let value = scope.value(of: when)
            want(lackedBy: value, of: when, in: scope)
            // What is not offered needs no values; what may be waits for its precondition.
            guard case .bool(true) = value else { return }
        }
        for step in remedy.steps + remedy.rollback {
            if let when = step.when { want(lackedBy: scope.value(of: when), of: when, in: scope) }
            for template in step.templates { want(template, in: scope) }
        }
    }

    private mutating func want(_ template: Template, in scope: Scope) {
        for condition in template.conditions {
            want(lackedBy: scope.value(of: condition), of: condition, in: scope)
        }
    }

    /// Wants every fact that anything in the playbook mentions.
    private mutating func wantAll(in scope: Scope) {
        for fact in scope.playbook.facts { want(["facts", fact.name], in: scope) }
    }

    /// The cheapest facts that are wanted; empty: there is nothing left to ask.
    ///
    /// - Parameter scopes: of the playbooks that take part; each may come to read what another wants now.
    func batch(for scopes: some Collection<Scope>) -> [FactRequest] {
        guard let cost = wanted.values.map(\.cost).min() else { return [] }
        var batch = wanted.filter { $0.value.cost == cost }
        if batch.values.contains(where: { !$0.reading.isWhole }) {
            for request in scopes.flatMap(\.partialRequests) {
                guard let reading = batch[request.place]?.reading else { continue }
                batch[request.place]?.reading = reading.union(request.reading)
            }
        }
        // What is always the same question comes first: it is few, and tells why the many others get no answer.
        let values = batch.values
        return values.filter(\.choices.isEmpty).sorted { $0.place.order < $1.place.order }
            + values.filter { !$0.choices.isEmpty }.sorted { $0.place.order < $1.place.order }
    }

    /// Wants what the value lacks and what can still be had.
    mutating func want(lackedBy value: Value, of condition: Condition, in scope: Scope) {
        guard case .unknown(let set) = value else { return }
        let paths = set.attributes.map(\.path)
        for path in paths { want(path, in: scope) }
        // An unknown that lost its way: whatever the expression mentions may be meant.
        if paths.contains([]) { wantAll(mentionedBy: condition, in: scope) }
    }

    /// Wants whatever the expression mentions, directly or through definitions.
    mutating func wantAll(mentionedBy condition: Condition, in scope: Scope) {
        for path in scope.paths(mentionedBy: condition) { want(path, in: scope) }
    }

    mutating func want(_ path: [String], in scope: Scope) {
        guard scope.isPending(path) else { return }
        if path.first == "platform" { return want(WorkingMemory.platformKey, in: scope.memory) }
        switch scope.state(of: path[1]) {
        case .wanted(let request):
            // The most patient of those who ask decides, and each gets what it reads.
            let earlier = wanted[request.place]
            let patience = [earlier?.timeoutSeconds, request.timeoutSeconds].compactMap(\.self).max()
            wanted[request.place] = request
            wanted[request.place]?.timeoutSeconds = patience
            wanted[request.place]?.reading = earlier?.reading.union(request.reading) ?? request.reading
        case .waiting(let paths): for path in paths { want(path, in: scope) }
        case .had, .impossible, nil: break
        }
    }

    /// Wants a fact that takes no parameters.
    private mutating func want(_ key: Fact.Key, in memory: WorkingMemory) {
        guard memory[key] == nil, let collector = memory.catalogue[key.collector] else { return }
        let request = FactRequest(collector.declaration, parameters: [:])
        wanted[request.place] = request
    }
}

extension Scope {
    /// The paths below `facts`, `inputs` and `platform` that an expression mentions, through definitions too.
    func paths(mentionedBy condition: Condition) -> Set<[String]> {
        var paths: Set<[String]> = []
        var seen: Set<String> = []
        collectPaths(of: condition, into: &paths, seen: &seen)
        return paths
    }

    private func collectPaths(of condition: Condition, into paths: inout Set<[String]>, seen: inout Set<String>) {
        for path in condition.program.references {
            guard let root = path.first else { continue }
            if root == "facts", path.count == 1 {
                for fact in playbook.facts { paths.insert(["facts", fact.name]) }
            } else if let definition = definition(named: root) {
                guard seen.insert(root).inserted else { continue }
                collectPaths(of: definition.condition, into: &paths, seen: &seen)
            } else {
                paths.insert(path)
            }
        }
    }
}

extension Step {
    var templates: [Template] {
        switch action {
        case .run(let templates): templates
        case .say(let template): [template]
        }
    }
}
