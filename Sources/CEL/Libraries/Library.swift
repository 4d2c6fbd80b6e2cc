/// Functions that belong together, such as cel-spec's string extension, with the types and constants that they use.
///
/// A new library is one file and one line in `all`.
public struct Library: Sendable {
    public var name: String
    public var functions: [Function]
    /// Types that expressions can make.
    public var types: [MessageType]
    /// Values by their full names, such as those of an enumeration.
    public var constants: [String: Value]

    public init(
        _ name: String, functions: [Function] = [], types: [MessageType] = [], constants: [String: Value] = [:]
    ) {
        self.name = name
        self.functions = functions
        self.types = types
        self.constants = constants
    }

    /// Every library, the standard one first.
    public static let all: [Library] = [
        .standard,
        .optionals,
        .math,
        .stringExtension,
        .listExtension,
        .sets,
        .encoders,
        .regexExtension,
        .network,
        .kubernetesLists,
        .kubernetesRegex,
        .url,
        .quantity,
        .semver,
        .format,
    ]
}

/// A function: its overloads share a name.
public struct Function: Sendable {
    /// An expression and the expression that must equal it.
    ///
    /// Every example is a test.
    public struct Example: Sendable {
        public var expression: String
        public var equals: String

        public init(_ expression: String, equals: String) {
            self.expression = expression
            self.equals = equals
        }
    }

    /// `startsWith`, `math.abs`, or an operator's name in cel-spec's notation (`_+_`).
    public var name: String
    public var summary: String
    public var overloads: [Overload]
    public var examples: [Example]

    public init(_ name: String, _ summary: String, overloads: [Overload], examples: [Example] = []) {
        self.name = name
        self.summary = summary
        self.overloads = overloads
        self.examples = examples
    }
}

/// One signature of a function and what it does.
public struct Overload: Sendable {
    /// What is called.
    ///
    /// Arguments are never unknown nor errors: the evaluator passes those on by itself. Arguments whose static type was
    /// `dyn` are dispatched on their kind at run time, so an implementation may rely on its declared parameters.
    public enum Implementation: Sendable {
        case nullary(@Sendable () -> Value)
        case unary(@Sendable (Value) -> Value)
        case binary(@Sendable (Value, Value) -> Value)
        case variadic(@Sendable ([Value]) -> Value)
    }

    /// In cel-go's notation where it has the overload: `string_starts_with_string`.
    public var id: String
    public var isMember: Bool
    /// The receiver first where it is a member.
    public var parameters: [ValueType]
    public var result: ValueType
    /// Run-time cost in Kubernetes' units, from arguments and result; `nil`: 1.
    public var cost: (@Sendable (_ arguments: [Value], _ result: Value) -> UInt64)?
    public var implementation: Implementation

    public init(
        _ id: String, member: Bool = false, _ parameters: [ValueType], _ result: ValueType,
        cost: (@Sendable ([Value], Value) -> UInt64)? = nil, _ implementation: Implementation
    ) {
        self.id = id
        isMember = member
        self.parameters = parameters
        self.result = result
        self.cost = cost
        self.implementation = implementation
    }
}
