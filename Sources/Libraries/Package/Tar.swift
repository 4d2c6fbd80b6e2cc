/// Reads and writes tar archives of regular files: ustar (POSIX.1-1988) and the pax keys `path` and `size`
/// (POSIX.1-2001).
///
/// Anything else — links, devices, sparse files, GNU's long names — refuses the whole archive.
enum Tar {
    private static let block = 512

    static func read(_ archive: [UInt8]) throws(LibraryError) -> PackageTree {
        var reader = TarReader(archive: archive)
        return try reader.tree()
    }

    /// Equal trees give equal bytes: sorted, time 0, root's.
    static func write(_ tree: PackageTree) -> [UInt8] {
        var archive: [UInt8] = []
        for path in tree.paths {
            let bytes = tree[path] ?? []
            archive += header(path: path, size: bytes.count)
            archive += bytes
            archive += [UInt8](repeating: 0, count: padding(bytes.count))
        }
        return archive + [UInt8](repeating: 0, count: 2 * block)
    }

    static func padding(_ size: Int) -> Int { (block - size % block) % block }

    private static func header(path: String, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        let (prefix, name) = split(path)
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        put(prefix, at: 345)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        return header
    }

    /// A path of up to 240 bytes and 8 parts always has a slash that splits it, unless one part is too long.
    private static func split(_ path: String) -> (prefix: String, name: String) {
        let bytes = Array(path.utf8)
        guard bytes.count > 100 else { return ("", path) }
        for slash in bytes.indices where bytes[slash] == UInt8(ascii: "/") && bytes.count - slash - 1 <= 100 {
            guard slash <= 155 else { break }
            return (
                String(decoding: bytes[..<slash], as: UTF8.self), String(decoding: bytes[(slash + 1)...], as: UTF8.self)
            )
        }
        // The checks of `canHold` came first.
        return ("", String(decoding: bytes.suffix(100), as: UTF8.self))
    }

    /// Whether the ustar format can name every file.
    static func check(_ tree: PackageTree) throws(LibraryError) {
        for path in tree.paths {
            let (prefix, name) = split(path)
            guard (prefix.isEmpty ? name : "\(prefix)/\(name)") == path else {
                throw LibraryError(.unsafePath, "'\(path)' has a part that is longer than 100 bytes")
            }
        }
    }
}

private struct TarReader {
    /// A block of the archive, where it is.
    struct Header {
        let start: Int
        let archive: [UInt8]

        subscript(range: Range<Int>) -> ArraySlice<UInt8> {
            archive[start + range.lowerBound..<start + range.upperBound]
        }
        subscript(offset: Int) -> UInt8 { archive[start + offset] }
    }

    private static let posixMagic = Array("ustar\u{0}".utf8)
    private static let gnuMagic = Array("ustar  \u{0}".utf8)

    let archive: [UInt8]
    var position = 0
    /// What a pax header says of the next entry.
    var longPath: String?
    var longSize: Int?

    mutating func tree() throws(LibraryError) -> PackageTree {
        var tree = PackageTree()
        var entries = 0
        while try !isAtEnd() {
            entries += 1
            guard entries <= 2 * PackageTree.mostFiles else {
                throw LibraryError(.tooLarge, "the archive has more than \(2 * PackageTree.mostFiles) entries")
            }
            try readEntry(into: &tree)
        }
        guard longPath == nil, longSize == nil else { throw malformed("it ends behind a pax header") }
        return tree
    }

    /// Two blocks of zeros end an archive, and only zeros follow: nothing hides behind them.
    private func isAtEnd() throws(LibraryError) -> Bool {
        guard position + 512 <= archive.count else { throw malformed("it is cut off") }
        guard archive[position..<position + 512].allSatisfy({ $0 == 0 }) else { return false }
        guard position + 1024 <= archive.count else { throw malformed("it is cut off") }
        guard archive[position...].allSatisfy({ $0 == 0 }) else { throw malformed("something stands behind its end") }
        return true
    }

