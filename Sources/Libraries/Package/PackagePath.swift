/// What a file of a package may be called.
///
/// ASCII letters, digits, `.`, `_`, `-`, `+` and `/` alone: look-alikes, other spellings of a letter and control
/// characters cannot exist. No part is empty, hidden or starts with a dash.
enum PackagePath {
    static let mostBytes = 240
    static let mostDepth = 8

    static func check(_ path: String) throws(LibraryError) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= mostBytes else {
            throw LibraryError(.unsafePath, "a file's path has \(bytes.count) bytes; expected 1 to \(mostBytes)")
        }
        guard bytes.allSatisfy(isAllowed) else {
            throw LibraryError(
                .unsafePath,
                "the path '\(printable(path))' holds characters other than ASCII letters, digits, '.', '_', '-', '+'")
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= mostDepth else {
            throw LibraryError(.unsafePath, "'\(path)' is \(parts.count) levels deep; at most \(mostDepth) are allowed")
        }
        for part in parts {
            // Absolute, `..`, `.`, doubled and trailing slashes, hidden files, options of careless programs.
            guard let first = part.first, first != ".", first != "-", part.last != "." else {
                throw LibraryError(.unsafePath, "'\(path)' is not a plain relative path")
            }
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
            || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "/")]
                .contains(byte)
    }
}

/// At most 80 characters, everything but printable ASCII as `\xNN`.
func printable(_ text: String) -> String {
    text.utf8.prefix(80).map { byte in
        (0x20..<0x7F).contains(byte)
            ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
}
