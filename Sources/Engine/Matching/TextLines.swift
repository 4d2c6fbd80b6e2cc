internal import CEL

/// The lines of a text as a person reads them.
struct TextLines {
    /// A line longer than this is looked at around what was found in it.
    private static let reach = 16_384

    private let text: TextBytes
    /// Columns at which a terminal or an editor has broken lines; `nil`: lines are as they were written.
    private let wrapWidth: Int?

    // Valid as long as the caller holds the buffer: a value of this type does not outlive the search.
    init(_ text: TextBytes) {
        self.text = text
        wrapWidth = Self.wrapWidth(of: text)
    }

    /// The line around an offset, without its end.
    func line(around offset: Int) -> Range<Int> {
        var start = offset
        let first = max(0, offset - Self.reach)
        while start > first, text[start - 1] != 0x0A { start -= 1 }
        var end = offset
        let last = min(text.count, offset + Self.reach)
        while end < last, text[end] != 0x0A { end += 1 }
        return start..<end
    }

    func line(before line: Range<Int>) -> Range<Int>? {
        guard line.lowerBound > 0, text[line.lowerBound - 1] == 0x0A else { return nil }
        return self.line(around: line.lowerBound - 1)
    }

    func line(after line: Range<Int>) -> Range<Int>? {
        guard line.upperBound < text.count, text[line.upperBound] == 0x0A else { return nil }
        return self.line(around: line.upperBound + 1)
    }

    /// The lines that a terminal has made of one, in order; usually the line alone.
    func wrapped(around line: Range<Int>) -> [Range<Int>] {
        guard wrapWidth != nil else { return [line] }
        var lines = [line]
        while lines.count < 8, let before = self.line(before: lines[0]), isWrapped(before, into: lines[0]) {
            lines.insert(before, at: 0)
        }
        while lines.count < 16, let last = lines.last, let after = self.line(after: last), isWrapped(last, into: after)
        {
            lines.append(after)
        }
        return lines
    }

    /// A line was broken there if the next word would not have fit, and what follows is no message of its own.
    private func isWrapped(_ line: Range<Int>, into next: Range<Int>) -> Bool {
        guard let wrapWidth, !next.isEmpty, !line.isEmpty else { return false }
        let text = cleaned(next)
        let word = text.prefix { $0 != " " }.utf8.count
        guard visibleWidth(line) + 1 + word > wrapWidth, !text.isEmpty else { return false }
        return !LogHeader.isPresent(in: text)
    }

    /// The widest line, if the text is short enough to have been on a screen and has something to wrap.
    private static func wrapWidth(of text: TextBytes) -> Int? {
        guard text.count <= 1 << 18 else { return nil }
        let lines = TextLines(text: text)
        var widest = 0
        var start = 0
        while start < text.count {
            let line = lines.line(around: start)
            widest = max(widest, lines.visibleWidth(line))
            start = line.upperBound + 1
        }
        return widest >= 40 ? widest : nil
    }

    private init(text: TextBytes) {
        self.text = text
        wrapWidth = nil
    }

    /// Columns, with the width of every character taken as one.
    private func visibleWidth(_ line: Range<Int>) -> Int {
        var width = 0
        var index = line.lowerBound
        while index < line.upperBound {
            let byte = text[index]
            if byte == 0x1B {
                index = Skeleton.escapeSequenceEnd(text, at: index + 1)
            } else {
                if byte & 0xC0 != 0x80 && byte >= 0x20 { width += 1 }
                index += 1
            }
        }
        return width
    }

    // MARK: Cleaned

