internal import Synchronization
package import YAML

/// A file that people wrote, and where its places are.
package struct SourceText: Sendable {
    package let file: String
    package private(set) var bytes: [UInt8]
    private let lines: LinesOnDemand
    /// Further files behind the first, each from a line on.
    private var appended: [(file: String, offset: Int, lines: Int)] = []

    /// How far the places of a text move that is put behind another one.
    struct Shift {
        var bytes: Int
        var lines: Int
    }

    package init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes
        lines = LinesOnDemand()
    }

    /// Puts the text of another file behind, from a new line on, so that nodes of both can stand in one tree.
    mutating func append(_ other: SourceText) -> Shift {
        var joined = bytes
        if joined.last != UInt8(ascii: "\n") { joined.append(UInt8(ascii: "\n")) }
        let shift = Shift(bytes: joined.count, lines: joined.count { $0 == UInt8(ascii: "\n") })
        let files = appended + [(other.file, shift.bytes, shift.lines)]
        self = SourceText(joined + other.bytes, file: file)
        appended = files
        return shift
    }

    /// The file that an offset is in, and how many lines of others stand before it.
    func file(at offset: Int) -> (name: String, linesBefore: Int) {
        appended.last { $0.offset <= offset }.map { ($0.file, $0.lines) } ?? (file, 0)
    }

    /// The place of a range of bytes; what lies on further lines is not marked.
    package func location(_ range: Range<Int>) -> Location {
        let lines = lines.table(of: bytes)
        let lineStarts = lines.starts
        let start = min(max(range.lowerBound, lineStarts[0]), bytes.count)
        let line = lines.index(of: start)
        var end = min(max(range.upperBound, start), bytes.count)
        if line + 1 < lineStarts.count { end = min(end, lineStarts[line + 1]) }
        while end > start, bytes[end - 1].isLineBreak { end -= 1 }
        let (name, linesBefore) = file(at: start)
        return Location(
            file: name, line: line + 1 - linesBefore,
            column: lines.characterCount(lineStarts[line]..<start, in: bytes) + 1,
            length: lines.characterCount(start..<end, in: bytes))
    }

    /// The place of a node: of a block mapping its first key, of anything else what stands on its first line.
    package func location(of node: Node) -> Location {
        if case .mapping(let entries) = node.content, let first = entries.first,
            first.key.span.start.offset == node.span.start.offset
        {
            return location(first.key.span.start.offset..<first.key.span.end.offset)
        }
        return location(node.span.start.offset..<node.span.end.offset)
    }
}

/// The table of a text's lines, made when a place is first asked for: of most files nothing is wrong.
private final class LinesOnDemand: Sendable {
    private let made = Mutex<LineTable?>(nil)

    func table(of bytes: [UInt8]) -> LineTable {
        made.withLock { made in
            if let made { return made }
            let table = LineTable(bytes)
            made = table
            return table
        }
    }
}

/// Where lines start and how many characters stand before each block of bytes: a line may be as long as the file.
private struct LineTable {
    private static let blockSize = 256

    /// The offset at which each line starts.
    let starts: [Int]
    private let charactersBefore: [Int]

    init(_ bytes: [UInt8]) {
        let byteOrderMark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var starts = [byteOrderMark]
        var counts = [0]
        var count = 0
        for offset in bytes.indices {
            let byte = bytes[offset]
            if !byte.isContinuation { count += 1 }
            if offset % Self.blockSize == Self.blockSize - 1 { counts.append(count) }
            guard byte.isLineBreak, offset >= byteOrderMark else { continue }
            let isPair = byte == UInt8(ascii: "\r") && bytes.is(UInt8(ascii: "\n"), at: offset + 1)
            if !isPair { starts.append(offset + 1) }
        }
        if !bytes.count.isMultiple(of: Self.blockSize) { counts.append(count) }
        self.starts = starts
        charactersBefore = counts
    }

    /// The line that an offset is on, from zero.
    func index(of offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    func characterCount(_ range: Range<Int>, in bytes: [UInt8]) -> Int {
        characters(before: range.upperBound, in: bytes) - characters(before: range.lowerBound, in: bytes)
    }

    private func characters(before offset: Int, in bytes: [UInt8]) -> Int {
        let block = offset / Self.blockSize
        return charactersBefore[block] + bytes[block * Self.blockSize..<offset].count { !$0.isContinuation }
    }
}

extension UInt8 {
    /// Whether the byte continues a character of UTF-8.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
    var isLineBreak: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension [UInt8] {
    func `is`(_ byte: UInt8, at index: Int) -> Bool { index < count && self[index] == byte }
}
