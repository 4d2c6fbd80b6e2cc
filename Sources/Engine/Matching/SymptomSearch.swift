internal import CEL

/// One search: checks what the needles hint at and keeps the best place of each playbook.
struct SymptomSearch {
    /// Where a symptom stands.
    private struct Place {
        /// The lines that hold it, in order.
        var lines: [Range<Int>]
        var groups: [String: String] = [:]
    }

    private struct State {
        var count = 0
        /// The start of the line that was looked at last, so that each is looked at once.
        var lastLine = -1
        /// A hit that was only counted.
        var lastUnchecked: Int?
    }

    private let matcher: SymptomMatcher
    private let text: TextBytes
    private let lines: TextLines
    private var states: [State]
    private var best: [Int: SymptomMatch] = [:]
    /// By entry, those that were tried; what cannot be compiled has been told by the loader, and matches nothing.
    private var patterns: [Int: LinePattern?] = [:]
    /// Several patterns often look at one line.
    private var lastDecoded: (line: Range<Int>, text: String) = (0..<0, "")
    /// The offset up to which lines are counted, and their number.
    private var counted = (offset: 0, line: 1)

    init(_ matcher: SymptomMatcher, _ text: TextBytes) {
        self.matcher = matcher
        self.text = text
        lines = TextLines(text)
        states = Array(repeating: State(), count: matcher.entries.count)
    }

    /// Best first.
    var result: [SymptomMatch] {
        var search = self
        // The last of many may be a program's last word.
        for (entry, state) in states.enumerated() {
            guard let offset = state.lastUnchecked else { continue }
            search.states[entry].lastLine = -1
            search.check(entry, at: offset, counting: false)
        }
        return search.best.values.sorted {
            if $0.rank != $1.rank { return $0.rank > $1.rank }
            return ($1.count, $0.line, $0.playbook) < ($0.count, $1.line, $1.playbook)
        }
    }

    mutating func hit(_ entry: Int, at offset: Int) {
        guard states[entry].count < SymptomMatcher.enough else {
            states[entry].count += 1
            states[entry].lastUnchecked = offset
            return
        }
        check(entry, at: offset, counting: true)
    }

    /// Looks for patterns of which nothing can be said beforehand.
    mutating func everyLine(_ entries: [Int]) {
        var start = 0
        while start <= text.count, text.count > 0 {
            let line = lines.line(around: min(start, text.count - 1))
            for entry in entries where states[entry].count < SymptomMatcher.enough {
                check(entry, at: line.lowerBound, counting: true)
            }
            start = max(line.upperBound, start) + 1
        }
    }

    private mutating func check(_ entry: Int, at offset: Int, counting: Bool) {
        let line = lines.line(around: offset)
        guard line.lowerBound != states[entry].lastLine else { return }
        let place: Place?
        switch matcher.entries[entry].form {
        case .literal(let literal): place = find(literal, endingAt: offset)
        case .pattern(let source):
            place = if let pattern = pattern(source, of: entry) { find(pattern, around: line) } else { nil }
            states[entry].lastLine = line.lowerBound
        }
        guard let place else { return }
        states[entry].lastLine = line.lowerBound
        if counting { states[entry].count += 1 }
        keep(place, of: entry)
    }

    private mutating func keep(_ place: Place, of entry: Int) {
        let playbook = matcher.entries[entry].playbook
        let shown = lines.joined(place.lines, spaced: false, decoding: .kept)
        let rank = SymptomMatch.Rank(
            isVerdict: !LogHeader.isPresent(in: shown),
            specificity: matcher.entries[entry].specificity + 4 * place.groups.count)
        let old = best[playbook]
        let count = (old?.count ?? 0) + 1
        // Groups of the playbook's other symptoms stay, those of the better place win.
        guard old.map({ $0.rank < rank }) ?? true else {
            best[playbook]?.groups.merge(place.groups) { kept, _ in kept }
            best[playbook]?.count = count
            return
        }
        best[playbook] = SymptomMatch(
            playbook: matcher.names[playbook], line: lineNumber(at: place.lines[0].lowerBound),
            text: String(shown.prefix(1000)),
            groups: (old?.groups ?? [:]).merging(place.groups) { _, new in new }, count: count, rank: rank)
    }

    /// Offsets mostly grow, so the lines are counted once.
    private mutating func lineNumber(at offset: Int) -> Int {
        if offset < counted.offset { counted = (0, 1) }
        var line = counted.line
        for index in counted.offset..<offset where text[index] == 0x0A { line += 1 }
        counted = (offset, line)
        return line
    }

    // MARK: Literals

