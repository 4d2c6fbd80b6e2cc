internal import Crypto

/// The files of a package, in memory: the very bytes that are hashed, verified and parsed.
///
/// A package is never unpacked to disk, so that a hostile one has nowhere to write.
package struct PackageTree: Sendable, Hashable {
    package static let mostFiles = 20_000
    package static let mostBytes = 64 << 20

    private(set) var contents: [String: [UInt8]] = [:]
    private var lowercased: Set<String> = []
    private var directories: Set<String> = []
    private var size = 0

    package init() {}

    package subscript(path: String) -> [UInt8]? { contents[path] }

    /// Sorted by their bytes.
    package var paths: [String] { contents.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

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
        guard lowercased.insert(path.lowercased()).inserted else {
            throw LibraryError(.duplicateFile, "'\(path)' is there twice, if case does not count")
        }
        guard !directories.contains(path.lowercased()) else {
            throw LibraryError(.duplicateFile, "'\(path)' is a file and a directory")
        }
        for parent in parents(of: path.lowercased()) {
            guard !lowercased.contains(parent) else {
                throw LibraryError(.duplicateFile, "'\(parent)' is a file and a directory")
            }
            directories.insert(parent)
        }
        contents[path] = bytes
    }

    mutating func remove(_ path: String) {
        guard let bytes = contents.removeValue(forKey: path) else { return }
        size -= bytes.count
        lowercased.remove(path.lowercased())
    }

    /// The files below a folder, as a package of their own.
    func subfolder(_ folder: String) throws(LibraryError) -> PackageTree {
        let prefix = folder.split(separator: "/").joined(separator: "/")
        guard !prefix.isEmpty else { return self }
        try PackagePath.check(prefix)
        var tree = PackageTree()
        for (path, bytes) in contents where path.hasPrefix(prefix + "/") {
            try tree.add(String(path.dropFirst(prefix.count + 1)), bytes)
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

    private func parents(of path: String) -> [String] {
        let parts = path.split(separator: "/")
        return (1..<max(1, parts.count)).map { parts[..<$0].joined(separator: "/") }
    }
}

func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
