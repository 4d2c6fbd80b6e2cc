/// What a file of a package may be called.
///
/// ASCII letters, digits, `.`, `_`, `-`, `+` and `/` alone: look-alikes, other spellings of a letter and control
/// characters cannot exist. No part is empty, hidden or starts with a dash.
enum PackagePath {
    static let mostBytes = 240
    static let mostDepth = 8

    static func check(_ path: String) throws(LibraryError) {
        let bytes = path.utf8
        guard !bytes.isEmpty, bytes.count <= mostBytes else {
            throw LibraryError(.unsafePath, "a file's path has \(bytes.count) bytes; expected 1 to \(mostBytes)")
        }
        guard bytes.allSatisfy(isAllowed) else {
            throw LibraryError(
                .unsafePath,
                "the path '\(printable(path))' holds characters other than ASCII letters, digits, '.', '_', '-', '+'")
        }
        let depth = bytes.count { $0 == slash } + 1
        guard depth <= mostDepth else {
            throw LibraryError(.unsafePath, "'\(path)' is \(depth) levels deep; at most \(mostDepth) are allowed")
        }
        guard isPlain(bytes) else { throw LibraryError(.unsafePath, "'\(path)' is not a plain relative path") }
    }

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// Neither absolute nor with `..`, `.`, doubled or trailing slashes, hidden files, options of careless programs.
    private static func isPlain(_ path: String.UTF8View) -> Bool {
        var last = slash
        for byte in path {
            if last == slash, byte == slash || byte == dot || byte == UInt8(ascii: "-") { return false }
            if last == dot, byte == slash { return false }
            last = byte
        }
        return last != slash && last != dot
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
            || byte == dot || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == slash
    }
}

/// At most so many characters, everything but printable ASCII as `\xNN`.
func printable(_ text: String, limit: Int = 80) -> String {
    text.utf8.prefix(limit).map { byte in
        (0x20..<0x7F).contains(byte)
            ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
}
