import CEL
import Foundation
import Testing

@testable import Libraries

/// Indexes: signed, with a number that only grows and a time until which they hold.
@Suite(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
struct LibraryIndexTests {
    private static let now = MadeUpLibrary.now.seconds

    private func policy(_ freshness: String, _ folder: String) -> String {
        """
        apiVersion: playbooks.triage/v1
        kind: TrustPolicy
        sources:
          - match: "dir:*"
            name: "*"
            signers: {any: [alice]}
            index: "dir:\(folder)/index.json"
            freshness: \(freshness)
        """
    }

    private func home(_ folder: String, _ freshness: String = "required", days: Int64 = 0) throws -> LibraryHome {
        try LibrariesTests.home(folder, policy: policy(freshness, folder), now: Self.now + days * 86_400)
    }

    private func take(_ folder: String, _ freshness: String = "required", days: Int64 = 0) async throws
        -> LibraryHome.Candidate
    {
        try await home(folder, freshness, days: days).candidate(
            LibraryReference("\(folder)/acme"), loader: MadeUpLibrary.loader)
    }

    private static let environment = ProcessInfo.processInfo.environment

    private func publish(_ folder: String, version: String) async throws -> LibraryPackage {
        try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: "\(folder)/acme")
        _ = try LibraryPublishing.writeDigests("\(folder)/acme")
        _ = try await LibraryPublishing.sign("\(folder)/acme", key: "\(folder)/key", environment: Self.environment)
        return try LibraryPublishing.package("\(folder)/acme")
    }

    /// Writes and signs the index of those packages.
    private func index(
        _ folder: String, _ packages: [LibraryPackage], serial: Int64? = nil, days: Int64 = 7, key: String = "key"
    ) async throws {
        let libraries = try packages.map { package in
            (package: package, playbooks: try package.checkedPlaybooks(MadeUpLibrary.loader), source: String?.none)
        }
        _ = try LibraryPublishing.writeIndex(
            "\(folder)/index.json", of: libraries, serial: serial,
            validUntil: Timestamp(seconds: Self.now + days * 86_400))
        _ = try await LibraryPublishing.sign(
            index: "\(folder)/index.json", key: "\(folder)/\(key)", environment: Self.environment)
    }

    private func withKeys(_ body: (String) async throws -> Void) async throws {
        try await withDirectory { folder in
            for name in ["key", "other"] {
                let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/\(name)"])
                try #require(made.exitCode == 0, "\(made.error)")
            }
            let key = try Disk.contents(of: "\(folder)/key.pub", limit: 4096)
            try Disk.replace("\(folder)/config/triage/allowed_signers", Array("alice ".utf8) + key)
            try await body(folder)
        }
    }

    @Test func `what the index names is taken while it holds, and a newer version is told`() async throws {
        try await withKeys { folder in
            let first = try await publish(folder, version: "1.0.0")
            await expectRefusal([.stale], "no index") { try await take(folder) }
            #expect(try await take(folder, "warn").notes.count == 1)
            try await index(folder, [first])
            #expect(try await take(folder).notes.isEmpty)
            // Its publisher knows a newer one, and this is not it: somebody holds it back.
            var later = MadeUpLibrary.files(version: "1.1.0")
            later["README.md"] = "Later\n"
            try await index(folder, [first, LibraryPackage(checking: MadeUpLibrary.tree(later))])
            let notes = try await take(folder).notes
            #expect(notes.count == 1 && notes[0].contains("names a newer version: 1.1.0"), "\(notes)")
            // It is over: nothing is known any more, whoever withholds the next one.
            await expectRefusal([.stale], "over") { try await take(folder, days: 7) }
            #expect(try await take(folder, days: 6).notes.count == 1)
            let told = try await take(folder, "warn", days: 7).notes
            #expect(told.contains { $0.contains("was valid until") }, "\(told)")
            // What is pinned does not ask.
            let entry = LibraryLock.Entry(
                version: first.manifest.version, digest: first.digest, source: "dir:\(folder)/acme", transport: "",
                signers: [], permissions: "", resolvedAt: "")
            let pinned = try await home(folder, days: 7).candidate(
                LibraryReference("\(folder)/acme"), pinned: entry, loader: MadeUpLibrary.loader)
            #expect(pinned.notes.isEmpty)
        }
    }

    @Test func `a package that the index does not name, or names otherwise, is not taken`() async throws {
        try await withKeys { folder in
            let first = try await publish(folder, version: "1.0.0")
            try await index(folder, [first])
            let second = try await publish(folder, version: "1.1.0")
            await expectRefusal([.untrusted], "not named") { try await take(folder) }
            #expect(try await take(folder, "warn").notes.count == 1)
            var other = MadeUpLibrary.files(version: "1.1.0")
            other["README.md"] = "Other\n"
            try await index(folder, [LibraryPackage(checking: MadeUpLibrary.tree(other))])
            for freshness in ["required", "warn"] {
                await expectRefusal([.digestMismatch], freshness) { try await take(folder, freshness) }
            }
            try await index(folder, [first, second])
            #expect(try await take(folder).notes.isEmpty)
        }
    }

    @Test func `an index goes neither back nor changes, and nobody else makes one`() async throws {
        try await withKeys { folder in
            let package = try await publish(folder, version: "1.0.0")
            let file = "\(folder)/index.json"
            func kept() throws -> [[UInt8]] {
                [try Disk.contents(of: file, limit: 1 << 20), try Disk.contents(of: file + ".sig", limit: 1 << 20)]
            }
            func put(_ files: [[UInt8]]) throws {
                try Disk.replace(file, files[0])
                try Disk.replace(file + ".sig", files[1])
            }
            try await index(folder, [package], serial: 4)
            let old = try kept()
            try await index(folder, [package])
            #expect(try LibraryIndex(reading: try kept()[0], from: "").serial == 5)
            _ = try await take(folder)
            let new = try kept()
            try put(old)
            for freshness in ["required", "warn"] {
                await expectRefusal([.downgrade], freshness) { try await take(folder, freshness) }
            }
            // The same number with other content; the publisher's own command does not do that.
            try FileManager.default.removeItem(atPath: file)
            try await index(folder, [package], serial: 5, days: 300)
            await expectRefusal([.downgrade]) { try await take(folder) }
            await expectRefusal([.downgrade]) { try await index(folder, [package], serial: 5) }
            // Changed, not signed, signed by somebody else, signed for something else.
            try put([new[0] + Array(" ".utf8), new[1]])
            await expectRefusal([.badSignature]) { try await take(folder) }
            try put(new)
            try FileManager.default.removeItem(atPath: file + ".sig")
            await expectRefusal([.untrusted]) { try await take(folder) }
            try await index(folder, [package], serial: 6, key: "other")
            await expectRefusal([.untrusted]) { try await take(folder) }
            try put([new[0], try Disk.contents(of: "\(folder)/acme/digests.txt.sig", limit: 1 << 16)])
            await expectRefusal([.badSignature]) { try await take(folder) }
            try put(new)
            #expect(try await take(folder).notes.isEmpty)
            // What was seen is known where nothing can be asked, and after the cache is gone.
            for name in ["index.json", "index.json.sig", "cache"] {
                try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            let notes = try await take(folder, "warn").notes
            #expect(notes.count == 1 && notes[0].contains("could not be had"), "\(notes)")
            try put(old)
            await expectRefusal([.downgrade]) { try await take(folder, "warn") }
        }
    }

    @Test func `a link that leads to an older index brings nothing back`() async throws {
        try await withKeys { folder in
            let package = try await publish(folder, version: "1.0.0")
            let linked = policy("warn", folder).replacing("/index.json", with: "/current/index.json")
            func point(to place: String, serial: Int64) async throws {
                try await index(folder, [package], serial: serial)
                for name in ["index.json", "index.json.sig"] {
                    try Disk.replace(
                        "\(folder)/\(place)/\(name)", Disk.contents(of: "\(folder)/\(name)", limit: 1 << 20))
                    try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                }
                try? FileManager.default.removeItem(atPath: "\(folder)/current")
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/current", withDestinationPath: "\(folder)/\(place)")
            }
            func take() async throws -> LibraryHome.Candidate {
                try await LibrariesTests.home(folder, policy: linked, now: Self.now).candidate(
                    LibraryReference("\(folder)/acme"), loader: MadeUpLibrary.loader)
            }
            try await point(to: "new", serial: 5)
            #expect(try await take().notes.isEmpty)
            try await point(to: "old", serial: 4)
            await expectRefusal([.downgrade]) { try await take() }
        }
    }

    @Test func `a key that the library revoked signs no index of it, and one that nobody knows counts for nothing`()
        async throws
    {
        try await withKeys { folder in
            let package = try await publish(folder, version: "1.0.0")
            let both = try ["key", "other"].flatMap { name in
                try Array("alice ".utf8) + Disk.contents(of: "\(folder)/\(name).pub", limit: 4096)
            }
            try Disk.replace("\(folder)/config/triage/allowed_signers", both)
            try await index(folder, [package], key: "other")
            #expect(try await take(folder).notes.isEmpty)
            // What minisign writes, by a key that no rule names.
            let blob = Data(Array("ED".utf8) + [UInt8](repeating: 1, count: 72)).base64EncodedString()
            let second = Data([UInt8](repeating: 2, count: 64)).base64EncodedString()
            try Disk.replace(
                "\(folder)/index.json.minisig",
                Array("untrusted comment: a\n\(blob)\ntrusted comment: b\n\(second)\n".utf8))
            #expect(try await take(folder).notes.isEmpty)
            let signature = try Disk.contents(of: "\(folder)/index.json.sig", limit: 1 << 16)
            try FileManager.default.removeItem(atPath: "\(folder)/index.json.sig")
            await expectRefusal([.untrusted], "alone") { try await take(folder) }
            try Disk.replace("\(folder)/index.json.sig", signature)
            let key = try SSHSignature(armored: signature).key.fingerprint
            let revoked = """
                apiVersion: playbooks.triage/v1
                kind: Revocations
                keys: [{fingerprint: "\(key)", reason: it was lost}]
                """
            try home(folder).store.keep(Revocations(reading: Array(revoked.utf8), file: "revoked.yaml"), of: "acme")
            await expectRefusal([.revoked]) { try await take(folder) }
        }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"apiVersion": "playbooks.triage/v1", "kind": "Library"}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","validUntil":"2026-12-01T00:00:00Z","libraries":[]}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":0,"validUntil":"2026-12-01T00:00:00Z"}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":1,"validUntil":"tomorrow"}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":9007199254740992,"validUntil":"2026-12-01T00:00:00Z"}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":9223372036854775807,"validUntil":"2026-12-01T00:00:00Z"}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":1}"#,
        #"{"apiVersion":"playbooks.triage/v1","kind":"LibraryIndex","serial":1,"validUntil":"2026-12-01T00:00:00Z","libraries":[{"name":"a"}]}"#,
    ])
    func `what is no index is refused`(text: String) async {
        await expectRefusal([.malformedIndex], text) { try LibraryIndex(reading: Array(text.utf8), from: "here") }
    }

    @Test func `the last serial has no next one`() async throws {
        try await withDirectory { folder in
            func write(_ serial: Int64?) throws -> Int64 {
                try LibraryPublishing.writeIndex(
                    "\(folder)/index.json", of: [], serial: serial, validUntil: MadeUpLibrary.now)
            }
            for serial in [Int64.min, 0, 1 << 53, .max] {
                await expectRefusal([.malformedIndex], "\(serial)") { try write(serial) }
            }
            let last = try write((1 << 53) - 1)
            #expect(last == (1 << 53) - 1)
            await expectRefusal([.malformedIndex]) { try write(nil) }
        }
    }

    @Test(arguments: [
        "index: \"oci://a.example/b\"", "index: \"git+https://a.example/b\"", "index: \"ftp://a\"",
        "index: \"https://a.example/b?x=1\"", "freshness: required",
        "index: \"https://a.example/i.json\", freshness: maybe",
    ])
    func `a rule whose index could never be had is a mistake`(rule: String) async throws {
        try await withDirectory { folder in
            func policy(_ signers: String) -> String {
                """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "dir:*", name: acme, \(signers)\(rule)}]
                """
            }
            await expectRefusal([.malformedPolicy], rule) {
                try LibrariesTests.home(folder, policy: policy("signers: {any: [alice]}, "))
            }
        }
    }

    @Test func `an index that nobody has to sign is a mistake`() async throws {
        try await withDirectory { folder in
            await expectRefusal([.malformedPolicy]) {
                try LibrariesTests.home(
                    folder,
                    policy: policy("warn", folder).replacingOccurrences(of: "    signers: {any: [alice]}\n", with: ""))
            }
        }
    }
}
