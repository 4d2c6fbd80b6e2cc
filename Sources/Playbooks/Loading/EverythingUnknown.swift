internal import CEL

/// A world of which nothing is known: what has a value here has it whatever the facts are.
struct EverythingUnknown: Activation {
    var definitions: [String: Value] = [:]

    /// Loading must not take long: what costs more is left for the evaluation.
    private static let budget: UInt64 = 10_000

    /// The expression's value in this world; `nil` where it takes too long to find out.
    func value(of program: Program) -> Value? {
        let value = program.evaluate(self, budget: Self.budget).value
        if case .error(let error) = value, error.code == .budgetExceeded { return nil }
        return value
    }

    func explanation(of program: Program) -> Explanation { program.explain(self, budget: Self.budget) }

    func value(of name: String) -> Value? {
        definitions[name] ?? .unknown(UnknownSet(UnknownAttribute(path: [name], reason: "notCollected")))
    }
}
