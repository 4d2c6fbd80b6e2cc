/// The bytes of an index are not what they should be.
package struct MalformedIndex: Error {
    package init() {}
}

/// Eight bytes behind an index that tell whether it is as it was written; quick, and no protection against intent.
package enum IndexChecksum {
    package static func added(to bytes: [UInt8]) -> [UInt8] {
        var sum = of(bytes, count: bytes.count)
        var whole = bytes
        for _ in 0..<8 {
            whole.append(UInt8(truncatingIfNeeded: sum))
            sum >>= 8
        }
        return whole
    }

    /// The bytes before the checksum; `nil` where it is not theirs.
    package static func verified(_ whole: consuming [UInt8]) -> [UInt8]? {
        guard whole.count >= 8 else { return nil }
        let count = whole.count - 8
        let written = whole[count...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard of(whole, count: count) == written else { return nil }
        // The same megabytes, not a copy of them.
        whole.removeLast(8)
        return whole
    }

    /// Four lanes of eight bytes; each step can be undone, so that no single change goes unnoticed.
    private static func of(_ bytes: [UInt8], count: Int) -> UInt64 {
        let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        func mixed(_ lane: UInt64, _ word: UInt64) -> UInt64 {
            let product = (lane ^ word) &* prime
            return product ^ (product >> 29)
        }
        var offset = 0
        unsafe bytes.withUnsafeBytes { buffer in
            func word(_ place: Int) -> UInt64 {
                unsafe UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            }
            while offset + 32 <= count {
                lanes.0 = mixed(lanes.0, word(offset))
                lanes.1 = mixed(lanes.1, word(offset + 8))
                lanes.2 = mixed(lanes.2, word(offset + 16))
                lanes.3 = mixed(lanes.3, word(offset + 24))
                offset += 32
            }
        }
        var sum = mixed(mixed(mixed(mixed(UInt64(count), lanes.0), lanes.1), lanes.2), lanes.3)
        for byte in bytes[offset..<count] { sum = mixed(sum, UInt64(byte)) }
        return sum
    }
}

/// Writes numbers and texts one behind the other.
package struct IndexWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: about how many bytes there will be.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

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
