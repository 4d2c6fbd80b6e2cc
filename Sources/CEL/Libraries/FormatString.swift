/// `string.format` (cel-spec, doc/extensions/strings.md).
enum FormatString {
    /// Nobody wants more digits, and a clause must not ask for gigabytes.
    private static let maximumPrecision = 100

    static func fill(_ template: String, with arguments: List) throws(EvaluationError) -> String {
        var result = ""
        var rest = template.unicodeScalars[...]
        var next = 0
        while let percent = rest.firstIndex(of: "%") {
            result.unicodeScalars.append(contentsOf: rest[..<percent])
            rest = rest[rest.index(after: percent)...]
            if rest.first == "%" {
                rest.removeFirst()
                result += "%"
                continue
            }
            let precision = try precision(&rest)
            guard let verb = rest.popFirst() else {
                throw .invalidArgument("could not parse formatting clause: unexpected end of string")
            }
            guard next < arguments.count else {
                throw EvaluationError(.indexOutOfBounds, "index \(next) out of range")
            }
            result += try format(arguments[next], verb, precision)
            next += 1
        }
        result.unicodeScalars.append(contentsOf: rest)
        return result
    }

    private static func precision(_ rest: inout Substring.UnicodeScalarView) throws(EvaluationError) -> Int {
        guard rest.first == "." else { return 6 }
        rest.removeFirst()
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest[digits.endIndex...]
        guard let precision = Int(String(digits)) else {
            throw .invalidArgument("could not parse formatting clause: expected digits after '.'")
        }
        guard precision <= maximumPrecision else {
            throw .invalidArgument("precision \(precision) is more than \(maximumPrecision)")
        }
        return precision
    }

    private static func format(
        _ value: Value, _ verb: Unicode.Scalar, _ precision: Int
    ) throws(EvaluationError) -> String {
        switch verb {
        case "s": try text(value)
        case "d": try decimal(value)
        case "f": try number(value, "fixed-point") { $0.fixedPoint(precision) }
        case "e": try number(value, "scientific") { $0.scientific(precision) }
        case "x": try hexadecimal(value)
        case "X": try hexadecimal(value).uppercased()
        case "o": try octal(value)
        case "b": try binary(value)
        default:
            throw .invalidArgument("could not parse formatting clause: unrecognized formatting clause \"\(verb)\"")
        }
    }

    private static func refusal(_ message: String, _ value: Value) -> EvaluationError {
        .invalidArgument("error during formatting: \(message), was given \(value.typeName)")
    }

    private static func text(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return bool ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return number.plain
        case .string(let text): return text
        case .bytes(let bytes): return textOfBytes(bytes)
        case .timestamp(let timestamp): return timestamp.description
        case .duration(let duration): return duration.description
        case .type(let type): return type.name
        case .list(let list):
            var parts: [String] = []
            for element in list { parts.append(try text(element)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(key: String, text: String)] = []
            for (key, value) in map.entries {
                let keyText = try text(key)
                parts.append((keyText, "\(keyText): \(try text(value))"))
            }
            parts.sort { $0.key.isOrderedBefore($1.key) }
            return "{" + parts.map(\.text).joined(separator: ", ") + "}"
        case .optional, .opaque, .unknown, .error:
            throw refusal(
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
                    + "and timestamps", value)
        }
    }

    private static func decimal(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return number.plain
        default: throw refusal("decimal clause can only be used on numbers", value)
        }
    }

    private static func number(
        _ value: Value, _ clause: String, _ format: (Double) -> String
    ) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return format(Double(number))
        case .uint(let number): return format(Double(number))
        case .double(let number): return number.isFinite ? format(number) : number.plain
        default: throw refusal("\(clause) clause can only be used on numbers", value)
        }
    }

    private static func hexadecimal(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return String(number, radix: 16)
        case .uint(let number): return String(number, radix: 16)
        case .string(let text): return text.utf8.map(hex).joined()
        case .bytes(let bytes): return bytes.map(hex).joined()
        default: throw refusal("only integers, bytes, and strings can be formatted as hex", value)
        }
    }

    private static func octal(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return String(number, radix: 8)
        case .uint(let number): return String(number, radix: 8)
        default: throw refusal("octal clause can only be used on integers", value)
        }
    }

    private static func binary(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .bool(let bool): return bool ? "1" : "0"
        case .int(let number): return String(number, radix: 2)
        case .uint(let number): return String(number, radix: 2)
        default: throw refusal("only integers and bools can be formatted as binary", value)
        }
    }

    /// One U+FFFD for each run of bytes that are no UTF-8.
    private static func textOfBytes(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var lastWasInvalid = false
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                text.unicodeScalars.append(scalar)
                lastWasInvalid = false
            case .error:
                if !lastWasInvalid { text += "\u{FFFD}" }
                lastWasInvalid = true
            case .emptyInput: return text
            }
        }
    }
}
