// The core schema of YAML 1.2.2, section 10.3.2. `yes`, `no`, `on`, `off` are strings there, unlike in YAML 1.1.

extension Scalar {
    /// The value by the core schema, as if the text had no tag: what is quoted or a block is a string.
    package var resolved: CoreValue {
        guard style == .plain, let value = CoreSchema.resolve(text) else { return .string(text) }
        return value
    }
}

extension Node {
    /// The value of a scalar by the core schema, an explicit tag honoured; `nil` for a sequence or a mapping.
    ///
    /// A scalar with a tag that the core schema does not know is its text.
    package var resolved: CoreValue? {
        guard case .scalar(let scalar) = content else { return nil }
        guard let tag else { return scalar.resolved }
        return CoreSchema.resolve(scalar.text, tag: tag) ?? .string(scalar.text)
    }

    /// Whether a tag of the core schema contradicts what it stands at, such as `!!int many` or `!!map [a]`.
    var contradictsTag: Bool {
        guard let tag, tag.hasPrefix(CoreSchema.prefix) else { return false }
        let short = tag.dropFirst(CoreSchema.prefix.count)
        return switch content {
        case .scalar(let scalar):
            short == "map" || short == "seq" || CoreSchema.resolve(scalar.text, tag: tag) == nil
        case .sequence: short == "map" || CoreSchema.scalarTags.contains(String(short))
        case .mapping: short == "seq" || CoreSchema.scalarTags.contains(String(short))
        }
    }
}

enum CoreSchema {
    static let prefix = "tag:yaml.org,2002:"
    static let scalarTags: Set<String> = ["str", "int", "float", "bool", "null"]

    /// What a plain scalar means; `nil` for a string.
    static func resolve(_ text: String) -> CoreValue? {
        guard canBeSpecial(text) else { return nil }
        guard !text.isEmpty else { return .null }
        return word(text) ?? integer(text) ?? float(text)
    }

    private static func word(_ text: String) -> CoreValue? {
        switch text {
        case "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        default: nil
        }
    }

    /// What a tagged scalar means; `nil` where the text is not of that type.
    static func resolve(_ text: String, tag: String) -> CoreValue? {
        guard tag.hasPrefix(prefix) else { return .string(text) }
        let plain = resolve(text)
        switch (tag.dropFirst(prefix.count), plain) {
        case ("int", .int), ("int", .uint), ("float", .double), ("bool", .bool), ("null", .null): return plain
        case ("float", .int(let value)): return .double(Double(value))
        case ("float", .uint(let value)): return .double(Double(value))
        case ("int", _), ("float", _), ("bool", _), ("null", _): return nil
        default: return .string(text)
        }
    }

    /// Whether the text can be something else than a string, told by its first bytes: for nearly all texts the answer
    /// is no, and nothing further need be compared.
    static func canBeSpecial(_ text: String) -> Bool {
        unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            guard let first = unsafe bytes.first else { return true }
            func isWord(of count: Int, second: UInt8) -> Bool {
                unsafe bytes.count == count && bytes[1] | 0x20 == second
            }
            switch first {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
                return true
            case UInt8(ascii: "~"): return bytes.count == 1
            case UInt8(ascii: "n"), UInt8(ascii: "N"): return isWord(of: 4, second: UInt8(ascii: "u"))
            case UInt8(ascii: "t"), UInt8(ascii: "T"): return isWord(of: 4, second: UInt8(ascii: "r"))
            case UInt8(ascii: "f"), UInt8(ascii: "F"): return isWord(of: 5, second: UInt8(ascii: "a"))
            default: return false
            }
        } ?? true
    }

    /// `[-+]?[0-9]+`, `0o[0-7]+` and `0x[0-9a-fA-F]+`; a double where 64 bits are not enough, as in JSON.
    private static func integer(_ text: String) -> CoreValue? {
        var digits = text.utf8[...]
        var radix: UInt64 = 10
        var isNegative = false
        if digits.starts(with: "0o".utf8) || digits.starts(with: "0x".utf8) {
            radix = digits.dropFirst().first == UInt8(ascii: "o") ? 8 : 16
            digits = digits.dropFirst(2)
        } else if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            digits = digits.dropFirst()
        }
        guard !digits.isEmpty else { return nil }
        var exact: UInt64 = 0
        var rounded: Double = 0
        var fits = true
        for byte in digits {
            guard let digit = value(of: byte), digit < radix else { return nil }
            let (product, overflow) = exact.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            fits = fits && !overflow && !carry
            exact = sum
            rounded = rounded * Double(radix) + Double(digit)
        }
        guard fits else { return .double(radix == 10 ? Double(text) ?? rounded : rounded) }
        guard isNegative else { return Int64(exactly: exact).map { .int($0) } ?? .uint(exact) }
        guard exact <= Int64.max.magnitude + 1 else { return .double(-Double(exact)) }
        return .int(Int64(truncatingIfNeeded: 0 &- exact))
    }

    private static func value(of byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, `[-+]?\.(inf|Inf|INF)` and `\.(nan|NaN|NAN)`.
    private static func float(_ text: String) -> CoreValue? {
        switch text {
        case ".nan", ".NaN", ".NAN": return .double(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
        default: return isFloat(text) ? Double(text).map { .double($0) } : nil
        }
    }

    private static func isFloat(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func skip(_ bytes: String) -> Bool {
            guard let first = rest.first, bytes.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        func skipDigits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        _ = skip("+-")
        let whole = skipDigits()
        let fraction = skip(".") ? skipDigits() : 0
        guard whole + fraction > 0 else { return false }
        if skip("eE") {
            _ = skip("+-")
            guard skipDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
