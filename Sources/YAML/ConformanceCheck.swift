/// Looks at the text around each event for what libyaml 0.2.5 accepts though YAML 1.2 does not, and for what it reads
/// as something else than YAML 1.2 says.
///
/// Between two scalars there are only spaces, comments, indicators, anchors, tags and markers: a *gap*.
/// `docs/yaml-deviations.md` names the cases of the yaml-test-suite behind each rule.
struct ConformanceCheck {
    private struct Collection {
        var isFlow: Bool
        /// Of a block collection: the column of its entries, from zero.
        var indentation: Int
    }

    private let source: Source
    /// Up to here everything was looked at.
    private var position: Int
    private var collections: [Collection] = []
    private var flowDepth = 0
    private var outermostFlowStart = 0
    private var mayHaveDirective = true
    private var lastMark: Mark
    private(set) var errors: [YAMLError] = []
    /// More are of no use to anyone.
    private static let mostErrors = 100

    init(_ source: Source) {
        self.source = source
        position = source.start
        lastMark = Mark(line: 1, column: 1, offset: source.start)
    }

    /// Of the innermost block collection, from zero; -1 outside of any.
    private var indentation: Int { collections.last { !$0.isFlow }?.indentation ?? -1 }

    private mutating func report(_ code: YAMLError.Code, _ message: String, at offset: Int) {
        guard errors.count < ConformanceCheck.mostErrors else { return }
        if offset < lastMark.offset { lastMark = Mark(line: 1, column: 1, offset: source.start) }
        lastMark = source.mark(at: offset, from: lastMark)
        errors.append(YAMLError(code: code, message: message, mark: lastMark))
    }
}

extension ConformanceCheck {
    mutating func open(_ span: Span, isSequence: Bool, isFlow: Bool) {
        passGap(to: span.start.offset)
        mayHaveDirective = false
        if isFlow {
            if flowDepth == 0 { outermostFlowStart = span.start.offset }
            flowDepth += 1
            collections.append(Collection(isFlow: true, indentation: 0))
        } else {
            // Of a sequence that is not indented libyaml tells the place behind its first dash.
            let isBehindDash = isSequence && byte(span.end.offset) != UInt8(ascii: "-")
            collections.append(Collection(isFlow: false, indentation: span.end.column - (isBehindDash ? 2 : 1)))
        }
    }

    mutating func close(_ span: Span) {
        guard let closed = collections.popLast(), closed.isFlow else { return }
        passGap(to: span.end.offset)
        flowDepth -= 1
        if flowDepth == 0 { checkIndentation(in: outermostFlowStart..<span.end.offset, isFlow: true) }
    }

    mutating func finish() { passGap(to: source.bytes.count) }

    /// Returns the scalar's place, without the empty lines that libyaml counts to a block scalar.
    mutating func passScalar(_ scalar: Scalar, span: Span) -> Span {
        passGap(to: span.start.offset)
        mayHaveDirective = false
        let content = passProperties(from: span.start.offset, to: span.end.offset)
        position = max(position, span.end.offset)
        switch scalar.style {
        case .plain:
            if flowDepth > 0, scalar.text == "-" {
                report(.nonConforming, "'-' alone cannot stand in a flow collection; quote it", at: content)
            }
        case .singleQuoted, .doubleQuoted:
            if flowDepth == 0 { checkIndentation(in: content..<span.end.offset, isFlow: false) }
        case .literal, .folded: return passBlockScalar(at: content, span: span)
        }
        return span
    }
}

// MARK: Gaps

extension ConformanceCheck {
    private func byte(_ offset: Int) -> UInt8? { offset < source.bytes.count ? source.bytes[offset] : nil }

    private static func isBlank(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isBreak(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    private static func isSpaceOrEnd(_ byte: UInt8?) -> Bool { byte == nil || isBlank(byte) || isBreak(byte) }

    private static func isFlowIndicator(_ byte: UInt8?) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
        default: false
        }
    }

    private func isLineStart(_ offset: Int) -> Bool {
        offset == source.start || ConformanceCheck.isBreak(byte(offset - 1))
    }

