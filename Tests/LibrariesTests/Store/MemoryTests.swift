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
