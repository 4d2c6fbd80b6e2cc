internal import CEL
internal import Facts
internal import YAML

/// The container runtime of this machine, as its configuration and crictl tell of it.
///
/// Sources: crictl's documentation (`/etc/crictl.yaml`, `info`, `ps`); runtime.v1 of the CRI API for states and
/// conditions; containerd's and CRI-O's configuration for the cgroup driver.
struct ContainerRuntimeCollector: Collector {
    /// Where the runtimes listen, as the kubelet and crictl know them.
    static let sockets = [
        (runtime: "containerd", path: "/run/containerd/containerd.sock"),
        (runtime: "cri-o", path: "/run/crio/crio.sock"),
        (runtime: "docker", path: "/run/cri-dockerd.sock"),
        (runtime: "k3s", path: "/run/k3s/containerd/containerd.sock"),
    ]

    let declaration = Declaration(
        "container.runtime",
        summary: "The container runtime of this machine: its socket, its conditions and its containers.",
        returns: .object([
            "endpoint": .string, "endpointSource": .string, "socketExists": .bool, "crictlEndpoint": .string,
            "sockets": .list(.object(["runtime": .string, "path": .string])),
            "name": .string, "version": .string, "cgroupDriver": .string, "cgroupDriverSource": .string,
            "conditions": .list(
                .object(["type": .string, "status": .bool, "reason": .string, "message": .string])),
            "containers": .list(
                .object([
                    "id": .string, "name": .string, "attempt": .int, "state": .string, "image": .string,
                    "pod": .string, "namespace": .string, "createdAt": .timestamp,
                ])),
        ]),
        fields: [
            "endpoint": "what the kubelet uses; absent where nothing sets it and no usual socket is there",
            "crictlEndpoint": "of /etc/crictl.yaml; absent where it sets none",
            "sockets": "the usual ones that are there",
            "cgroupDriver": "systemd or cgroupfs, as the runtime's configuration says; absent where it says nothing",
            "conditions": "RuntimeReady and NetworkReady, from `crictl info`; unknown without crictl",
            "containers": "running and ended ones, from `crictl ps --all`; unknown without crictl",
            "containers.state": "CONTAINER_RUNNING, CONTAINER_EXITED, …",
        ],
        cost: .command, privileges: ["run crictl", "root, to reach the runtime's socket"],
        secrets: ["the runtime's configuration (registry passwords), of which only the cgroup driver is kept"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        var sockets: [(runtime: String, path: String)] = []
        for socket in Self.sockets where try await surroundings.exists(socket.path) { sockets.append(socket) }
        let configured = try await Self.configuredEndpoint(surroundings)
        let crictl = try await Self.crictlEndpoint(surroundings)
        let endpoint = configured ?? sockets.first.map { ("unix://\($0.path)", "its socket is there") }
        guard endpoint != nil || crictl != nil else {
            throw Unknown(
                .notApplicable, "no container runtime is configured on this machine, and no usual socket is there")
        }
        var fields: [String: Value] = [
            "sockets": .list(
                List(sockets.map { .map(["runtime": .string($0.runtime), "path": .string($0.path)]) }))
        ]
        fields["crictlEndpoint"] = crictl.map(Value.string)
        if let (url, source) = endpoint {
            fields["endpoint"] = .string(url)
            fields["endpointSource"] = .string(source)
            let path = url.hasPrefix("unix://") ? String(url.dropFirst("unix://".count)) : url
            if path.hasPrefix("/") { fields["socketExists"] = .bool(try await surroundings.exists(path)) }
        }
        let flags = (endpoint?.0 ?? crictl).map { ["--runtime-endpoint=\($0)"] } ?? []
        let info = await attempt { () async throws(Unknown) in try await Self.crictl(flags + ["info"], surroundings) }
        fields["conditions"] = info.flatMap(Self.conditions).value
        fields.merge(await Self.version(flags, surroundings)) { $1 }
        fields["containers"] = await attempt { () async throws(Unknown) in
            try Self.containers(try await Self.crictl(flags + ["ps", "--all", "--output=json"], surroundings))
        }.value
        do throws(Unknown) {
            if let (driver, source) = try await CgroupDriver.find(info: try? info.get(), in: surroundings) {
                fields["cgroupDriver"] = .string(driver)
                fields["cgroupDriverSource"] = .string(source)
            }
        } catch {
            for field in ["cgroupDriver", "cgroupDriverSource"] { fields[field] = error.value }
        }
        return Observation(.map(Map(fields)), source: "crictl info, crictl ps, /etc/crictl.yaml")
    }

    /// The kubelet's flag, else its configuration file.
    private static func configuredEndpoint(_ surroundings: Surroundings) async throws(Unknown) -> (String, String)? {
        let kubelet = try await Kubelet.find(in: surroundings)
        if let flag = kubelet.flags["container-runtime-endpoint"] {
            return (url(flag), "--container-runtime-endpoint of the kubelet")
        }
        let path = kubelet.configurationPath(asked: nil)
        guard let text = try await surroundings.machineFileIfPresent(path) else { return nil }
        let root = parse(Array(text.utf8), limits: .kubeconfig).documents.first
        return root?.field("containerRuntimeEndpoint")?.scalarText.flatMap { $0.isEmpty ? nil : (url($0), path) }
    }

    private static func crictlEndpoint(_ surroundings: Surroundings) async throws(Unknown) -> String? {
        if let variable = surroundings.environment["CONTAINER_RUNTIME_ENDPOINT"], !variable.isEmpty {
            return url(variable)
        }
        guard let text = try await surroundings.machineFileIfPresent("/etc/crictl.yaml") else { return nil }
        let root = parse(Array(text.utf8), limits: .kubeconfig).documents.first
        return root?.field("runtime-endpoint")?.scalarText?.orNil.map(url)
    }

    /// Old settings have no scheme.
    private static func url(_ text: String) -> String { text.hasPrefix("/") ? "unix://\(text)" : text }

    private static func crictl(_ arguments: [String], _ surroundings: Surroundings) async throws(Unknown) -> Value {
        let output = try await surroundings.effects.run(Command("crictl", arguments, outputLimit: 32 << 20))
        let what = arguments.filter { !$0.hasPrefix("-") }.joined(separator: " ")
        guard output.exitCode == 0 else {
            let message = String(decoding: output.standardError.suffix(1024), as: UTF8.self)
            let words = Redaction.redact(message.split(whereSeparator: \.isWhitespace).joined(separator: " "))
            let isDenied = message.contains("permission denied")
            throw Unknown(
                isDenied ? .needsRoot : .unreachable, "crictl \(what) ends with code \(output.exitCode): \(words)",
                hint: isDenied ? "run as root" : "")
        }
        do throws(JSONError) { return try Value.parseJSON(output.standardOutput) } catch {
            throw Unknown(.malformed, "crictl \(what) printed no JSON: \(error)")
        }
    }

    private static func conditions(_ info: Value) -> Result<Value, Unknown> {
        guard let conditions = info[field: "status"]?[field: "conditions"]?.elements else {
            return .failure(Unknown(.malformed, "crictl info tells no conditions"))
        }
        return .success(
            .list(
                List(
                    conditions.map { condition in
                        var fields: [String: Value] = [:]
                        for field in ["type", "reason", "message"] {
                            fields[field] = condition[field: field]?.text.map { .string(Redaction.redact($0)) }
                        }
                        if case .bool(let status) = condition[field: "status"] { fields["status"] = .bool(status) }
                        return .map(Map(fields))
                    })))
    }

    /// `RuntimeName:  containerd`, a line each.
    private static func version(_ flags: [String], _ surroundings: Surroundings) async -> [String: Value] {
        do throws(Unknown) {
            let output = try await surroundings.effects.run(Command("crictl", flags + ["version"]))
            guard output.exitCode == 0 else {
                throw Unknown(.unreachable, "crictl version ends with code \(output.exitCode)")
            }
            var fields: [String: Value] = [:]
            for line in String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n") {
                let words = line.split(separator: ":", maxSplits: 1).map { String($0).trimmingWhitespace() }
                guard words.count == 2 else { continue }
                if words[0] == "RuntimeName" { fields["name"] = .string(words[1]) }
                if words[0] == "RuntimeVersion" { fields["version"] = .string(words[1]) }
            }
            return fields
        } catch {
            return ["name": error.value, "version": error.value]
        }
    }

