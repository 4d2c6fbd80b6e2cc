internal import Crypto
internal import FoundationEssentials
internal import _CryptoExtras

/// Reads what SSH writes: four bytes of length, then content (RFC 4251, section 5).
struct SSHReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }
    /// How many bytes are left.
    var count: Int { rest.count }

    mutating func number() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func wideNumber() -> UInt64? {
        guard let high = number(), let low = number() else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    mutating func string() -> [UInt8]? {
        guard let length = number(), Int(length) <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return Array(rest.prefix(Int(length)))
    }

    mutating func text() -> String? { string().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

func sshString(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let count = UInt32(bytes.count)
    return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + bytes
}

/// A public key as SSH writes it.
struct SSHKey: Sendable, Hashable {
    enum Material: Sendable, Hashable {
        case ed25519([UInt8])
        /// The curve's bits, and the point in the uncompressed form of X9.63.
        case ecdsa(Int, [UInt8])
        case rsa(exponent: [UInt8], modulus: [UInt8])
        case securityKeyEd25519([UInt8], application: [UInt8])
        case securityKeyECDSA([UInt8], application: [UInt8])
    }

    let type: String
    /// The key's own, also where a certificate came with it.
    let blob: [UInt8]
    let material: Material
    /// Who vouches for the key, where it came in a certificate.
    let certificate: SSHCertificate?

    static let leastRSABits = 3072

    init(blob: [UInt8]) throws(LibraryError) {
        var reader = SSHReader(blob)
        guard let type = reader.text() else { throw Self.malformed("a key cannot be read") }
        let isCertificate = type.hasSuffix(SSHCertificate.suffix)
        let plain = Self.plainType(type)
        // What makes each certificate another one.
        guard !isCertificate || reader.string() != nil else { throw Self.malformed("a certificate cannot be read") }
        let start = blob.count - reader.count
        guard let material = try Self.material(plain, &reader), isCertificate || reader.isAtEnd else {
            throw Self.malformed("a key of type '\(printable(type))' cannot be used")
        }
        let fields = blob[start..<blob.count - reader.count]
        self.type = plain
        self.material = material
        self.blob = isCertificate ? sshString(Array(plain.utf8)) + fields : blob
        certificate = isCertificate ? try SSHCertificate(blob, &reader) : nil
    }

    /// `ssh-ed25519-cert-v01@openssh.com` is of `ssh-ed25519`, and `sk-…-cert-v01@openssh.com` of `sk-…@openssh.com`.
    private static func plainType(_ type: String) -> String {
        guard type.hasSuffix(SSHCertificate.suffix) else { return type }
        let name = String(type.dropLast(SSHCertificate.suffix.count))
        return name.hasPrefix("sk-") ? name + "@openssh.com" : name
    }

    private static func material(_ type: String, _ reader: inout SSHReader) throws(LibraryError) -> Material? {
        switch type {
        case "ssh-ed25519": return reader.string().map { .ed25519($0) }
        case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
            guard reader.text() == String(type.suffix(8)), let point = reader.string() else { return nil }
            return .ecdsa(Int(type.suffix(3)) ?? 0, point)
        case "ssh-rsa":
            guard let exponent = reader.string(), let modulus = reader.string() else { return nil }
            let significant = modulus.drop { $0 == 0 }
            let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
            guard bits >= leastRSABits else {
                throw LibraryError(
                    .badSignature, "an RSA key of \(bits) bits is too short; at least \(leastRSABits) are taken")
            }
            return .rsa(exponent: exponent, modulus: Array(significant))
        case "sk-ssh-ed25519@openssh.com":
            guard let key = reader.string(), let application = reader.string() else { return nil }
            return .securityKeyEd25519(key, application: application)
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            guard reader.text() == "nistp256", let point = reader.string(), let application = reader.string() else {
                return nil
            }
            return .securityKeyECDSA(point, application: application)
        default: return nil
        }
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    var fingerprint: String { Self.fingerprint(of: blob) }

    static func fingerprint(of blob: [UInt8]) -> String {
        let text = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + text.prefix { $0 != "=" }
    }

    /// - Parameter signature: SSH's wrapping of it: the algorithm's name, then its own bytes.
    func verifies(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        var reader = SSHReader(signature)
        guard let algorithm = reader.text(), let bytes = reader.string() else { return false }
        switch material {
        case .ed25519(let key):
            return algorithm == type && reader.isAtEnd && Self.ed25519(key, bytes, message)
        case .ecdsa(let bits, let point):
            return algorithm == type && reader.isAtEnd && Self.ecdsa(bits, point, bytes, message)
        case .rsa(let exponent, let modulus):
            // SHA-1 (ssh-rsa) is not taken, as OpenSSH has it.
            return reader.isAtEnd && Self.rsa(exponent, modulus, algorithm, bytes, message)
        case .securityKeyEd25519(let key, let application):
            guard algorithm == type, let signed = Self.securityKeyMessage(&reader, application, message) else {
                return false
            }
            return Self.ed25519(key, bytes, signed)
        case .securityKeyECDSA(let point, let application):
            guard algorithm == type, let signed = Self.securityKeyMessage(&reader, application, message) else {
                return false
            }
            return Self.ecdsa(256, point, bytes, signed)
        }
    }

    private static func ed25519(_ key: [UInt8], _ signature: [UInt8], _ message: [UInt8]) -> Bool {
        (try? Curve25519.Signing.PublicKey(rawRepresentation: key))?.isValidSignature(signature, for: message) ?? false
    }

    /// Two numbers without their leading zeros become two of the curve's width (RFC 5656, section 3.1.2).
    private static func ecdsa(_ bits: Int, _ point: [UInt8], _ signature: [UInt8], _ message: [UInt8]) -> Bool {
        var reader = SSHReader(signature)
        let width = (bits + 7) / 8
        guard let r = reader.string(), let s = reader.string(), reader.isAtEnd,
            let raw = padded(r, to: width).flatMap({ left in padded(s, to: width).map { left + $0 } })
        else { return false }
        switch bits {
        case 256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case 384:
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        default:
            guard let key = try? P521.Signing.PublicKey(x963Representation: point),
                let signature = try? P521.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }

    private static func padded(_ number: [UInt8], to width: Int) -> [UInt8]? {
        let digits = number.drop { $0 == 0 }
        return digits.count > width ? nil : [UInt8](repeating: 0, count: width - digits.count) + digits
    }

    private static func rsa(
        _ exponent: [UInt8], _ modulus: [UInt8], _ algorithm: String, _ signature: [UInt8], _ message: [UInt8]
    ) -> Bool {
        guard let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent.drop { $0 == 0 }) else { return false }
        let raw = _RSA.Signing.RSASignature(
            rawRepresentation: [UInt8](repeating: 0, count: max(0, modulus.count - signature.count)) + signature)
        return switch algorithm {
        case "rsa-sha2-512": key.isValidSignature(raw, for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
        case "rsa-sha2-256": key.isValidSignature(raw, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        default: false
        }
    }

    /// What a hardware key signs (OpenSSH's PROTOCOL.u2f); somebody must have touched it.
    private static func securityKeyMessage(
        _ reader: inout SSHReader, _ application: [UInt8], _ message: [UInt8]
    ) -> [UInt8]? {
        guard let flags = reader.take(1), let counter = reader.take(4), reader.isAtEnd, flags[0] & 1 == 1 else {
            return nil
        }
        return Array(SHA256.hash(data: application)) + flags + counter + Array(SHA256.hash(data: message))
    }

    private static func malformed(_ message: String) -> LibraryError { LibraryError(.badSignature, message) }
}
