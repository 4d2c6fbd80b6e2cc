internal import CEL
internal import Facts
internal import YAML

/// What the kubelet of this machine is configured to do: its flags win over its drop-in files, these over its
/// configuration file.
///
/// Sources: kubelet(8), KubeletConfiguration v1beta1.
struct KubeletConfigCollector: Collector {
    static let defaultPath = "/var/lib/kubelet/config.yaml"

    let declaration = Declaration(
        "kubelet.config",
        summary: "The kubelet's settings on this machine, from its flags and its configuration file.",
        parameters: [
            Declaration.Parameter(
                "path", .string, "The configuration file; a running kubelet's --config counts before the default.",
                defaultValue: .string(KubeletConfigCollector.defaultPath), names: .file)
        ],
        returns: .object([
            "exists": .bool, "path": .string, "running": .bool, "distribution": .string, "failSwapOn": .bool,
            "swapBehavior": .string, "cgroupDriver": .string, "failCgroupV1": .bool,
            "featureGates": .map(.string, .bool), "rotateCertificates": .bool, "staticPodPath": .string,
            "containerRuntimeEndpoint": .string, "evictionHard": .map(.string, .string),
            "sources": .map(.string, .string),
        ]),
        fields: [
            "exists": "whether the configuration file is there; before `kubeadm init` there is none",
            "failSwapOn": "absent where nothing sets it: the kubelet then fails on swap",
            "swapBehavior": "absent where nothing sets it: pods then get no swap",
            "sources": "by field, the flag or file that sets it",
        ],
        cost: .file,
        privileges: ["read /var/lib/kubelet/config.yaml", "read /proc"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let kubelet = try await Kubelet.find(in: surroundings)
        let asked = parameters["path"].flatMap { if case .string(let path) = $0 { path } else { nil } }
        let path = kubelet.configurationPath(asked: asked)
        var settings = KubeletSettings()
        let isThere = try await settings.read(path, surroundings)
        guard isThere || asked == nil || asked == Self.defaultPath else {
            throw Unknown(.notFound, "\(path) does not exist")
        }
        if let directory = kubelet.flags["config-dir"] {
            for name in try await surroundings.namesIfPresent(in: directory) where name.hasSuffix(".conf") {
                _ = try await settings.read(directory + "/" + name, surroundings)
            }
        }
        settings.applyFlags(of: kubelet)
        settings.fields["exists"] = .bool(isThere)
        settings.fields["path"] = .string(path)
        settings.fields["running"] = .bool(kubelet.process != nil)
        if kubelet.process != nil { settings.fields["distribution"] = .string(kubelet.distribution) }
        settings.fields["sources"] = .map(Map(settings.sources.mapValues(Value.string)))
        let flagSource = kubelet.process.map { "/proc/\($0.pid)/cmdline" } ?? "/var/lib/kubelet/kubeadm-flags.env"
        return Observation(.map(Map(settings.fields)), source: "\(path), \(flagSource)")
    }
}

extension Kubelet {
    /// A path that a person gave counts first, then the kubelet's own.
    func configurationPath(asked: String?) -> String {
        if let asked, asked != KubeletConfigCollector.defaultPath { return asked }
        return flags["config"] ?? asked ?? KubeletConfigCollector.defaultPath
    }
}

/// The settings that were found so far; what is read later counts more.
private struct KubeletSettings {
    /// field, its path in the file, its flag (where there is one).
    static let booleans = [
        ("failSwapOn", "failSwapOn", "fail-swap-on"),
        ("rotateCertificates", "rotateCertificates", "rotate-certificates"),
        ("failCgroupV1", "failCgroupV1", "fail-cgroupv1"),
    ]
    static let texts = [
        ("swapBehavior", "memorySwap.swapBehavior", ""), ("cgroupDriver", "cgroupDriver", "cgroup-driver"),
        ("staticPodPath", "staticPodPath", "pod-manifest-path"),
        ("containerRuntimeEndpoint", "containerRuntimeEndpoint", "container-runtime-endpoint"),
    ]

    var fields: [String: Value] = [:]
    var sources: [String: String] = [:]

    /// Reads one file; false where it is not there.
    ///
    /// What a file that may not be read would say is unknown.
    mutating func read(_ path: String, _ surroundings: Surroundings) async throws(Unknown) -> Bool {
        let bytes: String?
        do {
            bytes = try await surroundings.machineFileIfPresent(path)
        } catch  where error.reason == .notAllowed {
            throw error
        } catch {
            for (field, _, _) in Self.booleans + Self.texts { fields[field] = error.value }
            fields["featureGates"] = error.value
            fields["evictionHard"] = error.value
            return true
        }
        guard let bytes else { return false }
        let parsed = parse(Array(bytes.utf8), limits: .kubeconfig)
        guard parsed.errors.isEmpty else {
            let error = parsed.errors[0]
            throw Unknown(.malformed, "\(path):\(error.mark.line):\(error.mark.column): \(error.message)")
        }
        guard let root = parsed.documents.first else { return true }
        try apply(root, from: path)
        return true
    }

    private mutating func apply(_ root: Node, from path: String) throws(Unknown) {
        for (field, place, _) in Self.booleans {
            guard let text = root.at(place)?.scalarText else { continue }
            guard let value = Bool(text) else {
                throw Unknown(.malformed, "\(path): \(place) is '\(text)', not true or false")
            }
            set(field, .bool(value), from: path)
        }
        for (field, place, _) in Self.texts {
            if let text = root.at(place)?.scalarText, !text.isEmpty { set(field, .string(text), from: path) }
        }
        if let gates = root.field("featureGates")?.pairs {
            set("featureGates", .map(Map(gates.map { (.string($0.key), .bool($0.value == "true")) })), from: path)
        }
        if let thresholds = root.field("evictionHard")?.pairs {
            set("evictionHard", .map(Map(thresholds.map { (.string($0.key), .string($0.value)) })), from: path)
        }
    }

    mutating func applyFlags(of kubelet: Kubelet) {
        for (field, _, flag) in Self.booleans {
            guard let value = kubelet.flags[flag].flatMap({ Bool($0) }) else { continue }
            set(field, .bool(value), from: "--\(flag), \(kubelet.sources[flag] ?? "")")
        }
        for (field, _, flag) in Self.texts where !flag.isEmpty {
            guard let value = kubelet.flags[flag] else { continue }
            set(field, .string(value), from: "--\(flag), \(kubelet.sources[flag] ?? "")")
        }
        guard let gates = kubelet.flags["feature-gates"] else { return }
        let pairs = gates.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }.filter { $0.count == 2 }
        let map = Map(pairs.map { (key: .string(String($0[0])), value: .bool($0[1].lowercased() == "true")) })
        set("featureGates", .map(map), from: "--feature-gates, \(kubelet.sources["feature-gates"] ?? "")")
    }

    private mutating func set(_ field: String, _ value: Value, from source: String) {
        fields[field] = value
        sources[field] = source
    }
}

extension Node {
    /// The node at a dotted path of field names.
    fileprivate func at(_ path: String) -> Node? {
        path.split(separator: ".").reduce(self as Node?) { $0?.field(String($1)) }
    }
}
