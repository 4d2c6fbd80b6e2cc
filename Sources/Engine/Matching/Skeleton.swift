/// What is left of a text when everything is dropped that terminals, logs and chats change.
///
/// Gone are white space (and so line wraps, also those inside words), quotes of all styles, backslashes (and so JSON
/// escapes), escape sequences of terminals, and the bars that boxes and quotations put before a line. Letters are in
/// lower case. A symptom and a text are compared by their skeletons; a hit is then checked against the real text.
struct Skeleton {
    /// What happens to a byte by itself.
    enum Kind: UInt8 { case keep, drop, special }

    /// One step through a text.
    struct Step {
        /// The byte of the skeleton; `nil`: dropped.
        var byte: UInt8?
        /// Where to go on.
        var next: Int
    }

    var bytes: [UInt8] = []
    /// For each byte of the skeleton where it stands in the text.
    var offsets: [Int] = []

    init(_ text: String) {
        TextBytes.with(text) { walk($0, 0..<$0.count) }
    }

    /// - Parameter range: begins at the start of a line.
    init(_ text: TextBytes, in range: Range<Int>) { walk(text, range) }

    private mutating func walk(_ text: TextBytes, _ range: Range<Int>) {
        var index = range.lowerBound
        while index < range.upperBound {
            let step = Self.step(text, at: index)
            if let byte = step.byte {
                bytes.append(byte)
                offsets.append(index)
            }
            index = step.next
        }
    }

    static func kind(of byte: UInt8) -> Kind {
        switch byte {
        case 0x0A, 0x1B, UInt8(ascii: "\\"), 0xC2, 0xE2, 0xE3, 0xEF: .special
        case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): .drop
        default: .keep
        }
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A") <= byte && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    static func step(_ text: TextBytes, at index: Int) -> Step {
        let byte = text[index]
        switch kind(of: byte) {
        case .keep: return Step(byte: lowercase(byte), next: index + 1)
        case .drop: return Step(next: index + 1)
        case .special: return special(text, at: index)
        }
    }

    static func special(_ text: TextBytes, at index: Int) -> Step {
        switch text[index] {
        case 0x0A: Step(next: lineStart(text, at: index + 1))
        case 0x1B: Step(next: escapeSequenceEnd(text, at: index + 1))
        case UInt8(ascii: "\\"): escaped(text, at: index)
        case 0xC2: afterC2(text, at: index)
        case 0xE2: afterE2(text, at: index)
        case 0xE3: afterE3(text, at: index)
        // Byte order mark.
        default: text.starts(with: [0xEF, 0xBB, 0xBF], at: index) ? Step(next: index + 3) : keep(text, index)
        }
    }

    private static func keep(_ text: TextBytes, _ index: Int) -> Step {
        Step(byte: text[index], next: index + 1)
    }

    /// Skips what quotations and tables put before a line.
    private static func lineStart(_ text: TextBytes, at start: Int) -> Int {
        var index = start
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ">"), UInt8(ascii: "|"): index += 1
            default: return index
            }
        }
        return index
    }

    /// Where a sequence of ECMA-48 ends whose introducer has been read.
    static func escapeSequenceEnd(_ text: TextBytes, at start: Int) -> Int {
        guard start < text.count else { return start }
        switch text[start] {
        case UInt8(ascii: "["):
            var index = start + 1
            while index < text.count {
                let byte = text[index]
                if (0x40...0x7E).contains(byte) { return index + 1 }
                if byte < 0x20 || byte > 0x7E { return index }
                index += 1
            }
            return index
        case UInt8(ascii: "]"):
            // OSC: ends with BEL or ESC \; a line end says that it was never closed.
            var index = start + 1
            while index < text.count {
                switch text[index] {
                case 0x07: return index + 1
                case 0x1B: return min(index + 2, text.count)
                case 0x0A: return index
                default: index += 1
                }
            }
            return index
        case UInt8(ascii: "("), UInt8(ascii: ")"): return min(start + 2, text.count)
        case 0x40...0x7E: return start + 1
        default: return start
        }
    }

    /// A backslash: of a string in a log, in JSON, or of a terminal's escape that was written out.
    private static func escaped(_ text: TextBytes, at index: Int) -> Step {
        guard index + 1 < text.count else { return Step(next: index + 1) }
        switch text[index + 1] {
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"): return Step(next: index + 2)
        case UInt8(ascii: "u"):
            guard let value = hexadecimal(text, at: index + 2, digits: 4) else { return Step(next: index + 1) }
            if value == 0x1B { return Step(next: escapeSequenceEnd(text, at: index + 6)) }
            guard value < 0x80 else { return Step(next: index + 6) }
            let byte = UInt8(value)
            return Step(byte: kind(of: byte) == .keep ? lowercase(byte) : nil, next: index + 6)
        case UInt8(ascii: "x"):
            guard hexadecimal(text, at: index + 2, digits: 2) == 0x1B else { return Step(next: index + 1) }
            return Step(next: escapeSequenceEnd(text, at: index + 4))
        case UInt8(ascii: "0"):
            guard text.starts(with: Array("033[".utf8), at: index + 1) else { return Step(next: index + 1) }
            return Step(next: escapeSequenceEnd(text, at: index + 4))
        default: return Step(next: index + 1)
        }
    }

    static func hexadecimal(_ text: TextBytes, at start: Int, digits: Int) -> Int? {
        guard start + digits <= text.count else { return nil }
        var value = 0
        for index in start..<start + digits {
            switch text[index] {
            case let digit where (0x30...0x39).contains(digit): value = value << 4 | Int(digit - 0x30)
            case let digit where (0x41...0x46).contains(digit): value = value << 4 | Int(digit - 0x41 + 10)
            case let digit where (0x61...0x66).contains(digit): value = value << 4 | Int(digit - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    /// U+0080 to U+00BF: no-break space and angle quotes.
    private static func afterC2(_ text: TextBytes, at index: Int) -> Step {
        guard index + 1 < text.count else { return keep(text, index) }
        switch text[index + 1] {
        case 0x80...0xA0, 0xAB, 0xAD, 0xB4, 0xBB: return Step(next: index + 2)
        default: return keep(text, index)
        }
    }

    /// U+2000 to U+2FFF: spaces, dashes, quotes, boxes.
    private static func afterE2(_ text: TextBytes, at index: Int) -> Step {
        guard index + 2 < text.count else { return keep(text, index) }
        switch (text[index + 1], text[index + 2]) {
        case (0x80, 0x90...0x95): return Step(byte: UInt8(ascii: "-"), next: index + 3)
        case (0x80, 0x80...0x8F), (0x80, 0x98...0x9F), (0x80, 0xA8...0xAF), (0x80, 0xB2...0xB3), (0x80, 0xB9...0xBA),
            (0x81, 0xA0), (0x94, _), (0x95, _):
            return Step(next: index + 3)
        default: return keep(text, index)
        }
    }

    /// U+3000 to U+3FFF: the ideographic space and corner brackets.
    private static func afterE3(_ text: TextBytes, at index: Int) -> Step {
        guard index + 2 < text.count, text[index + 1] == 0x80 else { return keep(text, index) }
        switch text[index + 2] {
        case 0x80, 0x8C...0x8F, 0x9D...0x9F: return Step(next: index + 3)
        default: return keep(text, index)
        }
    }
}
