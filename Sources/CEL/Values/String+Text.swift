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
                for index in 0..<count where unsafe mine[index] != theirs[index] { return false }
                return true
            }
        }
    }

    func startsWithText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                guard mine.count >= theirs.count else { return false }
                for index in 0..<theirs.count where unsafe mine[index] != theirs[index] { return false }
                return true
            }
        }
    }

    func endsWithText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                let start = mine.count - theirs.count
                guard start >= 0 else { return false }
                for index in 0..<theirs.count where unsafe mine[start + index] != theirs[index] { return false }
                return true
            }
        }
    }

    /// Whether the other text stands somewhere in this one.
    func containsText(_ other: String) -> Bool {
        unsafe withBytes { mine in
            unsafe other.withBytes { theirs in
                guard let first = unsafe theirs.first else { return true }
                guard mine.count >= theirs.count else { return false }
                search: for start in 0...(mine.count - theirs.count) where unsafe mine[start] == first {
                    for index in 1..<max(theirs.count, 1) where unsafe mine[start + index] != theirs[index] {
                        continue search
                    }
                    return true
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
    var textHash: UInt64 {
        unsafe withBytes { bytes in
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
    }

    @inline(__always)
    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = unsafe utf8.withContiguousStorageIfAvailable({ unsafe body($0) }) { return result }
        return unsafe Array(utf8).withUnsafeBufferPointer { unsafe body($0) }
    }
}

private let hashSeed = UInt64.random(in: .min ... .max)

extension UInt64 {
    @inline(__always)
    fileprivate func folded(with word: UInt64) -> UInt64 {
        let product = (self ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
