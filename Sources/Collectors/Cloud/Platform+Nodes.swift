internal import CEL
internal import Facts

extension Platform {
    /// What the nodes of a capture say: it holds no kubeconfig.
    static func ofNodes(in surroundings: Surroundings) async throws(Unknown) -> Platform {
        let response: HTTPResponse
        do throws(Unknown) {
            response = try await surroundings.effects.send(
                try await ServerAccess.anonymous(in: surroundings).request("/api/v1/nodes"))
        } catch {
            return try await ofMachine(in: surroundings, otherwise: error)
        }
        for node in response.json?[field: "items"]?.elements ?? [] {
            if let platform = Platform(node: node) { return platform }
        }
        return Platform(.unknown, "no node has a mark of a known platform")
    }

    /// A report of one machine has no nodes, but may have what an installer leaves.
    private static func ofMachine(
        in surroundings: Surroundings, otherwise unknown: Unknown
    ) async throws(Unknown) -> Platform {
        for (name, path) in [
            (Name.k3s, "/etc/rancher/k3s"), (.rke2, "/etc/rancher/rke2"), (.kubeadm, "/etc/kubernetes/kubelet.conf"),
            (.kubeadm, "/etc/kubernetes/manifests"),
        ] where await (try? surroundings.effects.status(of: path)) != nil {
            return Platform(name, "\(path) exists")
        }
        throw unknown
    }

    /// Labels, provider ids and versions that the platforms give their nodes.
    init?(node: Value) {
        let metadata = node[field: "metadata"]
        let name = metadata?[field: "name"]?.text ?? ""
        let provider = node[field: "spec"]?[field: "providerID"]?.text ?? ""
        let version = node[field: "status"]?[field: "nodeInfo"]?[field: "kubeletVersion"]?.text ?? ""
        func label(_ key: String) -> String? { metadata?[field: "labels"]?[field: key]?.text }
        func marks(_ prefix: String) -> String? {
            guard case .map(let labels)? = metadata?[field: "labels"] else { return nil }
            return labels.entries.lazy.compactMap { entry in
                if case .string(let key) = entry.key, key.hasPrefix(prefix) { key } else { nil }
            }.first
        }
        if let mark = marks("eks.amazonaws.com/") ?? marks("alpha.eksctl.io/") {
            self.init(.eks, "the node \(name) has the label \(mark)")
            cluster = label("alpha.eksctl.io/cluster-name")
            region = label("topology.kubernetes.io/region")
        } else if version.contains("-eks-") {
            self.init(.eks, "the kubelet of \(name) is \(version)")
            region = label("topology.kubernetes.io/region")
        } else if let mark = marks("cloud.google.com/gke-") {
            self.init(.gke, "the node \(name) has the label \(mark)")
            project =
                provider.hasPrefix("gce://") ? provider.split(separator: "/").dropFirst().first.map(String.init) : nil
        } else if let mark = marks("kubernetes.azure.com/") {
            self.init(.aks, "the node \(name) has the label \(mark)")
            region = label("topology.kubernetes.io/region")
        } else if let mark = marks("node.openshift.io/") {
            self.init(.openshift, "the node \(name) has the label \(mark)")
        } else if let profile = label("minikube.k8s.io/name") {
            self.init(.minikube, "the node \(name) has the label minikube.k8s.io/name")
            (self.profile, cluster) = (profile, profile)
        } else if provider.hasPrefix("kind://") {
            self.init(.kind, "the provider of \(name) is \(provider)")
            cluster = provider.split(separator: "/").dropFirst(2).first.map(String.init)
        } else if version.contains("+k3s") || provider.hasPrefix("k3s://") {
            self.init(.k3s, "the kubelet of \(name) is \(version)")
        } else if version.contains("+rke2") || provider.hasPrefix("rke2://") {
            self.init(.rke2, "the kubelet of \(name) is \(version)")
        } else if name == "docker-desktop" {
            self.init(.dockerDesktop, "a node is named \(name)")
        } else if metadata?[field: "annotations"]?[field: "kubeadm.alpha.kubernetes.io/cri-socket"] != nil {
            self.init(.kubeadm, "the node \(name) has kubeadm's annotation of the runtime's socket")
        } else {
            return nil
        }
    }
}
