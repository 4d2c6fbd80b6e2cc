/// From one type to another; cel-spec, "Type Conversion Functions".
extension Library {
    static let conversions: [Function] = [
        Function(
            "int", "As a whole number; a double loses its decimals, a timestamp becomes seconds since 1970.",
            overloads: [
                conversion("int64_to_int64", .int, .int), conversion("uint64_to_int64", .uint, .int),
                conversion("double_to_int64", .double, .int), conversion("string_to_int64", .string, .int),
                conversion("timestamp_to_int64", .timestamp, .int),
            ],
            examples: [.init("int('42')", equals: "42"), .init("int(-1.9)", equals: "-1")]),
        Function(
            "uint", "As a whole number without sign.",
            overloads: [
                conversion("uint64_to_uint64", .uint, .uint), conversion("int64_to_uint64", .int, .uint),
                conversion("double_to_uint64", .double, .uint), conversion("string_to_uint64", .string, .uint),
            ],
            examples: [.init("uint(42)", equals: "42u")]),
        Function(
            "double", "As a number with decimals.",
            overloads: [
                conversion("double_to_double", .double, .double), conversion("int64_to_double", .int, .double),
                conversion("uint64_to_double", .uint, .double), conversion("string_to_double", .string, .double),
            ],
            examples: [.init("double('1.5')", equals: "1.5")]),
        Function(
            "string", "As text.",
            overloads: [
                conversion("string_to_string", .string, .string), conversion("bool_to_string", .bool, .string),
                conversion("int64_to_string", .int, .string), conversion("uint64_to_string", .uint, .string),
                conversion("double_to_string", .double, .string), conversion("bytes_to_string", .bytes, .string),
                conversion("timestamp_to_string", .timestamp, .string),
                conversion("duration_to_string", .duration, .string),
            ],
            examples: [.init("string(duration('1h1m'))", equals: "'3660s'")]),
        Function(
            "bytes", "As bytes, a string in UTF-8.",
            overloads: [
                conversion("bytes_to_bytes", .bytes, .bytes), conversion("string_to_bytes", .string, .bytes),
            ],
            examples: [.init("bytes('é')", equals: "b'\\303\\251'")]),
        Function(
            "bool", "As true or false.",
            overloads: [conversion("bool_to_bool", .bool, .bool), conversion("string_to_bool", .string, .bool)],
            examples: [.init("bool('true')", equals: "true")]),
        Function(
            "timestamp", "A point in time, from RFC 3339 or seconds since 1970.",
            overloads: [
                conversion("timestamp_to_timestamp", .timestamp, .timestamp),
                conversion("string_to_timestamp", .string, .timestamp),
                conversion("int64_to_timestamp", .int, .timestamp),
            ],
            examples: [.init("timestamp('1970-01-01T00:01:00Z')", equals: "timestamp(60)")]),
        Function(
            "duration", "A span of time, such as '1h30m'.",
            overloads: [
                conversion("duration_to_duration", .duration, .duration),
                conversion("string_to_duration", .string, .duration),
            ],
            examples: [.init("duration('90m')", equals: "duration('1.5h')")]),
    ]

    private static func conversion(_ id: String, _ from: ValueType, _ to: ValueType) -> Overload {
        Overload(id, [from], to, .unary { $0.converted(to: to) })
    }
}

extension Value {
    fileprivate func converted(to type: ValueType) -> Value {
        let converted: Value? =
            switch type {
            case .int: asInt
            case .uint: asUInt
            case .double: asDouble
            case .string: asString
            case .bytes: asBytes
            case .bool: asBool
            case .timestamp: asTimestamp
            case .duration: asDuration
            default: nil
            }
        return converted ?? .error(EvaluationError(.invalidArgument, "\(described) cannot be converted to \(type)"))
    }

