internal import CEL
internal import Facts

/// Whether this is a container, and of which kind.
///
/// Sources: systemd's container interface (`container=` of process 1, /run/systemd/container), the marks that Docker,
/// Podman, kind and k3d leave, and the kernel's thread 2, which only the machine's own process namespace shows.
struct ContainerCollector: Collector {
    let declaration = Declaration(
        "node.container",
        summary: "Whether triage runs in a container, and of which kind.",
        returns: .object(["inside": .bool, "kind": .string]),
        fields: [
            "inside": "true also in WSL, whose kernel and swap belong to Windows' virtual machine",
            "kind": "docker, podman, lxc, kind, k3d, kubernetes, systemd-nspawn, wsl, other, or none",
        ],
        cost: .file,
        privileges: ["read /proc/2/comm"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let (kind, source) = try await kind(surroundings)
        return Observation(.map(["inside": .bool(kind != "none"), "kind": .string(kind)]), source: source)
    }

    func kind(_ surroundings: Surroundings) async throws(Unknown) -> (kind: String, source: String) {
        let second = try await surroundings.machineFileIfPresent("/proc/2/comm")
        if second?.hasPrefix("kthreadd") == true {
            // Virtual machines that were made from an image keep its marks; so a mark alone proves nothing here.
            let isOverlay = try await hasOverlayRoot(surroundings)
            guard isOverlay, let mark = try await mark(surroundings) else { return ("none", "/proc/2/comm") }
            return mark
        }
        if let mark = try await mark(surroundings) { return mark }
        let version = try await surroundings.machineFile("/proc/version")
        if version.lowercased().contains("microsoft") { return ("wsl", "/proc/version") }
        guard try await surroundings.exists("/proc/1/comm") else {
            throw Unknown(.needsRoot, "other users' processes are hidden from this user", hint: "run as root")
        }
        return ("other", "/proc/2/comm")
    }

    private func mark(_ surroundings: Surroundings) async throws(Unknown) -> (kind: String, source: String)? {
        let marks = [
            ("/kind/version", "kind"), ("/kind/bin", "kind"), ("/bin/k3d-entrypoint.sh", "k3d"),
            ("/var/run/secrets/kubernetes.io/serviceaccount", "kubernetes"),
        ]
        for (path, kind) in marks where try await surroundings.exists(path) { return (kind, path) }
        if let name = try await surroundings.machineFileIfPresent("/run/systemd/container") {
            return (name.trimmingWhitespace(), "/run/systemd/container")
        }
        if try await surroundings.exists("/.dockerenv") { return ("docker", "/.dockerenv") }
        if try await surroundings.exists("/run/.containerenv") { return ("podman", "/run/.containerenv") }
        if try await surroundings.exists("/dev/lxd/sock") { return ("lxc", "/dev/lxd/sock") }
        return try await variableOfFirstProcess(surroundings)
    }

    /// `container=lxc` and the like; only root may read it, and its absence is then simply not known.
    private func variableOfFirstProcess(
        _ surroundings: Surroundings
    ) async throws(Unknown) -> (kind: String, source: String)? {
        let path = "/proc/1/environ"
        guard let variables = try? await surroundings.machineFile(path) else { return nil }
        let prefix = "container="
        return variables.split(separator: "\0").first { $0.hasPrefix(prefix) }
            .map { (String($0.dropFirst(prefix.count)), path) }
    }

    private func hasOverlayRoot(_ surroundings: Surroundings) async throws(Unknown) -> Bool {
        let mounts = try await surroundings.machineFileIfPresent("/proc/self/mounts") ?? ""
        return mounts.split(separator: "\n").contains {
            $0.split(separator: " ").dropFirst().starts(with: ["/", "overlay"])
        }
    }
}

extension String {
    func trimmingWhitespace() -> String {
        var rest = self[...].drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
