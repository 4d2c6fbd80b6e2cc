internal import Crypto

/// The files of a package, in memory: the very bytes that are hashed, verified and parsed.
///
/// A package is never unpacked to disk, so that a hostile one has nowhere to write.
package struct PackageTree: Sendable, Equatable {
    package static let mostFiles = 20_000
    package static let mostBytes = 64 << 20

    private(set) var contents: [String: [UInt8]] = [:]
    /// As they came, which is mostly their order already.
    private var pathsAsAdded: [String] = []
    private var isSorted = true
    private var lowercased: Set<String> = []
    private var directories: Set<String> = []
    private var size = 0

    package init() {}

    package subscript(path: String) -> [UInt8]? { contents[path] }

    package static func == (left: PackageTree, right: PackageTree) -> Bool { left.contents == right.contents }

    /// Sorted by their bytes, as `<` does where all are ASCII.
    package var paths: [String] { isSorted ? pathsAsAdded : pathsAsAdded.sorted() }

    package mutating func add(_ path: String, _ bytes: [UInt8]) throws(LibraryError) {
        try PackagePath.check(path)
        guard contents.count < Self.mostFiles else {
            throw LibraryError(.tooLarge, "the package has more than \(Self.mostFiles) files")
        }
        size += bytes.count
        guard size <= Self.mostBytes else {
            throw LibraryError(.tooLarge, "the package is larger than \(Self.mostBytes >> 20) MiB")
        }
        // Where case does not count, one of two such files would stand for the other.
        let folded = path.utf8.contains(where: Self.isUpper) ? path.lowercased() : path
        guard lowercased.insert(folded).inserted else {
            throw LibraryError(.duplicateFile, "'\(path)' is there twice, if case does not count")
        }
        guard !directories.contains(folded) else {
            throw LibraryError(.duplicateFile, "'\(path)' is a file and a directory")
        }
        try addParents(of: folded)
        if let last = pathsAsAdded.last, path < last { isSorted = false }
        pathsAsAdded.append(path)
        contents[path] = bytes
    }

    private static func isUpper(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }

    private mutating func addParents(of path: String) throws(LibraryError) {
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            let parent = String(rest)
            guard !lowercased.contains(parent) else {
                throw LibraryError(.duplicateFile, "'\(parent)' is a file and a directory")
            }
            // Those above it came with it.
            guard directories.insert(parent).inserted else { return }
        }
    }

    mutating func remove(_ path: String) {
        guard let bytes = contents.removeValue(forKey: path) else { return }
        size -= bytes.count
        lowercased.remove(path.lowercased())
        pathsAsAdded.removeAll { $0 == path }
    }

    /// The files below a folder, as a package of their own.
    func subfolder(_ folder: String) throws(LibraryError) -> PackageTree {
        let prefix = folder.split(separator: "/").joined(separator: "/")
        guard !prefix.isEmpty else { return self }
        try PackagePath.check(prefix)
        var tree = PackageTree()
        for path in paths where path.hasPrefix(prefix + "/") {
            try tree.add(String(path.dropFirst(prefix.count + 1)), contents[path] ?? [])
        }
        guard !tree.contents.isEmpty else {
            throw LibraryError(.notFound, "there is no folder '\(prefix)' in the source")
        }
        return tree
    }

    /// Archives of forges put everything below one folder; without it otherwise the same package.
    func withoutSingleFolder() throws(LibraryError) -> PackageTree {
        guard contents["library.yaml"] == nil else { return self }
        let tops = Set(contents.keys.map { $0.split(separator: "/")[0] })
        guard tops.count == 1, let top = tops.first, contents["\(top)/library.yaml"] != nil else { return self }
        return try subfolder(String(top))
    }
}

func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

private func hexadecimalDigit(_ number: UInt8) -> UInt8 { number < 10 ? 48 + number : 87 + number }
