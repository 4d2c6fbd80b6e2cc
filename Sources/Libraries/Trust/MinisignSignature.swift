internal import Crypto
internal import FoundationEssentials

/// A public key of minisign's: the base64 line of `minisign.pub`, written `minisign:RW…` in a policy.
struct MinisignKey: Sendable, Hashable {
    let text: String
    let id: [UInt8]
    let key: [UInt8]

    init?(_ text: String) {
        let line = text.hasPrefix("minisign:") ? String(text.dropFirst(9)) : text
        guard let data = Data(base64Encoded: line), data.count == 42, data.prefix(2).elementsEqual(Array("Ed".utf8))
        else {
            return nil
        }
        self.text = "minisign:" + line
        id = Array(data[2..<10])
        key = Array(data[10...])
    }
}

/// What `minisign -S` writes: a signature of the file, and one of that with the trusted comment.
struct MinisignSignature: Sendable {
    let keyID: [UInt8]
    let trustedComment: String
    private let isHashed: Bool
    private let signature: [UInt8]
    private let commentSignature: [UInt8]

    init(reading bytes: [UInt8]) throws(LibraryError) {
        guard bytes.count <= 64 << 10, let text = String(validating: bytes, as: UTF8.self) else { throw Self.malformed }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        guard lines.count == 4, lines[0].hasPrefix("untrusted comment: "), lines[2].hasPrefix("trusted comment: "),
            let blob = Data(base64Encoded: lines[1]), blob.count == 74, let second = Data(base64Encoded: lines[3]),
            second.count == 64
        else { throw Self.malformed }
        switch String(decoding: blob.prefix(2), as: UTF8.self) {
        case "Ed": isHashed = false
        case "ED": isHashed = true
        default: throw Self.malformed
        }
        keyID = Array(blob[2..<10])
        signature = Array(blob[10...])
        trustedComment = String(lines[2].dropFirst("trusted comment: ".count))
        commentSignature = Array(second)
    }

    func verify(_ message: [UInt8], key: MinisignKey) throws(LibraryError) {
        let signed = isHashed ? BLAKE2b.hash(message) : message
        guard key.id == keyID, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key.key),
            key.isValidSignature(signature, for: signed),
            key.isValidSignature(commentSignature, for: signature + Array(trustedComment.utf8))
        else { throw LibraryError(.badSignature, "the minisign signature is not of this package") }
    }

    /// What the trusted comment of a library's signature says.
    static func comment(of package: LibraryPackage) -> String {
        "\(package.manifest.name) \(package.manifest.version) \(package.digest)"
    }

    func checkComment(_ package: LibraryPackage) throws(LibraryError) {
        let expected = Self.comment(of: package)
        guard trustedComment.split(separator: " ") == expected.split(separator: " ") else {
            throw LibraryError(
                .badSignature, "the trusted comment does not name this package", hint: "expected '\(expected)'")
        }
    }

    private static var malformed: LibraryError {
        LibraryError(.badSignature, "a signature is not what minisign writes")
    }
}
