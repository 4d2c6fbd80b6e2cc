internal import CEL
internal import Facts
internal import YAML

/// How kubeadm set the cluster up.
///
/// Source: kubeadm's ClusterConfiguration (v1beta3, v1beta4), which it keeps in the ConfigMap kube-system/kubeadm-config.
struct KubeadmConfigurationCollector: Collector {
    let declaration = Declaration(
        "kubeadm.configuration",
        summary: "The cluster configuration that kubeadm keeps in the cluster (ConfigMap kubeadm-config).",
        returns: .object([
            "kubernetesVersion": .string, "clusterName": .string, "controlPlaneEndpoint": .string,
            "imageRepository": .string, "certificatesDir": .string, "podSubnet": .string, "serviceSubnet": .string,
            "dnsDomain": .string, "certSANs": .list(.string), "etcdDataDir": .string,
            "externalEtcdEndpoints": .list(.string), "apiServerArguments": .map(.string, .string),
            "controllerManagerArguments": .map(.string, .string), "schedulerArguments": .map(.string, .string),
        ]),
        fields: [
            "controlPlaneEndpoint": "absent where none was set, as in a cluster of one control-plane node",
            "externalEtcdEndpoints": "absent where etcd runs as kubeadm's static pods",
            "apiServerArguments": "extraArgs, without what looks secret",
        ],
        cost: .network, privileges: ["get configmaps in kube-system"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let query: [String: Value] = [
            "resource": .string("configmaps"), "namespace": .string("kube-system"), "name": .string("kubeadm-config"),
        ]
        let found = try await KubernetesCollector.objects(
            query, reading: ["data.ClusterConfiguration"], in: surroundings)
        guard let object = found.items.first else {
            throw Unknown(
                .notApplicable, "kubeadm did not make this cluster: it has no ConfigMap kube-system/kubeadm-config")
        }
        guard let text = object[field: "data"]?[field: "ClusterConfiguration"]?.text,
            let root = documents(of: text).first
        else { throw Unknown(.malformed, "the ConfigMap kubeadm-config holds no ClusterConfiguration") }
        return Observation(Self.value(of: root), source: found.source)
    }

    static func value(of root: Node) -> Value {
        var fields: [String: Value] = [:]
        for field in [
            "kubernetesVersion", "clusterName", "controlPlaneEndpoint", "imageRepository", "certificatesDir",
        ] { fields[field] = root.field(field)?.scalarText?.orNil.map(Value.string) }
        let networking = root.field("networking")
        for field in ["podSubnet", "serviceSubnet", "dnsDomain"] {
            fields[field] = networking?.field(field)?.scalarText?.orNil.map(Value.string)
        }
        fields["certSANs"] = Value.texts(
            root.field("apiServer")?.field("certSANs")?.elements.compactMap(\.scalarText) ?? [])
        let etcd = root.field("etcd")
        fields["etcdDataDir"] = etcd?.field("local")?.field("dataDir")?.scalarText.map(Value.string)
        if let external = etcd?.field("external")?.field("endpoints") {
            fields["externalEtcdEndpoints"] = Value.texts(
                external.elements.compactMap(\.scalarText).map(withoutCredentials))
        }
        for (field, section) in [
            ("apiServerArguments", "apiServer"), ("controllerManagerArguments", "controllerManager"),
            ("schedulerArguments", "scheduler"),
        ] { fields[field] = .map(Map(arguments(root.field(section)?.field("extraArgs")))) }
        return .map(Map(fields))
    }

    /// A map in v1beta3, a list of names and values since v1beta4.
    private static func arguments(_ node: Node?) -> [String: Value] {
        let listed = node?.elements.compactMap { entry -> (String, String)? in
            guard let name = entry.field("name")?.scalarText else { return nil }
            return (name, entry.field("value")?.scalarText ?? "")
        }
        let pairs = (listed ?? []) + (node?.pairs.map { ($0.key, $0.value) } ?? [])
        let shown = pairs.map { name, value in
            let text = Redaction.redact(arguments: ["--\(name)=\(value)"])[0]
            return (name, Value.string(String(text.dropFirst(name.utf8.count + 3))))
        }
        return Dictionary(shown) { $1 }
    }
}
