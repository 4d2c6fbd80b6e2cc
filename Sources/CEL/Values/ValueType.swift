/// The type of a value or of an expression.
public indirect enum ValueType: Sendable, Hashable {
    /// Anything; checked when it is evaluated.
    case dyn
    case null
    case bool, int, uint, double, string, bytes
    case timestamp, duration
    case list(ValueType)
    case map(ValueType, ValueType)
    /// A map with the named fields and no others; any of them may be absent (`has` tells). A misspelt one is an
    /// error at compile time.
    case object([String: ValueType])
    /// The type, or null.
    case nullable(ValueType)
    case optional(ValueType)
    /// The type of a type.
    case type(ValueType)
    /// A library's own type, such as `kubernetes.Quantity`.
    case opaque(String, [ValueType])
    /// A type parameter of a function's signature, such as `A`.
    case parameter(String)
    case error
}
