internal import CEL
internal import Facts
internal import Playbooks

extension Evaluation {
    /// Confirmed ones first, roots before what they explain; then failed, undetermined, ruled out.
    func findings(_ memory: WorkingMemory) -> [Finding] {
        let ordered = confirmed
        let ids = Set(ordered.map(\.id))
        let echoes = echoes
        let others = hypotheses.filter { $0.role == .asked && !$0.verdict.isConfirmed }
            .sorted {
                ($0.statusOrder, $0.rank.playbook, $0.rank.cause) < ($1.statusOrder, $1.rank.playbook, $1.rank.cause)
            }
        return (ordered + others).map { hypothesis in
            let scope = scopes[hypothesis.playbook.name] ?? Scope(hypothesis.playbook, memory: memory)
            return Finding(hypothesis, in: scope, confirmed: ids, isEcho: echoes.contains(hypothesis.id))
        }
    }
}

extension Hypothesis {
    fileprivate var statusOrder: Int {
        switch verdict {
        case .confirmed: 0
        case .failed: 1
        case .undetermined: 2
        case .ruledOut: 3
        }
    }
}

extension Finding {
    fileprivate init(_ hypothesis: Hypothesis, in scope: Scope, confirmed: Set<String>, isEcho: Bool) {
        let cause = hypothesis.cause
        self.init(
            playbook: hypothesis.playbook.name, cause: cause.id, status: hypothesis.verdict.status,
            severity: cause.severity ?? hypothesis.playbook.severity, title: cause.title, because: "", evidence: [],
            missing: [], explains: [], remedies: [])
        switch hypothesis.verdict {
        case .confirmed:
            because = cause.because?.filled(in: scope).text ?? ""
            evidence = scope.evidence(for: cause.when)
            explains = cause.explains.filter { confirmed.contains($0) && $0 != hypothesis.id }
            // Mending the root mends the echo; advice on the echo would only lead astray.
            remedies = isEcho ? [] : cause.remedies.compactMap { scope.remedy($0) }
        case .ruledOut: break
        case .undetermined(let set): missing = scope.missing(set)
        case .failed(let error): failure = scope.problem(error, in: cause)
        }
    }
}

extension Scope {
    func remedy(_ id: String) -> ProposedRemedy? {
        playbook.remedies.first { $0.id == id }.flatMap { ProposedRemedy($0, in: self) }
    }

    /// The error at its place: the definition that errs where it is one, else the condition.
    func problem(_ error: EvaluationError, in cause: Cause) -> Problem {
        let definition = playbook.definitions.first { definition in
            guard cause.when.program.references.contains([definition.name]),
                case .error = value(of: definition.name)
            else { return false }
            return true
        }
        let place = definition.map { "the definition of '\($0.name)'" } ?? "the condition of cause '\(cause.id)'"
        let condition = definition?.condition ?? cause.when
        // A definition's error has an offset in its own text.
        let location = error.offset.map { condition.location(of: $0..<$0 + 1) } ?? condition.location
        return Problem(.evaluation, "\(place) has no value: \(error.message)", at: location)
    }
}
