import CEL
import Foundation
import Testing

@testable import Libraries

@Suite struct SignatureTests {
    /// RFC 7693, appendix A, and what `b2sum` says.
    @Test func `BLAKE2b hashes abc as the RFC does`() {
        #expect(
            hexadecimal(BLAKE2b.hash(Array("abc".utf8)))
                == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        )
    }

    @Test(
        .enabled(if: isInstalled("b2sum"), "b2sum is not installed"), arguments: [0, 1, 127, 128, 129, 255, 256, 1000])
    func `BLAKE2b hashes as b2sum does`(count: Int) async throws {
        let text = String(repeating: "x", count: count)
        let theirs = try await run("b2sum", [], input: text)
        #expect(
            String(decoding: theirs.output.prefix(128), as: UTF8.self) == hexadecimal(BLAKE2b.hash(Array(text.utf8))))
    }

    private func signed(_ folder: String, type: [String], namespace: String = "triage-library") async throws -> (
        SSHSignature, [UInt8]
    ) {
        let key = "\(folder)/key"
        let made = try await run("ssh-keygen", ["-q", "-N", "", "-C", "alice", "-f", key, "-t"] + type)
        #expect(made.exitCode == 0, "\(made.error)")
        let message = Array("digests\n".utf8)
        let output = try await run("ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", key], input: "digests\n")
        #expect(output.exitCode == 0, "\(output.error)")
        return (try SSHSignature(armored: output.output), message)
    }

    @Test(
        .enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"),
        arguments: [
            ["ed25519"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "384"], ["ecdsa", "-b", "521"], ["rsa", "-b", "3072"],
        ])
    func `what ssh-keygen signs is verified, and nothing else`(type: [String]) async throws {
        try await withDirectory { folder in
            let (signature, message) = try await signed(folder, type: type)
            try signature.verify(message)
            await expectRefusal([.badSignature]) { try signature.verify(message + [0]) }
            let fingerprint = try await run("ssh-keygen", ["-l", "-f", "\(folder)/key.pub"])
            #expect(String(decoding: fingerprint.output, as: UTF8.self).contains(" \(signature.key.fingerprint) "))
        }
    }

    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
    func `another namespace and a short RSA key are refused`() async throws {
        try await withDirectory { folder in
            let (signature, message) = try await signed(folder, type: ["ed25519"], namespace: "file")
            await expectRefusal([.badSignature]) { try signature.verify(message) }
        }
        try await withDirectory { folder in
            await expectRefusal([.badSignature]) { try await signed(folder, type: ["rsa", "-b", "2048"]) }
        }
    }

    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
    func `every changed byte of a signature is refused`() async throws {
        try await withDirectory { folder in
            let (_, message) = try await signed(folder, type: ["ed25519"])
            let armored = try await run(
                "ssh-keygen", ["-q", "-Y", "sign", "-n", "triage-library", "-f", "\(folder)/key"], input: "digests\n"
            ).output
            let lines = String(decoding: armored, as: UTF8.self).split(separator: "\n").map(String.init)
            let blob = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
            for offset in blob.indices {
                var broken = blob
                broken[offset] ^= 1
                let text = "\(lines[0])\n\(broken.base64EncodedString())\n\(lines.last ?? "")\n"
                // The reserved field is not signed; its content is refused only by its length.
                await expectRefusal([.badSignature], "byte \(offset)") {
                    try SSHSignature(armored: Array(text.utf8)).verify(message)
                }
            }
        }
    }

    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
    func `what we sign, ssh-keygen verifies; and the policy knows the signer`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
            #expect(made.exitCode == 0)
            let file = try await LibraryPublishing.sign(
                source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
            let key = String(decoding: try Disk.contents(of: "\(folder)/key.pub", limit: 1 << 12), as: UTF8.self)
            let signers = "# ours\n*@example.org namespaces=\"triage-*\",valid-before=\"20301231\" \(key)"
            try Disk.replace("\(folder)/config/triage/allowed_signers", Array(signers.utf8))
            let verified = try await run(
                "sh",
                [
                    "-c",
                    "ssh-keygen -Y verify -f '\(folder)/config/triage/allowed_signers' -I alice@example.org -n triage-library -s '\(file)' < '\(source)/digests.txt'",
                ])
            #expect(verified.exitCode == 0, "\(verified.error)")
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "dir:*/acme", name: acme, signers: {any: [alice@example.org]}, level: remedies}]
                """
            let home = try home(folder, policy: policy)
            let candidate = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
            #expect(candidate.admission.signers.map(\.principals) == [[["*@example.org"]]])
            try home.commit([candidate])
            #expect(home.inForce().libraries.map(\.grant.level) == [.remedies])
            // Without the signature the very same package is not trusted.
            try FileManager.default.removeItem(atPath: file)
            await expectRefusal([.untrusted]) {
                try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
            }
            let fingerprint = candidate.admission.signers[0].fingerprint
            let revoked =
                "apiVersion: playbooks.triage/v1\nkind: Revocations\nkeys: [{fingerprint: \"\(fingerprint)\", reason: stolen}]\n"
            try Disk.replace("\(folder)/config/triage/revoked.yaml", Array(revoked.utf8))
            #expect(try self.home(folder).inForce().errors.map(\.code) == [.revoked])
        }
    }

    private func home(_ folder: String, policy: String? = nil) throws -> LibraryHome {
        try LibrariesTests.home(folder, policy: policy)
    }

    @Test func `a name that was given to one source is no other's`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "oci://registry.example/*", name: "acme*", level: commands}]
                """
            let home = try home(folder, policy: policy)
            await expectRefusal([.nameNotGiven]) {
                try await home.candidate(LibraryReference("\(folder)/acme"), loader: MadeUpLibrary.loader)
            }
        }
    }

    @Test func `allowed signers hold for their time and namespaces, and authorities for nothing`() throws {
        let blob = sshString(Array("ssh-ed25519".utf8)) + sshString([UInt8](repeating: 7, count: 32))
        let key = try SSHKey(blob: blob)
        let text = Data(blob).base64EncodedString()
        func principal(_ options: String) throws -> String? {
            try AllowedSigners(reading: "alice \(options) ssh-ed25519 \(text) comment", file: "f")
                .principals(for: key, at: MadeUpLibrary.now).first?.first
        }
        #expect(try principal("") == "alice")
        #expect(try principal("namespaces=\"file,triage-library\"") == "alice")
        #expect(try principal("namespaces=\"git\"") == nil)
        #expect(try principal("valid-after=\"20270101\"") == nil)
        #expect(try principal("valid-before=\"20260101Z\"") == nil)
        #expect(try principal("valid-after=\"202601010000\",valid-before=\"20270101000000Z\"") == "alice")
        #expect(try principal("cert-authority") == nil)
        #expect(throws: LibraryError.self) { try principal("no-such-option") }
    }

    @Test(.enabled(if: isInstalled("minisign"), "minisign is not installed"), arguments: [["-S"], ["-S", "-l"]])
    func `what minisign signs is verified, its trusted comment too`(mode: [String]) async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            let package = try LibraryPublishing.writeDigests(source)
            let made = try await run("minisign", ["-G", "-W", "-p", "\(folder)/key.pub", "-s", "\(folder)/key.sec"])
            #expect(made.exitCode == 0, "\(made.error)")
            let key = String(decoding: try Disk.contents(of: "\(folder)/key.pub", limit: 4096), as: UTF8.self)
                .split(separator: "\n")[1]
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                sources: [{match: "dir:*", name: "*", signers: {any: ["minisign:\(key)"]}, level: commands}]
                """
            let home = try home(folder, policy: policy)
            for (comment, isTaken) in [("acme 1.0.0 \(package.digest)", true), ("acme 1.0.1 \(package.digest)", false)]
            {
                let output = try await run(
                    "minisign", mode + ["-W", "-s", "\(folder)/key.sec", "-m", "\(source)/digests.txt", "-t", comment])
                #expect(output.exitCode == 0, "\(output.error)")
                if isTaken {
                    _ = try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                } else {
                    await expectRefusal([.badSignature]) {
                        try await home.candidate(LibraryReference(source), loader: MadeUpLibrary.loader)
                    }
                }
            }
        }
    }
}
