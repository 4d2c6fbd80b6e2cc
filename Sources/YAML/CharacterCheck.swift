/// Looks at every character once, before libyaml does: libyaml tells of bad ones at line 1, column 1.
struct CharacterCheck {
    private let bytes: [UInt8]
    private let start: Int
    private let limit: Int
    private(set) var errors: [YAMLError] = []
    private(set) var isASCII = true
    /// Whether a line starts with `%` or `...`.
    private(set) var hasDirectives = false

    init(bytes: [UInt8], start: Int, limit: Int) {
        self.bytes = bytes
        self.start = start
        self.limit = limit
    }

    mutating func run() {
        hasDirectives = startsDirective(at: start)
        var index = firstUnusual(from: start)
        while index < bytes.count, errors.count < limit {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                index += 1
                if startsDirective(at: index) { hasDirectives = true }
            } else {
                index = checkUnusual(at: index)
            }
            index = firstUnusual(from: index)
        }
    }

    /// The next line break, or character that is neither printable ASCII nor a tab: the loop that takes the time.
    private func firstUnusual(from start: Int) -> Int {
        let bytes = bytes.span
        var index = start
        while index + 8 <= bytes.count,
            Self.isPrintable(unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
        {
            index += 8
        }
        while index < bytes.count, bytes[index] &- 0x20 < 0x5F || bytes[index] == UInt8(ascii: "\t") { index += 1 }
        return index
    }

    /// Whether all eight bytes of a word are printable ASCII.
    private static func isPrintable(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // The topmost bit of a byte tells: of the word itself that it is not ASCII, of the sum that it is 0x7F or more,
        // of the difference that it is less than a space (a borrow only comes from such a byte).
        return (word | (word &+ ones) | (word &- ones &* 0x20)) & (ones &* 0x80) == 0
    }

    /// Checks a character that is neither printable ASCII nor white space; returns where the next one starts.
    private mutating func checkUnusual(at index: Int) -> Int {
        let byte = bytes[index]
        guard byte < 0x80 else {
            isASCII = false
            return index + checkedWidth(at: index)
        }
        report(.encoding, "the control character \(hexadecimal(UInt32(byte))) is not allowed in YAML", at: index)
        return index + 1
    }

    private func startsDirective(at index: Int) -> Bool {
        guard index < bytes.count else { return false }
        return bytes[index] == UInt8(ascii: "%") || bytes[index] == UInt8(ascii: ".")
    }

    private mutating func report(_ code: YAMLError.Code, _ message: String, at offset: Int) {
        let first = Mark(line: 1, column: 1, offset: start)
        let mark = Source.mark(at: offset, from: errors.last?.mark ?? first, in: bytes)
        errors.append(YAMLError(code: code, message: message, mark: mark))
    }

    /// Checks a character outside of ASCII; returns how many bytes to go on by.
    private mutating func checkedWidth(at index: Int) -> Int {
        guard let (scalar, width) = decode(at: index) else {
            report(.encoding, "this is not valid UTF-8; save the text as UTF-8", at: index)
            return 1 + bytes[(index + 1)...].prefix { $0 & 0xC0 == 0x80 }.count
        }
        switch scalar {
        case 0x85, 0x2028, 0x2029:
            // Line breaks in YAML 1.1, and so to libyaml; ordinary characters since YAML 1.2.
            report(
                .misreadByLibYAML,
                "the character \(hexadecimal(scalar)) stands here itself; write it as an escape in double quotes",
                at: index)
        case 0x80...0x9F, 0xFEFF, 0xFFFE, 0xFFFF:
            report(.encoding, "the character \(hexadecimal(scalar)) is not allowed in YAML", at: index)
        default: break
        }
        return width
    }

    private func hexadecimal(_ scalar: UInt32) -> String {
        let digits = String(scalar, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The scalar that starts at `index`, of two bytes or more; `nil` where the bytes are not well-formed.
    private func decode(at index: Int) -> (scalar: UInt32, width: Int)? {
        let first = bytes[index]
        let (width, least): (Int, UInt32)
        switch first {
        case 0xC2...0xDF: (width, least) = (2, 0x80)
        case 0xE0...0xEF: (width, least) = (3, 0x800)
        case 0xF0...0xF4: (width, least) = (4, 0x10000)
        default: return nil
        }
        guard index + width <= bytes.count else { return nil }
        var scalar = UInt32(first) & (0xFF >> UInt32(width + 1))
        for byte in bytes[index + 1..<index + width] {
            guard byte & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        guard scalar >= least, scalar <= 0x10FFFF, !(0xD800...0xDFFF).contains(scalar) else { return nil }
        return (scalar, width)
    }
}
