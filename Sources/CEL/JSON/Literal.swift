extension Value: CustomStringConvertible {
    /// How one would write the value in an expression, such as `["a", 1u, {"b": null}]`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): "\(number)u"
        case .double(let number): literal(number)
        case .string(let text): quoted(text)
        case .bytes(let bytes): "b" + quoted(bytes)
        case .list(let list): "[" + list.map(\.description).joined(separator: ", ") + "]"
        case .map(let map):
            "{" + map.entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .timestamp(let timestamp): "timestamp(\"\(timestamp)\")"
        case .duration(let duration): "duration(\"\(duration)\")"
        case .type(let type): type.name
        case .optional(let optional):
            optional.value.map { "optional.of(\($0))" } ?? "optional.none()"
        case .opaque(let message as MessageValue): message.description
        case .opaque(let opaque): literal(opaque)
        case .unknown(let unknown): literal(unknown)
        case .error(let error): "error(\(error.message))"
        }
    }
}

private func literal(_ number: Double) -> String {
    if number.isNaN { return "double(\"NaN\")" }
    if number.isInfinite { return number < 0 ? "double(\"-Infinity\")" : "double(\"Infinity\")" }
    return number.description
}

/// `kubernetes.Quantity` is made by `quantity("…")`: a function is named as the last part of its type.
private func literal(_ opaque: any OpaqueValue) -> String {
    let function = opaque.typeName.split(separator: ".").last.map { $0.lowercased() } ?? opaque.typeName
    return "\(function)(\(quoted(opaque.description)))"
}

private func literal(_ unknown: UnknownSet) -> String {
    let parts = unknown.attributes.map { ($0.path.joined(separator: "."), $0.reason) }
    let texts = parts.map { $0.0.isEmpty ? $0.1 : "\($0.0): \($0.1)" }
    return "unknown(\(texts.sorted().joined(separator: ", ")))"
}

/// A string literal in double quotes, with CEL's escapes.
func quoted(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case _ where scalar.value < 0x20 || scalar.properties.generalCategory == .control:
            literal += "\\x" + hex(UInt8(truncatingIfNeeded: scalar.value))
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}

private func quoted(_ bytes: [UInt8]) -> String {
    var literal = "\""
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""): literal += "\\\""
        case UInt8(ascii: "\\"): literal += "\\\\"
        case 0x20..<0x7F: literal.unicodeScalars.append(Unicode.Scalar(byte))
        default: literal += "\\x" + hex(byte)
        }
    }
    return literal + "\""
}

/// Two digits.
func hex(_ byte: UInt8) -> String { (byte < 0x10 ? "0" : "") + String(byte, radix: 16) }
