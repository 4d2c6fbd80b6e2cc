/// The messages of `google.protobuf` that CEL knows as plain values.
///
/// cel-spec, "Dynamic Values".
enum WellKnownMessage: String, Sendable, CaseIterable {
    case bool = "BoolValue", int32 = "Int32Value", int64 = "Int64Value", uint32 = "UInt32Value"
    case uint64 = "UInt64Value", float = "FloatValue", double = "DoubleValue", string = "StringValue"
    case bytes = "BytesValue"
    case timestamp = "Timestamp", duration = "Duration"
    case `struct` = "Struct", value = "Value", listValue = "ListValue", empty = "Empty"

    /// By its full name, such as `google.protobuf.Int32Value`.
    init?(name: String) {
        let prefix = "google.protobuf."
        guard name.hasPrefix(prefix) else { return nil }
        self.init(rawValue: String(name.dropFirst(prefix.count)))
    }

    var type: ValueType {
        switch self {
        case .bool: .nullable(.bool)
        case .int32, .int64: .nullable(.int)
        case .uint32, .uint64: .nullable(.uint)
        case .float, .double: .nullable(.double)
        case .string: .nullable(.string)
        case .bytes: .nullable(.bytes)
        case .timestamp: .timestamp
        case .duration: .duration
        case .struct, .empty: .map(.string, .dyn)
        case .value: .dyn
        case .listValue: .list(.dyn)
        }
    }

    var fields: [String: ValueType] {
        switch self {
        case .bool: ["value": .bool]
        case .int32, .int64: ["value": .int]
        case .uint32, .uint64: ["value": .uint]
        case .float, .double: ["value": .double]
        case .string: ["value": .string]
        case .bytes: ["value": .bytes]
        case .timestamp, .duration: ["seconds": .int, "nanos": .int]
        case .struct: ["fields": .map(.string, .dyn)]
        case .value:
            [
                "null_value": .dyn, "number_value": .double, "string_value": .string, "bool_value": .bool,
                "struct_value": .map(.string, .dyn), "list_value": .list(.dyn),
            ]
        case .listValue: ["values": .list(.dyn)]
        case .empty: [:]
        }
    }
}
