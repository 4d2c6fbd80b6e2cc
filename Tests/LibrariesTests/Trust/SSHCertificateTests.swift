import Foundation
import Testing

@testable import Libraries

/// Certificates of SSH authorities: what `ssh-keygen -Y verify` takes, and nothing else.
@Suite(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
struct SSHCertificateTests {
    /// `CA` is the authority's key, `OTHER` another one, `KEY` the signer's own.
    struct Case: Sendable {
        var what: String
        /// For `ssh-keygen -s ca`.
        var options: [String] = ["-n", "alice"]
        var signers = "alice cert-authority CA"
    }

    static let cases = [
        Case(what: "the authority's word"),
        Case(what: "a pattern of the line", signers: "a*,bob cert-authority CA"),
        Case(what: "a star", signers: "* cert-authority CA"),
        Case(what: "an exception", signers: "*,!alice cert-authority CA"),
        Case(what: "a line for others", signers: "bob cert-authority CA"),
        Case(what: "a certificate for others", options: ["-n", "bob"], signers: "* cert-authority CA"),
        Case(what: "one of several names", options: ["-n", "bob,alice"]),
        Case(what: "a pattern as a name", options: ["-n", "a*"], signers: "* cert-authority CA"),
        Case(what: "a star as a name", options: ["-n", "*"], signers: "* cert-authority CA"),
        Case(what: "no names", options: []),
        Case(what: "no names, and a star", options: [], signers: "* cert-authority CA"),
        Case(what: "a certificate of a machine", options: ["-h", "-n", "alice"]),
        Case(what: "a key that is no authority", signers: "alice CA"),
        Case(what: "another authority", signers: "alice cert-authority OTHER"),
        Case(what: "another one first", signers: "alice cert-authority OTHER\nalice cert-authority CA"),
        Case(what: "only the signer's own key", signers: "alice KEY"),
        Case(what: "the signer's own key as an authority", signers: "alice cert-authority KEY"),
        Case(what: "its namespace", signers: "alice cert-authority,namespaces=\"triage-library\" CA"),
        Case(what: "another namespace", signers: "alice cert-authority,namespaces=\"git\" CA"),
        Case(what: "a line that is over", signers: "alice cert-authority,valid-before=\"20200101Z\" CA"),
        Case(what: "a line that has begun", signers: "alice cert-authority,valid-after=\"20200101Z\" CA"),
        Case(what: "valid now", options: ["-n", "alice", "-V", "20260101000000:20270101000000"]),
        Case(what: "not yet valid", options: ["-n", "alice", "-V", "20270101000000:20280101000000"]),
        Case(what: "valid no more", options: ["-n", "alice", "-V", "20250101000000:20260101000000"]),
        Case(what: "always valid", options: ["-n", "alice", "-V", "always:forever"]),
        Case(what: "for logins from somewhere", options: ["-n", "alice", "-O", "source-address=10.0.0.0/8"]),
        Case(what: "for one command", options: ["-n", "alice", "-O", "force-command=true"]),
    ]

    private func makeKeys(_ folder: String, type: String = "ed25519", authority: String = "ed25519") async throws {
        for (name, type) in [("key", type), ("ca", authority), ("other", authority)] {
            let size = type == "rsa" ? ["-b", "3072"] : []
            let made = try await run(
                "ssh-keygen", ["-q", "-N", "", "-C", "", "-t", type, "-f", "\(folder)/\(name)"] + size)
            try #require(made.exitCode == 0, "\(made.error)")
        }
    }

    /// Certifies the key, signs with it, and gives the signature and the text of `allowed_signers`.
    private func sign(_ folder: String, _ test: Case) async throws -> (armored: [UInt8], signers: String) {
        let made = try await run(
            "ssh-keygen", ["-q", "-s", "\(folder)/ca", "-I", "an id"] + test.options + ["\(folder)/key.pub"])
        try #require(made.exitCode == 0, "\(test.what): \(made.error)")
        let armored = try await run(
            "sh",
            [
                "-c",
                "cp '\(folder)/key' '\(folder)/key-cert'; ssh-keygen -q -Y sign -n triage-library -f '\(folder)/key-cert.pub'",
            ], input: "digests\n")
        try #require(armored.exitCode == 0, "\(test.what): \(armored.error)")
        var signers = test.signers
        for (word, name) in [("KEY", "key"), ("CA", "ca"), ("OTHER", "other")] {
            let key = String(decoding: try Disk.contents(of: "\(folder)/\(name).pub", limit: 8192), as: UTF8.self)
            signers = signers.replacingOccurrences(of: word, with: key.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return (armored.output, signers + "\n")
    }

    private func theirs(_ folder: String, _ armored: [UInt8], _ signers: String) async throws -> Bool {
        try Disk.replace("\(folder)/allowed", Array(signers.utf8))
        try Disk.replace("\(folder)/sig", armored)
        return try await run(
            "ssh-keygen",
            [
                "-Y", "verify", "-Overify-time=20261124000000Z", "-f", "\(folder)/allowed", "-I", "alice", "-n",
                "triage-library", "-s", "\(folder)/sig",
            ], input: "digests\n"
        ).exitCode == 0
    }

    private func ours(_ armored: [UInt8], _ signers: String) throws -> Bool {
        let signature = try SSHSignature(armored: armored)
        try signature.verify(Array("digests\n".utf8))
        return try AllowedSigners(reading: signers, file: "allowed")
            .principals(for: signature.key, at: MadeUpLibrary.now)
            .contains { AllowedSigners.matches("alice", list: $0) }
    }

    @Test func `a certificate says the same here and to ssh-keygen`() async throws {
        try await withDirectory { folder in
            try await makeKeys(folder)
            var agreed: [Bool: Int] = [:]
            for test in Self.cases {
                let (armored, signers) = try await sign(folder, test)
                let (mine, other) = (try ours(armored, signers), try await theirs(folder, armored, signers))
                #expect(mine == other, "\(test.what)")
                agreed[mine, default: 0] += 1
            }
            #expect(agreed[true, default: 0] > 8 && agreed[false, default: 0] > 8, "\(agreed)")
        }
    }

    @Test(arguments: [
        ("rsa", "ed25519"), ("ecdsa", "rsa"), ("ed25519", "ecdsa"), ("ecdsa", "ecdsa"),
    ])
    func `every kind of key certifies every other`(type: String, authority: String) async throws {
        try await withDirectory { folder in
            try await makeKeys(folder, type: type, authority: authority)
            let (armored, signers) = try await sign(folder, Case(what: "\(type) by \(authority)"))
            #expect(try ours(armored, signers))
            #expect(try await theirs(folder, armored, signers))
            // The key is called what it is called without the certificate.
            let listed = try await run("ssh-keygen", ["-l", "-f", "\(folder)/key.pub"]).output
            #expect(
                String(decoding: listed, as: UTF8.self).contains(try SSHSignature(armored: armored).key.fingerprint))
        }
    }

    @Test func `a certificate that was changed is none, and neither is one that nobody signed`() async throws {
        try await withDirectory { folder in
            try await makeKeys(folder)
            _ = try await sign(folder, Case(what: ""))
            let text = String(decoding: try Disk.contents(of: "\(folder)/key-cert.pub", limit: 8192), as: UTF8.self)
            let blob = Array(try #require(Data(base64Encoded: String(text.split(separator: " ")[1]))))
            let key = try SSHKey(blob: blob)
            #expect(key.certificate?.principals == ["alice"] && key.type == "ssh-ed25519")
            for place in blob.indices {
                var changed = blob
                changed[place] ^= 1
                await expectRefusal([.badSignature], "byte \(place)") { try SSHKey(blob: changed) }
            }
            for count in stride(from: 0, to: blob.count, by: 5) {
                await expectRefusal([.badSignature], "\(count) bytes") { try SSHKey(blob: Array(blob.prefix(count))) }
            }
            await expectRefusal([.badSignature]) { try SSHKey(blob: blob + [0]) }
        }
    }

    @Test func `a library that a certified key signed is trusted, until the authority is revoked`() async throws {
        try await withDirectory { folder in
            try await makeKeys(folder)
            let (_, signers) = try await sign(folder, Case(what: "", options: ["-n", "alice", "-V", "always:forever"]))
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            _ = try await LibraryPublishing.sign(
                source, key: "\(folder)/key-cert.pub", environment: ProcessInfo.processInfo.environment)
            try Disk.replace("\(folder)/config/triage/allowed_signers", Array(signers.utf8))
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "dir:*", name: acme, signers: {any: [alice]}, level: commands}]
                """
            func take() async throws -> LibraryHome.Candidate {
                try await home(folder, policy: policy).candidate(
                    LibraryReference(source), loader: MadeUpLibrary.loader)
            }
            let signer = try #require(try await take().admission.signers.first)
            #expect(signer.principals == [["alice"]])
            #expect(signer.text.hasPrefix("alice SHA256:") && signer.text.contains(" certified by SHA256:"))
            let revoked = "\(folder)/config/triage/revoked_keys"
            // A certificate in it is its key.
            for name in ["ca", "key", "key-cert"] {
                let key = try Disk.contents(of: "\(folder)/\(name).pub", limit: 8192)
                try Disk.replace(revoked, key)
                await expectRefusal([.revoked], name) { try await take() }
            }
            let line = String(decoding: try Disk.contents(of: revoked, limit: 8192), as: UTF8.self)
            let words = line.split(separator: " ").map(String.init)
            let broken = String(words[1].dropLast(words[1].count % 4 + 8))
            try Disk.replace(revoked, Array("# ours\n\(words[0]) \(broken)\n".utf8))
            await expectRefusal([.malformedPolicy], "a broken certificate") { try await take() }
        }
    }

    @Test func `a certificate of a certificate is refused before it is read`() async {
        let empty: [UInt8] = sshString([UInt8]())
        let key: [UInt8] = sshString([UInt8](repeating: 7, count: 32))
        let zeros = [UInt8](repeating: 0, count: 8)
        let type: [UInt8] = sshString(Array("ssh-ed25519-cert-v01@openssh.com".utf8))
        // A nonce, the key, a serial, for users, no id, no names, no times, no options of either kind, nothing reserved.
        let user: [UInt8] = [0, 0, 0, 1]
        let fields: [UInt8] = [type, empty, key, zeros, user, empty, empty, zeros, zeros, empty, empty, empty].flatMap(
            \.self)
        var blob: [UInt8] = sshString(Array("ssh-ed25519".utf8)) + key
        for _ in 0..<2000 {
            let authority: [UInt8] = sshString(blob)
            blob = fields + authority + empty
        }
        await expectRefusal([.badSignature]) { try SSHKey(blob: blob) }
    }
}
