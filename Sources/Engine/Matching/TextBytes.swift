/// The UTF-8 of a text, lent for the time of a search.
///
/// Every access but the automaton's is checked; the pointer never leaves the closure of `with`.
@safe struct TextBytes {
    let buffer: UnsafeBufferPointer<UInt8>
    let count: Int

    static func with<Result>(_ text: String, _ body: (TextBytes) -> Result) -> Result {
        var text = text
        return text.withUTF8 { unsafe body(TextBytes($0)) }
    }

    private init(_ buffer: UnsafeBufferPointer<UInt8>) {
        unsafe self.buffer = unsafe buffer
        count = buffer.count
    }

    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return unsafe buffer[index]
    }

    subscript(range: Range<Int>) -> [UInt8] { range.map { self[$0] } }

    func starts(with prefix: [UInt8], at index: Int) -> Bool {
        index + prefix.count <= count && prefix.indices.allSatisfy { self[index + $0] == prefix[$0] }
    }
}
