internal import CEL
internal import Facts
internal import YAML

/// The certificates of a control plane that kubeadm made, those inside its kubeconfigs too.
///
/// Source: kubeadm's "PKI certificates and requirements". Keys are never opened.
struct KubeadmCertificatesCollector: Collector {
    let declaration = Declaration(
        "kubeadm.certificates",
        summary:
            "Every certificate below /etc/kubernetes: names, dates, and whether the authority beside it signed it.",
        parameters: [
            .init(
                "directory", .string, "the certificates' directory", defaultValue: .string("/etc/kubernetes/pki"),
                names: .folder)
        ],
        returns: .object([
            "certificates": .list(
                .object(
                    CertificateFields.fields.merging([
                        "name": .string, "path": .string, "authority": .string, "issuedByAuthority": .bool,
                        "problem": .string,
                    ]) { $1 }))
        ]),
        fields: [
            "certificates.name": "apiserver, etcd/server, admin.conf, …",
            "certificates.authority": "the authority that signs it in kubeadm's scheme: ca, etcd/ca, front-proxy-ca",
            "certificates.issuedByAuthority":
                "whether that authority's certificate signed it; absent for authorities, unknown where it is not there",
            "certificates.problem":
                "none, or why the file cannot be used; all fields of a certificate are then absent",
        ],
        cost: .file, privileges: ["root, to read /etc/kubernetes"],
        secrets: ["private keys, of which no file is opened", "client keys of the kubeconfigs"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let directory = try absolutePath(
            parameters["directory"]?.text ?? "/etc/kubernetes/pki", home: surroundings.homeDirectory)
        var entries: [Entry] = []
        for prefix in ["", "etcd/"] {
            let names = try await surroundings.namesIfPresent(in: prefix.isEmpty ? directory : "\(directory)/etcd")
            for name in names where name.hasSuffix(".crt") {
                let path = "\(directory)/\(prefix)\(name)"
                let material = await LoadedMaterial.load(file: path, in: surroundings)
                entries.append(Entry(name: prefix + name.dropLast(".crt".count), path: path, material: material))
            }
        }
        if directory == "/etc/kubernetes/pki" {
            for name in try await surroundings.namesIfPresent(in: "/etc/kubernetes") where name.hasSuffix(".conf") {
                guard let entry = await kubeconfig(name, surroundings) else { continue }
                entries.append(entry)
            }
        }
        guard !entries.isEmpty else {
            throw Unknown(.notApplicable, "there are no certificates in \(directory)")
        }
        return Observation(
            .map(["certificates": .list(List(Self.values(entries)))]), source: "\(directory), /etc/kubernetes/*.conf")
    }

    private struct Entry {
        var name: String
        var path: String
        var material: LoadedMaterial

        /// Who signs it in kubeadm's scheme; `nil`: it is an authority, or none of kubeadm's.
        var authority: String? {
            switch name {
            case "ca", "etcd/ca", "front-proxy-ca": nil
            case "front-proxy-client": "front-proxy-ca"
            case "apiserver-etcd-client": "etcd/ca"
            default: name.hasPrefix("etcd/") ? "etcd/ca" : "ca"
            }
        }
    }

    /// The client certificate that a kubeconfig holds or names; `nil` where it has none.
    private func kubeconfig(_ name: String, _ surroundings: Surroundings) async -> Entry? {
        let path = "/etc/kubernetes/\(name)"
        var entry = Entry(name: name, path: path, material: LoadedMaterial())
        do throws(Unknown) {
            let user = documents(of: try await surroundings.machineFile(path)).first?.field("users")?.elements.first?
                .field("user")
            let data = user?.field("client-certificate-data")?.scalarText ?? ""
            let file = user?.field("client-certificate")?.scalarText ?? ""
            guard !data.isEmpty || !file.isEmpty else { return nil }
            if data.isEmpty { entry.path = file }
            entry.material = await LoadedMaterial.load(Material(data: data, file: file), in: surroundings)
        } catch {
            entry.material.unknown = error
        }
        return entry
    }

    private static func values(_ entries: [Entry]) -> [Value] {
        var entries = entries
        let read = entries.indices.map { entries[$0].material.readCertificates() }
        let byName = Dictionary(zip(entries.map(\.name), read)) { first, _ in first }
        return zip(entries, read).map { entry, certificates in
            var fields: [String: Value] = ["name": .string(entry.name), "path": .string(entry.path)]
            fields["authority"] = entry.authority.map(Value.string)
            if let unknown = entry.material.unknown {
                for field in CertificateFields.fields.keys { fields[field] = unknown.value }
                fields["issuedByAuthority"] = unknown.value
                fields["problem"] = unknown.value
                return .map(Map(fields))
            }
            fields["problem"] = .string(entry.material.problem.rawValue)
            guard let first = certificates.first else { return .map(Map(fields)) }
            fields.merge(CertificateFields.values(first.certificate, der: first.der)) { $1 }
            if let authority = entry.authority {
                let signers = byName[authority] ?? []
                fields["issuedByAuthority"] =
                    signers.isEmpty
                    ? Unknown(.notFound, "the authority '\(authority)' is not on this machine").value
                    : .bool(signers.contains { CertificateFields.isSigned(first.certificate, by: $0.certificate) })
            }
            return .map(Map(fields))
        }
    }
}
