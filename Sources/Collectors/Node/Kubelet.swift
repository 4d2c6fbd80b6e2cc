internal import Facts

/// The kubelet of this machine: its process, and the flags that it runs with or would be started with.
struct Kubelet: Sendable {
    /// `nil`: not running.
    var process: RunningProcess?
    /// `kubelet`, or the program that it is part of: `k3s`, `microk8s`.
    var distribution: String
    /// What is set in files comes first, what the running process shows overrides it.
    var flags: Flags
    /// Where a flag's value was read.
    var sources: [String: String]

    static func find(in surroundings: Surroundings) async throws(Unknown) -> Kubelet {
        let processes = try await RunningProcess.all(in: surroundings)
        if let process = processes.first(where: { $0.name == "kubelet" || $0.isHyperkube }) {
            return Kubelet(process, distribution: "kubelet", flags: Flags(process.arguments.dropFirst()))
        }
        if let process = processes.first(where: { $0.isK3s }) {
            return Kubelet(process, distribution: "k3s", flags: process.k3sKubeletFlags)
        }
        if let process = processes.first(where: { $0.name == "kubelite" }) {
            let file = Flags(process.arguments.dropFirst())["kubelet-args-file"]
            var text = ""
            if let file { text = try await surroundings.machineFileIfPresent(file) ?? "" }
            return Kubelet(process, distribution: "microk8s", flags: Flags(words(text)))
        }
        return try await stopped(in: surroundings)
    }

    private init(_ process: RunningProcess, distribution: String, flags: Flags) {
        self.process = process
        self.distribution = distribution
        self.flags = flags
        sources = flags.values.mapValues { _ in "flag of process \(process.pid)" }
    }

    /// The flags of the next start.
    ///
    /// Sources: kubeadm's drop-in 10-kubeadm.conf, which reads these three files.
    private static func stopped(in surroundings: Surroundings) async throws(Unknown) -> Kubelet {
        var flags = Flags([])
        var sources: [String: String] = [:]
        let files = ["/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet", "/etc/sysconfig/kubelet"]
        for path in files {
            guard let text = try await surroundings.machineFileIfPresent(path) else { continue }
            let found = Flags(words(text))
            sources.merge(found.values.mapValues { _ in path }) { $1 }
            flags = flags.overridden(by: found)
        }
        var kubelet = Kubelet(RunningProcess(pid: 0, arguments: []), distribution: "kubelet", flags: flags)
        kubelet.process = nil
        kubelet.sources = sources
        return kubelet
    }

    /// The words of lines such as `KUBELET_EXTRA_ARGS="--fail-swap-on=false --v=2"` or of one flag a line.
    private static func words(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.drop(while: \.isWhitespace).hasPrefix("#") }.flatMap { line in
            let isAssignment = !line.hasPrefix("-") && line.contains("=")
            let value = isAssignment ? line[line.index(after: line.firstIndex(of: "=") ?? line.startIndex)...] : line
            return value.filter { $0 != "\"" && $0 != "'" }.split(whereSeparator: \.isWhitespace).map(String.init)
        }
    }
}

extension RunningProcess {
    fileprivate var isHyperkube: Bool { name == "hyperkube" && arguments.dropFirst().first == "kubelet" }

    /// `k3s server` and `k3s agent` hold the kubelet; `k3s kubectl` and the like do not.
    fileprivate var isK3s: Bool {
        name.hasPrefix("k3s") && arguments.dropFirst().contains { $0 == "server" || $0 == "agent" }
    }

    /// What `--kubelet-arg=NAME=VALUE` passes on.
    ///
    /// k3s itself lets the kubelet start with swap on: it sets `fail-swap-on` to false (k3s, pkg/daemons/agent).
    fileprivate var k3sKubeletFlags: Flags {
        let given = Flags(arguments.dropFirst()).values["kubelet-arg"] ?? []
        return Flags(["--fail-swap-on=false"]).overridden(by: Flags(given.map { "--" + $0 }))
    }
}
