import Crypto
import Foundation
import Testing

@testable import Libraries

/// Signatures of hardware keys, made by a key of software that signs as a hardware key does (OpenSSH's PROTOCOL.u2f).
///
/// `ssh-keygen` verifies the same bytes, so that both agree on what such a signature is.
@Suite struct SecurityKeyTests {
    struct MadeUpKey {
        var type: String
        var blob: [UInt8]
        /// The signature's own bytes, without the algorithm's name.
        var sign: ([UInt8]) throws -> [UInt8]
    }

    static let application = Array("ssh:".utf8)

    static func ed25519() -> MadeUpKey {
        let key = Curve25519.Signing.PrivateKey()
        let type = "sk-ssh-ed25519@openssh.com"
        return MadeUpKey(
            type: type,
            blob: sshString(Array(type.utf8)) + sshString(Array(key.publicKey.rawRepresentation))
                + sshString(application),
            sign: { Array(try key.signature(for: $0)) })
    }

    static func ecdsa() -> MadeUpKey {
        let key = P256.Signing.PrivateKey()
        let type = "sk-ecdsa-sha2-nistp256@openssh.com"
        func number(_ bytes: Data) -> [UInt8] {
            let digits = Array(bytes.drop { $0 == 0 })
            return sshString(digits.first.map { $0 >= 0x80 } == true ? [0] + digits : digits)
        }
        return MadeUpKey(
            type: type,
            blob: sshString(Array(type.utf8)) + sshString(Array("nistp256".utf8))
                + sshString(Array(key.publicKey.x963Representation)) + sshString(application),
            sign: { message in
                let raw = try key.signature(for: message).rawRepresentation
                return number(raw.prefix(32)) + number(raw.suffix(32))
            })
    }

    /// - Parameter flags: 1: somebody touched the key.
    static func signature(of message: [UInt8], by key: MadeUpKey, flags: UInt8 = 1) throws -> [UInt8] {
        let namespace = Array(SSHSignature.namespace.utf8)
        let digest = Array(SHA512.hash(data: message))
        let signed =
            Array("SSHSIG".utf8) + sshString(namespace) + sshString([]) + sshString(Array("sha512".utf8))
            + sshString(digest)
        let counter: [UInt8] = [0, 0, 0, 7]
        let pressed =
            Array(SHA256.hash(data: application)) + [flags] + counter + Array(SHA256.hash(data: signed))
        let inner = sshString(Array(key.type.utf8)) + sshString(try key.sign(pressed)) + [flags] + counter
        let blob =
            Array("SSHSIG".utf8) + [0, 0, 0, 1] + sshString(key.blob) + sshString(namespace) + sshString([])
            + sshString(Array("sha512".utf8)) + sshString(inner)
        let base64 = Data(blob).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        return Array("-----BEGIN SSH SIGNATURE-----\n\(base64)\n-----END SSH SIGNATURE-----\n".utf8)
    }

    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"), arguments: [true, false])
    func `a touched hardware key's signature is verified here and by ssh-keygen, an untouched one's is not`(
        isEd25519: Bool
    ) async throws {
        let key = isEd25519 ? Self.ed25519() : Self.ecdsa()
        let message = Array("digests\n".utf8)
        try await withDirectory { folder in
            let line = "alice \(key.type) \(Data(key.blob).base64EncodedString())\n"
            try Disk.replace("\(folder)/allowed", Array(line.utf8))
            for (flags, isTaken) in [(UInt8(1), true), (0, false)] {
                let signature = try Self.signature(of: message, by: key, flags: flags)
                try Disk.replace("\(folder)/sig", signature)
                let theirs = try await run(
                    "ssh-keygen",
                    [
                        "-Y", "verify", "-f", "\(folder)/allowed", "-I", "alice", "-n", "triage-library", "-s",
                        "\(folder)/sig",
                    ], input: "digests\n")
                // OpenSSH leaves it to its callers whether a touch is wanted; libraries want it.
                #expect(theirs.exitCode == 0, "\(theirs.error)")
                if isTaken {
                    try SSHSignature(armored: signature).verify(message)
                } else {
                    await expectRefusal([.badSignature], "untouched") {
                        try SSHSignature(armored: signature).verify(message)
                    }
                }
                await expectRefusal([.badSignature], "another message") {
                    try SSHSignature(armored: signature).verify(message + [0])
                }
            }
        }
    }
}
