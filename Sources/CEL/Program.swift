/// A checked expression, ready to be evaluated many times from many tasks.
public struct Program: Sendable {
    public let source: String
    /// The deduced type.
    public let resultType: ValueType
    /// The paths that the expression reads, as far as they are constant: `["facts", "swap", "devices"]`.
    public let references: Set<[String]>

    let checked: Checked
    private let plan: Plan

    init(source: String, checked: Checked, isStrict: Bool) throws(CompilationError) {
        self.source = source
        self.checked = checked
        resultType = checked.type(of: checked.expression)
        references = checked.references
        var planner = Planner(checked)
        plan = planner.plan()
        guard planner.issues.isEmpty || !isStrict else { throw CompilationError(issues: planner.issues) }
    }

    /// Never throws and never traps: the value may be `.unknown` or `.error`.
    /// - Parameter budget: in Kubernetes' cost units; more ends the evaluation with `budgetExceeded`.
    public func evaluate(_ variables: some Activation, budget: UInt64 = 1_000_000) -> Evaluation {
        evaluate(in: Frame(variables, slotCount: plan.slotCount, budget: budget))
    }

    /// The same for variables that are a map already: the fastest way.
    public func evaluate(_ variables: Map, budget: UInt64 = 1_000_000) -> Evaluation {
        evaluate(in: Frame(variables, slotCount: plan.slotCount, budget: budget))
    }

    private func evaluate(in frame: consuming Frame) -> Evaluation {
        let value = plan.root.evaluate(&frame)
        return Evaluation(value: frame.isExhausted ? frame.exhaustion : value, cost: frame.cost)
    }

    /// The value of every sub-expression, in the order of the text.
    ///
    /// Of what a loop evaluates several times, the last value.
    public func explain(_ variables: some Activation, budget: UInt64 = 1_000_000) -> Explanation {
        var planner = Planner(checked, isRecording: true)
        let plan = planner.plan()
        var frame = Frame(variables, slotCount: plan.slotCount, budget: budget)
        frame.extras.recorded = Array(repeating: nil, count: checked.types.count)
        _ = plan.root.evaluate(&frame)
        let result = evaluate(variables, budget: budget)
        // An evaluation that needs no value of each part may come further with the same budget.
        if frame.isExhausted { frame.extras.recorded[checked.expression.id] = result.value }
        var parts: [Explanation.Part] = []
        collect(checked.expression, depth: 0, frame.extras.recorded, into: &parts)
        parts.sort { ($0.range.lowerBound, $0.depth) < ($1.range.lowerBound, $1.depth) }
        return Explanation(result: result, parts: parts)
    }

    private func collect(
        _ expression: Expression, depth: Int, _ values: [Value?], into parts: inout [Explanation.Part]
    ) {
        let isNamespace =
            if case .call(_, isMember: false)? = checked.resolution(of: expression) { true } else { false }
        parts.append(.init(range: expression.range, depth: depth, value: values[expression.id]))
        if isNamespace, case .call(let call) = expression.kind {
            for argument in call.arguments { collect(argument, depth: depth + 1, values, into: &parts) }
            return
        }
        // A name with dots that is one variable has no parts.
        if case .select = expression.kind, checked.resolution(of: expression) != nil { return }
        for child in expression.children { collect(child, depth: depth + 1, values, into: &parts) }
    }
}

/// Where an evaluation finds its variables.
public protocol Activation {
    /// The variable's value, or `nil` where there is none of that name.
    func value(of name: String) -> Value?
    /// The same by a name that knows its hash; for those who look it up in a `Map`.
    func value(of name: VariableName) -> Value?
}

extension Activation {
    public func value(of name: VariableName) -> Value? { value(of: name.text) }
}

/// A variable's name with its hash.
public struct VariableName: Sendable {
    let key: Key

    init(_ text: String) { key = Key(text) }

    public var text: String { key.name }
}

extension Map: Activation {
    public func value(of name: String) -> Value? { self[name] }
    public func value(of name: VariableName) -> Value? { table.value(for: name.key) }
}

extension Dictionary: Activation where Key == String, Value == CEL.Value {
    public func value(of name: String) -> CEL.Value? { self[name] }
}

/// A result and what it cost.
public struct Evaluation: Sendable {
    public var value: Value
    /// In Kubernetes' cost units.
    public var cost: UInt64

    public init(value: Value, cost: UInt64) {
        self.value = value
        self.cost = cost
    }
}

/// The value of every sub-expression.
public struct Explanation: Sendable {
    public struct Part: Sendable {
        /// The sub-expression's place in the UTF-8 text.
        public var range: Range<Int>
        public var depth: Int
        /// `nil` where it was not evaluated (a short-circuited operand).
        public var value: Value?

        public init(range: Range<Int>, depth: Int, value: Value?) {
            self.range = range
            self.depth = depth
            self.value = value
        }
    }

    public var result: Evaluation
    public var parts: [Part]

    public init(result: Evaluation, parts: [Part]) {
        self.result = result
        self.parts = parts
    }
}