    private static func containers(_ answer: Value) throws(Unknown) -> Value {
        guard case .map = answer else { throw Unknown(.malformed, "crictl ps printed no object") }
        return .list(
            List(
                (answer[field: "containers"]?.elements ?? []).map { container in
                    let metadata = container[field: "metadata"]
                    let labels = container[field: "labels"]
                    var fields: [String: Value] = [:]
                    fields["id"] = container[field: "id"]
                    fields["state"] = container[field: "state"]
                    fields["name"] = metadata?[field: "name"]
                    fields["attempt"] = .int(metadata?[field: "attempt"]?.number ?? 0)
                    fields["image"] = container[field: "image"]?[field: "image"]
                    fields["pod"] = labels?[field: "io.kubernetes.pod.name"]
                    fields["namespace"] = labels?[field: "io.kubernetes.pod.namespace"]
                    // Nanoseconds, as a string.
                    if let nanoseconds = container[field: "createdAt"]?.text.flatMap({ Int64($0) }) {
                        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
                        fields["createdAt"] = .timestamp(Timestamp(seconds: seconds, nanoseconds: Int32(rest)))
                    }
                    return .map(Map(fields))
                }))
    }
}

/// Who makes the containers' control groups: the runtime itself, or systemd at its request.
enum CgroupDriver {
    /// From what a running containerd says, else from the runtimes' configuration files.
    static func find(
        info: Value?, in surroundings: Surroundings
    ) async throws(Unknown) -> (driver: String, source: String)? {
        let containerd = info?[field: "config"]?[field: "containerd"]
        if let runtimes = containerd?[field: "runtimes"] {
            let name = containerd?[field: "defaultRuntimeName"]?.text ?? "runc"
            if case .bool(let isSystemd) = runtimes[field: name]?[field: "options"]?[field: "SystemdCgroup"] {
                return (isSystemd ? "systemd" : "cgroupfs", "crictl info")
            }
        }
        let containerdValues = ["true": "systemd", "false": "cgroupfs"]
        if let found = try await setting("SystemdCgroup", in: ["/etc/containerd/config.toml"], surroundings),
            let driver = containerdValues[found.value]
        {
            return (driver, found.path)
        }
        // crio.conf(5): drop-ins count after the file, in the order of their names.
        let folder = "/etc/crio/crio.conf.d"
        let names = try await surroundings.namesIfPresent(in: folder)
        let files = ["/etc/crio/crio.conf"] + names.map { "\(folder)/\($0)" }
        guard let found = try await setting("cgroup_manager", in: files, surroundings),
            ["systemd", "cgroupfs"].contains(found.value)
        else { return nil }
        return (found.value, found.path)
    }

    /// Of several files the last that sets it.
    private static func setting(
        _ key: String, in paths: [String], _ surroundings: Surroundings
    ) async throws(Unknown) -> (value: String, path: String)? {
        var found: (value: String, path: String)?
        for path in paths {
            guard let text = try await surroundings.machineFileIfPresent(path) else { continue }
            if let value = setting(key, in: text) { found = (value, path) }
        }
        return found
    }

    /// The value of `key = value` in TOML, without its quotes; the last one counts.
    private static func setting(_ key: String, in text: String) -> String? {
        text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let parts = line.prefix { $0 != "#" }.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, String(parts[0]).trimmingWhitespace() == key else { return nil }
            return String(parts[1]).trimmingWhitespace().filter { $0 != "\"" && $0 != "'" }
        }.last
    }
}
