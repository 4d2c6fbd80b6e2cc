internal import Facts
internal import SwiftASN1
internal import X509

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Why a presented certificate is trusted or not, one reason at a time.
struct PeerTrust: Sendable {
    /// Whether the chain leads to one of the authorities, whatever dates and names say.
    var leadsToAuthority: Bool
    /// Whether the leaf names the host, as Go's verifier reads it: subject alternative names only.
    var namesHost: Bool
    var isInDate: Bool

    var isTrusted: Bool { leadsToAuthority && namesHost && isInDate }

    init(chain: [[UInt8]], options: TLSOptions, host: String) async {
        let certificates = chain.compactMap { try? Certificate(derEncoded: $0) }
        guard let leaf = certificates.first else {
            (leadsToAuthority, namesHost, isInDate) = (false, false, false)
            return
        }
        namesHost = leaf.names(options.serverName ?? host)
        let now = Date()
        isInDate = certificates.allSatisfy { $0.notValidBefore <= now && now <= $0.notValidAfter }

        let authorities: CertificateStore
        if let text = options.authoritiesPEM {
            let roots = (try? PEMDocument.parseMultiple(pemString: text)) ?? []
            authorities = CertificateStore(roots.compactMap { try? Certificate(pemDocument: $0) })
        } else {
            authorities = CertificateStore.systemTrustRoots
        }
        var verifier = Verifier(rootCertificates: authorities) { AnyChain() }
        let verdict = await verifier.validate(
            leaf: leaf, intermediates: CertificateStore(certificates.dropFirst()))
        if case .validCertificate = verdict { leadsToAuthority = true } else { leadsToAuthority = false }
    }
}

/// Signatures alone count: dates and names are told separately, so that each fault gets its own words.
private struct AnyChain: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.nameConstraints, .X509ExtensionID.keyUsage,
        .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    ]

    mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        .meetsPolicy
    }
}

extension Certificate {
    /// DNS names and IP addresses that the certificate is for.
    var subjectNames: [String] {
        guard let names = try? extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let text): text
            case .ipAddress(let bytes): addressText(Array(bytes.bytes))
            default: nil
            }
        }
    }

    /// Whether the certificate is for the host; a `*` stands for the first label (RFC 6125, 6.4.3).
    func names(_ host: String) -> Bool {
        let wanted = host.lowercased()
        if isAddress(wanted) {
            guard let bytes = addressBytes(wanted) else { return false }
            return subjectNames.contains { addressBytes($0) == bytes }
        }
        return subjectNames.contains { name in
            let name = name.lowercased()
            guard name.hasPrefix("*.") else { return name == wanted }
            guard let dot = wanted.firstIndex(of: ".") else { return false }
            return wanted[dot...] == name.dropFirst()
        }
    }
}
