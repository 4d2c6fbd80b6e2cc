/// What became of a text, as `diff -u` writes it.
package struct UnifiedDiff: Sendable, Hashable {
    /// With a line break at the end; empty where nothing changed.
    package let text: String

    /// Longer texts are not compared line by line.
    private static let mostLines = 4000
    private static let context = 3

    /// - Parameter line: what becomes of each line before it is shown, after it was compared.
    package init(
        from old: String, to new: String, name: String, showing line: (String) -> String = { $0 }
    ) {
        guard old != new else {
            text = ""
            return
        }
        let (before, after) = (Self.lines(old), Self.lines(new))
        let head = "--- \(name) (before)\n+++ \(name) (after)\n"
        guard max(before.count, after.count) <= Self.mostLines else {
            text = head + "\(before.count) lines became \(after.count)\n"
            return
        }
        let edits = Self.edits(before, after)
        text = head + Self.hunks(edits).map { Self.written($0, showing: line) }.joined()
    }

    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// One line of the comparison: kept, taken out or put in, with its places in both texts.
    private struct Edit {
        var sign: Character
        var line: Substring
        var old: Int
        var new: Int
    }

    /// The longest common subsequence decides; ends that agree are left out of the table.
    private static func edits(_ old: [Substring], _ new: [Substring]) -> [Edit] {
        var start = 0
        while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
        var end = 0
        while end < min(old.count, new.count) - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
        let (middleOld, middleNew) = (old[start..<old.count - end], new[start..<new.count - end])
        var edits = (0..<start).map { Edit(sign: " ", line: old[$0], old: $0, new: $0) }
        edits += differing(middleOld, middleNew)
        edits += (0..<end).map { offset in
            let (one, other) = (old.count - end + offset, new.count - end + offset)
            return Edit(sign: " ", line: old[one], old: one, new: other)
        }
        return edits
    }

    private static func differing(_ old: ArraySlice<Substring>, _ new: ArraySlice<Substring>) -> [Edit] {
        let (one, other) = (Array(old), Array(new))
        var edits: [Edit] = []
        var (i, j) = (0, 0)
        func take() { edits.append(Edit(sign: "-", line: one[i], old: old.startIndex + i, new: new.startIndex + j)) }
        func put() { edits.append(Edit(sign: "+", line: other[j], old: old.startIndex + i, new: new.startIndex + j)) }
        // Far apart and long: the table would be too large, and nobody would read the result.
        let table = one.count * other.count <= 4_000_000 ? commonLengths(one, other) : []
        let width = other.count + 1
        while i < one.count || j < other.count {
            if i < one.count, j < other.count, one[i] == other[j] {
                edits.append(Edit(sign: " ", line: one[i], old: old.startIndex + i, new: new.startIndex + j))
                (i, j) = (i + 1, j + 1)
            } else if i < one.count,
                j == other.count || table.isEmpty || table[(i + 1) * width + j] >= table[i * width + j + 1]
            {
                take()
                i += 1
            } else {
                put()
                j += 1
            }
        }
        return edits
    }

    /// How long the longest common subsequence is from each place on.
    private static func commonLengths(_ one: [Substring], _ other: [Substring]) -> [Int32] {
        let width = other.count + 1
        var lengths = [Int32](repeating: 0, count: (one.count + 1) * width)
        for i in one.indices.reversed() {
            for j in other.indices.reversed() {
                lengths[i * width + j] =
                    one[i] == other[j]
                    ? lengths[(i + 1) * width + j + 1] + 1
                    : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        return lengths
    }

    /// What changed with some lines around, near ones together.
    private static func hunks(_ edits: [Edit]) -> [ArraySlice<Edit>] {
        var ranges: [Range<Int>] = []
        for (index, edit) in edits.enumerated() where edit.sign != " " {
            let range = max(0, index - context)..<min(edits.count, index + context + 1)
            if let last = ranges.last, last.upperBound >= range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges.map { edits[$0] }
    }

    private static func written(_ hunk: ArraySlice<Edit>, showing line: (String) -> String) -> String {
        guard let first = hunk.first else { return "" }
        let (old, new) = (hunk.count { $0.sign != "+" }, hunk.count { $0.sign != "-" })
        let head =
            "@@ -\(old == 0 ? first.old : first.old + 1),\(old) +\(new == 0 ? first.new : first.new + 1),\(new) @@\n"
        return head + hunk.map { "\($0.sign)\(line(String($0.line)))\n" }.joined()
    }
}
