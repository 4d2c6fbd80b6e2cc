import CEL
import Foundation
import Testing

@testable import Libraries

/// `allowed_signers` read as `ssh-keygen -Y verify` reads it: the same file, the same time, the same answer.
@Suite(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
struct AllowedSignersTests {
    /// `KEY` is the signer's public key, `OTHER` somebody else's.
    static let files: [(what: String, text: String)] = [
        ("plain", "alice KEY"), ("with a comment behind it", "alice KEY alice@laptop"),
        ("behind comments and blank lines", "# ours\n\n   \nalice KEY"), ("somebody else's key", "alice OTHER"),
        ("nobody", ""), ("two lines of one key", "bob KEY\nalice KEY"), ("a list", "bob,alice KEY"),
        ("a star", "* KEY"), ("a pattern", "a*e KEY"), ("question marks", "?lice KEY"),
        ("too many question marks", "??lice KEY"), ("an exception", "*,!alice KEY"),
        ("an exception first", "!alice,* KEY"), ("an exception for another", "!bob,* KEY"),
        ("an exception by pattern", "*,!al* KEY"), ("only an exception", "!bob KEY"),
        ("the next line counts", "*,!alice KEY\nalice KEY"),
        ("its namespace", "alice namespaces=\"triage-library\" KEY"),
        ("one of several namespaces", "alice namespaces=\"file,triage-library\" KEY"),
        ("a pattern of namespaces", "alice namespaces=\"triage-*\" KEY"),
        ("another namespace", "alice namespaces=\"git\" KEY"),
        ("an excepted namespace", "alice namespaces=\"*,!triage-library\" KEY"),
        ("another namespace excepted", "alice namespaces=\"*,!git\" KEY"),
        ("another namespace, then this", "alice namespaces=\"git\" KEY\nalice KEY"),
        ("valid from long ago", "alice valid-after=\"20200101Z\" KEY"),
        ("valid from next year", "alice valid-after=\"20270101Z\" KEY"),
        ("valid until next year", "alice valid-before=\"20270101Z\" KEY"),
        ("valid until long ago", "alice valid-before=\"20200101Z\" KEY"),
        ("valid between", "alice valid-after=\"20200101Z\",valid-before=\"20270101Z\" KEY"),
        ("valid to the minute before", "alice valid-before=\"202611232359Z\" KEY"),
        ("valid to the second after", "alice valid-before=\"20261124000001Z\" KEY"),
        ("in the time of the machine", "alice valid-before=\"20261124120000\" KEY"),
        ("all of it", "alice,bob namespaces=\"triage-library\",valid-after=\"20200101Z\" KEY"),
        ("an authority that is no signer", "alice cert-authority KEY"),
        ("an authority for others", "alice cert-authority OTHER\nalice KEY"),
        ("tabs", "alice\tKEY"), ("a quoted principal", "\"alice\" KEY"),
    ]

    @Test func `the same file says the same here and to ssh-keygen`() async throws {
        try await withDirectory { folder in
            var keys: [String] = []
            for name in ["key", "other"] {
                let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/\(name)"])
                try #require(made.exitCode == 0, "\(made.error)")
                let words = String(
                    decoding: try Disk.contents(of: "\(folder)/\(name).pub", limit: 4096), as: UTF8.self
                ).split(separator: " ")
                keys.append("\(words[0]) \(words[1])")
            }
            let armored = try await run(
                "ssh-keygen", ["-q", "-Y", "sign", "-n", "triage-library", "-f", "\(folder)/key"], input: "digests\n"
            ).output
            try Disk.replace("\(folder)/sig", armored)
            let signature = try SSHSignature(armored: armored)
            try signature.verify(Array("digests\n".utf8))
            var agreed: Set<Bool> = []
            for (what, text) in Self.files {
                let text = text.replacingOccurrences(of: "KEY", with: keys[0])
                    .replacingOccurrences(of: "OTHER", with: keys[1])
                try Disk.replace("\(folder)/allowed", Array((text + "\n").utf8))
                let theirs = try await run(
                    "ssh-keygen",
                    [
                        "-Y", "verify", "-Overify-time=20261124000000Z", "-f", "\(folder)/allowed", "-I", "alice", "-n",
                        "triage-library", "-s", "\(folder)/sig",
                    ], input: "digests\n")
                let ours = try AllowedSigners(reading: text + "\n", file: "allowed")
                    .principals(for: signature.key, at: MadeUpLibrary.now)
                    .contains { AllowedSigners.matches("alice", list: $0) }
                #expect(ours == (theirs.exitCode == 0), "\(what): \(theirs.error)")
                agreed.insert(ours)
            }
            #expect(agreed == [true, false])
        }
    }

    @Test(arguments: [
        "alice", "alice ssh-ed25519", "alice ssh-ed25519 !!!", "alice no-such-option KEY",
        "alice valid-after=\"x\" KEY",
        "alice valid-before=\"20269999\" KEY",
    ])
    func `a line that cannot be read refuses the file, at its place`(line: String) async {
        let key =
            "ssh-ed25519 "
            + Data(sshString(Array("ssh-ed25519".utf8)) + sshString([UInt8](repeating: 1, count: 32)))
            .base64EncodedString()
        do {
            _ = try AllowedSigners(
                reading: "# ours\n" + line.replacingOccurrences(of: "KEY", with: key), file: "signers")
            Issue.record("'\(line)' was taken")
        } catch {
            #expect(error.code == .malformedSigners && error.message.hasPrefix("signers:2: "), "\(error)")
        }
    }

    @Test func `a list of revoked keys refuses what ssh-keygen refuses with it`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            for name in ["key", "other"] {
                let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/\(name)"])
                try #require(made.exitCode == 0, "\(made.error)")
            }
            let file = try await LibraryPublishing.sign(
                source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
            let key = try Disk.contents(of: "\(folder)/key.pub", limit: 4096)
            let other = try Disk.contents(of: "\(folder)/other.pub", limit: 4096)
            let allowed = "\(folder)/config/triage/allowed_signers"
            try Disk.replace(allowed, Array("alice ".utf8) + key)
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "dir:*", name: acme, signers: {any: [alice]}}]
                """
            let revoked = "\(folder)/config/triage/revoked_keys"
            for (list, isTaken) in [(other, true), (Array("# stolen\n".utf8) + other + key, false)] {
                try Disk.replace(revoked, list)
                let theirs = try await run(
                    "sh",
                    [
                        "-c",
                        "ssh-keygen -Y verify -f '\(allowed)' -I alice -n triage-library -s '\(file)' -r '\(revoked)' < '\(source)/digests.txt'",
                    ])
                #expect((theirs.exitCode == 0) == isTaken, "\(theirs.error)")
                let home = try home(folder, policy: policy)
                if isTaken {
                    _ = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                } else {
                    await expectRefusal([.revoked]) {
                        try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                    }
                }
            }
            // A KRL says what ssh-keygen would refuse; not being read, it may not be passed over.
            let made = try await run("sh", ["-c", "ssh-keygen -q -k -f '\(revoked)' '\(folder)/key.pub'"])
            try #require(made.exitCode == 0, "\(made.error)")
            await expectRefusal([.malformedPolicy], "a KRL") { try self.home(folder, policy: policy) }
        }
    }

    private func home(_ folder: String, policy: String) throws -> LibraryHome {
        try LibrariesTests.home(folder, policy: policy)
    }
}
