internal import CEL
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

extension CertificateFields {
    static func certificate(_ der: [UInt8]) -> Certificate? { try? Certificate(derEncoded: der) }

    /// What a fact tells of a certificate.
    static func values(_ certificate: Certificate, der: [UInt8]) -> [String: Value] {
        var values: [String: Value] = [
            "subject": .string(certificate.subject.description),
            "organizations": .texts(organizations(certificate)),
            "issuer": .string(certificate.issuer.description),
            "serialNumber": .string(hexadecimal(certificate.serialNumber.bytes)),
            "notBefore": .timestamp(Timestamp(certificate.notValidBefore)),
            "notAfter": .timestamp(Timestamp(certificate.notValidAfter)),
            "selfSigned": .bool(isSelfSigned(certificate)),
            "isCA": .bool(isCA(certificate)),
            "sha256": .string(Digest.sha256(der)),
        ]
        values["commonName"] = attributes(certificate.subject, .RDNAttributeType.commonName).last.map(Value.string)
        values["subjectKeyId"] = subjectKeyID(certificate).map(Value.string)
        values["authorityKeyId"] = authorityKeyID(certificate).map(Value.string)
        let names = (try? certificate.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames()
        values["dnsNames"] = .texts(names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } })
        values["ipAddresses"] = .texts(
            names.compactMap { if case .ipAddress(let octets) = $0 { address(octets.bytes) } else { nil } })
        values["extendedKeyUsages"] = .texts(usages(certificate))
        return values
    }

    static func organizations(_ certificate: Certificate) -> [String] {
        attributes(certificate.subject, .RDNAttributeType.organizationName)
    }

    static func isSelfSigned(_ certificate: Certificate) -> Bool {
        certificate.subject == certificate.issuer && isSigned(certificate, by: certificate)
    }

    static func isSigned(_ certificate: Certificate, by authority: Certificate) -> Bool {
        certificate.issuer == authority.subject
            && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    static func isCA(_ certificate: Certificate) -> Bool {
        guard case .isCertificateAuthority = try? certificate.extensions.basicConstraints else { return false }
        return true
    }

    static func subjectKeyID(_ certificate: Certificate) -> String? {
        (try? certificate.extensions.subjectKeyIdentifier).map { hexadecimal($0.keyIdentifier) }
    }

    static func authorityKeyID(_ certificate: Certificate) -> String? {
        (try? certificate.extensions.authorityKeyIdentifier)?.keyIdentifier.map { hexadecimal($0) }
    }

    private static func attributes(_ name: DistinguishedName, _ type: ASN1ObjectIdentifier) -> [String] {
        name.flatMap { part in part.filter { $0.type == type }.map { String(describing: $0.value) } }
    }

    private static func usages(_ certificate: Certificate) -> [String] {
        guard let usages = try? certificate.extensions.extendedKeyUsage else { return [] }
        return usages.map { usage in
            switch usage {
            case .serverAuth: "serverAuth"
            case .clientAuth: "clientAuth"
            case .any: "any"
            default: String(describing: usage)
            }
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func address(_ bytes: ArraySlice<UInt8>) -> String? {
        let bytes = Array(bytes)
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        guard bytes.count == 16 else { return nil }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
    }
}

extension Timestamp {
    init(_ date: Date) { self.init(seconds: Int64(date.timeIntervalSince1970.rounded(.down))) }
}

extension Value {
    static func texts(_ texts: some Sequence<String>) -> Value { .list(List(texts.map(Value.string))) }
}
