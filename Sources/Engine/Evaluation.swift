internal import CEL
internal import Facts
internal import Playbooks

/// What the facts say of a condition.
enum Verdict {
    case confirmed
    case ruledOut
    case undetermined(UnknownSet)
    case failed(EvaluationError)

    init(_ value: Value) {
        switch value {
        case .bool(true): self = .confirmed
        case .bool(false): self = .ruledOut
        case .unknown(let set): self = .undetermined(set)
        case .error(let error): self = .failed(error)
        default: self = .failed(EvaluationError(.noSuchOverload, "the condition is neither true nor false"))
        }
    }

    /// Whether more facts can change it.
    var isOpen: Bool {
        if case .undetermined = self { true } else { false }
    }

    var isConfirmed: Bool {
        if case .confirmed = self { true } else { false }
    }

    var status: Finding.Status {
        switch self {
        case .confirmed: .confirmed
        case .ruledOut: .ruledOut
        case .undetermined: .undetermined
        case .failed: .failed
        }
    }
}

/// A cause that takes part, and what is known of it.
struct Hypothesis {
    /// Why the cause takes part.
    enum Role {
        /// Its playbook was named, or the text shows its symptom.
        case asked
        /// It explains a confirmed cause, or is asked by a playbook that has none. Shown only when it is confirmed itself.
        case explaining
    }

    var playbook: Playbook
    var cause: Cause
    var role: Role
    /// Of the playbook among those that take part, then of the cause in its playbook.
    var rank: (playbook: Int, cause: Int)
    var verdict = Verdict.undetermined(UnknownSet([]))

    var id: String { "\(playbook.name)/\(cause.id)" }
}

/// The causes that take part, judged by the facts.
struct Evaluation {
    /// All that there are: any may explain.
    let library: PlaybookLibrary
    private(set) var hypotheses: [Hypothesis] = []
    private(set) var scopes: [String: Scope] = [:]

    /// Counts what all of it costs.
    let meter: CostMeter

    /// - Parameter asked: best first.
    init(asked: [Playbook], library: PlaybookLibrary, costs: Costs) {
        self.library = library
        meter = CostMeter(costs)
        for (index, playbook) in asked.enumerated() { add(playbook.causes.indices, of: playbook, .asked, rank: index) }
    }

    private mutating func add(_ causes: Range<Int>, of playbook: Playbook, _ role: Hypothesis.Role, rank: Int) {
        hypotheses += causes.map {
            Hypothesis(playbook: playbook, cause: playbook.causes[$0], role: role, rank: (rank, $0))
        }
    }

    /// Judges what is still open by the facts there are now, and lets explaining causes take part.
    mutating func update(_ memory: WorkingMemory) {
        scopes = [:]
        repeat {
            for index in hypotheses.indices where hypotheses[index].verdict.isOpen {
                let condition = hypotheses[index].cause.when
                hypotheses[index].verdict = Verdict(scope(of: hypotheses[index].playbook, memory).value(of: condition))
            }
        } while admitExplainers()
        for hypothesis in hypotheses { _ = scope(of: hypothesis.playbook, memory) }
    }

    private mutating func scope(of playbook: Playbook, _ memory: WorkingMemory) -> Scope {
        if let scope = scopes[playbook.name] { return scope }
        let scope = Scope(playbook, memory: memory, meter: meter)
        scopes[playbook.name] = scope
        return scope
    }

    /// Whether a cause that explains a confirmed one was found that had not taken part.
    private mutating func admitExplainers() -> Bool {
        let known = Set(hypotheses.map(\.id))
        let confirmed = Set(hypotheses.filter(\.verdict.isConfirmed).map(\.id))
        guard !confirmed.isEmpty else { return false }
        let before = hypotheses.count
        for (index, playbook, cause) in library.explaining(confirmed)
        where !known.contains("\(playbook.name)/\(playbook.causes[cause].id)") {
            add(cause..<cause + 1, of: playbook, .explaining, rank: library.count + index)
        }
        return hypotheses.count > before
    }

    /// Whether causes were found that a playbook without an answer asks about, and that had not taken part.
    ///
    /// They are asked once nothing more can be had for the asker: then its own facts may be what is missing.
    mutating func askOthers() -> Bool {
        let answered = Set(hypotheses.filter(\.verdict.isConfirmed).map(\.playbook.name))
        var seen = Set(hypotheses.map(\.id))
        let asked = hypotheses.filter { $0.role == .asked && !answered.contains($0.playbook.name) }.flatMap(
            \.playbook.asks
        )
        .filter { seen.insert($0).inserted }
        let before = hypotheses.count
        for (rank, reference) in asked.enumerated() {
            let parts = reference.split(separator: "/")
            guard parts.count == 2, let playbook = library[String(parts[0])],
                let cause = playbook.causes.firstIndex(where: { $0.id == parts[1] })
            else { continue }
            add(cause..<cause + 1, of: playbook, .explaining, rank: library.count + rank)
        }
        return hypotheses.count > before
    }

    /// The confirmed ones, each root before what it explains; a root takes the place of the first thing it explains.
    var confirmed: [Hypothesis] { rootsFirst(hypotheses.filter(\.verdict.isConfirmed)) }

    /// The ids of confirmed causes that another confirmed one explains: their root is what needs mending.
    var echoes: Set<String> {
        let ordered = confirmed
        var explained: Set<String> = []
        for (index, hypothesis) in ordered.enumerated() {
            // Two that explain each other: the first stands for both.
            let later = Set(ordered[(index + 1)...].map(\.id))
            explained.formUnion(later.intersection(hypothesis.cause.explains))
        }
        return explained
    }
}

private func rootsFirst(_ confirmed: [Hypothesis]) -> [Hypothesis] {
    let reached = Dictionary(
        confirmed.map { ($0.id, reach(of: $0, among: confirmed)) }, uniquingKeysWith: { first, _ in first })
    func explains(_ one: Hypothesis, _ other: Hypothesis) -> Bool { reached[one.id]?.contains(other.id) ?? false }
    /// The best place among the hypothesis and all that it explains.
    func place(_ hypothesis: Hypothesis) -> (Int, Int, Int, Int) {
        let all = confirmed.filter { $0.id == hypothesis.id || explains(hypothesis, $0) }
        let best = all.map(\.rank).min { $0 < $1 } ?? hypothesis.rank
        return (best.playbook, best.cause, hypothesis.rank.playbook, hypothesis.rank.cause)
    }
    var rest = confirmed
    var ordered: [Hypothesis] = []
    while !rest.isEmpty {
        // Of those that explain each other each may be the root: then the order of the text decides.
        let roots = rest.filter { root in rest.allSatisfy { !explains($0, root) || explains(root, $0) } }
        guard let next = roots.min(by: { place($0) < place($1) }) else { break }
        ordered.append(next)
        rest.removeAll { $0.id == next.id }
    }
    return ordered
}

/// What the hypothesis explains, directly or not.
private func reach(of hypothesis: Hypothesis, among all: [Hypothesis]) -> Set<String> {
    var reached: Set<String> = []
    var open = [hypothesis]
    while let next = open.popLast() {
        for other in all where next.cause.explains.contains(other.id) && reached.insert(other.id).inserted {
            open.append(other)
        }
    }
    return reached
}