    /// Short enough for a message.
    private var described: String {
        switch self {
        case .string(let text): text.utf8.count <= 60 ? "'\(text)'" : "this string of \(text.utf8.count) bytes"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)u"
        case .double(let number): number.shortestText
        case .bytes(let bytes): "what these \(bytes.count) bytes say"
        default: "this \(typeName)"
        }
    }

    private var asInt: Value? {
        switch self {
        case .int: self
        case .uint(let number): Int64(exactly: number).map(Value.int)
        // As in the reference, the bounds themselves are out: a double so large stands for many whole numbers.
        case .double(let number):
            number > -9_223_372_036_854_775_808 && number < 9_223_372_036_854_775_808 ? .int(Int64(number)) : nil
        case .string(let text): Int64(text).map(Value.int)
        case .timestamp(let time): .int(time.seconds)
        default: nil
        }
    }

    private var asUInt: Value? {
        switch self {
        case .uint: self
        case .int(let number): UInt64(exactly: number).map(Value.uint)
        case .double(let number): number >= 0 && number < 18_446_744_073_709_551_616 ? .uint(UInt64(number)) : nil
        case .string(let text): UInt64(text).map(Value.uint)
        default: nil
        }
    }

    private var asDouble: Value? {
        switch self {
        case .double: self
        case .int(let number): .double(Double(number))
        case .uint(let number): .double(Double(number))
        case .string(let text): Double(decimalText: text).map(Value.double)
        default: nil
        }
    }

    private var asString: Value? {
        switch self {
        case .string: self
        case .bool(let flag): .string(flag ? "true" : "false")
        case .int(let number): .string(String(number))
        case .uint(let number): .string(String(number))
        case .double(let number): .string(number.shortestText)
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self).map(Value.string)
        case .timestamp(let time): .string(time.description)
        case .duration(let span): .string(span.description)
        default: nil
        }
    }

    private var asBytes: Value? {
        switch self {
        case .bytes: self
        case .string(let text): .bytes(Array(text.utf8))
        default: nil
        }
    }

    private var asBool: Value? {
        switch self {
        case .bool: self
        case .string("true"), .string("True"), .string("TRUE"), .string("t"), .string("T"), .string("1"): .bool(true)
        case .string("false"), .string("False"), .string("FALSE"), .string("f"), .string("F"), .string("0"):
            .bool(false)
        default: nil
        }
    }

    private var asTimestamp: Value? {
        switch self {
        case .timestamp: self
        case .string(let text): Timestamp(rfc3339: text).map(Value.timestamp)
        case .int(let seconds): Timestamp(checkedSeconds: seconds).map(Value.timestamp)
        default: nil
        }
    }

    private var asDuration: Value? {
        switch self {
        case .duration: self
        case .string(let text): Duration(text: text).map(Value.duration)
        default: nil
        }
    }
}

extension Double {
    /// A number that fits, or one of Go's names for those that are none: `NaN`, `Inf`, `-infinity`.
    fileprivate init?(decimalText text: String) {
        guard let number = Double(text) else { return nil }
        if !number.isFinite {
            let name = text.lowercased()
            guard name == "nan" || ["inf", "infinity"].contains(name.drop { $0 == "+" || $0 == "-" }) else {
                return nil
            }
        }
        self = number
    }

    /// The fewest digits that name this number, as Go writes them: `0.0045`, `1e+06` from a million on, `+Inf`.
    var shortestText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        guard self != 0 else { return sign == .minus ? "-0" : "0" }
        let (digits, exponent) = decimalDigits
        let sign = self < 0 ? "-" : ""
        if exponent < -4 || exponent >= 6 {
            let rest = digits.dropFirst()
            let power = String(abs(exponent))
            let mantissa = rest.isEmpty ? "\(digits.prefix(1))" : "\(digits.prefix(1)).\(rest)"
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(power.count < 2 ? "0" : "")\(power)"
        }
        if exponent < 0 { return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)" }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    /// Digits without a point, and the power of ten of the first.
    private var decimalDigits: (digits: String, exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = String(mantissa[0] + fraction)
        exponent += mantissa[0].count - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }
}
