internal import CEL
internal import Facts
internal import Playbooks

extension Investigation {
    /// Why the cause is what it is, confirmed or not; `nil` where there is none of that name.
    ///
    /// - Parameter cause: `playbook/cause`.
    package func explanation(of cause: String) -> CauseExplanation? {
        let parts = cause.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let playbook = library[parts[0]],
            let cause = playbook.causes.first(where: { $0.id == parts[1] })
        else { return nil }
        return Scope(playbook, memory: memory).explanation(of: cause)
    }
}

extension Scope {
    func explanation(of cause: Cause) -> CauseExplanation {
        let verdict = Verdict(value(of: cause.when))
        let used = definitionsUsed(by: cause.when)
        let expressions =
            [expression("when", cause.when)] + used.map { expression($0.name, $0.condition) }
        let names = Set(paths(mentionedBy: cause.when).compactMap { $0.count > 1 && $0[0] == "facts" ? $0[1] : nil })
        return CauseExplanation(
            playbook: playbook.name, cause: cause.id, title: cause.title, status: verdict.status,
            expressions: expressions,
            facts: playbook.facts.filter { names.contains($0.name) }.map { reading($0.name) },
            decider: decider(of: cause.when), missing: missing(of: verdict), verdict: sentence(verdict, cause))
    }

    private func missing(of verdict: Verdict) -> [MissingFact] {
        if case .undetermined(let set) = verdict { missing(set) } else { [] }
    }

    /// In the order in which they are first used.
    private func definitionsUsed(by condition: Condition) -> [Definition] {
        var used: [Definition] = []
        func visit(_ condition: Condition) {
            for path in condition.program.references.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                guard let name = path.first, let definition = definition(named: name),
                    !used.contains(where: { $0.name == name })
                else { continue }
                used.append(definition)
                visit(definition.condition)
            }
        }
        visit(condition)
        return used
    }

    private func expression(_ name: String, _ condition: Condition) -> CauseExplanation.Expression {
        let explanation = explanation(of: condition)
        let root = ExpressionTree(explanation, source: condition.program.source).root
        let decisive = Set(root?.decisive.map(\.range) ?? [])
        return CauseExplanation.Expression(
            name: name, location: condition.location, source: condition.program.source,
            parts: root.map { parts($0, depth: 0, decisive) } ?? [], value: explanation.result.value)
    }

    private func parts(
        _ node: ExpressionTree.Node, depth: Int, _ decisive: Set<Range<Int>>
    ) -> [CauseExplanation.Part] {
        let part = CauseExplanation.Part(
            text: node.text, depth: depth, value: node.value?.shortened(), isDecisive: decisive.contains(node.range))
        return [part] + node.children.flatMap { parts($0, depth: depth + 1, decisive) }
    }

    private func reading(_ name: String) -> CauseExplanation.Reading {
        switch state(of: name) {
        case .had(let fact):
            CauseExplanation.Reading(
                name: name, result: fact.result, provenance: fact.provenance, command: collecting(fact.key))
        case .impossible(let unknown):
            CauseExplanation.Reading(name: name, result: .failure(unknown), provenance: nil, command: [])
        case .wanted, .waiting, nil:
            CauseExplanation.Reading(name: name, result: .failure(memory.uncollected), provenance: nil, command: [])
        }
    }

    /// The first part that decided; behind a definition's name what decided in it.
    private func decider(of condition: Condition, depth: Int = 0) -> CauseExplanation.Decider? {
        let tree = ExpressionTree(explanation(of: condition), source: condition.program.source)
        guard let node = tree.root?.decisive.first else { return nil }
        let text = node.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if depth < 8, let definition = definition(named: text),
            let inner = decider(of: definition.condition, depth: depth + 1)
        {
            return inner
        }
        return CauseExplanation.Decider(
            text: text, location: condition.location(of: node.range), value: node.value?.shortened(),
            readings: readings(of: condition, in: node))
    }

    // MARK: In one sentence

    private func sentence(_ verdict: Verdict, _ cause: Cause) -> String {
        switch verdict {
        case .confirmed: "confirmed: \(deciding(cause.when) ?? "the condition") holds"
        case .ruledOut: "ruled out: \(deciding(cause.when) ?? "the condition") does not hold"
        case .failed(let error): "failed: \(problem(error, in: cause).message)"
        case .undetermined(let set):
            "undetermined: it lacks "
                + missing(set).map { "\($0.fact) (\($0.reason)\($0.detail.isEmpty ? "" : ": \($0.detail)"))" }
                .joined(separator: ", ")
        }
    }

    /// The parts that decided, as written; behind a definition's name what decided in it.
    private func deciding(_ condition: Condition, depth: Int = 0) -> String? {
        let program = condition.program
        guard let root = ExpressionTree(explanation(of: condition), source: program.source).root else { return nil }
        let parts = root.decisive.map { node -> String in
            let text = node.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard depth < 3, let definition = definition(named: text),
                let inner = deciding(definition.condition, depth: depth + 1)
            else { return text }
            return "\(text) (\(inner))"
        }
        return parts.isEmpty ? nil : parts.map { "`\($0)`" }.joined(separator: " and ")
    }
}
