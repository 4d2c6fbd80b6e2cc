internal import Playbooks

/// The list `digests.txt` of a package: what `sha256sum` writes, sorted by path; its own digest is the library's.
///
/// A person checks it with coreutils alone: `sha256sum -c digests.txt`.
package enum Digests {
    static let file = "digests.txt"

    /// The list and what vouches for it; everything else is in the list.
    static func isListed(_ path: String) -> Bool { path != file && !isSignature(path) }

    /// `digests.txt.sig`, `digests.txt.2.sig`, `digests.txt.minisig`.
    static func isSignature(_ path: String) -> Bool {
        path.hasPrefix(file + ".") && (path.hasSuffix(".sig") || path.hasSuffix(".minisig"))
    }

    static func signatureFile(_ number: Int, _ suffix: String) -> String {
        number == 1 ? "\(file).\(suffix)" : "\(file).\(number).\(suffix)"
    }

    package static func list(_ tree: PackageTree) -> [UInt8] {
        let paths = tree.paths.filter(isListed)
        let digests = paths.concurrentMap { sha256(tree[$0] ?? []) }
        var text: [UInt8] = []
        for (path, digest) in zip(paths, digests) {
            text += digest.utf8
            text += "  ".utf8
            text += path.utf8
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    /// `sha256:…` of the list, after the list has been compared with every file.
    static func verified(_ tree: PackageTree) throws(LibraryError) -> String {
        guard let written = tree[file] else {
            throw LibraryError(
                .digestMismatch, "the package has no \(file)",
                hint: "its publisher makes one with 'triage library package'"
            )
        }
        // Byte for byte: another order, an extra line, a carriage return are other lists.
        guard written == list(tree) else { throw mismatch(tree, written) }
        return "sha256:" + sha256(written)
    }

    private static func mismatch(_ tree: PackageTree, _ written: [UInt8]) -> LibraryError {
        var listed: [String: String] = [:]
        for line in String(decoding: written, as: UTF8.self).split(separator: "\n") where line.utf8.count > 66 {
            listed[String(line.dropFirst(66))] = String(line.prefix(64))
        }
        for path in tree.paths where isListed(path) {
            guard let digest = listed[path] else {
                return LibraryError(.digestMismatch, "\(file) does not list '\(path)'")
            }
            guard digest == sha256(tree[path] ?? []) else {
                return LibraryError(.digestMismatch, "'\(path)' is not the file that \(file) lists")
            }
        }
        if let missing = listed.keys.sorted().first(where: { tree[$0] == nil }) {
            return LibraryError(.digestMismatch, "\(file) lists '\(printable(missing))', which is not there")
        }
        return LibraryError(
            .digestMismatch, "\(file) is not the sorted output of sha256sum over the package's files",
            hint: "'triage library package' writes it")
    }
}
