internal import Crypto

enum Digest {
    /// In lower-case hexadecimal.
    static func sha256(_ bytes: [UInt8]) -> String { CertificateFields.hexadecimal(SHA256.hash(data: bytes)) }
}
