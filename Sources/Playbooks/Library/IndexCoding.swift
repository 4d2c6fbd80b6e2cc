/// The bytes of an index are not what they should be.
package struct MalformedIndex: Error {
    package init() {}
}

/// Writes numbers and texts one behind the other.
package struct IndexWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// In four bytes, the lowest first.
    package mutating func add(_ number: Int) {
        let word = UInt32(truncatingIfNeeded: number)
        bytes.append(UInt8(truncatingIfNeeded: word))
        bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        bytes.append(UInt8(truncatingIfNeeded: word >> 16))
        bytes.append(UInt8(truncatingIfNeeded: word >> 24))
    }

    package mutating func add(_ text: String) {
        add(text.utf8.count)
        bytes += text.utf8
    }

    /// The number of bytes before them.
    package mutating func add(section: [UInt8]) {
        add(section.count)
        bytes += section
    }

    package mutating func add<Element>(
        list: some Collection<Element>, _ write: (inout IndexWriter, Element) -> Void
    ) {
        add(list.count)
        for element in list { write(&self, element) }
    }
}

/// Reads what `IndexWriter` wrote; every access is within bounds, whatever the bytes are.
package struct IndexReader: Sendable {
    package let bytes: [UInt8]
    package private(set) var offset: Int
    private let end: Int

    package init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

    /// - Parameter range: within the bytes.
    package init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = min(range.upperBound, bytes.count)
    }

    package mutating func number() throws(MalformedIndex) -> Int {
        guard end - offset >= 4 else { throw MalformedIndex() }
        defer { offset += 4 }
        return IndexReader.number(in: bytes, at: offset)
    }

    package static func number(in bytes: [UInt8], at offset: Int) -> Int {
        Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]) << 16 | Int(bytes[offset + 3]) << 24
    }

    /// Where the next section is; goes on behind it.
    package mutating func section() throws(MalformedIndex) -> Range<Int> {
        let count = try number()
        guard count <= end - offset else { throw MalformedIndex() }
        defer { offset += count }
        return offset..<offset + count
    }

    package mutating func text() throws(MalformedIndex) -> String {
        String(decoding: bytes[try section()], as: UTF8.self)
    }

    package mutating func texts() throws(MalformedIndex) -> [String] {
        try list { reader throws(MalformedIndex) in try reader.text() }
    }

    package mutating func choice<Choice: RawRepresentable<String>>() throws(MalformedIndex) -> Choice {
        guard let choice = Choice(rawValue: try text()) else { throw MalformedIndex() }
        return choice
    }

    package mutating func list<Element>(
        _ read: (inout IndexReader) throws(MalformedIndex) -> Element
    ) throws(MalformedIndex) -> [Element] {
        let count = try number()
        // An element takes a byte at least: a wrong number must not reserve memory.
        guard count <= end - offset else { throw MalformedIndex() }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }
}
