internal import YAML

/// Lays the block collections of a text out anew, line by line; what stands within a scalar or between brackets only
/// moves as a whole.
struct BlockLayout {
    private let lines: [String]
    private let bytes: [UInt8]
    /// Lines that are the inside of a scalar or of brackets: none of their characters may be lost.
    private var inner: Set<Int> = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
    }

    /// Every document, one behind the other.
    mutating func lines(of documents: [(root: Node, kind: Shape.Kind)]) -> [String] {
        for document in documents { markInner(document.root) }
        var result: [Line] = []
        var start = 0
        for (index, document) in documents.enumerated() {
            let isLast = index == documents.count - 1
            let end = isLast ? lines.count : self.start(of: documents[index + 1].root, from: document.root)
            let first = document.root.span.start.line - 1
            result += moved(start..<first, by: 0)
            result += block(document.root, document.kind, first..<end, to: 0)
            start = end
        }
        if documents.isEmpty { result = moved(0..<lines.count, by: 0) }
        return tidied(result)
    }

    /// The line with `---` before the next document.
    private func start(of next: Node, from document: Node) -> Int {
        let first = next.span.start.line - 1
        let last = document.span.end.line - 1
        return lines[max(0, last)..<first].firstIndex { $0.hasPrefix("---") } ?? first
    }

    /// The words of a text in alphabetical order, dashes aside: none may be lost by moving lines.
    func words(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).drop { $0 == "-" }.joined(separator: " ")
        }.filter { !$0.isEmpty }.sorted()
    }

    // MARK: Lines

    private struct Line {
        var text: String
        var isInner: Bool
    }

    private mutating func markInner(_ node: Node) {
        let isBlock = isBlock(node)
        switch node.content {
        case .scalar: break
        case .sequence(let elements) where isBlock: for element in elements { markInner(element) }
        case .mapping(let entries) where isBlock:
            for entry in entries {
                markInner(entry.key)
                markInner(entry.value)
            }
        case .sequence, .mapping: break
        }
        let first = node.span.start.line
        if !isBlock, node.span.end.line > first { inner.formUnion(first..<node.span.end.line) }
    }

    private func isBlock(_ node: Node) -> Bool {
        guard node.scalar == nil, node.span.start.offset < bytes.count else { return false }
        let first = bytes[node.span.start.offset]
        return ![UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "*"), UInt8(ascii: "&")].contains(first)
    }

    private func moved(_ range: Range<Int>, by distance: Int) -> [Line] {
        range.map { index in
            let line = lines[index]
            let margin = line.prefix { $0 == " " }.count
            let isInner = inner.contains(index)
            guard margin < line.count else { return Line(text: isInner ? line : "", isInner: isInner) }
            let text = String(repeating: " ", count: max(0, margin + distance)) + line.dropFirst(margin)
            return Line(text: text, isInner: isInner)
        }
    }

    /// The line of a key; a dash before it is put where the first key of the element comes to stand.
    private func keyLine(_ index: Int, from old: Int, to column: Int) -> Line {
        Line(text: String(repeating: " ", count: column) + lines[index].dropFirst(old), isInner: false)
    }

    /// Without blanks at ends of lines, at both ends, and more than one blank line in a row.
    private func tidied(_ result: [Line]) -> [String] {
        var tidy: [String] = []
        for (index, line) in result.enumerated() {
            // What goes on on the next line may end in a blank that counts.
            let goesOn = line.isInner || result.indices.contains(index + 1) && result[index + 1].isInner
            let text = goesOn ? line.text : line.text.trimmingEnd
            if text.isEmpty, !line.isInner, tidy.last?.isEmpty ?? true { continue }
            tidy.append(text)
        }
        while tidy.last?.isEmpty ?? false { tidy.removeLast() }
        return tidy
    }

    // MARK: Collections

    /// The lines of a range, at whose beginning the node stands.
    private func block(_ node: Node, _ kind: Shape.Kind, _ whole: Range<Int>, to column: Int) -> [Line] {
        let old = node.span.start.column - 1
        // Comments behind the last entry that are not as far in belong to what is around.
        var end = whole.upperBound
        while end - 1 > whole.lowerBound, !inner.contains(end - 1), isAbove(lines[end - 1], old - 1) { end -= 1 }
        return entries(of: node, kind, whole.lowerBound..<end, from: old, to: column)
            + moved(end..<whole.upperBound, by: column - old)
    }

    private func entries(
        of node: Node, _ kind: Shape.Kind, _ range: Range<Int>, from old: Int, to column: Int
    ) -> [Line] {
        guard isBlock(node), node.span.start.line - 1 == range.lowerBound else {
            return moved(range, by: column - old)
        }
        switch node.content {
        case .scalar: return moved(range, by: column - old)
        case .sequence(let elements):
            let pieces = pieces(of: elements.map(\.span.start.line), at: old, in: range)
            return pieces.enumerated().flatMap { index, piece in
                moved(piece.lead, by: column - old)
                    + element(elements[index], kind.element(elements[index]), piece.body, from: old, to: column)
            }
        case .mapping(let entries):
            var parts = pieces(of: entries.map(\.key.span.start.line), at: old, in: range).enumerated().map {
                index, piece in
                (
                    order: kind.order(of: entries[index].key.scalar?.text ?? ""), index: index,
                    lines: moved(piece.lead, by: column - old)
                        + entry(entries[index], kind, piece.body, from: old, to: column)
                )
            }
            parts.sort { ($0.order, $0.index) < ($1.order, $1.index) }
            return parts.flatMap(\.lines)
        }
    }

    /// What belongs to each entry: the comments and blank lines above it, and its own lines.
    private func pieces(
        of starts: [Int], at column: Int, in range: Range<Int>
    ) -> [(lead: Range<Int>, body: Range<Int>)] {
        var leads = starts.map { $0 - 1 }
        if !leads.isEmpty { leads[0] = range.lowerBound }
        for (index, start) in starts.enumerated().dropFirst() {
            var lead = start - 1
            while lead - 1 > starts[index - 1] - 1, !inner.contains(lead - 1), isAbove(lines[lead - 1], column) {
                lead -= 1
            }
            leads[index] = lead
        }
        return starts.indices.map { index in
            let end = index + 1 < starts.count ? leads[index + 1] : range.upperBound
            return (leads[index]..<starts[index] - 1, starts[index] - 1..<end)
        }
    }

    /// Whether a line belongs to what follows it: blank, or a comment that is not further in.
    private func isAbove(_ line: String, _ column: Int) -> Bool {
        let text = line.drop { $0 == " " }
        return text.isEmpty || text.hasPrefix("#") && line.count - text.count <= column
    }

    /// `key: value` with everything below it.
    private func entry(
        _ entry: Node.Entry, _ kind: Shape.Kind, _ range: Range<Int>, from old: Int, to column: Int
    ) -> [Line] {
        guard entry.key.span.start.line - 1 == range.lowerBound else { return moved(range, by: column - old) }
        let key = [keyLine(range.lowerBound, from: old, to: column)]
        let rest = range.lowerBound + 1..<range.upperBound
        let first = entry.value.span.start.line - 1
        guard isBlock(entry.value), entry.value.scalar == nil, rest.contains(first) else {
            return key + moved(rest, by: column - old)
        }
        let below = column + 2
        // Comments between a key and what stands below it move with that.
        let between = moved(rest.lowerBound..<first, by: below - (entry.value.span.start.column - 1))
        return key + between.filter { !$0.text.isEmpty }
            + block(entry.value, kind.value(of: entry.key.scalar?.text ?? ""), first..<range.upperBound, to: below)
    }

    /// `- ` with everything behind and below it.
    private func element(
        _ node: Node, _ kind: Shape.Kind, _ range: Range<Int>, from old: Int, to column: Int
    ) -> [Line] {
        guard isBlock(node), case .mapping = node.content, !range.isEmpty else {
            return moved(range, by: column - old)
        }
        let margin = lines[range.lowerBound].prefix(node.span.start.column - 1).dropFirst(old)
        guard margin.first == "-", margin.dropFirst().allSatisfy({ $0 == " " }) else {
            return moved(range, by: column - old)
        }
        var result = block(node, kind, range, to: column + 2)
        // Comments above the first key stand above the dash.
        guard let first = result.firstIndex(where: { !$0.text.drop { $0 == " " }.hasPrefix("#") && !$0.text.isEmpty })
        else { return moved(range, by: column - old) }
        for index in result[..<first].indices where !result[index].text.isEmpty { result[index].text.removeFirst(2) }
        result[first].text =
            String(repeating: " ", count: column) + "- " + result[first].text.dropFirst(column + 2)
        return result
    }
}

extension Shape.Kind {
    /// The place of a key; what names are is the file's own order.
    fileprivate func order(of key: String) -> Int {
        guard case .object(let shape) = objectKind else { return 0 }
        return shape.keys.firstIndex { $0.name == key } ?? shape.keys.count
    }

    fileprivate func value(of key: String) -> Shape.Kind {
        switch objectKind {
        case .object(let shape): shape[key]?.kind ?? .anything
        case .named(_, let kind): kind
        default: .anything
        }
    }

    fileprivate func element(_ node: Node) -> Shape.Kind {
        switch self {
        case .list(let kind, _): kind
        case .either(let one, let two): if case .list = one { one.element(node) } else { two.element(node) }
        default: .anything
        }
    }

    /// Of several kinds that of a mapping.
    private var objectKind: Shape.Kind {
        guard case .either(let one, let two) = self else { return self }
        switch one {
        case .object, .named: return one
        default: return two
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var end = self[...]
        while let last = end.last, last == " " || last == "\t" { end.removeLast() }
        return String(end)
    }
}
