internal import CEL
internal import Facts

/// Pods by the workload that made them: what their containers do, and what was said about them.
///
/// Sources: Kubernetes API, Pod v1 and Event v1; for the owners' names, how the controllers name what they make.
struct WorkloadsCollector: Collector {
    let declaration = Declaration(
        "kubernetes.workloads",
        summary: "Pods by workload: the states of their containers, their restarts, and the events about them.",
        parameters: [
            .init("namespace", .string, "one namespace; default: the one of --namespace, else all; * means all"),
            .init("labelSelector", .string, "of the pods, such as app=web"),
            .init("name", .string, "one workload's name"),
        ],
        returns: .object([
            "workloads": .list(
                .object([
                    "kind": .string, "name": .string, "namespace": .string, "pods": .list(pod),
                    "events": .list(event),
                ]))
        ]),
        fields: [
            "workloads.kind": "Deployment, StatefulSet, DaemonSet, Job, CronJob, … or Pod for one that nobody owns",
            "workloads.events":
                "about its pods and about itself, the oldest first; unknown where they may not be listed",
            "workloads.pods.reason":
                "of the pod, such as Evicted; of its condition PodScheduled where it waits for a node",
            "workloads.pods.containers.state": "waiting, running or terminated",
            "workloads.pods.containers.reason": "of that state: CrashLoopBackOff, ImagePullBackOff, OOMKilled, …",
            "workloads.pods.containers.lastReason": "how it ended the time before; absent where it never restarted",
            "workloads.pods.containers.kind": "container, init, sidecar or ephemeral",
        ],
        cost: .list, privileges: ["list pods", "list events"])

