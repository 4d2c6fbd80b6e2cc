internal import YAML

/// Writes the JSON that goes to a credential plugin.
enum JSONText {
    static func write(_ node: Node) -> String {
        switch node.content {
        case .scalar(let scalar):
            switch node.jsonKind {
            case .null: "null"
            case .bool: ["true", "yes", "on", "y"].contains(scalar.text.lowercased()) ? "true" : "false"
            case .number: number(scalar)
            case .string, .other: quote(scalar.text)
            }
        case .sequence(let items): "[\(items.map(write).joined(separator: ","))]"
        case .mapping(let entries):
            "{" + entries.map { "\(quote($0.key.text ?? "")):\(write($0.value))" }.joined(separator: ",") + "}"
        }
    }

    private static func number(_ scalar: Scalar) -> String {
        switch scalar.resolved {
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)"
        case .double(let value) where value.isFinite: "\(value)"
        case .null, .bool, .double, .string: quote(scalar.text)
        }
    }

    static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\0"..<" ": quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
