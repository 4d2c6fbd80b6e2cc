/// A Swift type that functions take and return, so that an implementation is an ordinary Swift function.
protocol FunctionValue: Sendable {
    init?(cel: Value)
    var cel: Value { get }
    /// What the function would look at and cannot know: then its result is unknown too.
    var unknowns: UnknownSet? { get }
}

extension FunctionValue {
    var unknowns: UnknownSet? { nil }
}

/// A list whose elements the function looks at, rather than passing them on.
struct KnownList: FunctionValue, RandomAccessCollection {
    let list: List

    init?(cel: Value) {
        guard case .list(let list) = cel else { return nil }
        self.list = list
    }
    var cel: Value { .list(list) }

    var unknowns: UnknownSet? {
        var unknowns: UnknownSet?
        for case .unknown(let unknown) in list { unknowns.add(unknown) }
        return unknowns
    }

    var startIndex: Int { 0 }
    var endIndex: Int { list.count }
    subscript(position: Int) -> Value { list[position] }
}

extension Value: FunctionValue {
    init?(cel: Value) { self = cel }
    var cel: Value { self }
}

extension Bool: FunctionValue {
    init?(cel: Value) {
        guard case .bool(let bool) = cel else { return nil }
        self = bool
    }
    var cel: Value { .bool(self) }
}

extension Int64: FunctionValue {
    init?(cel: Value) {
        guard case .int(let number) = cel else { return nil }
        self = number
    }
    var cel: Value { .int(self) }
}

extension UInt64: FunctionValue {
    init?(cel: Value) {
        guard case .uint(let number) = cel else { return nil }
        self = number
    }
    var cel: Value { .uint(self) }
}

extension Double: FunctionValue {
    init?(cel: Value) {
        guard case .double(let number) = cel else { return nil }
        self = number
    }
    var cel: Value { .double(self) }
}

extension String: FunctionValue {
    init?(cel: Value) {
        guard case .string(let text) = cel else { return nil }
        self = text
    }
    var cel: Value { .string(self) }
}

extension [UInt8]: FunctionValue {
    init?(cel: Value) {
        guard case .bytes(let bytes) = cel else { return nil }
        self = bytes
    }
    var cel: Value { .bytes(self) }
}

extension List: FunctionValue {
    init?(cel: Value) {
        guard case .list(let list) = cel else { return nil }
        self = list
    }
    var cel: Value { .list(self) }
}

extension Map: FunctionValue {
    init?(cel: Value) {
        guard case .map(let map) = cel else { return nil }
        self = map
    }
    var cel: Value { .map(self) }
}

extension Optional: FunctionValue where Wrapped: FunctionValue {
    init?(cel: Value) {
        guard case .optional(let optional) = cel else { return nil }
        guard let value = optional.value else {
            self = .none
            return
        }
        guard let wrapped = Wrapped(cel: value) else { return nil }
        self = wrapped
    }
    var cel: Value { .optional(OptionalValue(self?.cel)) }
}

extension OpaqueValue where Self: FunctionValue {
    init?(cel: Value) {
        guard case .opaque(let opaque) = cel, let value = opaque as? Self else { return nil }
        self = value
    }
    var cel: Value { .opaque(self) }
}

extension Overload.Implementation {
    static func function<A: FunctionValue, Result: FunctionValue>(
        _ body: @escaping @Sendable (A) throws(EvaluationError) -> Result
    ) -> Self {
        .unary { a in
            guard let a = A(cel: a) else { return .noSuchOverload }
            if let unknowns = a.unknowns { return .unknown(unknowns) }
            return answer { () throws(EvaluationError) in try body(a) }
        }
    }

    static func function<A: FunctionValue, B: FunctionValue, Result: FunctionValue>(
        _ body: @escaping @Sendable (A, B) throws(EvaluationError) -> Result
    ) -> Self {
        .binary { a, b in
            guard let a = A(cel: a), let b = B(cel: b) else { return .noSuchOverload }
            if let unknowns = merged(a.unknowns, b.unknowns) { return .unknown(unknowns) }
            return answer { () throws(EvaluationError) in try body(a, b) }
        }
    }

    static func function<A: FunctionValue, B: FunctionValue, C: FunctionValue, Result: FunctionValue>(
        _ body: @escaping @Sendable (A, B, C) throws(EvaluationError) -> Result
    ) -> Self {
        .variadic { arguments in
            guard arguments.count == 3, let a = A(cel: arguments[0]), let b = B(cel: arguments[1]),
                let c = C(cel: arguments[2])
            else { return .noSuchOverload }
            return answer { () throws(EvaluationError) in try body(a, b, c) }
        }
    }

    static func function<
        A: FunctionValue, B: FunctionValue, C: FunctionValue, D: FunctionValue, Result: FunctionValue
    >(
        _ body: @escaping @Sendable (A, B, C, D) throws(EvaluationError) -> Result
    ) -> Self {
        .variadic { arguments in
            guard arguments.count == 4, let a = A(cel: arguments[0]), let b = B(cel: arguments[1]),
                let c = C(cel: arguments[2]), let d = D(cel: arguments[3])
            else { return .noSuchOverload }
            return answer { () throws(EvaluationError) in try body(a, b, c, d) }
        }
    }
}

@inline(__always)
private func merged(_ one: UnknownSet?, _ two: UnknownSet?) -> UnknownSet? {
    guard let one, let two else { return one ?? two }
    return UnknownSet(one.attributes.union(two.attributes))
}

@inline(__always)
private func answer<Result: FunctionValue>(_ body: () throws(EvaluationError) -> Result) -> Value {
    do throws(EvaluationError) { return try body().cel } catch { return .error(error) }
}

extension Value {
    static var noSuchOverload: Value { .error(EvaluationError(.noSuchOverload, "no such overload")) }

    /// The type's name, as `type(x)` has it.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .optional: "optional_type"
        case .opaque(let opaque): opaque.typeName
        case .unknown: "unknown"
        case .error: "error"
        }
    }
}

extension EvaluationError {
    static func invalidArgument(_ message: String) -> EvaluationError { EvaluationError(.invalidArgument, message) }
    static func outOfRange(_ index: Int64) -> EvaluationError {
        EvaluationError(.indexOutOfBounds, "index out of range: \(index)")
    }
}

extension Value {
    /// The unknowns in this value, however deep.
    var unknownParts: UnknownSet? {
        switch self {
        case .unknown(let unknown): return unknown
        case .list(let list):
            var unknowns: UnknownSet?
            for element in list { if let part = element.unknownParts { unknowns.add(part) } }
            return unknowns
        case .map(let map):
            var unknowns: UnknownSet?
            for entry in map.entries { if let part = entry.value.unknownParts { unknowns.add(part) } }
            return unknowns
        default: return nil
        }
    }
}
