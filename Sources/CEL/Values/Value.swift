/// A CEL value.
///
/// Unknowns and errors are values too, as in the reference implementation: they flow through an expression until `&&`,
/// `||`, `?:` or a macro absorbs them, or they come out as its result.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list(List)
    case map(Map)
    case timestamp(Timestamp)
    case duration(Duration)
    case type(TypeValue)
    case optional(OptionalValue)
    /// A value of a library's own type, such as Kubernetes' `quantity`.
    indirect case opaque(any OpaqueValue)
    /// Could not be had. Maps and lists may hold unknowns: a fact of which one field is missing.
    case unknown(UnknownSet)
    indirect case error(EvaluationError)
}

/// Something that an expression read and that could not be had.
public struct UnknownAttribute: Sendable, Hashable {
    /// Where the value would stand, such as `["facts", "kubelet", "failSwapOn"]`.
    ///
    /// Empty until the evaluator, which knows how it got there, fills it in.
    public var path: [String]
    /// A stable word for the reason (`forbidden`, `timedOut` …).
    ///
    /// CEL carries it and never looks at it.
    public var reason: String
    /// One sentence for people.
    public var detail: String
    /// What a person can do to get the value; empty when nothing is known.
    public var hint: String

    public init(path: [String] = [], reason: String, detail: String = "", hint: String = "") {
        self.path = path
        self.reason = reason
        self.detail = detail
        self.hint = hint
    }
}

/// The attributes that a result lacks.
public struct UnknownSet: Sendable, Hashable {
    public var attributes: Set<UnknownAttribute>

    public init(_ attributes: Set<UnknownAttribute>) { self.attributes = attributes }
    public init(_ attribute: UnknownAttribute) { self.attributes = [attribute] }
}

/// Why an evaluation has no value.
public struct EvaluationError: Error, Sendable, Hashable {
    public enum Code: String, Sendable {
        case noSuchKey, noSuchField, noSuchOverload, divideByZero, modulusByZero, overflow, indexOutOfBounds
        case invalidArgument, undeclaredReference, budgetExceeded, tooDeep, duplicateKey
    }

    public var code: Code
    /// Lower case, no full stop.
    public var message: String
    /// Offset in the expression's UTF-8 text, where known.
    public var offset: Int?

    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }
}

/// Nanoseconds precision, years 1 to 9999.
public struct Timestamp: Sendable, Hashable {
    /// Since 1970-01-01T00:00:00Z.
    public var seconds: Int64
    /// 0 to 999,999,999.
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// A signed span of time; seconds and nanoseconds have the same sign.
public struct Duration: Sendable, Hashable {
    public var seconds: Int64
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// The value of `type(x)`.
public struct TypeValue: Sendable, Hashable {
    public var name: String

    public init(name: String) { self.name = name }
}

/// `optional.of(x)` or `optional.none()`.
public struct OptionalValue: Sendable {
    private var box: [Value]

    public init(_ value: Value?) { box = value.map { [$0] } ?? [] }
    public var value: Value? { box.first }
}

/// A value of a type that CEL itself does not know.
///
/// Its description is its string form, such as `1.5Gi`.
public protocol OpaqueValue: Sendable, CustomStringConvertible {
    /// The type's name, such as `kubernetes.Quantity`.
    var typeName: String { get }
    func isEqual(to other: any OpaqueValue) -> Bool
}
