internal import CEL
internal import Facts
internal import X509

/// Which kind of cluster this is, as far as the kubeconfig tells.
struct PlatformCollector: Collector {
    let declaration = Declaration(
        "platform",
        summary:
            "The kind of cluster (EKS, kubeadm, kind …) and the names that its own tools need, from the kubeconfig.",
        returns: .object([
            "name": .string, "cluster": .string, "region": .string, "account": .string, "project": .string,
            "location": .string, "resourceGroup": .string, "profile": .string,
            "evidence": .list(.string),
        ]),
        fields: [
            "name": "eks, aks, gke, openshift, kubeadm, k3s, rke2, minikube, kind, docker-desktop or unknown",
            "account": "of AWS", "project": "of Google Cloud", "location": "a region or zone of Google Cloud",
            "resourceGroup": "of Azure, where a name tells it", "profile": "of the AWS CLI or of minikube",
            "evidence": "what the answer rests on, the strongest first",
        ],
        words: ["name": Platform.Name.words], cost: .file, privileges: ["read the kubeconfig"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let platform = try await Self.platform(in: surroundings)
        var values: [String: Value] = [
            "name": .string(platform.name.rawValue), "evidence": .texts(platform.evidence),
        ]
        values["cluster"] = platform.cluster.map(Value.string)
        values["region"] = platform.region.map(Value.string)
        values["account"] = platform.account.map(Value.string)
        values["project"] = platform.project.map(Value.string)
        values["location"] = platform.location.map(Value.string)
        values["resourceGroup"] = platform.resourceGroup.map(Value.string)
        values["profile"] = platform.profile.map(Value.string)
        return Observation(
            .map(Map(values)),
            source: surroundings.capture ?? Kubeconfig.paths(in: surroundings).paths.joined(separator: ":"))
    }

    /// From the kubeconfig; where that selects nothing, from what is installed on this machine.
    static func platform(in surroundings: Surroundings) async throws(Unknown) -> Platform {
        if surroundings.capture != nil { return try await Platform.ofNodes(in: surroundings) }
        let access = await SelectedAccess.load(in: surroundings)
        let platform = Platform(traces(of: access))
        guard platform.name == .unknown, access.kubeconfig.context == nil else { return platform }
        for (name, path) in [
            (Platform.Name.k3s, "/etc/rancher/k3s"), (.rke2, "/etc/rancher/rke2"),
            (.kubeadm, "/etc/kubernetes/kubelet.conf"), (.kubeadm, "/etc/kubernetes/manifests"),
        ] where await (try? surroundings.effects.status(of: path)) != nil {
            return Platform(name, "\(path) exists")
        }
        if let obstacle = access.kubeconfig.obstacle { throw obstacle }
        return platform
    }

    static func traces(of access: SelectedAccess) -> Platform.Traces {
        let leaf = access.certificates.first?.certificate
        return Platform.Traces(
            context: access.kubeconfig.contextName, cluster: access.cluster.name, user: access.user.name,
            host: access.server.host, kubeconfigPaths: access.kubeconfig.files.filter(\.isReadable).map(\.path),
            materialPaths: [access.cluster.authority.file, access.user.certificate.file, access.user.key.file]
                .filter { !$0.isEmpty },
            issuers: ([leaf].compactMap { $0 } + access.authorities.map(\.certificate)).map(\.issuer.description),
            organizations: leaf.map(CertificateFields.organizations) ?? [], plugin: access.user.exec)
    }
}
