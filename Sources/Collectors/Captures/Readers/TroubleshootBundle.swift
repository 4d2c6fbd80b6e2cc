internal import CEL
internal import Facts

/// A support bundle of Troubleshoot (troubleshoot.sh).
///
/// Source: replicatedhq/troubleshoot, `pkg/collect/cluster_resources.go` and `cluster_info.go`, and its documentation of
/// the collectors: `cluster-resources/RESOURCE/NAMESPACE.json`, `cluster-resources/RESOURCE.json` of what has no
/// namespace, `cluster-resources/pods/logs/NAMESPACE/POD/CONTAINER.log`, `cluster-info/cluster_version.json`. What could
/// not be listed has no file, and stands in `…-errors.json`.
struct TroubleshootBundle: CaptureReader {
    let name = "Troubleshoot support bundle"
    let looksBelow = true

    private static let folder = "cluster-resources/"

    /// Where its names are not the API's.
    private static let names: [String: (group: String, plural: String)] = [
        "ingress": ("networking.k8s.io", "ingresses"), "network-policy": ("networking.k8s.io", "networkpolicies"),
        "resource-quota": ("", "resourcequotas"), "pvcs": ("", "persistentvolumeclaims"),
        "pvs": ("", "persistentvolumes"), "pod-disruption-budgets": ("policy", "poddisruptionbudgets"),
        "storage-classes": ("storage.k8s.io", "storageclasses"),
        "custom-resource-definitions": ("apiextensions.k8s.io", "customresourcedefinitions"),
        "clusterRoleBindings": ("rbac.authorization.k8s.io", "clusterrolebindings"),
        "volumeattachments": ("storage.k8s.io", "volumeattachments"),
        "endpointslices": ("discovery.k8s.io", "endpointslices"),
    ]

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        let files = tree.files(under: Self.folder)
        guard !files.isEmpty else { return nil }
        var contents = CaptureContents(title, tree)
        for file in files where !file.isLoose {
            let parts = file.path.dropFirst(Self.folder.count).split(separator: "/").map(String.init)
            if parts.starts(with: ["pods", "logs"]), parts.count == 5 {
                contents.addLog(namespace: parts[2], pod: parts[3], file: parts[4], path: file.path)
            } else if isObjectFile(file.path), !fileStem(file.path).hasSuffix("-errors"),
                let holding = Self.holding(parts, path: file.path)
            {
                contents.holdings.append(holding)
            }
        }
        let version = "cluster-info/cluster_version.json"
        if tree.contains(version) { contents.versionPath = version }
        let known = try Self.namespaces(in: contents)
        contents.holdsAllNamespaces = CaptureContents.standardNamespaces.isSubset(of: known)
        // A bundle of one namespace has a list of namespaces with that one alone.
        if !contents.holdsAllNamespaces { contents.holdings.removeAll { $0.plural == "namespaces" } }
        return contents
    }

    private static func holding(_ parts: [String], path: String) -> CaptureContents.Holding? {
        guard let first = parts.first else { return nil }
        if first == "custom-resources" || "\(first).json" == "custom-resources.json" {
            // Named by the definition: `backups.velero.io`, a folder where they have namespaces.
            guard parts.count >= 2, let name = ResourceName(parts.count == 2 ? fileStem(parts[1]) : parts[1]) else {
                return nil
            }
            let scope: CaptureContents.Holding.Scope = parts.count == 2 ? .cluster : .namespace(fileStem(parts[2]))
            return .init(
                group: name.group ?? "", plural: name.plural, scope: scope, path: path, isComplete: true)
        }
        guard parts.count <= 2, let resource = resource(parts.count == 1 ? fileStem(first) : first) else { return nil }
        return .init(
            group: resource.group, plural: resource.plural,
            scope: parts.count == 1 ? .cluster : .namespace(fileStem(parts[1])), path: path, isComplete: true)
    }

    private static func resource(_ name: String) -> (group: String, plural: String)? {
        if let named = names[name] { return named }
        guard let plain = ResourceName(name.filter { $0 != "-" }) else { return nil }
        return ResourceLocation.wellKnown(plain).map { ($0.group, $0.plural) }
    }

    /// The cluster's namespaces as the bundle lists them.
    private static func namespaces(in contents: CaptureContents) throws(Unknown) -> Set<String> {
        guard let list = contents.holdings.first(where: { $0.plural == "namespaces" }) else { return [] }
        let items = try contents.objectFile(list.path).parts.flatMap(\.items)
        return Set(items.compactMap { $0[field: "metadata"]?[field: "name"]?.text })
    }
}

extension CaptureContents {
    /// `CONTAINER.log` or `CONTAINER-previous.log`.
    fileprivate mutating func addLog(namespace: String, pod: String, file: String, path: String) {
        guard file.hasSuffix(".log") else { return }
        let stem = fileStem(file)
        let isPrevious = stem.hasSuffix("-previous")
        let container = isPrevious ? String(stem.dropLast("-previous".count)) : stem
        logs[LogKey(namespace: namespace, pod: pod, container: container, isPrevious: isPrevious)] = path
    }
}