    /// The line as people read it: without control codes, white space runs as one space, plain quotes.
    func cleaned(_ line: Range<Int>, decoding escapes: Escapes = .kept) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count)
        append(line, to: &bytes, escapes)
        return trimmed(bytes)
    }

    enum Escapes {
        /// `\"` stays as it is.
        case kept
        /// As the string in the log means it: `\"` is a quote, `\n` a space.
        case decoded
    }

    /// The lines joined to one; a break where a terminal is full was inside the line, any other was a space.
    func joined(_ lines: [Range<Int>], spaced: Bool, decoding escapes: Escapes = .decoded) -> String {
        var bytes: [UInt8] = []
        for (index, line) in lines.enumerated() {
            if index > 0 {
                let isFull = wrapWidth.map { visibleWidth(lines[index - 1]) >= $0 } ?? true
                if spaced || !isFull { bytes.append(0x20) }
            }
            append(line, to: &bytes, escapes)
        }
        return trimmed(bytes)
    }

    private func trimmed(_ bytes: [UInt8]) -> String {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
        let start = bytes.firstIndex { $0 != 0x20 } ?? end
        return String(decoding: bytes[min(start, end)..<end], as: UTF8.self)
    }

    private func append(_ line: Range<Int>, to bytes: inout [UInt8], _ escapes: Escapes) {
        var index = line.lowerBound
        if index < line.upperBound, isQuotation(at: index) {
            while index < line.upperBound, isQuotation(at: index) { index += text[index] == 0xE2 ? 3 : 1 }
        }
        while index < line.upperBound {
            let byte = text[index]
            switch byte {
            case 0x1B: index = Skeleton.escapeSequenceEnd(text, at: index + 1)
            case UInt8(ascii: "\\") where escapes == .decoded: index = appendEscape(at: index, line, to: &bytes)
            case 0...0x20, 0x7F:
                if byte == 0x20 || (0x09...0x0D).contains(byte), bytes.last != 0x20 { bytes.append(0x20) }
                index += 1
            case 0xC2, 0xE2, 0xE3: index = appendTypographic(at: index, line, to: &bytes)
            default:
                bytes.append(byte)
                index += 1
            }
        }
    }

    /// `> ` of a quotation, `│ ` of a box; a bar alone may begin a table and stays.
    private func isQuotation(at index: Int) -> Bool {
        switch text[index] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ">"): true
        case 0xE2: text.starts(with: [0xE2, 0x94, 0x82], at: index)
        default: false
        }
    }

    private func appendEscape(at index: Int, _ line: Range<Int>, to bytes: inout [UInt8]) -> Int {
        guard index + 1 < line.upperBound else { return index + 1 }
        switch text[index + 1] {
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"):
            if bytes.last != 0x20 { bytes.append(0x20) }
            return index + 2
        case UInt8(ascii: "u"):
            guard let value = Skeleton.hexadecimal(text, at: index + 2, digits: 4) else { return index + 1 }
            if value == 0x1B { return Skeleton.escapeSequenceEnd(text, at: index + 6) }
            let scalar = Unicode.Scalar(UInt32(value)) ?? "\u{FFFD}"
            if value >= 0x20 { bytes += Array(String(scalar).utf8) }
            return index + 6
        case UInt8(ascii: "x") where Skeleton.hexadecimal(text, at: index + 2, digits: 2) == 0x1B:
            return Skeleton.escapeSequenceEnd(text, at: index + 4)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"):
            // What follows is read again, so that several levels of escaping come to nothing.
            return index + 1
        default:
            bytes.append(UInt8(ascii: "\\"))
            return index + 1
        }
    }

    private func appendTypographic(at index: Int, _ line: Range<Int>, to bytes: inout [UInt8]) -> Int {
        let step = Skeleton.special(text, at: index)
        let length = step.next - index
        guard length > 1 else {
            bytes.append(text[index])
            return index + 1
        }
        switch (text[index], text[index + 1], length > 2 ? text[index + 2] : 0) {
        case (0xE2, 0x80, 0x98...0x9B): bytes.append(UInt8(ascii: "'"))
        case (0xE2, 0x80, 0x9C...0x9F), (0xC2, 0xAB, _), (0xC2, 0xBB, _): bytes.append(UInt8(ascii: "\""))
        case (0xE2, 0x80, 0x90...0x95): bytes.append(UInt8(ascii: "-"))
        case (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xAF), (0xC2, 0xA0, _), (0xE3, 0x80, 0x80):
            if bytes.last != 0x20 { bytes.append(0x20) }
        case (0xE2, 0x94, _), (0xE2, 0x95, _), (0xE3, _, _): bytes += text[index..<step.next]
        default: break
        }
        return step.next
    }
}

/// What logs put before a message.
enum LogHeader {
    /// klog, RFC 3339 and its relatives (with CRI's stream and capnslog's level), syslog.
    private static let pattern = try? Pattern(
        #"^(?:[IWEF]\d{4} \d{2}:\d{2}:\d{2}(?:\.\d+)?\s+\d+ [^\]]{1,80}\] ?|"#
            + #"\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}\S* ?(?:(?:stdout|stderr) [FP] )?(?:[EWIDFCN] \| )?|"#
            + #"[A-Z][a-z]{2} [ \d]?\d \d{2}:\d{2}:\d{2} \S+ \S+: )+"#)

    static func isPresent(in line: String) -> Bool {
        line.hasPrefix("{\"") || line.hasPrefix("time=\"") || line.hasPrefix("level=")
            || pattern?.matches(line) == true
    }

    /// The line without its headers; `nil` where it has none.
    static func removed(from line: String) -> String? {
        guard let range = pattern?.firstMatch(in: line)?.first ?? nil, !range.isEmpty else { return nil }
        return String(decoding: line.utf8.dropFirst(range.upperBound), as: UTF8.self)
    }
}
