import CEL
import Archives
import Foundation
import Testing

@testable import Libraries

/// Hostile packages on the way that a real one takes: fetched from a server, unpacked, checked, and refused.
@Suite(.enabled(if: ["python3", "bash"].allSatisfy(isInstalled), "python3 or bash is not installed"))
struct HostilePackageTests {
    /// Whole packages whose archive is sound.
    private static func packages() throws -> [(what: String, packed: [UInt8])] {
        var all: [(String, [UInt8])] = []
        func add(_ what: String, _ files: [String: String], _ change: (inout PackageTree) throws -> Void = { _ in })
            throws
        {
            var tree = try MadeUpLibrary.tree(files)
            try change(&tree)
            all.append((what, try Tar.packed(tree)))
        }
        let sound = MadeUpLibrary.files(version: "2.0.0")
        try add("a file that is not listed", sound) { try $0.add("playbooks/evil.yaml", Array("a: 1\n".utf8)) }
        try add("a stray file of a Mac", sound) { try $0.add("x._a", []) }
        try add("no list", sound) { $0.remove("digests.txt") }
        try add("an empty list", sound) {
            $0.remove("digests.txt")
            try $0.add("digests.txt", [])
        }
        try add("a listed file that is another", sound) {
            $0.remove("README.md")
            try $0.add("README.md", Array("Evil\n".utf8))
        }
        try add("a listed file that is missing", sound) { $0.remove("README.md") }
        for name in [
            "Acme", "аcme", "acme\u{200b}", "../acme", "acme/x", "-acme", "acme-", "", "a.b", "acme\\n", "ACME",
        ] {
            var files = sound
            files["library.yaml"] = MadeUpLibrary.manifest(name: "\"\(name)\"", version: "2.0.0")
            try add("the name \(name.debugDescription)", files)
        }
        for version in ["1", "1.0", "01.0.0", "1.0.0-", "latest", "1.0.0\\n2", ""] {
            var files = sound
            files["library.yaml"] = MadeUpLibrary.manifest(version: version)
            try add("the version '\(version)'", files)
        }
        for text in [
            "", "[", "a: 1", "kind: Library", "\u{0}", "&a [*a]", String(repeating: "[", count: 5000), "!!python/x y",
        ] {
            var files = sound
            files["library.yaml"] = text
            try add("a manifest of \(text.count) characters", files)
        }
        var narrow = sound
        narrow["library.yaml"] = MadeUpLibrary.manifest(version: "2.0.0", permissions: "{}")
        try add("more than it asks for", narrow)
        var broken = sound
        broken["playbooks/some-trouble.yaml"] = "apiVersion: playbooks.triage/v1\nkind: Playbook\n"
        try add("a playbook that cannot be loaded", broken)
        try add("an older version", MadeUpLibrary.files(version: "0.9.0"))
        var other = MadeUpLibrary.files(version: "1.0.0")
        other["README.md"] = "Other\n"
        try add("other content under a version that was seen", other)
        return all
    }

    /// Downloads that are no packages.
    private static func downloads() throws -> [(what: String, packed: [UInt8])] {
        let packed = try Tar.packed(MadeUpLibrary.tree(MadeUpLibrary.files(version: "2.0.0")))
        var all = stride(from: 0, to: packed.count, by: max(1, packed.count / 12)).map {
            ("the first \($0) bytes", Array(packed.prefix($0)))
        }
        all.append(("two archives", packed + packed))
        all.append(("something behind it", packed + [0]))
        all.append(("a page", Array("<!doctype html><title>Log in</title>".utf8)))
        all.append(("a bomb of zeros", try Gzip.pack([UInt8](repeating: 0, count: 60 << 20))))
        all.append(("a bomb in a bomb", try Gzip.pack(Gzip.pack([UInt8](repeating: 0, count: 30 << 20)))))
        all.append(("a plain archive", try Tar.write(MadeUpLibrary.tree(MadeUpLibrary.files()))))
        var many = [UInt8]()
        for number in 0...PackageTree.mostFiles { many += ArchiveTests.entry("f\(number)") }
        all.append(("too many files", try Gzip.pack(many + ArchiveTests.end)))
        return all
    }

    /// Every path below the folder with what stands there.
    private func state(_ folder: String) -> [String: Int] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return Dictionary(
            names.map { name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                let content = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
                var hasher = Hasher()
                hasher.combine(content)
                hasher.combine(attributes?[.type] as? String)
                return (name, hasher.finalize())
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test func `all are refused, nothing is written, and what was in force stays so`() async throws {
        try await withDirectory { folder in
            let served = "\(folder)/served"
            var all = try ArchiveTests.hostile.map { (what: $0.what, packed: try Gzip.pack($0.archive)) }
            all += try Self.packages() + Self.downloads()
            #expect(all.count >= 250)
            for (index, item) in all.enumerated() { try Disk.replace("\(served)/\(index).tar.gz", item.packed) }
            let sound = MadeUpLibrary.files()
            try Disk.replace("\(served)/sound.tar.gz", Tar.packed(MadeUpLibrary.tree(sound)))
            let person = "\(folder)/person"
            try await withMadeUpRegistry(served) { host in
                func take(_ name: String) async throws {
                    let home = try home(person)
                    let candidate = try await home.candidate(
                        LibraryReference("http://\(host)/files/\(name)"), loader: MadeUpLibrary.loader)
                    if case .needsConsent(let line) = candidate.admission.verdict { try home.addConsent(line) }
                    try home.commit([candidate])
                }
                try await take("sound.tar.gz")
                let probes = ["/etc/passwd", "/etc/hosts"].map { FileManager.default.contents(atPath: $0) }
                let before = state(folder)
                for (index, item) in all.enumerated() {
                    await expectRefusal(
                        Set(LibraryError.Code.allCases).subtracting([.unreachable, .disk, .busy, .toolFailed]),
                        item.what
                    ) {
                        try await take("\(index).tar.gz")
                    }
                }
                // A wrong digest refuses the sound one too.
                let zeros = String(repeating: "0", count: 64)
                await expectRefusal([.digestMismatch]) { try await take("sound.tar.gz?sha256=\(zeros)") }
                let changed =
                    state(folder).filter { before[$0.key] != $0.value }.keys
                    + before.keys.filter { !FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
                // A yes to a package that is then refused for its version stays; nothing else does.
                #expect(Set(changed).subtracting(["person/config/triage/consents"]) == [])
                #expect(["/etc/passwd", "/etc/hosts"].map { FileManager.default.contents(atPath: $0) } == probes)
                #expect(try home(person).inForce().libraries.map(\.package.title) == ["acme 1.0.0"])
            }
        }
    }
}
