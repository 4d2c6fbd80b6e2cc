import CEL
import Foundation
import Playbooks
import Testing

@testable import Libraries

/// How the trust of other ecosystems was broken; each break by its name.
@Suite struct KnownBreakTests {
    private static let policy = """
        apiVersion: playbooks.triage/v1
        kind: TrustPolicy
        sources: [{match: "dir:*", name: "*", signers: {any: [alice]}, level: remedies}]
        """

    /// A signed library whose signer the policy trusts.
    private func withSigned(_ body: (_ folder: String, _ source: String) async throws -> Void) async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let made = try await LibrariesTests.run(
                "ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
            try #require(made.exitCode == 0, "\(made.error)")
            try await sign(source, folder)
            let key = try Disk.contents(of: "\(folder)/key.pub", limit: 4096)
            try Disk.replace("\(folder)/config/triage/allowed_signers", Array("alice ".utf8) + key)
            try Disk.replace("\(folder)/config/triage/trust.yaml", Array(Self.policy.utf8))
            try await body(folder, source)
        }
    }

    private func sign(_ source: String, _ folder: String) async throws {
        for file in ["digests.txt.sig"] { try? FileManager.default.removeItem(atPath: "\(source)/\(file)") }
        _ = try await LibraryPublishing.sign(
            source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
    }

    private func take(_ source: String, _ folder: String) async throws -> LibraryHome.Candidate {
        try await home(folder).candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
    }

    private func edit(_ path: String, _ change: (String) -> String) throws {
        let text = String(decoding: try Disk.contents(of: path, limit: 1 << 20), as: UTF8.self)
        try Disk.replace(path, Array(change(text).utf8))
    }

    private static let hasTools = isInstalled("ssh-keygen")

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `CVE-2024-43405 - lines end one way for the verifier and for the parser`() async throws {
        let changes: [(what: String, file: String, change: (String) -> String)] = [
            ("a list with carriage returns", "digests.txt", { $0.replacingOccurrences(of: "\n", with: "\r\n") }),
            ("a list with one carriage return", "digests.txt", { $0 + "\r" }),
            (
                "a line of the list behind a carriage return", "digests.txt",
                { $0.replacingOccurrences(of: "\n", with: "\r", options: [], range: nil) }
            ),
            ("a second list", "digests.txt", { $0 + $0 }),
            (
                "a line for a file that is not there", "digests.txt",
                { $0 + String(repeating: "0", count: 64) + "  x.yaml\n" }
            ),
            ("a second digest of a file", "digests.txt", { String($0.split(separator: "\n")[0]) + "\n" + $0 }),
            ("a comment", "digests.txt", { "# digest: 0\n" + $0 }),
            ("a list without its last newline", "digests.txt", { String($0.dropLast()) }),
            (
                "a playbook with carriage returns", "playbooks/some-trouble.yaml",
                { $0.replacingOccurrences(of: "\n", with: "\r\n") }
            ),
            ("a playbook with a line behind a carriage return", "playbooks/some-trouble.yaml", { $0 + "\r  more: 1" }),
            ("a playbook with a line separator", "playbooks/some-trouble.yaml", { $0 + "\u{2028}x: 1" }),
        ]
        for (what, file, change) in changes {
            try await withSigned { folder, source in
                _ = try await take(source, folder)
                try edit("\(source)/\(file)", change)
                await expectRefusal([.digestMismatch, .badSignature], what) { try await take(source, folder) }
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `CVE-2024-43405 - of several signatures all count`() async throws {
        try await withSigned { folder, source in
            let good = try Disk.contents(of: "\(source)/digests.txt.sig", limit: 1 << 16)
            // Another key's signature of something else, before and behind the good one, in one file and in two.
            let other = try await LibrariesTests.run(
                "sh",
                [
                    "-c",
                    "cd '\(folder)' && ssh-keygen -q -N '' -t ed25519 -f other && echo x | ssh-keygen -q -Y sign -n triage-library -f other",
                ])
            try #require(other.exitCode == 0, "\(other.error)")
            for (what, files) in [
                ("behind it in one file", ["sig": good + other.output]), ("before it", ["sig": other.output + good]),
                ("in a file behind it", ["sig": good, "2.sig": other.output]),
                ("in a file before it", ["sig": other.output, "2.sig": good]),
                ("an empty one", ["sig": good, "2.sig": []]), ("text before it", ["sig": Array("x\n".utf8) + good]),
            ] {
                for file in ["sig", "2.sig"] {
                    try? FileManager.default.removeItem(atPath: "\(source)/digests.txt.\(file)")
                }
                for (name, bytes) in files { try Disk.replace("\(source)/digests.txt.\(name)", bytes) }
                await expectRefusal([.badSignature], what) { try await take(source, folder) }
            }
        }
    }

    @Test(
        .enabled(if: hasTools, "ssh-keygen is not installed"),
        arguments: ["library.yaml", "playbooks/some-trouble.yaml"])
    func `a key that is said twice, or a second document, is no way to say two things`(file: String) async throws {
        for (what, change) in [
            ("a key twice", { (text: String) in text + "\nkind: Playbook" }),
            (
                "a second document",
                { (text: String) in text + "\n---\n" + text.replacingOccurrences(of: "acme", with: "evil") }
            ),
            ("an alias that merges", { (text: String) in text + "\n<<: {kind: Library}" }),
        ] {
            try await withSigned { folder, source in
                try edit("\(source)/\(file)", change)
                try FileManager.default.removeItem(atPath: "\(source)/digests.txt.sig")
                _ = try? LibraryPublishing.writeDigests(source)
                try await withKnownRefusal(what) {
                    try await sign(source, folder)
                    return try await take(source, folder)
                }
            }
        }
    }

    /// Signed or not, it is refused for what it says.
    private func withKnownRefusal(_ what: String, _ body: () async throws -> LibraryHome.Candidate) async throws {
        do {
            let candidate = try await body()
            // A file of several playbooks is one; both are then seen, under their own names.
            #expect(candidate.playbooks.count == 2 && what == "a second document", "\(what) was taken")
            #expect(Set(candidate.playbooks.map(\.name)).count == 2, "\(what)")
        } catch let error as LibraryError {
            #expect([.malformedManifest, .brokenPlaybook, .digestMismatch].contains(error.code), "\(what): \(error)")
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `nuclei#7663 - a verdict does not outlive the bytes, whatever the file's time and size`() async throws {
        try await withSigned { folder, source in
            let candidate = try await take(source, folder)
            try home(folder).commit([candidate])
            #expect(try home(folder).inForce().libraries.count == 1)
            let object = "\(folder)/cache/triage/libraries/objects/\(candidate.package.digest.dropFirst(7)).tar"
            let attributes = try FileManager.default.attributesOfItem(atPath: object)
            var bytes = try Disk.contents(of: object, limit: 1 << 20)
            let place = try #require(bytes.firstRange(of: Array("crictl".utf8))?.lowerBound)
            bytes.replaceSubrange(place..<place + 6, with: Array("chroot".utf8))
            let handle = try #require(FileHandle(forWritingAtPath: object))
            try handle.write(contentsOf: bytes)
            try handle.close()
            try FileManager.default.setAttributes(
                [.modificationDate: attributes[.modificationDate] ?? Date()], ofItemAtPath: object)
            #expect(try home(folder).inForce().errors.map(\.code) == [.digestMismatch])
            #expect(try home(folder).inForce().libraries.isEmpty)
        }
    }

    @Test(
        .enabled(
            if: hasTools && InterruptionTests.isBuilt, "ssh-keygen is not installed or the command triage not there"))
    func `nuclei#7472 - no command loads a playbook around the gate`() async throws {
        try await withSigned { folder, source in
            try home(folder).commit([try await take(source, folder)])
            let environment = [
                "PATH": "/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": "\(folder)/config",
                "XDG_CACHE_HOME": "\(folder)/cache",
            ]
            let commands = [
                ["list"], ["search", "something"], ["show", "some-trouble"], ["show", "acme/some-trouble"],
                ["run", "some-trouble", "-o", "wide"], ["diagnose", "something of acme is wrong", "-o", "wide"],
                ["explain", "some-trouble/on-kubeadm"],
                ["fix", "some-trouble", "--dry-run"], ["collect", "-o", "\(folder)/snapshot.json"],
            ]
            for isTrusted in [true, false] {
                if !isTrusted {
                    let revoked =
                        "apiVersion: playbooks.triage/v1\nkind: Revocations\nversions: [{digest: \"\(try home(folder).store.lock().entries["acme"]?.digest ?? "")\", reason: it lies}]\n"
                    try Disk.replace("\(folder)/config/triage/revoked.yaml", Array(revoked.utf8))
                }
                for command in commands {
                    let result = try await Programs.run(InterruptionTests.binary, command, environment: environment)
                    let text = String(decoding: result.output, as: UTF8.self)
                    #expect(result.error.contains("it lies") != isTrusted, "\(command): \(result.error)")
                    if command[0] != "collect", isTrusted {
                        #expect((text + result.error).contains("some-trouble"), "\(command): \(text) \(result.error)")
                    }
                    if !isTrusted, ["list", "search"].contains(command[0]) {
                        #expect(!text.contains("some-trouble"), "\(command): \(text)")
                    }
                    if !isTrusted, ["show", "run", "explain", "fix"].contains(command[0]) {
                        #expect(result.exitCode == 3, "\(command): \(text)")
                    }
                }
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `CVE-2026-35205 - a signature that is wanted and missing is a refusal, not nothing to check`() async throws {
        try await withSigned { folder, source in
            for (what, spoil) in [
                ("no file", { try FileManager.default.removeItem(atPath: "\(source)/digests.txt.sig") }),
                ("an empty file", { try Disk.replace("\(source)/digests.txt.sig", []) }),
                (
                    "another name",
                    {
                        try FileManager.default.moveItem(
                            atPath: "\(source)/digests.txt.sig", toPath: "\(source)/digest.sig")
                    }
                ),
            ] as [(String, () throws -> Void)] {
                try await sign(source, folder)
                try? FileManager.default.removeItem(atPath: "\(source)/digest.sig")
                try spoil()
                await expectRefusal([.untrusted, .badSignature, .digestMismatch], what) {
                    try await take(source, folder)
                }
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `nuclei-templates#17258 - what automation changed after signing is refused by its name`() async throws {
        try await withSigned { folder, source in
            try edit("\(source)/README.md") { $0 + "Updated by a robot\n" }
            await expectRefusal([.digestMismatch]) { try await take(source, folder) }
            let signature = try Disk.contents(of: "\(source)/digests.txt.sig", limit: 1 << 16)
            // It takes the signature away; a robot that writes the list by itself leaves it there.
            _ = try LibraryPublishing.writeDigests(source)
            await expectRefusal([.untrusted]) { try await take(source, folder) }
            try Disk.replace("\(source)/digests.txt.sig", signature)
            do {
                _ = try await take(source, folder)
                Issue.record("it was taken")
            } catch {
                #expect((error as? LibraryError)?.code == .badSignature, "\(error)")
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `insights signs less than it runs - every file counts, also one that nobody reads`() async throws {
        for file in [
            "README.md", "playbooks/tests/some-trouble_test.yaml", "overlays/a.yaml", "x.bin", "digests.txt.bak",
        ] {
            try await withSigned { folder, source in
                try Disk.replace("\(source)/\(file)", Array("a: 1\n".utf8))
                await expectRefusal([.digestMismatch], file) { try await take(source, folder) }
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `opa#3472 - what was taken verifies again after the machine was started anew`() async throws {
        try await withSigned { folder, source in
            let candidate = try await take(source, folder)
            try home(folder).commit([candidate])
            try FileManager.default.removeItem(atPath: source)
            for _ in 0..<2 {
                let (libraries, errors) = try home(folder, isOffline: true).inForce()
                #expect(errors.isEmpty && libraries.map(\.grant.level) == [.remedies], "\(errors)")
                #expect(libraries.first?.package.tree == candidate.package.tree)
            }
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `nuclei#6467 - an update leaves nothing of the old version behind`() async throws {
        try await withSigned { folder, source in
            try home(folder).commit([try await take(source, folder)])
            try FileManager.default.removeItem(atPath: "\(source)/playbooks/some-trouble.yaml")
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0", playbooks: ["renamed-trouble"]), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            try await sign(source, folder)
            try home(folder).commit([try await take(source, folder)])
            let names = try home(folder).inForce().libraries.flatMap { $0.package.playbooks.map(\.file) }
            #expect(names == ["acme@1.1.0/playbooks/renamed-trouble.yaml"])
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `falcoctl#869 - what another library needs is verified by a rule of its own`() async throws {
        try await withSigned { folder, source in
            try home(folder).commit([try await take(source, folder)])
            let needy = "\(folder)/needy"
            var files = MadeUpLibrary.files(name: "needy", playbooks: ["needy-trouble"])
            files["library.yaml"] = MadeUpLibrary.manifest(
                name: "needy", requires: "libraries: [{name: acme, version: ^1.0}]")
            try MadeUpLibrary.write(files, to: needy)
            _ = try LibraryPublishing.writeDigests(needy)
            // That a trusted library is there does not make its neighbour trusted.
            await expectRefusal([.untrusted]) { try await take(needy, folder) }
            try await sign(needy, folder)
            try home(folder).commit([try await take(needy, folder)])
            // Nor does the one that needs it keep it alive.
            let digest = try #require(try home(folder).store.lock().entries["acme"]?.digest)
            let revoked =
                "apiVersion: playbooks.triage/v1\nkind: Revocations\nversions: [{digest: \"\(digest)\", reason: it lies}]\n"
            try Disk.replace("\(folder)/config/triage/revoked.yaml", Array(revoked.utf8))
            #expect(try home(folder).inForce().errors.map(\.code) == [.revoked])
            #expect(try home(folder).inForce().libraries.map(\.package.manifest.name) == ["needy"])
        }
    }

    @Test(.enabled(if: hasTools, "ssh-keygen is not installed"))
    func `a newer version revokes an older one and a key, of its own library alone`() async throws {
        try await withSigned { folder, source in
            let first = try await take(source, folder)
            try home(folder).commit([first])
            let other = "\(folder)/other"
            try MadeUpLibrary.write(MadeUpLibrary.files(name: "other", playbooks: ["other-trouble"]), to: other)
            let package = try LibraryPublishing.writeDigests(other)
            try await sign(other, folder)
            try home(folder).commit([try await take(other, folder)])
            // The next version of acme speaks of its own last one, and of another library's.
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0"), to: source)
            try MadeUpLibrary.write(
                [
                    "revoked.yaml": """
                    apiVersion: playbooks.triage/v1
                    kind: Revocations
                    versions:
                      - {digest: "\(first.package.digest)", reason: it turns off the wrong thing, replacedBy: 1.1.0}
                      - {digest: "\(package.digest)", reason: we do not like them}
                    """
                ], to: source)
            _ = try LibraryPublishing.writeDigests(source)
            // Unsigned nobody listens to it.
            await expectRefusal([.untrusted]) { try await take(source, folder) }
            #expect(try home(folder).inForce().errors.isEmpty)
            try await sign(source, folder)
            // Seen is enough: what `outdated` looks at is not taken, and the old one stops all the same.
            let second = try await take(source, folder)
            let (libraries, errors) = try home(folder).inForce()
            #expect(errors.map(\.code) == [.revoked] && errors[0].message.contains("take 1.1.0 instead"), "\(errors)")
            #expect(libraries.map(\.package.manifest.name) == ["other"])
            try home(folder).commit([second])
            #expect(try home(folder).inForce().errors.isEmpty)
            // Going back to it is not possible.
            let lock = try home(folder).rollBack(1)
            #expect(lock.entries["acme"]?.version.description == "1.0.0")
            #expect(try home(folder).inForce().errors.map(\.code) == [.revoked])
        }
    }

    @Test func `a version waits as long as the policy says, by this machine's own clock`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                default: {minimumAge: 3d}
                """
            func home(_ days: Int64) throws -> LibraryHome {
                try LibrariesTests.home(folder, policy: policy, now: MadeUpLibrary.now.seconds + days * 86_400)
            }
            func take(_ days: Int64) async throws {
                let home = try home(days)
                let candidate = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                if case .needsConsent(let line) = candidate.admission.verdict { try home.addConsent(line) }
                try home.commit([candidate])
            }
            await expectRefusal([.tooYoung]) { try await take(0) }
            await expectRefusal([.tooYoung]) { try await take(2) }
            try await take(3)
            let old = try #require(try home(3).store.lock().entries["acme"]?.digest)
            // The next one waits anew; one that revokes what is in force does not.
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0"), to: source)
            await expectRefusal([.tooYoung]) { try await take(4) }
            try MadeUpLibrary.write(
                [
                    "revoked.yaml": """
                    apiVersion: playbooks.triage/v1
                    kind: Revocations
                    versions: [{digest: "\(old)", reason: a hole}]
                    """
                ], to: source)
            try await take(4)
            #expect(try home(4).inForce().libraries.map(\.package.title) == ["acme 1.1.0"])
        }
    }

    @Test(.enabled(if: isInstalled("minisign"), "minisign is not installed"), arguments: [true, false])
    func `minisign verifies what the command signs with it, and a changed comment is refused`(isChanged: Bool)
        async throws
    {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let made = try await run("minisign", ["-G", "-W", "-p", "\(folder)/key.pub", "-s", "\(folder)/key.sec"])
            try #require(made.exitCode == 0, "\(made.error)")
            let file = try await LibraryPublishing.sign(
                source, minisignKey: "\(folder)/key.sec", environment: ProcessInfo.processInfo.environment)
            if isChanged { try edit(file) { $0.replacingOccurrences(of: "acme 1.0.0", with: "acme 1.0.1") } }
            let verified = try await run(
                "minisign", ["-V", "-p", "\(folder)/key.pub", "-m", "\(source)/digests.txt", "-x", file])
            #expect((verified.exitCode == 0) != isChanged, "\(verified.error)")
            let key = String(decoding: try Disk.contents(of: "\(folder)/key.pub", limit: 4096), as: UTF8.self)
                .split(separator: "\n")[1]
            let policy = Self.policy.replacingOccurrences(of: "[alice]", with: "[\"minisign:\(key)\"]")
            let home = try home(folder, policy: policy)
            if isChanged {
                await expectRefusal([.badSignature]) {
                    try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                }
            } else {
                let candidate = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                #expect(candidate.admission.signers.map(\.fingerprint) == ["minisign:\(key)"])
            }
        }
    }
}
