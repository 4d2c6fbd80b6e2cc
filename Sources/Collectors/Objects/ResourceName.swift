/// A resource as kubectl names it: `pods`, `deployments.apps`; `pods.` is that of the core group for sure.
struct ResourceName: Sendable, Hashable {
    var plural: String
    /// `nil`: the group was not said; empty: the core group.
    var group: String?

    init?(_ text: String) {
        let parts = text.lowercased().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, Self.isName(first),
            parts.dropFirst().allSatisfy({ $0.isEmpty || Self.isName($0) })
        else { return nil }
        plural = String(first)
        group = parts.count > 1 ? String(parts[1]) : nil
    }

    /// What a DNS subdomain may hold: nothing else may get into a path.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.".utf8.contains($0) }
    }
}

/// Where a resource is served.
struct ResourceLocation: Sendable, Hashable {
    var group: String
    var version: String
    var plural: String
    var isNamespaced: Bool

    func path(namespace: String, name: String?) -> String {
        let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        let scope = isNamespaced && !namespace.isEmpty ? "/namespaces/\(namespace)" : ""
        return root + scope + "/" + plural + (name.map { "/" + $0 } ?? "")
    }

    /// `horizontalpodautoscalers.autoscaling`, as kubectl and RBAC write it.
    var fullName: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// `apps/v1`, or `v1` in the core group.
    var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// What every supported Kubernetes serves at these places, so that no discovery is needed for it.
    static func wellKnown(_ name: ResourceName) -> ResourceLocation? {
        table.first { $0.plural == name.plural && (name.group == nil || $0.group == name.group) }
    }

    private static let table: [ResourceLocation] = [
        (
            "", "v1",
            [
                "pods", "services", "endpoints", "configmaps", "secrets", "events", "serviceaccounts",
                "limitranges", "resourcequotas", "persistentvolumeclaims", "replicationcontrollers",
            ], true
        ),
        ("", "v1", ["nodes", "namespaces", "persistentvolumes"], false),
        ("apps", "v1", ["deployments", "replicasets", "statefulsets", "daemonsets"], true),
        ("discovery.k8s.io", "v1", ["endpointslices"], true),
        ("batch", "v1", ["jobs", "cronjobs"], true),
        ("autoscaling", "v2", ["horizontalpodautoscalers"], true),
        ("networking.k8s.io", "v1", ["ingresses", "networkpolicies"], true),
        ("policy", "v1", ["poddisruptionbudgets"], true),
        ("rbac.authorization.k8s.io", "v1", ["roles", "rolebindings"], true),
        ("rbac.authorization.k8s.io", "v1", ["clusterroles", "clusterrolebindings"], false),
        ("apiregistration.k8s.io", "v1", ["apiservices"], false),
        ("storage.k8s.io", "v1", ["storageclasses"], false),
        ("apiextensions.k8s.io", "v1", ["customresourcedefinitions"], false),
        ("coordination.k8s.io", "v1", ["leases"], true),
        (
            "admissionregistration.k8s.io", "v1",
            ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"], false
        ),
    ].flatMap { group, version, names, isNamespaced in
        names.map { ResourceLocation(group: group, version: version, plural: $0, isNamespaced: isNamespaced) }
    }
}
