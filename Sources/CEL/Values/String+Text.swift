/// CEL's strings are sequences of code points; Swift's `==` and `<` know canonical equivalence. These look at the
/// UTF-8 bytes, whose order is that of the code points.
extension String {
    /// Whether both have the same code points.
    @inline(__always)
    func isIdentical(to other: String) -> Bool {
        // The same 16 bytes are the same string: short ones hold their text, long ones its address.
        bits == other.bits || hasSameBytes(as: other)
    }

    @inline(never)
    private func hasSameBytes(as other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        return unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                unsafe mine.hasBytes(theirs, at: 0)
            }
        }
    }

    func startsWithText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                unsafe mine.count >= theirs.count && mine.hasBytes(theirs, at: 0)
            }
        }
    }

    func endsWithText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                unsafe mine.count >= theirs.count && mine.hasBytes(theirs, at: mine.count - theirs.count)
            }
        }
    }

    /// Whether the other text stands somewhere in this one.
    func containsText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                guard let first = unsafe theirs.first else { return true }
                guard mine.count >= theirs.count else { return false }
                for start in 0...(mine.count - theirs.count) where unsafe mine[start] == first {
                    if unsafe mine.hasBytes(theirs, at: start) { return true }
                }
                return false
            }
        }
    }

    func isOrderedBefore(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                let shared = min(mine.count, theirs.count)
                for index in 0..<shared where unsafe mine[index] != theirs[index] {
                    return unsafe mine[index] < theirs[index]
                }
                return mine.count < theirs.count
            }
        }
    }

    /// For tables within this process; unpredictable from outside, so that nobody can choose colliding keys.
    var textHash: UInt64 { unsafe withBytes { unsafe hashOfText($0) } }

    @inline(__always)
    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = unsafe utf8.withContiguousStorageIfAvailable({ unsafe body($0) }) { return result }
        return unsafe Array(utf8).withUnsafeBufferPointer { unsafe body($0) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the other bytes stand here, all of which must have room; eight at a time.
    @inline(__always)
    fileprivate func hasBytes(_ other: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        let mine = UnsafeRawBufferPointer(self)
        let theirs = UnsafeRawBufferPointer(other)
        var offset = 0
        while offset + 8 <= theirs.count {
            let one = unsafe mine.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
            if unsafe one != theirs.loadUnaligned(fromByteOffset: offset, as: UInt64.self) { return false }
            offset += 8
        }
        while offset < theirs.count {
            if unsafe mine[start + offset] != theirs[offset] { return false }
            offset += 1
        }
        return true
    }
}

/// The hash of the text that these bytes are.
func hashOfText(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = hashSeed ^ UInt64(truncatingIfNeeded: bytes.count)
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset + 8 <= raw.count {
        hash = hash.folded(with: unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        offset += 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
        rest = rest << 8 | UInt64(unsafe raw[offset])
        offset += 1
    }
    return hash.folded(with: rest)
}

private let hashSeed = UInt64.random(in: .min ... .max)

extension UInt64 {
    @inline(__always)
    func folded(with word: UInt64) -> UInt64 {
        let product = (self ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
