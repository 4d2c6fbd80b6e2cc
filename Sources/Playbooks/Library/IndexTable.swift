/// Entries that begin with a text, each found by its number, or by the text where they are sorted by it.
package struct IndexTable: Sendable {
    private let bytes: [UInt8]
    private let range: Range<Int>
    package let count: Int

    package init(_ bytes: [UInt8], _ range: Range<Int>) throws(MalformedIndex) {
        var reader = IndexReader(bytes, range)
        count = try reader.number()
        guard count <= (range.count - 4) / 4 else { throw MalformedIndex() }
        self.bytes = bytes
        self.range = range
    }

    package static func bytes(_ entries: [[UInt8]]) -> [UInt8] {
        var writer = IndexWriter()
        writer.add(entries.count)
        var offset = 4 + 4 * entries.count
        for entry in entries {
            writer.add(offset)
            offset += entry.count
        }
        var bytes = writer.bytes
        bytes.reserveCapacity(offset)
        for entry in entries { bytes += entry }
        return bytes
    }

    package func entry(_ index: Int) throws(MalformedIndex) -> IndexReader {
        guard index >= 0, index < count else { throw MalformedIndex() }
        let offset = IndexReader.number(in: bytes, at: range.lowerBound + 4 + 4 * index)
        guard offset <= range.count else { throw MalformedIndex() }
        return IndexReader(bytes, range.lowerBound + offset..<range.upperBound)
    }

    func key(_ index: Int) throws(MalformedIndex) -> String {
        var reader = try entry(index)
        return try reader.text()
    }

    /// The first entry whose text is not before the given one, in the order of bytes.
    package func firstIndex(notBefore text: String) throws(MalformedIndex) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            var reader = try entry(middle)
            if bytes[try reader.section()].lexicographicallyPrecedes(text.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
