internal import CEL
internal import Facts

/// A certificate file, such as those of /etc/kubernetes/pki.
struct CertificateCollector: Collector {
    let declaration = Declaration(
        "certificate",
        summary:
            "The X.509 certificates of a PEM file: dates, names, issuer, and whether a given authority signed them.",
        parameters: [
            .init("path", .string, "the PEM file", isRequired: true),
            .init(
                "authority", .string,
                "a PEM file with the authorities to check the first certificate's signature against"),
        ],
        returns: .object(
            CertificateFields.fields.merging([
                "path": .string, "problem": .string, "detail": .string, "certificates": .list(CertificateFields.type),
                "issuedByAuthority": .bool,
            ]) { $1 }),
        fields: CertificateFields.meanings.merging([
            "problem": "none, missing, directory, empty, notPEM, wrongPEM or malformed",
            "certificates": "all of the file; the fields beside it are the first one's",
            "issuedByAuthority": "absent where no authority was given",
        ]) { $1 },
        cost: .file, privileges: ["read the file"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "certificates are not read yet")
    }
}