    private static let container = ValueType.object([
        "name": .string, "kind": .string, "image": .string, "state": .string, "reason": .string, "message": .string,
        "exitCode": .int, "signal": .int, "ready": .bool, "restarts": .int, "startedAt": .timestamp,
        "finishedAt": .timestamp, "lastReason": .string, "lastExitCode": .int, "lastFinishedAt": .timestamp,
    ])
    private static let pod = ValueType.object([
        "name": .string, "phase": .string, "node": .string, "reason": .string, "message": .string,
        "createdAt": .timestamp, "deletedAt": .timestamp, "containers": .list(container),
    ])
    private static let event = ValueType.object([
        "type": .string, "reason": .string, "message": .string, "object": .string, "count": .int,
        "lastSeen": .timestamp,
    ])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        var query: [String: Value] = ["resource": .string("pods")]
        for name in ["namespace", "labelSelector"] { query[name] = parameters[name] }
        var eventQuery = query
        eventQuery["labelSelector"] = nil
        eventQuery["resource"] = .string("events")
        let events = await attempt { [eventQuery] () async throws(Unknown) in
            try await KubernetesCollector.objects(eventQuery, reading: Self.eventPaths, in: surroundings).items
        }
        let found = try await KubernetesCollector.objects(query, reading: Self.podPaths, in: surroundings)
        let workloads = Self.workloads(found.items, events)
        let wanted = parameters["name"]?.text?.orNil
        let values = workloads.filter { wanted == nil || $0.owner.name == wanted }.map(\.value)
        return Observation(
            .map(["workloads": .list(List(values))]), source: "\(found.source); the events there")
    }

    /// What is read below of a Pod.
    static let podPaths =
        [
            "metadata.name", "metadata.namespace", "metadata.labels.pod-template-hash", "metadata.creationTimestamp",
            "metadata.deletionTimestamp", "metadata.ownerReferences[*].controller", "metadata.ownerReferences[*].kind",
            "metadata.ownerReferences[*].name", "spec.nodeName", "spec.initContainers[*].name",
            "spec.initContainers[*].restartPolicy", "status.phase", "status.reason", "status.message",
            "status.conditions[*].type", "status.conditions[*].status", "status.conditions[*].reason",
            "status.conditions[*].message",
        ]
        + ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"].flatMap { list in
            ["name", "image", "ready", "restartCount", "state.*", "lastState.*"].map { "status.\(list)[*].\($0)" }
        }

    /// What is read below of an Event.
    static let eventPaths =
        [
            "type", "reason", "message", "note", "count", "series.*", "lastTimestamp", "eventTime",
            "metadata.creationTimestamp",
        ]
        + ["involvedObject", "regarding"].flatMap { object in
            ["namespace", "kind", "name"].map { "\(object).\($0)" }
        }

    struct Owner: Hashable {
        var kind: String
        var name: String
        var namespace: String
    }

    struct Workload {
        var owner: Owner
        var pods: [Value]
        var events: Value

        var value: Value {
            .map([
                "kind": .string(owner.kind), "name": .string(owner.name), "namespace": .string(owner.namespace),
                "pods": .list(List(pods)), "events": events,
            ])
        }
    }

    static func workloads(_ pods: [Value], _ events: Result<[Value], Unknown>) -> [Workload] {
        var order: [Owner] = []
        var byOwner: [Owner: [Value]] = [:]
        var ownerOfObject: [String: Set<Owner>] = [:]
        for pod in pods {
            let owner = owner(of: pod)
            if byOwner[owner] == nil { order.append(owner) }
            byOwner[owner, default: []].append(pod)
            let names =
                [
                    ("Pod", pod[field: "metadata"]?[field: "name"]?.text ?? ""), (owner.kind, owner.name),
                ] + controller(of: pod).map { [($0.kind, $0.name)] }.orEmpty
            for (kind, name) in names { ownerOfObject["\(owner.namespace)/\(kind)/\(name)", default: []].insert(owner) }
        }
        var eventsByOwner: [Owner: [(time: Timestamp, value: Value)]] = [:]
        for event in (try? events.get()) ?? [] {
            let object = event[field: "involvedObject"] ?? event[field: "regarding"]
            let namespace = object?[field: "namespace"]?.text ?? ""
            let key = "\(namespace)/\(object?[field: "kind"]?.text ?? "")/\(object?[field: "name"]?.text ?? "")"
            for owner in ownerOfObject[key] ?? [] {
                eventsByOwner[owner, default: []].append((lastSeen(event) ?? Timestamp(seconds: 0), self.event(event)))
            }
        }
        return order.sorted { ($0.namespace, $0.kind, $0.name) < ($1.namespace, $1.kind, $1.name) }.map { owner in
            let told: Value =
                switch events {
                case .success:
                    .list(
                        List(
                            (eventsByOwner[owner] ?? []).sorted {
                                ($0.time.seconds, $0.time.nanoseconds) < ($1.time.seconds, $1.time.nanoseconds)
                            }.map(\.value)))
                case .failure(let unknown): unknown.value
                }
            return Workload(owner: owner, pods: (byOwner[owner] ?? []).map(self.pod), events: told)
        }
    }

    private static func controller(of pod: Value) -> (kind: String, name: String)? {
        let references = pod[field: "metadata"]?[field: "ownerReferences"]?.elements ?? []
        guard let reference = references.first(where: { $0[field: "controller"]?.isTrue ?? false }),
            let kind = reference[field: "kind"]?.text, let name = reference[field: "name"]?.text
        else { return nil }
        return (kind, name)
    }

    /// A Deployment's ReplicaSet is named by it and the pod's template hash; a CronJob's Job by it and the minute
    /// (KEP-19: eight digits) for which it was made.
    static func owner(of pod: Value) -> Owner {
        let metadata = pod[field: "metadata"]
        let namespace = metadata?[field: "namespace"]?.text ?? ""
        guard let (kind, name) = controller(of: pod) else {
            return Owner(kind: "Pod", name: metadata?[field: "name"]?.text ?? "", namespace: namespace)
        }
        if kind == "ReplicaSet", let hash = metadata?[field: "labels"]?[field: "pod-template-hash"]?.text,
            name.hasSuffix("-\(hash)")
        {
            return Owner(kind: "Deployment", name: String(name.dropLast(hash.count + 1)), namespace: namespace)
        }
        if kind == "Job", let dash = name.lastIndex(of: "-") {
            let digits = name[name.index(after: dash)...]
            if (8...10).contains(digits.count),
                digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            {
                return Owner(kind: "CronJob", name: String(name[..<dash]), namespace: namespace)
            }
        }
        return Owner(kind: kind, name: name, namespace: namespace)
    }

    private static func pod(_ pod: Value) -> Value {
        let (metadata, spec, status) = (pod[field: "metadata"], pod[field: "spec"], pod[field: "status"])
        var fields: [String: Value] = [:]
        fields["name"] = metadata?[field: "name"]
        fields["phase"] = status?[field: "phase"]
        fields["node"] = spec?[field: "nodeName"]
        fields["createdAt"] = metadata?.time("creationTimestamp")
        fields["deletedAt"] = metadata?.time("deletionTimestamp")
        let unscheduled = (status?[field: "conditions"]?.elements ?? []).first {
            $0[field: "type"]?.text == "PodScheduled" && $0[field: "status"]?.text == "False"
        }
        fields["reason"] = status?[field: "reason"] ?? unscheduled?[field: "reason"]
        fields["message"] = status?[field: "message"] ?? unscheduled?[field: "message"]
        fields["containers"] = .list(List(containers(spec, status)))
        return .map(Map(fields))
    }

    private static func containers(_ spec: Value?, _ status: Value?) -> [Value] {
        let sidecars = Set(
            (spec?[field: "initContainers"]?.elements ?? []).filter { $0[field: "restartPolicy"]?.text == "Always" }
                .compactMap { $0[field: "name"]?.text })
        let lists = [
            ("init", "initContainerStatuses"), ("container", "containerStatuses"),
            ("ephemeral", "ephemeralContainerStatuses"),
        ]
        return lists.flatMap { kind, list in
            (status?[field: list]?.elements ?? []).map { entry in
                let isSidecar = kind == "init" && sidecars.contains(entry[field: "name"]?.text ?? "")
                return container(entry, kind: isSidecar ? "sidecar" : kind)
            }
        }
    }

    private static func container(_ status: Value, kind: String) -> Value {
        var fields: [String: Value] = ["kind": .string(kind)]
        for name in ["name", "image", "ready"] { fields[name] = status[field: name] }
        fields["restarts"] = status[field: "restartCount"]
        for state in ["waiting", "running", "terminated"] {
            guard let detail = status[field: "state"]?[field: state] else { continue }
            fields["state"] = .string(state)
            for name in ["reason", "message", "exitCode", "signal"] { fields[name] = detail[field: name] }
            for name in ["startedAt", "finishedAt"] { fields[name] = detail.time(name) }
        }
        if let last = status[field: "lastState"]?[field: "terminated"] {
            fields["lastReason"] = last[field: "reason"]
            fields["lastExitCode"] = last[field: "exitCode"]
            fields["lastFinishedAt"] = last.time("finishedAt")
        }
        // What a program writes to its termination log is its own.
        if let message = fields["message"]?.text { fields["message"] = .string(Redaction.redact(message)) }
        return .map(Map(fields))
    }

    private static func event(_ event: Value) -> Value {
        let object = event[field: "involvedObject"] ?? event[field: "regarding"]
        var fields: [String: Value] = [
            "object": .string("\(object?[field: "kind"]?.text ?? "")/\(object?[field: "name"]?.text ?? "")"),
            // An event of the new API that was seen once has neither a count nor a series.
            "count": .int(event[field: "count"]?.number ?? event[field: "series"]?[field: "count"]?.number ?? 1),
        ]
        for name in ["type", "reason"] { fields[name] = event[field: name] }
        fields["message"] = (event[field: "message"]?.text ?? event[field: "note"]?.text).map {
            .string(Redaction.redact($0))
        }
        fields["lastSeen"] = lastSeen(event).map(Value.timestamp)
        return .map(Map(fields))
    }

    private static func lastSeen(_ event: Value) -> Timestamp? {
        let places = [
            event[field: "series"]?[field: "lastObservedTime"], event[field: "lastTimestamp"],
            event[field: "eventTime"], event[field: "metadata"]?[field: "creationTimestamp"],
        ]
        return places.lazy.compactMap { $0?.text.flatMap { Timestamp(rfc3339: $0) } }.first
    }
}

extension [(String, String)]? {
    fileprivate var orEmpty: [(String, String)] { self ?? [] }
}
