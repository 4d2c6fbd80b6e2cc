/// String and bytes literals: `'…'`, `"…"`, `'''…'''`, `"""…"""`, with the prefixes `r` and `b`.
extension Lexer {
    /// The literal that starts here, or `nil` where none does.
    mutating func stringLiteral() -> Token? {
        let start = position
        var cursor = position
        var isBytes = false
        var isRaw = false
        if let mark = byte(at: cursor), mark | 0x20 == UInt8(ascii: "b") {
            isBytes = true
            cursor += 1
        }
        if let mark = byte(at: cursor), mark | 0x20 == UInt8(ascii: "r") {
            isRaw = true
            cursor += 1
        }
        guard let quote = byte(at: cursor), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            return nil
        }
        let isTriple = byte(at: cursor + 1) == quote && byte(at: cursor + 2) == quote
        position = cursor + (isTriple ? 3 : 1)
        return content(quote: quote, isTriple: isTriple, isBytes: isBytes, isRaw: isRaw, from: start)
    }

    private mutating func content(quote: UInt8, isTriple: Bool, isBytes: Bool, isRaw: Bool, from start: Int) -> Token {
        var bytes: [UInt8] = []
        while let next = byte(at: position) {
            if next == quote {
                if !isTriple {
                    position += 1
                    return finished(bytes, isBytes: isBytes, from: start)
                }
                if byte(at: position + 1) == quote, byte(at: position + 2) == quote {
                    position += 3
                    return finished(bytes, isBytes: isBytes, from: start)
                }
            }
            if !isTriple, next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") {
                return fail(.syntax, "this string does not end on its line", from: start)
            }
            // In a raw string a backslash is a backslash, and does not keep a quote from ending it.
            guard next == UInt8(ascii: "\\"), !isRaw else {
                bytes.append(next)
                position += 1
                continue
            }
            if !escape(into: &bytes, isBytes: isBytes) {
                skipToEnd(quote: quote, isTriple: isTriple)
                return token(.invalid, from: start)
            }
        }
        return fail(.syntax, "this string does not end", from: start)
    }

    private func finished(_ bytes: [UInt8], isBytes: Bool, from start: Int) -> Token {
        token(.literal, from: start, value: isBytes ? .bytes(bytes) : .string(String(decoding: bytes, as: UTF8.self)))
    }

    private mutating func skipToEnd(quote: UInt8, isTriple: Bool) {
        while let next = byte(at: position), isTriple || next != UInt8(ascii: "\n") {
            position += next == UInt8(ascii: "\\") ? 2 : 1
            if next == quote {
                if !isTriple { return }
                if byte(at: position) == quote, byte(at: position + 1) == quote {
                    position += 2
                    return
                }
            }
        }
        position = min(position, text.count)
    }

    /// Reads one escape sequence.
    ///
    /// `false` when it is malformed: the issue is told.
    private mutating func escape(into bytes: inout [UInt8], isBytes: Bool) -> Bool {
        let start = position
        position += 1
        guard let letter = byte(at: position) else {
            _ = fail(.syntax, "this string does not end", from: start)
            return false
        }
        position += 1
        switch letter {
        case UInt8(ascii: "a"): bytes.append(0x07)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "v"): bytes.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            bytes.append(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            return append(digits(2, radix: 16), to: &bytes, isBytes: isBytes, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            return append(digits(3, radix: 8), to: &bytes, isBytes: isBytes, from: start)
        case UInt8(ascii: "u") where !isBytes:
            return append(digits(4, radix: 16), to: &bytes, isBytes: false, from: start)
        case UInt8(ascii: "U") where !isBytes:
            return append(digits(8, radix: 16), to: &bytes, isBytes: false, from: start)
        default:
            let place = isBytes ? "bytes" : "a string"
            let message = "there is no such escape sequence in \(place); a backslash is written '\\\\'"
            _ = fail(.invalidLiteral, message, from: start)
            return false
        }
        return true
    }

    private mutating func digits(_ count: Int, radix: UInt32) -> UInt32? {
        var number: UInt32 = 0
        for _ in 0..<count {
            guard let digit = byte(at: position)?.hexValue, digit < radix else { return nil }
            let (shifted, overflow) = number.multipliedReportingOverflow(by: radix)
            guard !overflow else { return nil }
            number = shifted + digit
            position += 1
        }
        return number
    }

    private mutating func append(_ number: UInt32?, to bytes: inout [UInt8], isBytes: Bool, from start: Int) -> Bool {
        if isBytes, let number, let byte = UInt8(exactly: number) {
            bytes.append(byte)
            return true
        }
        guard !isBytes, let number, let scalar = Unicode.Scalar(number) else {
            _ = fail(.invalidLiteral, "this escape sequence names no character", from: start)
            return false
        }
        bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
        return true
    }
}
