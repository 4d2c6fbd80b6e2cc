/// A checked expression, ready to be evaluated many times from many tasks.
public struct Program: Sendable {
    public let source: String
    /// The deduced type.
    public let resultType: ValueType
    /// The paths that the expression reads, as far as they are constant: `["facts", "swap", "devices"]`.
    public let references: Set<[String]>

    init(source: String, checked: Checked) throws(CompilationError) {
        self.source = source
        resultType = checked.type(of: checked.expression)
        references = checked.references
    }

    /// Never throws and never traps: the value may be `.unknown` or `.error`.
    /// - Parameter budget: in Kubernetes' cost units; more ends the evaluation with `budgetExceeded`.
    public func evaluate(_ variables: some Activation, budget: UInt64 = 1_000_000) -> Evaluation {
        Evaluation(value: .error(EvaluationError(.undeclaredReference, "not built yet")), cost: 0)
    }

    /// The value of every sub-expression, in the order of the text.
    public func explain(_ variables: some Activation, budget: UInt64 = 1_000_000) -> Explanation {
        Explanation(result: evaluate(variables, budget: budget), parts: [])
    }
}

/// Where an evaluation finds its variables.
public protocol Activation {
    /// The variable's value, or `nil` where there is none of that name.
    func value(of name: String) -> Value?
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
