/// What expressions may name: variables with their types, and the libraries' functions and macros.
public struct Environment: Sendable {
    public var variables: [String: ValueType]

    /// The standard library and all extensions.
    public init(variables: [String: ValueType] = [:]) { self.variables = variables }

    /// Parses and checks. All problems of the expression are told at once.
    public func compile(_ source: String) throws(CompilationError) -> Program {
        Program(source: source, resultType: .dyn, references: [])
    }
}

/// Everything wrong with an expression; never empty.
public struct CompilationError: Error, Sendable {
    public struct Issue: Sendable, Hashable {
        public enum Code: String, Sendable {
            case syntax, undeclaredReference, undefinedField, noMatchingOverload, typeMismatch, invalidLiteral
            case invalidMacro, tooDeep, tooLong, invalidPattern
        }

        public var code: Code
        /// Lower case, no full stop.
        public var message: String
        /// Offset and length in the expression's UTF-8 text.
        public var offset: Int
        public var length: Int
        /// What was probably meant instead of the marked text, such as `failSwapOn`.
        public var suggestion: String?

        public init(_ code: Code, _ message: String, offset: Int, length: Int, suggestion: String? = nil) {
            self.code = code
            self.message = message
            self.offset = offset
            self.length = length
            self.suggestion = suggestion
        }
    }

    public var issues: [Issue]

    public init(issues: [Issue]) { self.issues = issues }
}

/// A checked expression, ready to be evaluated many times from many tasks.
public struct Program: Sendable {
    public let source: String
    /// The deduced type.
    public let resultType: ValueType
    /// The paths that the expression reads, as far as they are constant: `["facts", "swap", "devices"]`.
    public let references: Set<[String]>

    init(source: String, resultType: ValueType, references: Set<[String]>) {
        self.source = source
        self.resultType = resultType
        self.references = references
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
