internal import CJSONScan

/// Texts, numbers, what nobody wants, and places.
extension JSONParser {
    // MARK: strings

    mutating func string() throws(JSONError) -> String {
        let opening = position
        position += 1
        let start = position
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try decode(start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(from: start, opening: opening)
            case 0..<0x20:
                throw controlCharacter(byte)
            default:
                position += 1
            }
        }
        throw failure(.unexpectedEnd, "the string that starts here has no end", at: opening)
    }

    private mutating func escapedString(from start: Int, opening: Int) throws(JSONError) -> String {
        var text = try decode(start..<position)
        var plain = position
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                text += try decode(plain..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text += try decode(plain..<position)
                text.unicodeScalars.append(try escape())
                plain = position
            case 0..<0x20:
                throw controlCharacter(byte)
            default:
                position += 1
            }
        }
        throw failure(.unexpectedEnd, "the string that starts here has no end", at: opening)
    }

    private func decode(_ range: Range<Int>) throws(JSONError) -> String {
        let part = unsafe UnsafeBufferPointer(rebasing: bytes[range])
        // Short texts stand in the value itself.
        guard let shared, range.count > 15 else { return try unsafe decode(part, at: range.lowerBound) }
        let hash = unsafe hashOfText(part)
        if let text = unsafe shared.text(part, hash) { return text }
        let text = try unsafe decode(part, at: range.lowerBound)
        shared.keep(text, hash)
        return text
    }

    private func decode(_ part: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> String {
        // Decoding repairs what is no UTF-8: the text is as it was where nothing has changed. (Five times as fast as
        // `String(validating:as:)`.)
        let text = unsafe String(decoding: part, as: UTF8.self)
        if unsafe text.withUTF8Bytes({ unsafe areEqual($0, part) }) { return text }
        throw failure(.invalidUTF8, "this is not UTF-8", at: unsafe offset + invalidUTF8Offset(in: part))
    }

    /// Where the text stands whose opening quote is next, if it holds no escape.
    func plainString() -> Range<Int>? {
        var end = position + 1
        while end < count {
            switch byte(at: end) {
            case UInt8(ascii: "\""): return position + 1..<end
            case UInt8(ascii: "\\"): return nil
            default: end += 1
            }
        }
        return nil
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let byte = peek() else { throw unexpected("an escaped character") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(start)
        default:
            throw failure(.invalidEscape, "JSON has no escape '\\\(printable(byte))'", at: start)
        }
    }

    private mutating func unicodeEscape(_ start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits(start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let second = try fourHexDigits(start)
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw failure(.invalidEscape, "one half of a surrogate pair stands alone", at: start)
    }

    private mutating func fourHexDigits(_ start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = hexValue(byte) else {
                throw failure(.invalidEscape, "expected four hexadecimal digits after '\\u'", at: start)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: numbers

    mutating func number() throws(JSONError) -> Value {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let digits = position
        var magnitude: UInt64 = 0
        var overflows = false
        while let byte = peek(), isDigit(byte) {
            let (product, tooLarge) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, stillTooLarge) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            overflows = overflows || tooLarge || stillTooLarge
            magnitude = sum
            position += 1
        }
        guard position > digits else { throw failure(.invalidNumber, "expected a digit", at: position) }
        if position > digits + 1, byte(at: digits) == UInt8(ascii: "0") {
            throw failure(.invalidNumber, "a number cannot start with a superfluous 0", at: start)
        }
        let isWhole = try !fractionAndExponent()
        if isWhole, !overflows {
            if !isNegative { return Int64(exactly: magnitude).map { .int($0) } ?? .uint(magnitude) }
            if magnitude <= UInt64(Int64.max) + 1 { return .int(Int64(truncatingIfNeeded: 0 &- magnitude)) }
        }
        return try double(start..<position)
    }

    /// Whether there was any of both.
    private mutating func fractionAndExponent() throws(JSONError) -> Bool {
        let start = position
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return position > start
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = peek(), isDigit(byte) { position += 1 }
        guard position > start else { throw failure(.invalidNumber, "expected a digit", at: position) }
    }

    private func double(_ range: Range<Int>) throws(JSONError) -> Value {
        let text = unsafe String(decoding: bytes[range], as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            throw failure(.numberOutOfRange, "this number is beyond what a double holds", at: range.lowerBound)
        }
        return .double(number)
    }

    // MARK: what nobody wants

    /// Passes over a value: of a list, an object or a text only brackets and quotes are looked at.
    mutating func skip() throws(JSONError) {
        switch peek() {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
            guard let end = try end() else {
                throw failure(.unexpectedEnd, "what starts here has no end", at: position)
            }
            position = end
        default: try passScalar()
        }
    }

    /// Where the list, object or text ends that starts here; `nil`: it goes on behind the last byte.
    func end() throws(JSONError) -> Int? {
        guard let start = unsafe bytes.baseAddress?.advanced(by: position + 1) else { return nil }
        let left = count - position - 1
        guard byte(at: position) != UInt8(ascii: "\"") else {
            let length = unsafe cjsonscan_string(start, left)
            return length == 0 ? nil : position + 1 + length
        }
        let deepest = limits.depth - depth
        let isObject: Int32 = byte(at: position) == UInt8(ascii: "{") ? 1 : 0
        let length = unsafe deepest > 0 ? cjsonscan_skip(start, left, Int32(clamping: deepest), isObject) : -1
        guard length != -2 else {
            throw failure(
                .unexpectedCharacter, "the brackets and braces in what starts here do not fit together", at: position)
        }
        guard length >= 0 else {
            throw failure(.tooDeep, "more than \(limits.depth) lists and objects in each other", at: position)
        }
        return length == 0 ? nil : position + 1 + length
    }

    // MARK: bytes and errors

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { unsafe bytes[offset] }

    @inline(__always)
    func peek() -> UInt8? { position < count ? byte(at: position) : nil }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func controlCharacter(_ byte: UInt8) -> JSONError {
        failure(
            .controlCharacter, "a string cannot hold \(printable(byte)) as it is: write it as an escape", at: position)
    }

    func unexpected(_ expected: String) -> JSONError {
        guard let byte = peek() else {
            return failure(.unexpectedEnd, "expected \(expected), but the text ends here", at: position)
        }
        return failure(
            .unexpectedCharacter, "expected \(expected), found '\(printable(byte))'", at: position)
    }

    func failure(_ code: JSONError.Code, _ message: String, at offset: Int) -> JSONError {
        var line = 1
        var column = 1
        for offset in 0..<offset {
            let byte = byte(at: offset)
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONError(code, message, offset: offset, line: line, column: column)
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

private func printable(_ byte: UInt8) -> String {
    switch byte {
    case 0x0A: "a line break"
    case 0x09: "a tab"
    case 0x20..<0x7F: String(Unicode.Scalar(byte))
    default: "byte 0x" + String(byte, radix: 16)
    }
}

private func invalidUTF8Offset(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = unsafe bytes.makeIterator()
    var offset = 0
    while case .scalarValue(let scalar) = unsafe decoder.decode(&iterator) {
        offset += UTF8.width(scalar)
    }
    return offset
}
