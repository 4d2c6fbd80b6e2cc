/// What a field of a `MessageType` holds.
///
/// The names of the kinds are CEL's; those that CEL does not tell apart (`int32` and `int`) differ in what fits.
public indirect enum FieldType: Sendable {
    case bool, int, int32, uint, uint32, double, float, string, bytes
    case timestamp, duration
    /// The type, or null where it is not set: protobuf's wrappers.
    case nullable(FieldType)
    /// Any value.
    case any
    /// What JSON can say; other values are turned into it, such as timestamps into strings.
    case json, jsonObject, jsonList
    case list(FieldType)
    case map(FieldType, FieldType)
    /// Asked for when it is needed, so that a type can hold itself.
    case message(@Sendable () -> MessageType)
    /// Another type, such as a library's own, with the value of a field that is not set.
    case custom(ValueType, zero: Value)
}

extension FieldType {
    /// The type that expressions see.
    var valueType: ValueType {
        switch self {
        case .bool: .bool
        case .int, .int32: .int
        case .uint, .uint32: .uint
        case .double, .float: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .nullable(let type): .nullable(type.valueType)
        case .any, .json: .dyn
        case .jsonObject: .map(.string, .dyn)
        case .jsonList: .list(.dyn)
        case .list(let element): .list(element.valueType)
        case .map(let key, let value): .map(key.valueType, value.valueType)
        case .message(let type): type().valueType
        case .custom(let type, _): type
        }
    }

    /// What reads where nothing was set.
    var zero: Value {
        switch self {
        case .bool: .bool(false)
        case .int, .int32: .int(0)
        case .uint, .uint32: .uint(0)
        case .double, .float: .double(0)
        case .string: .string("")
        case .bytes: .bytes([])
        case .timestamp: .timestamp(Timestamp(seconds: 0))
        case .duration: .duration(Duration(seconds: 0))
        case .nullable, .any, .json: .null
        case .jsonObject, .map: .map(Map())
        case .jsonList, .list: .list([])
        case .message(let type): .opaque(MessageValue(type()))
        case .custom(_, let zero): zero
        }
    }

    /// Whether a field that was set to its zero is told from one that was not set.
    var tellsZeroFromUnset: Bool {
        switch self {
        case .timestamp, .duration, .nullable, .any, .json, .jsonObject, .jsonList, .message: true
        case .bool, .int, .int32, .uint, .uint32, .double, .float, .string, .bytes, .list, .map, .custom: false
        }
    }

    /// Whether null leaves the field unset, and is left out of a list or map.
    var dropsNull: Bool {
        switch self {
        case .timestamp, .duration, .nullable, .message: true
        case .bool, .int, .int32, .uint, .uint32, .double, .float, .string, .bytes, .any, .json, .jsonObject,
            .jsonList, .list, .map, .custom:
            false
        }
    }

    /// The value as the field holds it; an error where it does not fit.
    func stored(_ value: Value) -> Value {
        switch (self, value) {
        case (_, .unknown), (_, .error): return value
        case (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string), (.bytes, .bytes),
            (.timestamp, .timestamp), (.duration, .duration), (.any, _):
            return value
        case (.int32, .int(let number)): return Int32(exactly: number) == nil ? Self.tooLarge(value) : value
        case (.uint32, .uint(let number)): return UInt32(exactly: number) == nil ? Self.tooLarge(value) : value
        case (.float, .double(let number)): return .double(Double(Float(number)))
        case (.nullable(let type), _): return type.stored(value)
        case (.json, _), (.jsonList, .list): return value.asJSON(depth: 0)
        case (.jsonObject, .map(let map)) where map.entries.allSatisfy { $0.key.isString }:
            return value.asJSON(depth: 0)
        case (.list(let element), .list(let list)): return Self.stored(list, element)
        case (.map(let key, let content), .map(let map)): return Self.stored(map, key, content)
        case (.message(let type), .opaque(let message)) where message.typeName == type().name: return value
        case (.custom(let type, _), _) where type.accepts(value): return value
        default:
            let message = "a field of type \(valueType) cannot hold \(value.shortDescription)"
            return .error(EvaluationError(.noSuchOverload, message))
        }
    }

    private static func tooLarge(_ value: Value) -> Value {
        .error(EvaluationError(.overflow, "\(value) does not fit into 32 bits"))
    }

    private static func stored(_ list: List, _ element: FieldType) -> Value {
        var elements: [Value] = []
        elements.reserveCapacity(list.count)
        for value in list.elements {
            if case .null = value, element.dropsNull { continue }
            let stored = element.stored(value)
            if stored.isUnknownOrError { return stored }
            elements.append(stored)
        }
        return .list(List(elements))
    }

    private static func stored(_ map: Map, _ key: FieldType, _ content: FieldType) -> Value {
        var entries: [(key: Value, value: Value)] = []
        entries.reserveCapacity(map.count)
        for entry in map.entries {
            if case .null = entry.value, content.dropsNull { continue }
            let stored = (key: key.stored(entry.key), value: content.stored(entry.value))
            if let failed = Value.strict(stored.key, stored.value) { return failed }
            entries.append(stored)
        }
        return .map(Map(entries))
    }
}

extension Value {
    /// The value in JSON's terms, as protobuf's JSON mapping has it: whole numbers that a double cannot hold, bytes,
    /// times and durations become strings.
    fileprivate func asJSON(depth: Int) -> Value {
        guard depth < 200 else { return .error(EvaluationError(.tooDeep, "the value is nested too deeply")) }
        switch self {
        case .null, .bool, .double, .string, .unknown, .error: return self
        case .int(let number): return number.magnitude <= Self.exactWholeNumber ? .double(Double(number)) : text
        case .uint(let number): return number <= Self.exactWholeNumber ? .double(Double(number)) : text
        case .bytes(let bytes): return .string(base64(bytes))
        case .timestamp(let time): return .string(time.description)
        case .duration(let span): return .string(span.description)
        case .list(let list):
            let elements = list.elements.map { $0.asJSON(depth: depth + 1) }
            return elements.first(where: \.isUnknownOrError) ?? .list(List(elements))
        case .map(let map):
            let entries = map.entries.map { (key: $0.key.asJSONKey, value: $0.value.asJSON(depth: depth + 1)) }
            return entries.first { $0.value.isUnknownOrError }?.value ?? .map(Map(entries))
        case .opaque(let message as MessageValue): return message.json.asJSON(depth: depth + 1)
        case .type, .optional, .opaque:
            return .error(EvaluationError(.noSuchOverload, "\(typeName) has no form in JSON"))
        }
    }

    /// The largest whole number up to which a double holds each.
    private static var exactWholeNumber: UInt64 { 1 << 53 - 1 }

    private var text: Value {
        switch self {
        case .int(let number): .string(String(number))
        case .uint(let number): .string(String(number))
        default: .string(description)
        }
    }

    fileprivate var isString: Bool { if case .string = self { true } else { false } }

    private var asJSONKey: Value {
        switch self {
        case .int, .uint: text
        case .bool(let flag): .string(flag ? "true" : "false")
        default: self
        }
    }
}
