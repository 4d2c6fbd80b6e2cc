/// The messages of `google.protobuf` that CEL knows as plain values.
///
/// cel-spec, "Dynamic Values".
enum WellKnownMessage: String, Constructible, CaseIterable {
    case bool = "BoolValue", int32 = "Int32Value", int64 = "Int64Value", uint32 = "UInt32Value"
    case uint64 = "UInt64Value", float = "FloatValue", double = "DoubleValue", string = "StringValue"
    case bytes = "BytesValue"
    case timestamp = "Timestamp", duration = "Duration"
    case `struct` = "Struct", value = "Value", listValue = "ListValue"

    var name: String { "google.protobuf." + rawValue }

    var valueType: ValueType {
        switch self {
        case .timestamp: .timestamp
        case .duration: .duration
        case .struct: .map(.string, .dyn)
        case .value: .dyn
        case .listValue: .list(.dyn)
        case .bool, .int32, .int64, .uint32, .uint64, .float, .double, .string, .bytes:
            .nullable(content?.valueType ?? .dyn)
        }
    }

    var fieldTypes: [String: ValueType] {
        switch self {
        case .timestamp, .duration: ["seconds": .int, "nanos": .int]
        case .struct: ["fields": .map(.string, .dyn)]
        case .value:
            [
                "null_value": .dyn, "number_value": .double, "string_value": .string, "bool_value": .bool,
                "struct_value": .map(.string, .dyn), "list_value": .list(.dyn),
            ]
        case .listValue: ["values": .list(.dyn)]
        case .bool, .int32, .int64, .uint32, .uint64, .float, .double, .string, .bytes:
            ["value": content?.valueType ?? .dyn]
        }
    }

    /// What a wrapper wraps.
    private var content: FieldType? {
        switch self {
        case .bool: .bool
        case .int32: .int32
        case .int64: .int
        case .uint32: .uint32
        case .uint64: .uint
        case .float: .float
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp, .duration, .struct, .value, .listValue: nil
        }
    }

    func make(_ fields: [String: Value]) -> Value {
        switch self {
        case .timestamp: timestamp(fields)
        case .duration: duration(fields)
        case .struct: FieldType.jsonObject.stored(fields["fields"] ?? .map(Map()))
        case .listValue: FieldType.jsonList.stored(fields["values"] ?? .list([]))
        case .value: FieldType.json.stored(fields.first { $0.key != "null_value" }?.value ?? .null)
        case .bool, .int32, .int64, .uint32, .uint64, .float, .double, .string, .bytes:
            content.map { type in fields["value"].map(type.stored) ?? type.zero } ?? .null
        }
    }

    private func parts(_ fields: [String: Value]) -> (seconds: Int64, nanoseconds: Int64)? {
        guard case .int(let seconds) = fields["seconds"] ?? .int(0),
            case .int(let nanoseconds) = fields["nanos"] ?? .int(0)
        else { return nil }
        return (seconds, nanoseconds)
    }

    private func timestamp(_ fields: [String: Value]) -> Value {
        guard let (seconds, nanoseconds) = parts(fields), 0..<1_000_000_000 ~= nanoseconds,
            let time = Timestamp(checkedSeconds: seconds, nanoseconds: Int32(nanoseconds))
        else { return .error(EvaluationError(.overflow, "the time is not within the years 1 to 9999")) }
        return .timestamp(time)
    }

    private func duration(_ fields: [String: Value]) -> Value {
        guard let (seconds, nanoseconds) = parts(fields),
            let span = Duration(seconds: seconds, nanosecondsDelta: nanoseconds)
        else { return .error(EvaluationError(.overflow, "the duration is longer than 292 years")) }
        return .duration(span)
    }
}

extension MessageType {
    /// Those of `google.protobuf` that stay messages.
    static let wellKnown = [
        MessageType("google.protobuf.Empty", fields: [:]),
        MessageType(fieldMaskName, fields: ["paths": .init(.list(.string))]),
    ]

    fileprivate static let fieldMaskName = "google.protobuf.FieldMask"
}

extension MessageValue {
    /// What protobuf's JSON mapping makes of it.
    var json: Value {
        guard typeName == MessageType.fieldMaskName, case .list(let paths)? = self["paths"] else { return .map(fields) }
        let names = paths.map { if case .string(let name) = $0 { name.camelCased } else { "" } }
        return .string(names.joined(separator: ","))
    }
}

extension String {
    /// `barBaz` of `bar_baz`.
    fileprivate var camelCased: String {
        let words = split(separator: "_", omittingEmptySubsequences: false)
        return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}
