internal import Crypto
internal import Playbooks

/// Indexes of libraries in the cache, each under the digest of what it describes, and with a checksum behind its bytes.
///
/// Losing it costs time and nothing else, so nothing that goes wrong here is an error. The checksum finds what a disk
/// damaged; who can write here could write the person's playbooks, too.
package struct IndexStore: Sendable {
    private static let mostBytes = 256 << 20
    /// A person has a few sets of playbooks in force at most.
    private static let mostFiles = 8

    /// `nil`: there is nowhere to keep anything.
    private let folder: String?
    /// The person's own folder, which is not ours to make.
    private let parent: String

    package init(environment: [String: String]) {
        func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        let cache = absolute("XDG_CACHE_HOME")
        parent = cache ?? absolute("HOME") ?? ""
        folder = (cache ?? absolute("HOME").map { $0 + "/.cache" }).map { $0 + "/triage/index" }
    }

    package func read(_ key: String) -> [UInt8]? {
        guard let file = file(key),
            let content = try? Disk.contents(of: file, limit: Self.mostBytes, followsLinks: false)
        else { return nil }
        return IndexChecksum.verified(content)
    }

    package func write(_ key: String, _ bytes: [UInt8]) {
        guard let folder, let file = file(key), bytes.count < Self.mostBytes, Disk.isDirectory(parent) else { return }
        guard (try? Disk.replace(file, IndexChecksum.added(to: bytes))) != nil else { return }
        let others = Disk.names(in: folder).filter { $0.hasSuffix(".index") && "\(folder)/\($0)" != file }
        for name in others.dropFirst(Self.mostFiles - 1) { Disk.unlinkQuietly("\(folder)/\(name)") }
    }

    /// What a person's folder holds under a path; links are not followed.
    package static func file(_ path: String) -> [UInt8]? {
        try? Disk.contents(of: path, limit: 1 << 20, followsLinks: false)
    }

    /// Of everything one behind the other.
    package static func digest(_ pieces: [[UInt8]]) -> String {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return hexadecimal(hash.finalize())
    }

    private func file(_ key: String) -> String? {
        guard !key.isEmpty, key.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            return nil
        }
        return folder.map { "\($0)/\(key).index" }
    }
}