    private func isMarker(_ marker: UInt8, at offset: Int) -> Bool {
        isLineStart(offset) && byte(offset + 1) == marker && byte(offset + 2) == marker
            && ConformanceCheck.isSpaceOrEnd(byte(offset + 3))
    }

    mutating func passGap(to end: Int) {
        while position < end {
            switch source.bytes[position] {
            case UInt8(ascii: "#"): passComment()
            case UInt8(ascii: "&"), UInt8(ascii: "*"): passName()
            case UInt8(ascii: "!"): passTag()
            case UInt8(ascii: "%") where isLineStart(position):
                if !mayHaveDirective {
                    report(.nonConforming, "a directive needs a line '...' before it", at: position)
                }
                passDirective()
            case UInt8(ascii: "-") where isMarker(UInt8(ascii: "-"), at: position):
                mayHaveDirective = false
                position += 3
            case UInt8(ascii: ".") where isMarker(UInt8(ascii: "."), at: position):
                mayHaveDirective = true
                position += 3
            case UInt8(ascii: "?") where flowDepth > 0: passQuestionMark()
            default: position += 1
            }
        }
    }

    private mutating func passLine() {
        while position < source.bytes.count, !ConformanceCheck.isBreak(byte(position)) { position += 1 }
    }

    private mutating func passComment() {
        if position > source.start, !ConformanceCheck.isSpaceOrEnd(byte(position - 1)) {
            report(.nonConforming, "a comment needs a space before its '#'", at: position)
        }
        passLine()
    }

    /// An anchor or alias: libyaml ends its name at the first character that is no letter, digit, `-` or `_`.
    private mutating func passName() {
        let first = position
        position += 1
        while let byte = byte(position), isNameByte(byte) { position += 1 }
        guard position > first + 1, let next = byte(position) else { return }
        if !ConformanceCheck.isSpaceOrEnd(next), !ConformanceCheck.isFlowIndicator(next) {
            report(
                .misreadByLibYAML, "the name of an anchor goes on to the next space; put a space behind the name",
                at: position)
        }
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func passTag() {
        let isVerbatim = byte(position + 1) == UInt8(ascii: "<")
        while let byte = byte(position), !ConformanceCheck.isSpaceOrEnd(byte) {
            if isVerbatim, byte == UInt8(ascii: ">") { break }
            if !isVerbatim, flowDepth > 0, ConformanceCheck.isFlowIndicator(byte) { break }
            passTagByte()
        }
    }

    private mutating func passDirective() {
        while let byte = byte(position), !ConformanceCheck.isBreak(byte) { passTagByte() }
    }

    /// libyaml's tags are C strings: an escaped NUL would end them.
    private mutating func passTagByte() {
        if byte(position) == UInt8(ascii: "%"), byte(position + 1) == UInt8(ascii: "0"),
            byte(position + 2) == UInt8(ascii: "0")
        {
            report(.misreadByLibYAML, "a tag cannot hold the character U+0000", at: position)
        }
        position += 1
    }

    /// `?x` in a flow collection is a plain scalar, to libyaml a key `x`.
    private mutating func passQuestionMark() {
        let next = byte(position + 1)
        if !ConformanceCheck.isSpaceOrEnd(next), !ConformanceCheck.isFlowIndicator(next) {
            report(
                .misreadByLibYAML, "put a space behind '?' for a key, or quote a text that starts with '?'",
                at: position)
        }
        position += 1
    }

    /// Passes the anchor, tag and comments in front of a scalar; returns where the scalar itself starts.
    private mutating func passProperties(from start: Int, to end: Int) -> Int {
        position = max(position, start)
        while position < end {
            switch source.bytes[position] {
            case UInt8(ascii: "&"): passName()
            case UInt8(ascii: "!"): passTag()
            case UInt8(ascii: "#"): passComment()
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            default: return position
            }
        }
        return min(position, end)
    }
}

// MARK: Indentation

extension ConformanceCheck {
    /// Every further line of a quoted scalar or flow collection must be indented more than the block around it.
    ///
    /// Closing brackets may stand below the key: no reader makes anything else of them, and people write them so.
    private mutating func checkIndentation(in range: Range<Int>, isFlow: Bool) {
        let least = indentation + 1
        guard least > 0 else { return }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let isBreak = ConformanceCheck.isBreak(source.bytes[offset])
            offset += 1
            guard isBreak else { continue }
            let line = offset
            while byte(offset) == UInt8(ascii: " ") { offset += 1 }
            let spaces = offset - line
            let isTab = byte(offset) == UInt8(ascii: "\t")
            while ConformanceCheck.isBlank(byte(offset)) { offset += 1 }
            guard spaces < least, offset < range.upperBound, let first = byte(offset) else { continue }
            guard !ConformanceCheck.isBreak(first) else { continue }
            let isClosing = first == UInt8(ascii: "]") || first == UInt8(ascii: "}")
            if isFlow, isClosing || first == UInt8(ascii: "#") { continue }
            let what =
                isTab ? "a tab cannot indent YAML; use spaces" : "this line must be indented by \(least) or more spaces"
            report(.nonConforming, what, at: isTab ? line + spaces : offset)
            return
        }
    }

