internal import CEL
internal import Playbooks

/// What the evaluations of one diagnosis have cost together, in Kubernetes' cost units.
struct Costs: Sendable {
    /// What they may cost where facts are small; then nothing more is evaluated.
    var limit: UInt64
    /// Of the lists that facts hold: what looks at each costs more where there are more.
    var elements: UInt64 = 0
    private(set) var byPlaybook: [String: UInt64] = [:]
    private(set) var total: UInt64 = 0

    /// Half a second or so of conditions; a diagnosis with every built-in playbook needs a hundredth of it.
    static let standardLimit: UInt64 = 50_000_000

    init(limit: UInt64) { self.limit = limit }

    /// What they may cost together: for each element a 50,000th more.
    var most: UInt64 { limit + limit / 50_000 * elements }
    var left: UInt64 { most > total ? most - total : 0 }
    /// For one evaluation: CEL's own bound, and for each element that there is 100 units, which a few looks at it take.
    ///
    /// Time stays linear in the facts, and what goes over pairs of elements ends as ever.
    var mostOfOne: UInt64 { 1_000_000 + 100 * elements }

    /// The playbook whose conditions cost the most.
    var costliest: String? { byPlaybook.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }

    mutating func add(_ cost: UInt64, for playbook: String) {
        total += min(cost, UInt64.max - total)
        byPlaybook[playbook, default: 0] += cost
    }
}

/// Evaluates within what a whole diagnosis may cost: one playbook after another could exceed what each alone may.
final class CostMeter {
    private(set) var costs: Costs
    private(set) var isExhausted = false

    init(_ costs: Costs) { self.costs = costs }

    /// Says how many elements the facts' lists have by now.
    func expect(elements: UInt64) { costs.elements = max(costs.elements, elements) }

    func evaluate(_ program: Program, in variables: some Activation, for playbook: String) -> Value {
        guard let budget else { return .error(exhaustion) }
        let evaluation = program.evaluate(variables, budget: budget)
        costs.add(evaluation.cost, for: playbook)
        return judged(evaluation.value, budget: budget)
    }

    /// No parts where nothing may be evaluated any more.
    func explain(_ program: Program, in variables: some Activation, for playbook: String) -> CEL.Explanation {
        guard let budget else {
            return CEL.Explanation(result: .init(value: .error(exhaustion), cost: 0), parts: [])
        }
        let explanation = program.explain(variables, budget: budget)
        // It evaluates twice: once for the parts, once for the result.
        costs.add(2 * explanation.result.cost, for: playbook)
        return explanation
    }

    private var budget: UInt64? {
        let left = costs.left
        if left == 0 { isExhausted = true }
        return left == 0 ? nil : min(left, costs.mostOfOne)
    }

    /// Whether the condition alone costs too much, or just what was left for it was too little.
    private func judged(_ value: Value, budget: UInt64) -> Value {
        guard case .error(let error) = value, error.code == .budgetExceeded, budget < costs.mostOfOne else {
            return value
        }
        isExhausted = true
        return .error(exhaustion)
    }

    private var exhaustion: EvaluationError {
        EvaluationError(.budgetExceeded, "the budget of the whole diagnosis was used up before it was evaluated")
    }
}

/// Variables whose evaluation counts.
protocol Metered: Activation {
    var meter: CostMeter { get }
    var playbook: Playbook { get }
}

extension Metered {
    func value(of condition: Condition) -> Value {
        meter.evaluate(condition.program, in: self, for: playbook.name)
    }

    func explanation(of condition: Condition) -> CEL.Explanation {
        meter.explain(condition.program, in: self, for: playbook.name)
    }
}
