/// One entry's header of a tar archive: ustar (POSIX.1-1988), regular files and directories.
package struct TarHeader: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case file, directory
        /// A pax header that says more of the next entry, or of all.
        case extended, global
        /// Of a type that the reader asked for, as the letter in the header.
        case other(UInt8)
    }

    package static let blockSize = 512

    package var path: String
    package var size: Int
    package var kind: Kind

    package init(path: String, size: Int, kind: Kind = .file) {
        self.path = path
        self.size = size
        self.kind = kind
    }

    /// What fills the last block of so many bytes.
    package static func padding(_ size: Int) -> Int { (blockSize - size % blockSize) % blockSize }
}

// MARK: - Writing

extension TarHeader {
    /// Equal entries give equal bytes: time 0, root's; `nil` where ustar cannot name the path.
    package var block: [UInt8]? {
        guard let (prefix, name) = split else { return nil }
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        guard size < 1 << 33 else { return nil }
        put(name, at: 0)
        put(kind == .directory ? "0000755" : "0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        0", at: 148)
        if kind == .directory { put("5", at: 156) }
        put("ustar\u{0}00", at: 257)
        put(prefix, at: 345)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        return header
    }

    private var split: (prefix: String, name: String)? {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        guard bytes.count > 100 else { return ("", path) }
        for slash in bytes.indices where bytes[slash] == UInt8(ascii: "/") && bytes.count - slash - 1 <= 100 {
            guard slash <= 155, slash + 1 < bytes.count else { return nil }
            return (
                String(decoding: bytes[..<slash], as: UTF8.self), String(decoding: bytes[(slash + 1)...], as: UTF8.self)
            )
        }
        return nil
    }
}

// MARK: - Reading

extension TarHeader {
    /// The entry that a block of 512 bytes announces.
    ///
    /// Links, devices, sparse files and what GNU tar adds are refused.
    ///
    /// - Parameter others: The types, as letters, that are passed on as `other`, for readers of what strangers packed.
    /// - Parameter isStrict: Whether what GNU tar keeps where POSIX has the prefix, and contiguous files, are refused, too:
    ///   of what is verified there is one way to read it.
    package init(
        block: ArraySlice<UInt8>, passing others: String = "", isStrict: Bool = false
    ) throws(ArchiveError) {
        let header = Array(block)
        guard header.count == Self.blockSize else { throw ArchiveError(.truncated, "a tar header is cut off") }
        try Self.checkSum(header)
        let isPOSIX = header[257..<263].elementsEqual(Array("ustar\u{0}".utf8))
        let isGNU = header[257..<265].elementsEqual(Array("ustar  \u{0}".utf8))
        guard isPOSIX || isGNU else { throw ArchiveError(.damaged, "a tar entry is not in the ustar format") }
        size = try Self.number(header[124..<136])
        let name = try Self.text(header[0..<100])
        // GNU keeps times where POSIX has the prefix.
        let prefix = isPOSIX ? try Self.text(header[345..<500]) : ""
        guard isPOSIX || !isStrict || header[345..<500].allSatisfy({ $0 == 0 }) else {
            throw ArchiveError(.damaged, "a tar entry has GNU's extensions")
        }
        path = prefix.isEmpty ? name : "\(prefix)/\(name)"
        kind =
            switch header[156] {
            case UInt8(ascii: "0"), 0: .file
            case UInt8(ascii: "7") where !isStrict: .file
            case UInt8(ascii: "5"): .directory
            case UInt8(ascii: "x"): .extended
            case UInt8(ascii: "g"): .global
            case let letter where others.utf8.contains(letter): .other(letter)
            case let letter:
                throw ArchiveError(
                    .unsafeEntry, "an entry is \(Self.words(letter)); only regular files and directories are taken")
            }
    }

    private static func words(_ letter: UInt8) -> String {
        switch letter {
        case UInt8(ascii: "1"): "a hard link"
        case UInt8(ascii: "2"): "a symbolic link"
        case UInt8(ascii: "3"), UInt8(ascii: "4"): "a device"
        case UInt8(ascii: "6"): "a pipe"
        case UInt8(ascii: "L"), UInt8(ascii: "K"): "a GNU long name"
        case UInt8(ascii: "S"): "a sparse file"
        default: "of an unknown type"
        }
    }

    /// Whether nothing can be named by it outside of the archive.
    package var isSafe: Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.utf8.contains(0)
            && !path.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }

    private static func text(_ field: ArraySlice<UInt8>) throws(ArchiveError) -> String {
        let bytes = field.prefix { $0 != 0 }
        guard field.dropFirst(bytes.count).allSatisfy({ $0 == 0 }) else {
            throw ArchiveError(.unsafeEntry, "a name in a tar header holds a NUL byte")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func number(_ field: ArraySlice<UInt8>) throws(ArchiveError) -> Int {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- UInt8(ascii: "0") < 8 }
        let rest = field[digits.endIndex...]
        guard !digits.isEmpty, digits.count <= 12, rest.allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else {
            throw ArchiveError(.damaged, "a number in a tar header is not octal")
        }
        return digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func checkSum(_ header: [UInt8]) throws(ArchiveError) {
        var sum = 8 * 32
        for byte in header[..<148] { sum += Int(byte) }
        for byte in header[156...] { sum += Int(byte) }
        guard try number(header[148..<156]) == sum else { throw ArchiveError(.damaged, "a tar header's sum is wrong") }
    }
}
