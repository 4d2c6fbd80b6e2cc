internal import CEL

/// The type that every certificate has inside a fact.
enum CertificateFields {
    static let fields: [String: ValueType] = [
        "subject": .string, "commonName": .string, "organizations": .list(.string),
        "issuer": .string, "serialNumber": .string,
        "notBefore": .timestamp, "notAfter": .timestamp,
        "subjectKeyId": .string, "authorityKeyId": .string,
        "selfSigned": .bool, "isCA": .bool,
        "dnsNames": .list(.string), "ipAddresses": .list(.string),
        "extendedKeyUsages": .list(.string), "sha256": .string,
    ]

    static let type = ValueType.object(fields)

    static let meanings: [String: String] = [
        "authorityKeyId": "lower-case hexadecimal, of the key that signed it; absent where the certificate has none",
        "extendedKeyUsages": "serverAuth, clientAuth, … or the object identifier",
        "organizations": "for a client certificate of Kubernetes: the groups",
        "commonName": "for a client certificate of Kubernetes: the user",
        "sha256": "fingerprint of the DER form",
    ]
}