    /// The literal whose skeleton ends at the offset, if its white space is where the text has some.
    private func find(_ literal: LiteralSymptom, endingAt offset: Int) -> Place? {
        // Escapes make text longer than its skeleton, so the window grows until the literal is in it.
        var start = lines.line(around: offset).lowerBound
        var skeleton = Skeleton(text, in: start..<offset + 1)
        while skeleton.bytes.count < literal.bytes.count, start > 0, offset - start < 65_536,
            let before = lines.line(before: start..<offset)
        {
            start = before.lowerBound
            skeleton = Skeleton(text, in: start..<offset + 1)
        }
        let first = skeleton.bytes.count - literal.bytes.count
        guard first >= 0, skeleton.bytes[first...].elementsEqual(literal.bytes) else { return nil }
        for index in literal.bytes.indices.dropFirst() {
            let gap = Gap(text, after: skeleton.offsets[first + index - 1], before: skeleton.offsets[first + index])
            guard gap.fits(isSpaced: literal.isSpaced[index]) else { return nil }
        }
        return Place(lines: linesBetween(skeleton.offsets[first], offset))
    }

    private func linesBetween(_ start: Int, _ end: Int) -> [Range<Int>] {
        var found = [lines.line(around: start)]
        while let last = found.last, last.upperBound < end, found.count < 16, let next = lines.line(after: last) {
            found.append(next)
        }
        return found
    }

    // MARK: Patterns

    private mutating func pattern(_ source: String, of entry: Int) -> LinePattern? {
        if let known = patterns[entry] { return known }
        let pattern = LinePattern(source)
        patterns[entry] = .some(pattern)
        return pattern
    }

    /// Each reading of the line is made when those before it show nothing: in a long log most lines only look like it.
    private mutating func find(_ pattern: LinePattern, around line: Range<Int>) -> Place? {
        if lastDecoded.line != line { lastDecoded = (line, lines.cleaned(line, decoding: .decoded)) }
        let decoded = lastDecoded.text
        if let place = place(of: pattern, in: decoded, [line]) { return place }
        if pattern.isAnchored, let bare = LogHeader.removed(from: decoded),
            let place = place(of: pattern, in: bare, [line])
        {
            return place
        }
        if line.contains(where: { text[$0] == UInt8(ascii: "\\") }),
            let place = place(of: pattern, in: lines.cleaned(line), [line])
        {
            return place
        }
        let wrapped = lines.wrapped(around: line)
        guard wrapped.count > 1 else { return nil }
        return place(of: pattern, in: lines.joined(wrapped, spaced: false), wrapped)
            ?? place(of: pattern, in: lines.joined(wrapped, spaced: true), wrapped)
    }

    private func place(of pattern: LinePattern, in text: String, _ lines: [Range<Int>]) -> Place? {
        pattern.pattern.firstMatch(in: text).map {
            Place(lines: lines, groups: groups(of: pattern.pattern, $0, in: text))
        }
    }

    private func groups(of pattern: Pattern, _ match: [Range<Int>?], in text: String) -> [String: String] {
        let bytes = Array(text.utf8)
        var groups: [String: String] = [:]
        for (number, name) in pattern.groupNames {
            guard match.indices.contains(number), let range = match[number] else { continue }
            groups[name] = String(decoding: bytes[range], as: UTF8.self)
        }
        return groups
    }
}

/// A pattern as it is looked for in a line.
private struct LinePattern {
    let pattern: Pattern
    /// Whether it may match what begins a line and nothing else: only then a log's header is in its way.
    let isAnchored: Bool

    init?(_ source: String) {
        guard let pattern = try? Pattern(source) else { return nil }
        self.pattern = pattern
        isAnchored = source.contains("\\A") || zip("(" + source, source).contains { $0 != "[" && $1 == "^" }
    }
}

/// What stands between two bytes of a skeleton.
private struct Gap {
    private var hasSpace = false
    private var lineEnds = 0

    init(_ text: TextBytes, after first: Int, before second: Int) {
        var index = first + 1
        // A character of several bytes, or an escape that stands for one, ends later.
        while index < second {
            switch text[index] {
            case 0x0A: lineEnds += 1
            case 0x20, 0x09, 0x0D: hasSpace = true
            case UInt8(ascii: "\\"):
                guard index + 1 < second else { break }
                switch text[index + 1] {
                case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"): hasSpace = true
                default: break
                }
            case 0xC2 where text[index + 1] == 0xA0, 0xE3: hasSpace = true
            case 0x1B:
                index = Skeleton.escapeSequenceEnd(text, at: index + 1)
                continue
            default: break
            }
            index += 1
        }
    }

    /// A terminal breaks a line anywhere, but only once; otherwise white space is where the literal has it.
    func fits(isSpaced: Bool) -> Bool {
        guard lineEnds <= 1 else { return false }
        return isSpaced ? hasSpace || lineEnds > 0 : !hasSpace || lineEnds > 0
    }
}

extension SymptomMatch {
    var matchedSymptom: Diagnosis.MatchedSymptom {
        Diagnosis.MatchedSymptom(playbook: playbook, line: line, text: text)
    }
}
