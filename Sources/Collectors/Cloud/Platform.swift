/// The kind of a cluster and the names that its own tools need.
struct Platform: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case eks, aks, gke, openshift, kubeadm, k3s, rke2, minikube, kind
        case dockerDesktop = "docker-desktop"
        case unknown
    }

    var name = Name.unknown
    var cluster: String?
    var region: String?
    var account: String?
    var project: String?
    var location: String?
    var resourceGroup: String?
    var profile: String?
    var evidence: [String] = []

    /// What there is to look at, gathered from the kubeconfig.
    struct Traces: Sendable {
        var context = ""
        var cluster = ""
        var user = ""
        var host = ""
        var kubeconfigPaths: [String] = []
        var materialPaths: [String] = []
        var issuers: [String] = []
        var organizations: [String] = []
        var plugin: ExecConfiguration?
    }

    /// The rules in order: names that a tool of the platform gives before weaker traces.
    init(_ traces: Traces) {
        for rule in [Self.eks, Self.gke, Self.aks, Self.local, Self.rancher, Self.openshift, Self.kubeadm] {
            guard let found = rule(traces) else { continue }
            self = found
            return
        }
    }

    init(_ name: Name, _ evidence: String) {
        self.name = name
        self.evidence = [evidence]
    }

    // MARK: Managed ones

    /// `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`, `….REGION.eks.amazonaws.com`, eksctl's `USER@NAME.REGION.eksctl.io`.
    private static func eks(_ traces: Traces) -> Platform? {
        var found: Platform?
        for (what, text) in [("context", traces.context), ("cluster", traces.cluster)] {
            let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "arn", parts[2] == "eks", parts[5].hasPrefix("cluster/") else {
                continue
            }
            found = Platform(.eks, "the \(what) is named \(text)")
            found?.region = String(parts[3]).orNil
            found?.account = String(parts[4]).orNil
            found?.cluster = String(parts[5].dropFirst("cluster/".count)).orNil
            break
        }
        let labels = traces.host.lowercased().split(separator: ".")
        if let eks = labels.firstIndex(of: "eks"), eks > 0, labels[eks...].dropFirst().first == "amazonaws" {
            found = found ?? Platform(.eks, "the server is \(traces.host)")
            if found?.region == nil { found?.region = String(labels[eks - 1]) }
        }
        let name = traces.cluster.split(separator: ".")
        if name.suffix(2) == ["eksctl", "io"], name.count >= 4 {
            found = found ?? Platform(.eks, "the cluster is named \(traces.cluster)")
            if found?.cluster == nil { found?.cluster = String(name[0]) }
            if found?.region == nil { found?.region = String(name[1]) }
        }
        if let plugin = traces.plugin {
            let hints = ExecPlugin.hints(plugin)
            if hints.provider == .aws {
                found = found ?? Platform(.eks, "the credential plugin is \(plugin.command)")
                if found?.cluster == nil { found?.cluster = hints.cluster }
                if found?.region == nil { found?.region = hints.region }
                found?.profile = hints.profile
            }
        }
        return found
    }

    /// `gke_PROJECT_LOCATION_NAME`.
    private static func gke(_ traces: Traces) -> Platform? {
        for (what, text) in [("context", traces.context), ("cluster", traces.cluster), ("user", traces.user)] {
            let parts = text.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[0] == "gke", !parts[1].isEmpty, !parts[3].isEmpty else { continue }
            var found = Platform(.gke, "the \(what) is named \(text)")
            found.project = String(parts[1])
            found.location = String(parts[2]).orNil
            found.cluster = String(parts[3])
            return found
        }
        if traces.host.lowercased().hasSuffix(".gke.goog") { return Platform(.gke, "the server is \(traces.host)") }
        guard let plugin = traces.plugin, ExecPlugin.hints(plugin).provider == .gcp else { return nil }
        return Platform(.gke, "the credential plugin is \(plugin.command)")
    }

    /// `….hcp.REGION.azmk8s.io`; `az` names the user `clusterUser_GROUP_CLUSTER`.
    private static func aks(_ traces: Traces) -> Platform? {
        var found: Platform?
        let host = traces.host.lowercased()
        if host.hasSuffix(".azmk8s.io") || host.hasSuffix(".cx.prod.service.azk8s.cn") {
            found = Platform(.aks, "the server is \(traces.host)")
            let labels = host.split(separator: ".")
            if let hcp = labels.firstIndex(of: "hcp"), labels.indices.contains(hcp + 1) {
                found?.region = String(labels[hcp + 1])
            }
        }
        for prefix in ["clusterUser_", "clusterAdmin_"] where traces.user.hasPrefix(prefix) {
            found = found ?? Platform(.aks, "the user is named \(traces.user)")
            let rest = traces.user.dropFirst(prefix.count)
            if rest.hasSuffix("_" + traces.cluster), !traces.cluster.isEmpty {
                found?.resourceGroup = String(rest.dropLast(traces.cluster.count + 1)).orNil
            }
        }
        if found != nil { found?.cluster = traces.cluster.orNil }
        return found
    }

    // MARK: Local ones

    private static func local(_ traces: Traces) -> Platform? {
        if let path = traces.materialPaths.first(where: { $0.contains("/.minikube/") }) {
            var found = Platform(.minikube, "a certificate is at \(path)")
            let parts = path.split(separator: "/")
            if let profiles = parts.firstIndex(of: "profiles"), parts.indices.contains(profiles + 2) {
                found.profile = String(parts[profiles + 1])
            }
            if found.profile == nil { found.profile = traces.cluster.orNil }
            found.cluster = found.profile
            return found
        }
        if let issuer = traces.issuers.first(where: { $0.contains("minikubeCA") }) {
            var found = Platform(.minikube, "the issuer is \(issuer)")
            found.profile = traces.context.orNil
            found.cluster = found.profile
            return found
        }
        if traces.context == "minikube" {
            var found = Platform(.minikube, "the context is named minikube")
            (found.profile, found.cluster) = ("minikube", "minikube")
            return found
        }
        for name in [traces.context, traces.cluster] where name.hasPrefix("kind-") {
            var found = Platform(.kind, "its name in the kubeconfig is \(name)")
            found.cluster = String(name.dropFirst("kind-".count)).orNil
            return found
        }
        let desktop = ["docker-desktop", "docker-for-desktop"]
        if let name = [traces.context, traces.cluster].first(where: desktop.contains) {
            return Platform(.dockerDesktop, "its name in the kubeconfig is \(name)")
        }
        guard traces.host == "kubernetes.docker.internal" else { return nil }
        return Platform(.dockerDesktop, "the server is \(traces.host)")
    }

    // MARK: Ones that people install

    private static func rancher(_ traces: Traces) -> Platform? {
        for (name, folder, authority) in [
            (Name.k3s, "/etc/rancher/k3s/", "k3s-"), (Name.rke2, "/etc/rancher/rke2/", "rke2-"),
        ] {
            if let path = traces.kubeconfigPaths.first(where: { $0.hasPrefix(folder) }) {
                return Platform(name, "the kubeconfig is \(path)")
            }
            let issuer = traces.issuers.first { issuer in
                ["client-ca@", "server-ca@"].contains { issuer.contains(authority + $0) }
            }
            if let issuer { return Platform(name, "the issuer is \(issuer)") }
        }
        for name in [traces.context, traces.cluster] where name.hasPrefix("k3d-") {
            var found = Platform(.k3s, "its name in the kubeconfig is \(name)")
            found.cluster = String(name.dropFirst("k3d-".count)).orNil
            return found
        }
        return nil
    }

    /// `oc login` names contexts `NAMESPACE/HOST:PORT/USER`.
    private static func openshift(_ traces: Traces) -> Platform? {
        let parts = traces.context.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 3, parts[1].contains(":"), parts[1] == traces.cluster || traces.user.contains(parts[1]) {
            return Platform(.openshift, "the context is named \(traces.context)")
        }
        let issuer = traces.issuers.first {
            $0.contains("kube-apiserver-lb-signer") || $0.contains("admin-kubeconfig-signer")
        }
        return issuer.map { Platform(.openshift, "the issuer is \($0)") }
    }

    private static func kubeadm(_ traces: Traces) -> Platform? {
        if let path = traces.kubeconfigPaths.first(where: { $0.hasPrefix("/etc/kubernetes/") }) {
            return Platform(.kubeadm, "the kubeconfig is \(path)")
        }
        if traces.context.hasPrefix("kubernetes-admin@") || traces.context.hasPrefix("kubernetes-super-admin@") {
            return Platform(.kubeadm, "the context is named \(traces.context)")
        }
        if traces.organizations.contains(where: { $0.hasPrefix("kubeadm:") }) {
            return Platform(.kubeadm, "the client certificate is of the group kubeadm:cluster-admins")
        }
        guard traces.issuers.contains("CN=kubernetes") else { return nil }
        return Platform(.kubeadm, "the issuer is CN=kubernetes")
    }
}
