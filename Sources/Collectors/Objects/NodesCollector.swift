internal import CEL
internal import Facts

/// The nodes and what they say of themselves.
///
/// Source: Kubernetes API, Node v1.
struct NodesCollector: Collector {
    let declaration = Declaration(
        "kubernetes.nodes",
        summary: "The cluster's nodes: their conditions, taints, versions, capacity and last heartbeat.",
        parameters: [
            .init("name", .string, "one node"),
            .init("labelSelector", .string, "such as node-role.kubernetes.io/control-plane"),
        ],
        returns: .object([
            "nodes": .list(
                .object([
                    "name": .string, "ready": .string, "readySince": .timestamp, "heartbeat": .timestamp,
                    "unschedulable": .bool, "roles": .list(.string),
                    "conditions": .list(
                        .object([
                            "type": .string, "status": .string, "reason": .string, "message": .string,
                            "since": .timestamp,
                        ])),
                    "taints": .list(.object(["key": .string, "value": .string, "effect": .string])),
                    "kubelet": .string, "runtime": .string, "kernel": .string, "osImage": .string,
                    "architecture": .string, "providerID": .string, "addresses": .map(.string, .string),
                    "capacity": .map(.string, .string), "allocatable": .map(.string, .string),
                ]))
        ]),
        fields: [
            "nodes.ready": "True, False or Unknown; absent where the node has no such condition yet",
            "nodes.readySince": "when the condition Ready changed last",
            "nodes.heartbeat": "when the kubelet last reported its conditions",
            "nodes.roles": "of the labels node-role.kubernetes.io/ROLE",
            "nodes.addresses": "by type: InternalIP, ExternalIP, Hostname; the first of each",
            "nodes.capacity": "quantities as the API writes them: cpu, memory, ephemeral-storage, pods, …",
        ],
        cost: .list, privileges: ["list nodes"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        var query: [String: Value] = ["resource": .string("nodes")]
        for name in ["name", "labelSelector"] { query[name] = parameters[name] }
        let found = try await KubernetesCollector.objects(query, reading: Self.paths, in: surroundings)
        return Observation(.map(["nodes": .list(List(found.items.map(Self.node)))]), source: found.source)
    }

    /// What `node` reads of a Node.
    static let paths = [
        "metadata.name", "metadata.labels.*", "spec.taints.*", "spec.unschedulable", "spec.providerID",
        "status.conditions.*", "status.addresses.*", "status.capacity.*", "status.allocatable.*", "status.nodeInfo.*",
    ]

    static func node(_ object: Value) -> Value {
        let status = object[field: "status"]
        let information = status?[field: "nodeInfo"]
        let conditions = status?[field: "conditions"]?.elements ?? []
        var fields: [String: Value] = [
            "conditions": .list(List(conditions.map(condition))),
            "taints": .list(List((object[field: "spec"]?[field: "taints"]?.elements ?? []).map(taint))),
            "unschedulable": .bool(object[field: "spec"]?[field: "unschedulable"]?.isTrue ?? false),
            "roles": Value.texts(roles(object)), "addresses": addresses(status?[field: "addresses"]),
            "capacity": quantities(status?[field: "capacity"]),
            "allocatable": quantities(status?[field: "allocatable"]),
        ]
        fields["name"] = object[field: "metadata"]?[field: "name"]
        fields["providerID"] = object[field: "spec"]?[field: "providerID"]
        if let ready = conditions.first(where: { $0[field: "type"]?.text == "Ready" }) {
            fields["ready"] = ready[field: "status"]
            fields["readySince"] = ready.time("lastTransitionTime")
            fields["heartbeat"] = ready.time("lastHeartbeatTime")
        }
        let texts = [
            ("kubelet", "kubeletVersion"), ("runtime", "containerRuntimeVersion"), ("kernel", "kernelVersion"),
            ("osImage", "osImage"), ("architecture", "architecture"),
        ]
        for (field, name) in texts { fields[field] = information?[field: name] }
        return .map(Map(fields))
    }

    private static func condition(_ condition: Value) -> Value {
        var fields: [String: Value] = [:]
        for name in ["type", "status", "reason", "message"] { fields[name] = condition[field: name] }
        fields["since"] = condition.time("lastTransitionTime")
        return .map(Map(fields))
    }

    private static func taint(_ taint: Value) -> Value {
        var fields: [String: Value] = [:]
        for name in ["key", "value", "effect"] { fields[name] = taint[field: name] }
        return .map(Map(fields))
    }

    private static func roles(_ object: Value) -> [String] {
        guard case .map(let labels) = object[field: "metadata"]?[field: "labels"] else { return [] }
        let prefix = "node-role.kubernetes.io/"
        return labels.entries.compactMap {
            $0.key.text.flatMap { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
        }
        .sorted()
    }

    private static func addresses(_ list: Value?) -> Value {
        let pairs = (list?.elements ?? []).compactMap { entry -> (String, Value)? in
            guard let type = entry[field: "type"]?.text, let address = entry[field: "address"] else { return nil }
            return (type, address)
        }
        return .map(Map(Dictionary(pairs) { first, _ in first }))
    }

    private static func quantities(_ map: Value?) -> Value {
        guard case .map = map, let map else { return .map([:]) }
        return map
    }
}

extension Value {
    /// A field that holds an RFC 3339 time, as a timestamp; `nil` where it is absent or none.
    func time(_ field: String) -> Value? {
        self[field: field]?.text.flatMap { Timestamp(rfc3339: $0) }.map(Value.timestamp)
    }
}
