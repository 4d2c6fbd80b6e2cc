extension ValueType: CustomStringConvertible {
    /// As people write it: `list(string)`, `map(string, dyn)`.
    public var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .object: "object"
        case .nullable(let type): "\(type) or null"
        case .optional(let type): "optional(\(type))"
        case .type: "type"
        case .opaque(let name, let parameters):
            parameters.isEmpty ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        // Those that inference made are of no use to people.
        case .parameter(let name): name.hasPrefix("#") ? "dyn" : name
        case .error: "error"
        }
    }

    var isDynamic: Bool {
        switch self {
        case .dyn, .error: true
        default: false
        }
    }

    var hasParameters: Bool {
        switch self {
        case .parameter: true
        case .list(let element): element.hasParameters
        case .map(let key, let value): key.hasParameters || value.hasParameters
        case .nullable(let type), .optional(let type), .type(let type): type.hasParameters
        case .opaque(_, let parameters): parameters.contains(where: \.hasParameters)
        case .object(let fields): fields.values.contains(where: \.hasParameters)
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .error: false
        }
    }

    /// The same with each parameter replaced.
    func replacingParameters(_ replacement: (String) -> ValueType) -> ValueType {
        guard hasParameters else { return self }
        return switch self {
        case .parameter(let name): replacement(name)
        case .list(let element): .list(element.replacingParameters(replacement))
        case .map(let key, let value):
            .map(key.replacingParameters(replacement), value.replacingParameters(replacement))
        case .nullable(let type): .nullable(type.replacingParameters(replacement))
        case .optional(let type): .optional(type.replacingParameters(replacement))
        case .type(let type): .type(type.replacingParameters(replacement))
        case .opaque(let name, let parameters):
            .opaque(name, parameters.map { $0.replacingParameters(replacement) })
        case .object(let fields): .object(fields.mapValues { $0.replacingParameters(replacement) })
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .error: self
        }
    }
}
