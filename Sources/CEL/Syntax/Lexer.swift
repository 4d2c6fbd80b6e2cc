/// A word of an expression.
struct Token {
    enum Kind: Equatable {
        case end
        case identifier(String)
        /// Between backquotes: only after a dot and as a message's field.
        case quotedIdentifier(String)
        case literal
        /// An operator, a bracket or one of the words `in`.
        case symbol(Symbol)
        /// Its issue is already told.
        case invalid
    }

    enum Symbol: String {
        case dot = ".", comma = ",", colon = ":", question = "?"
        case openParenthesis = "(", closeParenthesis = ")", openBracket = "[", closeBracket = "]"
        case openBrace = "{", closeBrace = "}"
        case plus = "+", minus = "-", times = "*", divide = "/", modulo = "%", not = "!"
        case and = "&&", or = "||"
        case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case `in`
    }

    var kind: Kind
    var range: Range<Int>
    /// The value of a literal.
    var value: Value?
}

/// Cuts the text into words.
///
/// Grammar: cel-spec, `doc/langdef.md`, "Syntax".
struct Lexer {
    let text: [UInt8]
    var position = 0
    var issues: [CompilationError.Issue] = []

    init(_ source: String) { text = Array(source.utf8) }

    func byte(at index: Int) -> UInt8? { index < text.count ? text[index] : nil }

    mutating func next() -> Token {
        skipSpace()
        guard let first = byte(at: position) else { return token(.end, from: position) }
        if let literal = stringLiteral() { return literal }
        if first.isIdentifierStart { return word() }
        if first.isDigit || (first == UInt8(ascii: ".") && byte(at: position + 1)?.isDigit == true) { return number() }
        if first == UInt8(ascii: "`") { return quotedIdentifier() }
        return symbol()
    }

    func token(_ kind: Token.Kind, from start: Int, value: Value? = nil) -> Token {
        Token(kind: kind, range: start..<position, value: value)
    }

    mutating func fail(
        _ code: CompilationError.Issue.Code, _ message: String, from start: Int, length: Int? = nil,
        suggestion: String? = nil
    ) -> Token {
        issues.append(
            .init(code, message, offset: start, length: length ?? (position - start), suggestion: suggestion))
        return token(.invalid, from: start)
    }

    private mutating func skipSpace() {
        while let byte = byte(at: position) {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C: position += 1
            case UInt8(ascii: "/") where self.byte(at: position + 1) == UInt8(ascii: "/"):
                while let next = self.byte(at: position), next != UInt8(ascii: "\n") { position += 1 }
            default: return
            }
        }
    }

    private mutating func word() -> Token {
        let start = position
        while let byte = byte(at: position), byte.isIdentifierStart || byte.isDigit { position += 1 }
        switch String(decoding: text[start..<position], as: UTF8.self) {
        case "true": return token(.literal, from: start, value: .bool(true))
        case "false": return token(.literal, from: start, value: .bool(false))
        case "null": return token(.literal, from: start, value: .null)
        case "in": return token(.symbol(.in), from: start)
        case let name: return token(.identifier(name), from: start)
        }
    }

    private mutating func quotedIdentifier() -> Token {
        let start = position
        position += 1
        let content = position
        while let byte = byte(at: position), byte.isQuotedIdentifierPart { position += 1 }
        guard byte(at: position) == UInt8(ascii: "`"), position > content else {
            return fail(.syntax, "a quoted name holds letters, digits and '_.-/ ' and ends with '`'", from: start)
        }
        position += 1
        return token(.quotedIdentifier(String(decoding: text[content..<position - 1], as: UTF8.self)), from: start)
    }

    private mutating func symbol() -> Token {
        let start = position
        if position + 1 < text.count,
            let double = Token.Symbol(rawValue: String(decoding: text[position...position + 1], as: UTF8.self))
        {
            position += 2
            return token(.symbol(double), from: start)
        }
        if text[position] < 0x80,
            let single = Token.Symbol(rawValue: String(decoding: text[position...position], as: UTF8.self))
        {
            position += 1
            return token(.symbol(single), from: start)
        }
        // A whole character, so that the message shows it.
        position += 1
        while let byte = byte(at: position), byte & 0xC0 == 0x80 { position += 1 }
        let found = String(decoding: text[start..<position], as: UTF8.self)
        let suggestion = ["=": "==", "&": "&&", "|": "||"][found]
        return fail(.syntax, "unexpected character '\(found)'", from: start, suggestion: suggestion)
    }

    // MARK: Numbers

    private mutating func number() -> Token {
        let start = position
        if text[position] == UInt8(ascii: "0"), let mark = byte(at: position + 1), mark | 0x20 == UInt8(ascii: "x") {
            position += 2
            let digits = position
            while byte(at: position)?.hexValue != nil { position += 1 }
            guard position > digits else {
                return fail(.invalidLiteral, "hexadecimal digits are expected behind '0x'", from: start)
            }
            return integer(text[digits..<position], radix: 16, from: start)
        }
        skipDigits()
        var isDouble = false
        if byte(at: position) == UInt8(ascii: "."), byte(at: position + 1)?.isDigit == true {
            isDouble = true
            position += 1
            skipDigits()
        }
        if let mark = byte(at: position), mark | 0x20 == UInt8(ascii: "e") {
            var digits = position + 1
            if let sign = byte(at: digits), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { digits += 1 }
            if byte(at: digits)?.isDigit == true {
                isDouble = true
                position = digits
                skipDigits()
            }
        }
        guard isDouble else { return integer(text[start..<position], radix: 10, from: start) }
        guard let value = Double(String(decoding: text[start..<position], as: UTF8.self)), value.isFinite else {
            return fail(.invalidLiteral, "this does not fit into a double", from: start)
        }
        return token(.literal, from: start, value: .double(value))
    }

    private mutating func skipDigits() { while byte(at: position)?.isDigit == true { position += 1 } }

    private mutating func integer(_ digits: ArraySlice<UInt8>, radix: Int, from start: Int) -> Token {
        let number = UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
        if let mark = byte(at: position), mark | 0x20 == UInt8(ascii: "u") {
            position += 1
            guard let number else {
                return fail(.invalidLiteral, "this does not fit into a uint (64 bits)", from: start)
            }
            return token(.literal, from: start, value: .uint(number))
        }
        // One more than fits, for the parser: with a minus before it, it does fit.
        guard let number, number <= UInt64(Int64.max) + 1 else {
            return fail(.invalidLiteral, "this does not fit into an int (64 bits)", from: start)
        }
        guard number <= UInt64(Int64.max) else { return token(.literal, from: start) }
        return token(.literal, from: start, value: .int(Int64(number)))
    }
}

extension UInt8 {
    var isDigit: Bool { UInt8(ascii: "0") <= self && self <= UInt8(ascii: "9") }

    var isIdentifierStart: Bool {
        let lower = self | 0x20
        return (UInt8(ascii: "a") <= lower && lower <= UInt8(ascii: "z")) || self == UInt8(ascii: "_")
    }

    /// cel-spec, `ESC_IDENTIFIER`.
    var isQuotedIdentifierPart: Bool {
        if isIdentifierStart || isDigit { return true }
        return switch self {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: " "): true
        default: false
        }
    }

    var hexValue: UInt32? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
