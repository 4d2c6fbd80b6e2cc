import Foundation
import Testing

@testable import Libraries

/// What a machine remembers of libraries, whatever becomes of its cache.
@Suite struct MemoryTests {
    private func take(_ folder: String) async throws -> LibraryHome.Candidate {
        let home = try home(folder)
        let candidate = try await home.candidate(LibraryReference("\(folder)/acme"), loader: MadeUpLibrary.loader)
        try home.check([candidate])
        if case .needsConsent(let line) = candidate.admission.verdict { try home.addConsent(line) }
        try home.commit([candidate])
        return candidate
    }

    @Test func `who empties the cache brings no older version back, and none that changed`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            for version in ["1.0.0", "1.1.0"] {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: source)
                _ = try await take(folder)
            }
            try FileManager.default.removeItem(atPath: "\(folder)/cache")
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.0.0"), to: source)
            await expectRefusal([.downgrade]) { try await take(folder) }
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0", playbooks: ["other-trouble"]), to: source)
            await expectRefusal([.versionChanged]) { try await take(folder) }
            // The lock remembers, where nothing else does: it may be all that came to this machine.
            try FileManager.default.removeItem(atPath: "\(folder)/.local/state")
            await expectRefusal([.versionChanged]) { try await take(folder) }
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.0.9"), to: source)
            await expectRefusal([.downgrade]) { try await take(folder) }
            #expect(try home(folder).store.lock().entries["acme"]?.version.description == "1.1.0")
        }
    }

    @Test func `what was revoked stays so, and the way back is named`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            var digests: [String] = []
            for version in ["1.0.0", "1.1.0", "1.2.0"] {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: source)
                digests.append(try await take(folder).package.digest)
            }
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.3.0"), to: source)
            try MadeUpLibrary.write(
                [
                    "revoked.yaml": """
                    apiVersion: playbooks.triage/v1
                    kind: Revocations
                    versions:
                      - {digest: "\(digests[2])", reason: it turns off the wrong thing}
                      - {digest: "\(digests[1])", reason: so does this, since: 2026-11-01}
                    """
                ], to: source)
            // Seen and agreed to, not taken.
            let home = try home(folder)
            let candidate = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
            guard case .needsConsent(let line) = candidate.admission.verdict else { return }
            try home.addConsent(line)
            _ = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
            let errors = try LibrariesTests.home(folder).inForce().errors
            #expect(errors.map(\.code) == [.revoked])
            // The one before it is revoked, too.
            #expect(errors.first?.hint == "'triage library rollback 2' goes back to acme 1.0.0, the last good one")
            let objects = "\(folder)/cache/triage/libraries/objects"
            let kept = try Disk.contents(of: "\(objects)/\(digests[2].dropFirst(7)).tar", limit: 1 << 20)
            try FileManager.default.removeItem(atPath: "\(folder)/cache")
            try Disk.replace("\(objects)/\(digests[2].dropFirst(7)).tar", kept)
            let later = try LibrariesTests.home(folder).inForce().errors
            #expect(later.map(\.code) == [.revoked] && later[0].hint.isEmpty, "\(later)")
        }
    }

    private func revocations(_ keys: [(fingerprint: String, reason: String)]) throws -> Revocations {
        let lines = keys.map { "  - {fingerprint: \"\($0.fingerprint)\", reason: \"\($0.reason)\"}\n" }
        let text = "apiVersion: playbooks.triage/v1\nkind: Revocations\nkeys:\n" + lines.joined()
        return try Revocations(reading: Array(text.utf8), file: "revoked.yaml")
    }

    @Test func `what a library revokes is remembered so that it can be read again, or refused`() async throws {
        try await withDirectory { folder in
            let store = try home(folder).store
            let odd = try revocations([
                ("SHA256:odd", #"a\u0080\u0085\u009f\u2028\u2029\ufeff\ufffe\uffff\u007f\u0001\n\"\\ b"#)
            ])
            try store.keep(odd, of: "acme")
            #expect(try store.revocations()["acme"] == odd)
            // Each of them could be read, all of them together could not.
            func many(_ name: String) throws -> Revocations {
                try revocations((0..<3).map { ("SHA256:\(name)\($0)", String(repeating: name, count: 200_000)) })
            }
            try store.keep(many("a"), of: "acme")
            await expectRefusal([.tooLarge]) { try store.keep(many("b"), of: "acme") }
            #expect(try home(folder).store.revocations()["acme"]?.reasons.count == 4)
            try store.keep(many("b"), of: "other")
            #expect(try home(folder).store.revocations().count == 2)
        }
    }

    @Test func `what several at once see first is all remembered`() async throws {
        try await withDirectory { folder in
            let store = try home(folder).store
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let first = try store.firstSight(of: "sha256:\(number)", at: Int64(number))
                        #expect(first == Int64(number))
                    }
                }
                try await group.waitForAll()
            }
            for number in 0..<6 {
                #expect(try store.firstSight(of: "sha256:\(number)", at: 99) == Int64(number))
            }
        }
    }

    @Test func `states can be listed before one goes back to them`() async throws {
        try await withDirectory { folder in
            for version in ["1.0.0", "1.1.0", "1.2.0"] {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: "\(folder)/acme")
                _ = try await take(folder)
            }
            let home = try home(folder)
            let states = try home.store.generations().map { state in
                "\(state.steps) \(state.lock.entries["acme"]?.version.description ?? "")"
            }
            #expect(states == ["1 1.1.0", "2 1.0.0"])
            #expect(try home.rollBack(2).entries["acme"]?.version.description == "1.0.0")
        }
    }
}
