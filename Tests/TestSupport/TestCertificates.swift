internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A certificate authority that a test makes up.
package struct TestAuthority: Sendable {
    /// A certificate with its key.
    package struct Identity: Sendable {
        package var certificatePEM: String
        package var keyPEM: String
        package var certificateDER: [UInt8]

        package var serverTLS: LoopbackServer.TLS { .init(certificatePEM: certificatePEM, keyPEM: keyPEM) }
    }

    package let certificatePEM: String
    private let key: P256.Signing.PrivateKey
    private let name: DistinguishedName

    package init(_ commonName: String = "kubernetes") throws {
        key = P256.Signing.PrivateKey()
        name = try DistinguishedName { CommonName(commonName) }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .year(2020),
            notValidAfter: .year(2190), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: .init(key))
        certificatePEM = try certificate.serializeAsPEM().pemString
    }

    /// A certificate of this authority.
    ///
    /// Names that are IP addresses become such.
    package func issue(
        _ commonName: String, organization: String? = nil, names: [String] = ["localhost", "127.0.0.1"],
        fromYear: Int = 2020, toYear: Int = 2190
    ) throws -> Identity {
        let own = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            if let organization { OrganizationName(organization) }
            CommonName(commonName)
        }
        let alternatives = names.map { name -> GeneralName in
            let parts = name.split(separator: ".").compactMap { UInt8($0) }
            return parts.count == 4 ? .ipAddress(ASN1OctetString(contentBytes: parts[...])) : .dnsName(name)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(own.publicKey), notValidBefore: .year(fromYear),
            notValidAfter: .year(toYear), issuer: name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(alternatives)
            }, issuerPrivateKey: .init(key))
        let document = try certificate.serializeAsPEM()
        return Identity(
            certificatePEM: document.pemString, keyPEM: own.pemRepresentation, certificateDER: document.derBytes)
    }
}

extension Date {
    /// The first day of a year, near enough.
    fileprivate static func year(_ year: Int) -> Date {
        Date(timeIntervalSince1970: Double(year - 1970) * 365.2425 * 86_400)
    }
}