    private mutating func readEntry(into tree: inout PackageTree) throws(LibraryError) {
        let header = Header(start: position, archive: archive)
        position += 512
        try checkSum(header)
        let isPOSIX = header[257..<263].elementsEqual(Self.posixMagic)
        let isGNU = header[257..<265].elementsEqual(Self.gnuMagic)
        guard isPOSIX || isGNU else { throw malformed("an entry is not in the ustar format") }
        let writtenSize = try number(header[124..<136])
        let writtenName = try name(header, isPOSIX: isPOSIX)
        let size = longSize ?? writtenSize
        let name = longPath ?? writtenName
        guard size >= 0, size <= PackageTree.mostBytes else {
            throw LibraryError(.tooLarge, "'\(printable(name))' has \(size) bytes")
        }
        guard position + size + Tar.padding(size) <= archive.count else { throw malformed("it is cut off") }
        let content = archive[position..<position + size]
        position += size + Tar.padding(size)
        switch header[156] {
        case UInt8(ascii: "0"), 0:
            (longPath, longSize) = (nil, nil)
            try tree.add(relative(name), Array(content))
        case UInt8(ascii: "5"):
            (longPath, longSize) = (nil, nil)
            guard size == 0 else { throw malformed("a directory has content") }
            let path = relative(name.hasSuffix("/") ? String(name.dropLast()) : name)
            if !path.isEmpty, path != "." { try PackagePath.check(path) }
        case UInt8(ascii: "x"):
            guard longPath == nil, longSize == nil else { throw malformed("two pax headers follow each other") }
            try readPax(content)
        case UInt8(ascii: "g"):
            // `git archive` says its commit there; nothing else may be said for all entries.
            guard content.elementsEqual(try onlyComment(content)) else { throw malformed("a global pax header") }
        default:
            throw LibraryError(
                .unsafeEntry,
                "'\(printable(name))' is \(kind(header[156])); only regular files and directories are taken")
        }
    }

    /// `./library.yaml`, as `tar -C folder .` writes it.
    private func relative(_ name: String) -> String { name.hasPrefix("./") ? String(name.dropFirst(2)) : name }

    private func name(_ header: Header, isPOSIX: Bool) throws(LibraryError) -> String {
        let name = try text(header[0..<100])
        guard isPOSIX else {
            // GNU keeps times where POSIX has the prefix.
            guard header[345..<500].allSatisfy({ $0 == 0 }) else { throw malformed("GNU extensions are not taken") }
            return name
        }
        let prefix = try text(header[345..<500])
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func text(_ field: ArraySlice<UInt8>) throws(LibraryError) -> String {
        let bytes = field.prefix { $0 != 0 }
        guard field.dropFirst(bytes.count).allSatisfy({ $0 == 0 }) else { throw malformed("a name holds a NUL byte") }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func number(_ field: ArraySlice<UInt8>) throws(LibraryError) -> Int {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- UInt8(ascii: "0") < 8 }
        let rest = field[digits.endIndex...]
        guard !digits.isEmpty, digits.count <= 12, rest.allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else {
            throw malformed("a number is not octal")
        }
        return digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
    }

    private func checkSum(_ header: Header) throws(LibraryError) {
        var sum = 8 * 32
        for byte in header[0..<148] { sum += Int(byte) }
        for byte in header[156..<512] { sum += Int(byte) }
        guard try number(header[148..<156]) == sum else { throw malformed("a header's checksum is wrong") }
    }

    /// Records `LENGTH KEY=VALUE\n`, the length counting itself.
    private func records(_ content: ArraySlice<UInt8>) throws(LibraryError) -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        var rest = content
        while !rest.isEmpty {
            let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
            guard (1...6).contains(digits.count), let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count
            else { throw malformed("a pax record's length is wrong") }
            let record = rest.prefix(length).dropFirst(digits.count)
            guard record.first == UInt8(ascii: " "), record.last == UInt8(ascii: "\n"),
                let equals = record.firstIndex(of: UInt8(ascii: "="))
            else { throw malformed("a pax record is malformed") }
            let key = String(decoding: record[(record.startIndex + 1)..<equals], as: UTF8.self)
            let value = record[(equals + 1)...].dropLast()
            guard !value.contains(0) else { throw malformed("a pax record holds a NUL byte") }
            found.append((key, String(decoding: value, as: UTF8.self)))
            rest = rest.dropFirst(length)
        }
        return found
    }

    private mutating func readPax(_ content: ArraySlice<UInt8>) throws(LibraryError) {
        for (key, value) in try records(content) {
            switch key {
            case "path":
                guard longPath == nil else { throw malformed("a pax header says 'path' twice") }
                longPath = value
            case "size":
                guard longSize == nil, let size = Int(value), size >= 0 else {
                    throw malformed("a pax header's size is wrong")
                }
                longSize = size
            case "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment": break
            default: throw LibraryError(.unsafeEntry, "the pax key '\(printable(key))' is not taken")
            }
        }
        // An entry without either still uses the header up.
    }

    private func onlyComment(_ content: ArraySlice<UInt8>) throws(LibraryError) -> ArraySlice<UInt8> {
        try records(content).allSatisfy { $0.key == "comment" } ? content : []
    }

    private func kind(_ type: UInt8) -> String {
        switch type {
        case UInt8(ascii: "1"): "a hard link"
        case UInt8(ascii: "2"): "a symbolic link"
        case UInt8(ascii: "3"), UInt8(ascii: "4"): "a device"
        case UInt8(ascii: "6"): "a pipe"
        case UInt8(ascii: "L"), UInt8(ascii: "K"): "a GNU long name"
        case UInt8(ascii: "S"): "a sparse file"
        default: "of an unknown type"
        }
    }

    private func malformed(_ detail: String) -> LibraryError {
        LibraryError(.malformedArchive, "the archive cannot be used: \(detail)")
    }
}
