internal import Crypto
internal import FoundationEssentials

/// What `ssh-keygen -Y sign` writes (OpenSSH's PROTOCOL.sshsig).
struct SSHSignature: Sendable {
    static let namespace = "triage-library"
    private static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"
    private static let magic = Array("SSHSIG".utf8)

    let key: SSHKey
    let namespace: String
    private let hashAlgorithm: String
    private let signature: [UInt8]

    init(armored bytes: [UInt8]) throws(LibraryError) {
        guard bytes.count <= 64 << 10, let text = String(validating: bytes, as: UTF8.self) else { throw Self.malformed }
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.first.map(String.init) == Self.begin, lines.last.map(String.init) == Self.end, lines.count > 2,
            let blob = Data(base64Encoded: lines.dropFirst().dropLast().joined())
        else { throw Self.malformed }
        var reader = SSHReader(Array(blob))
        guard reader.take(Self.magic.count) == Self.magic, reader.number() == 1, let key = reader.string(),
            let namespace = reader.text(), reader.string() != nil, let hash = reader.text(),
            let signature = reader.string(), reader.isAtEnd
        else { throw Self.malformed }
        self.key = try SSHKey(blob: key)
        self.namespace = namespace
        hashAlgorithm = hash
        self.signature = signature
    }

    /// Whether the key signed exactly these bytes, in the namespace of libraries.
    func verify(_ message: [UInt8]) throws(LibraryError) {
        guard namespace == Self.namespace else {
            throw LibraryError(
                .badSignature, "the signature is for '\(printable(namespace))', not for '\(Self.namespace)'")
        }
        let digest: [UInt8]
        switch hashAlgorithm {
        case "sha512": digest = Array(SHA512.hash(data: message))
        case "sha256": digest = Array(SHA256.hash(data: message))
        default: throw LibraryError(.badSignature, "the signature uses the hash '\(printable(hashAlgorithm))'")
        }
        let signed =
            Self.magic + sshString(Array(namespace.utf8)) + sshString([]) + sshString(Array(hashAlgorithm.utf8))
            + sshString(digest)
        guard key.verifies(signature, over: signed) else {
            throw LibraryError(.badSignature, "the signature of \(key.fingerprint) is not of this package")
        }
    }

    private static var malformed: LibraryError {
        LibraryError(.badSignature, "a signature is not what ssh-keygen writes")
    }
}
