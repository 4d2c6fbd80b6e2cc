internal import CEL
internal import Facts

/// Where triage runs: a CI job, a container, a pod, WSL, under sudo.
struct EnvironmentCollector: Collector {
    let declaration = Declaration(
        "environment",
        summary: "Where this runs: a CI system, a container, a pod, WSL, as root or through sudo.",
        returns: .object([
            "isCI": .bool, "ciSystem": .string, "inContainer": .bool, "inPod": .bool, "inWSL": .bool,
            "isRoot": .bool, "user": .string, "sudoUser": .string, "home": .string, "variables": .list(.string),
            "kubeconfigVariable": .string, "kubeconfigOfSudoUser": .string, "adminKubeconfigExists": .bool,
            "kubeconfigOfOthers": .list(.string),
        ]),
        fields: [
            "ciSystem": "github, gitlab, jenkins, circleci, azure-pipelines, teamcity, buildkite, travis or other",
            "variables": "names of the environment variables that are set; never their values",
            "kubeconfigVariable": "KUBECONFIG as it is set; absent where it is not",
            "kubeconfigOfSudoUser": "~/.kube/config of the person who called sudo, where that file exists",
            "adminKubeconfigExists": "/etc/kubernetes/admin.conf exists",
            "kubeconfigOfOthers": "kubeconfigs at well-known places: k3s, rke2, microk8s, kubeadm",
        ],
        cost: .file)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        try surroundings.requireHere()
        let environment = surroundings.environment
        var values: [String: Value] = [
            "isCI": .bool(Self.ciSystem(environment) != nil),
            "inPod": .bool(!(environment["KUBERNETES_SERVICE_HOST"] ?? "").isEmpty),
            "inContainer": await Self.isInContainer(surroundings),
            "inWSL": .bool(await Self.isInWSL(surroundings)),
            "isRoot": await Self.isRoot(surroundings),
            "home": .string(surroundings.homeDirectory),
            "variables": .texts(environment.keys.sorted()),
            "adminKubeconfigExists": .bool(await Self.exists("/etc/kubernetes/admin.conf", surroundings)),
            "kubeconfigOfOthers": .texts(await Self.wellKnownKubeconfigs(surroundings)),
        ]
        values["ciSystem"] = Self.ciSystem(environment).map(Value.string)
        values["user"] = (environment["USER"] ?? environment["LOGNAME"])?.orNil.map(Value.string)
        values["sudoUser"] = environment["SUDO_USER"]?.orNil.map(Value.string)
        values["kubeconfigVariable"] = environment["KUBECONFIG"].map { .string(Kubeconfig.content($0) ?? $0) }
        values["kubeconfigOfSudoUser"] = await Self.kubeconfigOfSudoUser(surroundings).map(Value.string)
        return Observation(.map(Map(values)), source: "environment variables, /proc, /etc")
    }
}

extension EnvironmentCollector {
    /// By the variable that each of them documents as always set.
    static func ciSystem(_ environment: [String: String]) -> String? {
        let systems = [
            ("GITHUB_ACTIONS", "github"), ("GITLAB_CI", "gitlab"), ("JENKINS_URL", "jenkins"),
            ("CIRCLECI", "circleci"), ("TF_BUILD", "azure-pipelines"), ("TEAMCITY_VERSION", "teamcity"),
            ("BUILDKITE", "buildkite"), ("TRAVIS", "travis"),
        ]
        if let system = systems.first(where: { !(environment[$0.0] ?? "").isEmpty }) { return system.1 }
        return ["true", "1"].contains(environment["CI"]?.lowercased()) ? "other" : nil
    }

    private static func exists(_ path: String, _ surroundings: Surroundings) async -> Bool {
        await (try? surroundings.effects.status(of: path)) != nil
    }

    private static func text(_ path: String, _ surroundings: Surroundings) async -> String? {
        let bytes = try? await surroundings.effects.readFile(path, limit: 1 << 20)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// As `node.container` has it: the marks of images alone do not make a virtual machine a container.
    private static func isInContainer(_ surroundings: Surroundings) async -> Value {
        let variables = ["container", "KUBERNETES_SERVICE_HOST"]
        if variables.contains(where: { !(surroundings.environment[$0] ?? "").isEmpty }) { return .bool(true) }
        do throws(Unknown) {
            let kind = try await ContainerCollector().kind(surroundings).kind
            return .bool(kind != "none" && kind != "wsl")
        } catch {
            return error.value
        }
    }

    private static func isInWSL(_ surroundings: Surroundings) async -> Bool {
        if !(surroundings.environment["WSL_DISTRO_NAME"] ?? "").isEmpty { return true }
        return (await text("/proc/version", surroundings) ?? "").lowercased().contains("microsoft")
    }

    /// The second number of `Uid:` in /proc/self/status is the effective one (proc(5)).
    private static func isRoot(_ surroundings: Surroundings) async -> Value {
        let status = await text("/proc/self/status", surroundings) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        guard let numbers = line?.split(whereSeparator: \.isWhitespace), numbers.count >= 3 else {
            return Unknown(.notFound, "/proc/self/status does not tell the user id").value
        }
        return .bool(numbers[2] == "0")
    }

    private static func kubeconfigOfSudoUser(_ surroundings: Surroundings) async -> String? {
        guard let user = surroundings.environment["SUDO_USER"], !user.isEmpty, user != "root" else { return nil }
        let accounts = await text("/etc/passwd", surroundings) ?? ""
        let fields = accounts.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        let home = fields.first { $0.count >= 6 && $0[0] == user }.map { String($0[5]) } ?? "/home/\(user)"
        let path = home + "/.kube/config"
        return await exists(path, surroundings) ? path : nil
    }

    private static func wellKnownKubeconfigs(_ surroundings: Surroundings) async -> [String] {
        var found: [String] = []
        for path in [
            "/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml",
            "/var/snap/microk8s/current/credentials/client.config",
        ] where await exists(path, surroundings) { found.append(path) }
        return found
    }
}
