extension Value {
    /// Reads one JSON text (RFC 8259) and nothing but white space around it.
    ///
    /// Whole numbers become `int`, above `Int64.max` `uint`, and beyond that, or with a fraction or an exponent,
    /// `double`. A byte order mark in front is passed over, as the RFC allows.
    public static func parseJSON(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> Value {
        let result = unsafe bytes.withUnsafeBytes { (buffer) -> Result<Value, JSONError> in
            do throws(JSONError) { return .success(try unsafe parseJSON(buffer, limits: limits)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads one JSON text from a string.
    public static func parseJSON(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> Value {
        try parseJSON(Array(text.utf8), limits: limits)
    }

    /// Reads one JSON text from memory that somebody else owns.
    public static func parseJSON(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> Value {
        var parser = unsafe JSONParser(bytes: bytes.bindMemory(to: UInt8.self), limits: limits)
        return try parser.document()
    }
}

// The bytes are read through `byte(at:)`, `decode` and `text(_:)` only, and the parser never outlives the closure that
// lent them.
@safe private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    let count: Int
    let limits: JSONLimits
    var position = 0
    var depth = 0
    // What the lists and objects that are still open hold, so that each is made at its end with the right size.
    private var elements: [Value] = []
    private var entries: [(key: Value, value: Value)] = []
    private var keyOffsets: [Int] = []

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        unsafe self.bytes = bytes
        count = bytes.count
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> Value {
        if count > limits.bytes {
            throw failure(
                .tooLong, "the text has \(count) bytes, the limit is \(limits.bytes)", at: 0)
        }
        if count >= 3, byte(at: 0) == 0xEF, byte(at: 1) == 0xBB, byte(at: 2) == 0xBF { position = 3 }
        skipWhitespace()
        let value = try value()
        skipWhitespace()
        if position < count {
            throw unexpected("the end of the text")
        }
        return value
    }

    // MARK: values

    private mutating func value() throws(JSONError) -> Value {
        guard let byte = peek() else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(JSONError) -> Value {
        let length = word.utf8CodeUnitCount
        for index in 0..<length {
            guard position + index < count, unsafe word.utf8Start[index] == byte(at: position + index) else {
                throw failure(.unexpectedCharacter, "expected '\(word)'", at: position)
            }
        }
        position += length
        return value
    }

    private mutating func list() throws(JSONError) -> Value {
        try enter()
        let start = elements.count
        skipWhitespace()
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipWhitespace()
                elements.append(try value())
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw unexpected("',' or ']'") }
        }
        depth -= 1
        defer { elements.removeSubrange(start...) }
        return .list(List(elements[start...]))
    }

    private mutating func object() throws(JSONError) -> Value {
        try enter()
        let start = entries.count
        skipWhitespace()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
                let keyOffset = position
                let key = try string()
                skipWhitespace()
                guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
                skipWhitespace()
                entries.append((.string(key), try value()))
                keyOffsets.append(keyOffset)
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw unexpected("',' or '}'") }
        }
        depth -= 1
        defer {
            entries.removeSubrange(start...)
            keyOffsets.removeSubrange(start...)
        }
        let map = Map(entries[start...])
        return .map(map.hasDuplicates ? Map(try lastOfEach(entries[start...])) : map)
    }

    /// The entries in the order of their keys' first appearance, each with its last value.
    private func lastOfEach(
        _ entries: ArraySlice<(key: Value, value: Value)>
    ) throws(JSONError) -> [(key: Value, value: Value)] {
        var kept: [(key: Value, value: Value)] = []
        var positions: [ExactString: Int] = [:]
        for (index, entry) in entries.enumerated() {
            guard case .string(let key) = entry.key else { continue }
            if let position = positions[ExactString(key)] {
                if limits.duplicateKeys == .refuse {
                    let offset = keyOffsets[entries.startIndex + index]
                    throw failure(.duplicateKey, "the key \(quoted(key)) is here twice", at: offset)
                }
                kept[position].value = entry.value
            } else {
                positions[ExactString(key)] = kept.count
                kept.append(entry)
            }
        }
        return kept
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > limits.depth {
            throw failure(.tooDeep, "more than \(limits.depth) lists and objects in each other", at: position)
        }
        position += 1
    }

    // MARK: strings

    private mutating func string() throws(JSONError) -> String {
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
        // Decoding repairs what is no UTF-8: the text is as it was where nothing has changed. (Five times as fast as
        // `String(validating:as:)`.)
        let text = unsafe String(decoding: part, as: UTF8.self)
        if unsafe text.withUTF8Bytes({ unsafe areEqual($0, part) }) { return text }
        let offset = unsafe range.lowerBound + invalidUTF8Offset(in: part)
        throw failure(.invalidUTF8, "this is not UTF-8", at: offset)
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

    private mutating func number() throws(JSONError) -> Value {
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

    // MARK: bytes and errors

    @inline(__always)
    private func byte(at offset: Int) -> UInt8 { unsafe bytes[offset] }

    @inline(__always)
    private func peek() -> UInt8? { position < count ? byte(at: position) : nil }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func controlCharacter(_ byte: UInt8) -> JSONError {
        failure(
            .controlCharacter, "a string cannot hold \(printable(byte)) as it is: write it as an escape", at: position)
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard let byte = peek() else {
            return failure(.unexpectedEnd, "expected \(expected), but the text ends here", at: position)
        }
        return failure(
            .unexpectedCharacter, "expected \(expected), found '\(printable(byte))'", at: position)
    }

    private func failure(_ code: JSONError.Code, _ message: String, at offset: Int) -> JSONError {
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

private func areEqual(_ one: UnsafeBufferPointer<UInt8>, _ two: UnsafeBufferPointer<UInt8>) -> Bool {
    guard one.count == two.count else { return false }
    var difference: UInt8 = 0
    for index in one.indices { unsafe difference |= one[index] ^ two[index] }
    return difference == 0
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
