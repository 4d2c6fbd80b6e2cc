/// Text with `{{ }}` holes, taken apart.
///
/// `}}` inside of a string or of braces of the expression does not end the hole; a literal `{{` is written as `{{ "{{"
/// }}`.
struct TemplateText {
    enum Part: Equatable {
        case literal(String)
        /// The expression without the white space around it, and where it starts in the text's UTF-8.
        case hole(String, offset: Int)
    }

    private(set) var parts: [Part] = []
    /// Offsets of `{{` without their `}}`, and of holes with nothing in them.
    private(set) var unterminated: [Int] = []
    private(set) var empty: [Int] = []

    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        var start = 0
        while let opening = Self.firstBraces(in: bytes, from: start) {
            if opening > start { parts.append(.literal(string(start..<opening))) }
            guard let closing = endOfHole(from: opening + 2) else {
                unterminated.append(opening)
                return
            }
            appendHole(opening + 2..<closing)
            start = closing + 2
        }
        if start < bytes.count { parts.append(.literal(string(start..<bytes.count))) }
    }

    /// Whether the text has a hole at all.
    static func hasHole(_ text: String) -> Bool { firstBraces(in: Array(text.utf8), from: 0) != nil }

    /// Whether the text is a hole and nothing else.
    var isOneHole: Bool {
        guard parts.count == 1, case .hole = parts[0] else { return false }
        return true
    }

    private mutating func appendHole(_ range: Range<Int>) {
        let isBlank = { (byte: UInt8) in byte.isBlank || byte.isLineBreak }
        guard let first = bytes[range].firstIndex(where: { !isBlank($0) }),
            let last = bytes[range].lastIndex(where: { !isBlank($0) })
        else { return empty.append(range.lowerBound - 2) }
        parts.append(.hole(string(first..<last + 1), offset: first))
    }

    private static func firstBraces(in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (start..<max(start, bytes.count - 1)).first {
            bytes[$0] == UInt8(ascii: "{") && bytes[$0 + 1] == UInt8(ascii: "{")
        }
    }

    /// Where the `}}` stands that ends the hole.
    private func endOfHole(from start: Int) -> Int? {
        var offset = start
        var depth = 0
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                if depth == 0 { return bytes.is(UInt8(ascii: "}"), at: offset + 1) ? offset : nil }
                depth -= 1
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                guard let end = endOfString(in: bytes, from: offset) else { return nil }
                offset = end - 1
            default: break
            }
            offset += 1
        }
        return nil
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

/// Just behind the CEL string literal that starts at the quote, `nil` where it does not end.
func endOfString(in bytes: [UInt8], from start: Int) -> Int? {
    let quote = bytes[start]
    let isTriple = bytes.is(quote, at: start + 1) && bytes.is(quote, at: start + 2)
    let isRaw =
        start > 0 && (bytes[start - 1] | 0x20) == UInt8(ascii: "r")
        && !(start > 1 && bytes[start - 2].isNameByte && (bytes[start - 2] | 0x20) != UInt8(ascii: "b"))
    var offset = start + (isTriple ? 3 : 1)
    while offset < bytes.count {
        if bytes[offset] == UInt8(ascii: "\\"), !isRaw {
            offset += 2
            continue
        }
        if bytes[offset] == quote {
            if !isTriple { return offset + 1 }
            if bytes.is(quote, at: offset + 1), bytes.is(quote, at: offset + 2) { return offset + 3 }
        }
        offset += 1
    }
    return nil
}
