import Foundation
import Testing

@testable import Libraries

/// Who counts as a signer of what, and for whom a person's yes holds.
@Suite struct SignerTests {
    private static let alice = LibraryGate.Signer(principals: [["alice"]], fingerprint: "SHA256:a")
    private static let aliceToo = LibraryGate.Signer(principals: [["alice"]], fingerprint: "SHA256:b")
    private static let bob = LibraryGate.Signer(principals: [["bob"]], fingerprint: "SHA256:c")
    private static let both = LibraryGate.Signer(principals: [["alice"], ["bob"]], fingerprint: "SHA256:d")
    private static let anybody = LibraryGate.Signer(principals: [["*", "!bob"]], fingerprint: "SHA256:e")
    private static let mini = LibraryGate.Signer(fingerprint: "minisign:RWQ")

    @Test(arguments: [
        (["alice", "bob"], [alice, bob], 2),
        // Two keys of one person, one key of two people.
        (["alice", "bob"], [alice, aliceToo], 1), (["alice", "bob"], [both], 1), (["alice", "bob"], [both, both], 1),
        // Whoever could stand for either is given to the one that nobody else stands for.
        (["alice", "bob"], [both, alice], 2), (["bob", "alice"], [both, alice], 2),
        (["alice", "bob", "minisign:RWQ"], [both, alice, mini], 3),
        (["bob"], [anybody], 0), (["carol", "alice"], [anybody], 1),
        // A line for everybody makes no key another one.
        (["minisign:RWQ"], [anybody], 0), (["SHA256:a"], [anybody], 0), (["SHA256:a"], [alice], 1),
        (["minisign:RWQ", "alice"], [alice, anybody], 1), (["alice"], [], 0),
    ])
    func `each that a rule names counts once, with a key of its own`(
        wanted: [String], signers: [LibraryGate.Signer], count: Int
    ) {
        for _ in 0..<5 { #expect(LibraryGate.count(wanted, among: signers) == count) }
        #expect(LibraryGate.count(wanted.reversed(), among: signers.reversed()) == count)
    }

    private func policy(_ more: String) -> String {
        "apiVersion: playbooks.triage/v1\nkind: TrustPolicy\n\(more)\n"
    }

    @Test(arguments: [
        "signers: {any: [alice], count: 2}", "signers: {any: [alice, alice], count: 2}",
        "signers: {any: [alice, alice]}", "signers: {any: [], count: 1}", "signers: {any: [alice], count: 0}",
    ])
    func `a rule that nobody could satisfy is a mistake`(signers: String) async throws {
        try await withDirectory { folder in
            await expectRefusal([.malformedPolicy], signers) {
                try home(folder, policy: policy("sources: [{match: \"dir:*\", name: acme, \(signers)}]"))
            }
        }
    }

    @Test func `what the machine's policy says by default, the person's does not change`() throws {
        var trust = TrustPolicy()
        try trust.add(Array(policy("default: {unsigned: refuse, minimumAge: 3d}").utf8), "/etc/triage/trust.yaml")
        try trust.add(
            Array(policy("default: {unsigned: ask, level: hosts, minimumAge: 0h}").utf8), "/home/a/trust.yaml")
        #expect(trust.unsigned == .refuse)
        #expect(trust.minimumAge == 3 * 86_400)
        // Of this the machine's says nothing.
        #expect(trust.level == .hosts)
    }

    @Test(arguments: [alice, both, anybody, mini, LibraryGate.Signer(fingerprint: "SHA256:a", authority: "SHA256:b")])
    func `the lock says with which key somebody signed`(signer: LibraryGate.Signer) {
        #expect(LibraryGate.Signer.fingerprint(in: signer.text) == signer.fingerprint)
        var named = signer
        named.principals = [["an SHA256:other certified by"]]
        #expect(LibraryGate.Signer.fingerprint(in: named.text) == signer.fingerprint)
    }

    @Test func `the last answer counts, also one that allows less than another to fewer signers did`() async throws {
        try await withDirectory { folder in
            let (both, one) = ("acme dir:/acme SHA256:a,SHA256:b sha256:p", "acme dir:/acme SHA256:a sha256:p")
            let here = try home(folder)
            try here.addConsent(both, level: .readOnly)
            try here.addConsent(one, level: .commands)
            #expect(try here.consentedLevel(both) == .commands)
            try here.addConsent(both, level: .readOnly)
            #expect(try here.consentedLevel(both) == .readOnly)
            #expect(try here.consentedLevel(one) == .commands)
            // The same answer again is not written again.
            let file = "\(folder)/config/triage/consents"
            let before = try Disk.contents(of: file, limit: 4096)
            try here.addConsent(both, level: .readOnly)
            #expect(try Disk.contents(of: file, limit: 4096) == before)
        }
    }

    private func sign(_ source: String, _ key: String) async throws {
        if !FileManager.default.fileExists(atPath: key) {
            let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", key])
            try #require(made.exitCode == 0, "\(made.error)")
        }
        _ = try await LibraryPublishing.sign(source, key: key, environment: ProcessInfo.processInfo.environment)
    }

    /// Whoever can write to a registry can add a signature to any package in it.
    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
    func `a yes to several signers is none to one of them, and a further signer needs no new yes`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            func publish(_ version: String, _ keys: [String]) async throws -> String {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: source)
                _ = try LibraryPublishing.writeDigests(source)
                for key in keys { try await sign(source, "\(folder)/\(key)") }
                let candidate = try await home(folder).candidate(
                    LibraryReference(source), loader: MadeUpLibrary.loader)
                #expect(candidate.admission.signers.count == keys.count)
                guard case .needsConsent(let line) = candidate.admission.verdict else { return "" }
                return line
            }
            let first = try await publish("1.0.0", ["publisher"])
            try home(folder).addConsent(first, level: .hosts)
            #expect(try home(folder).consentedLevel(try await publish("1.1.0", ["publisher"])) == .hosts)
            #expect(try home(folder).consentedLevel(try await publish("1.2.0", ["publisher", "other"])) == .hosts)
            #expect(try home(folder).consentedLevel(try await publish("1.3.0", ["other"])) == nil)
            #expect(try home(folder).consentedLevel(try await publish("1.4.0", [])) == nil)
        }
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            for key in ["publisher", "stranger"] { try await sign(source, "\(folder)/\(key)") }
            func line() async throws -> String {
                let candidate = try await home(folder).candidate(
                    LibraryReference(source), loader: MadeUpLibrary.loader)
                guard case .needsConsent(let line) = candidate.admission.verdict else { return "" }
                return line
            }
            try home(folder).addConsent(try await line())
            #expect(try home(folder).consentedLevel(try await line()) == .readOnly)
            for key in ["publisher", "stranger"] {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0"), to: source)
                try MadeUpLibrary.write(["README.md": key], to: source)
                _ = try LibraryPublishing.writeDigests(source)
                try await sign(source, "\(folder)/\(key)")
                #expect(try home(folder).consentedLevel(try await line()) == nil, "\(key)")
            }
        }
    }

    @Test(.enabled(if: isInstalled("minisign") && isInstalled("ssh-keygen"), "minisign is not installed"))
    func `a signature that nobody here can check counts for nothing, and alone is refused`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let made = try await run("minisign", ["-G", "-W", "-p", "\(folder)/m.pub", "-s", "\(folder)/m.sec"])
            try #require(made.exitCode == 0, "\(made.error)")
            _ = try await LibraryPublishing.sign(
                source, minisignKey: "\(folder)/m.sec", environment: ProcessInfo.processInfo.environment)
            func take() async throws -> LibraryGate.Admission {
                try await home(folder).candidate(LibraryReference(source), loader: MadeUpLibrary.loader).admission
            }
            await expectRefusal([.unknownSigner]) { try await take() }
            try await sign(source, "\(folder)/key")
            let admission = try await take()
            #expect(admission.signers.count == 1)
            #expect(admission.unchecked.count == 1 && admission.unchecked[0].contains("minisign key"))
            // It is no second signature.
            let fingerprint = admission.signers[0].fingerprint
            let rule = "signers: {any: [\"\(fingerprint)\", alice], count: 2}"
            await expectRefusal([.untrusted]) {
                try await home(folder, policy: policy("sources: [{match: \"dir:*\", name: acme, \(rule)}]"))
                    .candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
            }
        }
    }
}
