internal import YAML

/// Where the characters of a scalar's text stand in its file: through quotes, escapes, folding and indentation.
package struct SourceMap: Sendable {
    /// Characters that stand one behind the other in the file, from an offset in the text on.
    private struct Run: Sendable {
        var textOffset: Int
        var line: Int
        var column: Int
    }

    private let file: String
    /// In the order of the text; the first starts at 0.
    private var runs: [Run]

    /// A text that stands in the file as it is, on one line.
    package init(from location: Location) {
        file = location.file
        runs = [Run(textOffset: 0, line: location.line, column: location.column)]
    }

    /// Aligns the text of a scalar with what the file says.
    ///
    /// Every visible character of the text stands in the file in the same order, so that only quotes, escapes and white
    /// space need knowledge of YAML. Where the two do not agree (an alias), all that follows has the last place that
    /// was known.
    init(of scalar: Scalar, at span: Span, in source: SourceText) {
        var alignment = Alignment(scalar, at: span, in: source.bytes)
        let (name, linesBefore) = source.file(at: span.start.offset)
        file = name
        runs = []
        var offset = 0
        var expected: (line: Int, column: Int)?
        for character in scalar.text.unicodeScalars {
            guard let place = alignment.next(character) else { break }
            if expected == nil || expected?.line != place.line || expected?.column != place.column {
                runs.append(Run(textOffset: offset, line: place.line - linesBefore, column: place.column))
            }
            expected = (place.line, place.column + 1)
            offset += character.utf8.count
        }
        if runs.isEmpty {
            let start = source.location(span.start.offset..<span.start.offset)
            runs = [Run(textOffset: 0, line: start.line, column: start.column)]
        }
    }

    /// The place of a range of the text's UTF-8.
    package func location(of range: Range<Int>, in text: some StringProtocol) -> Location {
        let bytes = Array(text.utf8)
        let start = min(max(range.lowerBound, 0), bytes.count)
        let first = place(start, in: bytes)
        var end = min(max(range.upperBound, start), bytes.count)
        var length = 0
        while end > start {
            var last = end - 1
            while last > start, bytes[last].isContinuation { last -= 1 }
            let place = place(last, in: bytes)
            if place.line == first.line, place.column >= first.column {
                length = place.column - first.column + 1
                break
            }
            end = last
        }
        return Location(file: file, line: first.line, column: first.column, length: length)
    }

    /// The map of what is left of the text from an offset on.
    func suffix(from offset: Int, in text: some StringProtocol) -> SourceMap {
        let start = place(offset, in: Array(text.utf8))
        var map = self
        map.runs =
            [Run(textOffset: 0, line: start.line, column: start.column)]
            + runs[(runIndex(of: offset) + 1)...].map {
                Run(textOffset: $0.textOffset - offset, line: $0.line, column: $0.column)
            }
        return map
    }

    /// The last run that starts at the offset or before it.
    private func runIndex(of offset: Int) -> Int {
        var low = 0
        var high = runs.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].textOffset <= offset { low = middle } else { high = middle }
        }
        return low
    }

    private func place(_ offset: Int, in text: [UInt8]) -> (line: Int, column: Int) {
        let run = runs[runIndex(of: offset)]
        let passed = text[min(run.textOffset, offset)..<offset].count { !$0.isContinuation }
        return (run.line, run.column + passed)
    }
}

/// Walks through a scalar as the file has it, a character of its text at a time.
private struct Alignment {
    private let bytes: [UInt8]
    private let style: Scalar.Style
    private let end: Int
    private var offset: Int
    private var line: Int
    private var column: Int

    init(_ scalar: Scalar, at span: Span, in bytes: [UInt8]) {
        self.bytes = bytes
        style = scalar.style
        end = min(span.end.offset, bytes.count)
        offset = min(span.start.offset, bytes.count)
        line = span.start.line
        column = span.start.column
        skipProperties()
        switch style {
        case .plain: break
        case .singleQuoted, .doubleQuoted: advance()
        case .literal, .folded: while offset < end, !bytes[offset].isLineBreak { advance() }
        }
    }

    /// The place of the next character of the text.
    mutating func next(_ character: Unicode.Scalar) -> (line: Int, column: Int)? {
        skipEscapedLineBreak()
        if character == " " || character == "\n" || character == "\t" {
            let place = (line, column)
            if bytes.is(UInt8(ascii: "\\"), at: offset), style == .doubleQuoted {
                advance(escapeLength)
            } else if bytes.is(UInt8(truncatingIfNeeded: character.value), at: offset) {
                advance()
            }
            return place
        }
        skipWhiteSpace()
        guard offset < end else { return nil }
        let place = (line, column)
        if style == .doubleQuoted, bytes[offset] == UInt8(ascii: "\\") {
            advance(escapeLength)
            return place
        }
        let width = character.utf8.count
        guard offset + width <= end, bytes[offset..<offset + width].elementsEqual(character.utf8) else { return nil }
        advance()
        if style == .singleQuoted, character == "'" { advance() }
        return place
    }

    /// How many characters the escape here takes.
    private var escapeLength: Int {
        guard offset + 1 < end else { return 1 }
        return switch bytes[offset + 1] {
        case UInt8(ascii: "x"): 4
        case UInt8(ascii: "u"): 6
        case UInt8(ascii: "U"): 10
        default: 2
        }
    }

    /// Skips `!tag` and `&anchor` in front of the scalar.
    private mutating func skipProperties() {
        while offset < end, bytes[offset] == UInt8(ascii: "!") || bytes[offset] == UInt8(ascii: "&") {
            guard style != .plain || bytes[offset] != UInt8(ascii: "!") || offset + 1 < end else { return }
            while offset < end, !bytes[offset].isBlank, !bytes[offset].isLineBreak { advance() }
            skipWhiteSpace()
        }
    }

    private mutating func skipWhiteSpace() {
        while offset < end, bytes[offset].isBlank || bytes[offset].isLineBreak { advance() }
        skipEscapedLineBreak()
    }

    private mutating func skipEscapedLineBreak() {
        guard style == .doubleQuoted, bytes.is(UInt8(ascii: "\\"), at: offset), offset + 1 < end,
            bytes[offset + 1].isLineBreak
        else { return }
        advance()
        while offset < end, bytes[offset].isBlank || bytes[offset].isLineBreak { advance() }
        skipEscapedLineBreak()
    }

    private mutating func advance(_ characters: Int = 1) {
        for _ in 0..<characters where offset < end {
            let byte = bytes[offset]
            offset += 1
            while offset < end, bytes[offset].isContinuation { offset += 1 }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") && !bytes.is(UInt8(ascii: "\n"), at: offset) {
                line += 1
                column = 1
            } else if byte != UInt8(ascii: "\r") {
                column += 1
            }
        }
    }
}