    private mutating func passBlockScalar(at header: Int, span: Span) -> Span {
        checkHeaderIndentation(header)
        var lineEnd = header
        var hasIndicator = false
        while let byte = byte(lineEnd), !ConformanceCheck.isBreak(byte) {
            switch byte {
            case UInt8(ascii: "1")...UInt8(ascii: "9"): hasIndicator = true
            default: break
            }
            if byte == UInt8(ascii: "#") {
                if !ConformanceCheck.isBlank(self.byte(lineEnd - 1)) {
                    report(.nonConforming, "a comment needs a space before its '#'", at: lineEnd)
                }
                while lineEnd < source.bytes.count, !ConformanceCheck.isBreak(self.byte(lineEnd)) { lineEnd += 1 }
                break
            }
            lineEnd += 1
        }
        if !hasIndicator { checkLeadingLines(from: lineEnd) }
        return Span(start: span.start, end: visibleEnd(of: span, from: header))
    }

    /// A block scalar on a line of its own must be indented more than the block around it.
    private mutating func checkHeaderIndentation(_ header: Int) {
        var line = header
        while line > source.start, ConformanceCheck.isBlank(byte(line - 1)) { line -= 1 }
        if isLineStart(line), header - line <= indentation {
            report(.nonConforming, "the text must be indented by \(indentation + 1) or more spaces", at: header)
        }
    }

    /// Empty lines before the first line must not have more spaces than it.
    private mutating func checkLeadingLines(from lineEnd: Int) {
        var offset = lineEnd
        var most = 0
        while offset < source.bytes.count {
            while ConformanceCheck.isBreak(byte(offset)) { offset += 1 }
            let line = offset
            while byte(offset) == UInt8(ascii: " ") { offset += 1 }
            let spaces = offset - line
            guard let first = byte(offset) else { return }
            guard !ConformanceCheck.isBreak(first) else {
                most = max(most, spaces)
                continue
            }
            if spaces > indentation, most > spaces {
                report(.nonConforming, "an empty line above has more spaces than this first line", at: offset)
            } else if indentation < 0, spaces == 0, first == UInt8(ascii: "#") {
                // Outside of any block, text needs no indentation.
                report(
                    .misreadByLibYAML, "indent the text of the scalar, or a comment behind it is read as text",
                    at: offset)
            }
            return
        }
    }

    private func visibleEnd(of span: Span, from header: Int) -> Mark {
        let bytes = source.bytes
        var end = span.end
        var offset = end.offset
        while offset > header + 1, ConformanceCheck.isSpaceOrEnd(bytes[offset - 1]) {
            offset -= 1
            let isPair = bytes[offset] == UInt8(ascii: "\r") && byte(offset + 1) == UInt8(ascii: "\n")
            if ConformanceCheck.isBreak(bytes[offset]), !isPair { end.line -= 1 }
        }
        var column = 1
        var index = offset
        while index > source.start, !ConformanceCheck.isBreak(bytes[index - 1]) {
            index -= 1
            if bytes[index] & 0xC0 != 0x80 { column += 1 }
        }
        end.offset = offset
        end.column = column
        return end
    }
}
