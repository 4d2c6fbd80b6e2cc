internal import CEL
internal import Facts

/// A certificate file, such as those of /etc/kubernetes/pki.
struct CertificateCollector: Collector {
    let declaration = Declaration(
        "certificate",
        summary:
            "The X.509 certificates of a PEM file: dates, names, issuer, and whether a given authority signed them.",
        parameters: [
            .init("path", .string, "the PEM file", isRequired: true, names: .file),
            .init(
                "authority", .string,
                "a PEM file with the authorities to check the first certificate's signature against", names: .file),
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
        guard case .string(let path) = parameters["path"], !path.isEmpty else {
            throw Unknown(.inputMissing, "the path of the certificate is missing")
        }
        var material = await LoadedMaterial.load(file: path, in: surroundings)
        if let unknown = material.unknown { throw unknown }
        let certificates = material.readCertificates()
        var values: [String: Value] = [
            "path": .string(path), "problem": .string(material.problem.rawValue),
            "certificates": .list(
                List(certificates.map { .map(Map(CertificateFields.values($0.certificate, der: $0.der))) })),
        ]
        values["detail"] = material.detail.orNil.map(Value.string)
        if let first = certificates.first {
            values.merge(CertificateFields.values(first.certificate, der: first.der)) { $1 }
            if case .string(let path) = parameters["authority"], !path.isEmpty {
                var authority = await LoadedMaterial.load(file: path, in: surroundings)
                let signers = authority.readCertificates()
                values["issuedByAuthority"] =
                    signers.isEmpty
                    ? (authority.unknown ?? Unknown(.malformed, "\(path): \(authority.problem.rawValue)")).value
                    : .bool(signers.contains { CertificateFields.isSigned(first.certificate, by: $0.certificate) })
            }
        }
        return Observation(.map(Map(values)), source: path)
    }
}
