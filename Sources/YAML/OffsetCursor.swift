/// Turns libyaml's places, counted in characters, into places in bytes.
///
/// Events come nearly in the order of the text, so that stepping on from the last place costs one pass in all.
struct OffsetCursor {
    private let source: Source
    private var index = 0
    private var offset: Int

    init(_ source: Source) {
        self.source = source
        offset = source.start
    }

    mutating func offset(of target: Int) -> Int {
        guard !source.isASCII else { return source.start + target }
        while index < target, offset < source.bytes.count {
            offset += 1
            while offset < source.bytes.count, isContinuation(offset) { offset += 1 }
            index += 1
        }
        while index > target, offset > source.start {
            offset -= 1
            while offset > source.start, isContinuation(offset) { offset -= 1 }
            index -= 1
        }
        return offset
    }

    private func isContinuation(_ offset: Int) -> Bool { source.bytes[offset] & 0xC0 == 0x80 }
}
