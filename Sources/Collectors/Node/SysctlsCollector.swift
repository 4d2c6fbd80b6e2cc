internal import CEL
internal import Facts

/// Settings of the running kernel.
///
/// Sources: proc_sys(5); the kubelet's `--protect-kernel-defaults`, kubeadm's preflight checks and the network
/// plugins' documentation for the default list.
struct SysctlsCollector: Collector {
    static let usual = [
        "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.bridge.bridge-nf-call-iptables",
        "net.bridge.bridge-nf-call-ip6tables", "net.ipv4.conf.all.rp_filter", "net.ipv6.conf.all.disable_ipv6",
        "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count", "vm.overcommit_memory",
        "vm.panic_on_oom", "vm.max_map_count", "vm.swappiness", "kernel.panic", "kernel.panic_on_oops",
        "kernel.pid_max", "kernel.threads-max", "fs.file-max", "fs.file-nr", "fs.inotify.max_user_instances",
        "fs.inotify.max_user_watches", "user.max_user_namespaces",
    ]

    let declaration = Declaration(
        "node.sysctls",
        summary: "Kernel settings (sysctl) that the kubelet, kube-proxy and network plugins depend on.",
        parameters: [.init("names", .list(.string), "such as net.ipv4.ip_forward; default: the usual ones")],
        returns: .object(["values": .map(.string, .string)]),
        fields: [
            "values":
                "by name; absent where this kernel has no such setting, as net.bridge.* without the module "
                + "br_netfilter; several numbers are parted by one space"
        ],
        cost: .file, privileges: ["read /proc/sys"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        guard try await surroundings.exists("/proc/sys") else {
            throw Unknown(.notApplicable, "this machine has no /proc/sys")
        }
        let names = parameters["names"]?.elements?.compactMap(\.text) ?? Self.usual
        var values: [String: Value] = [:]
        for name in names {
            let path = try Self.path(of: name)
            do {
                guard let text = try await surroundings.machineFileIfPresent(path) else { continue }
                values[name] = .string(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
            } catch {
                values[name] = error.value
            }
        }
        return Observation(.map(["values": .map(Map(values))]), source: "/proc/sys")
    }

    /// Dots part the name, and a slash stands for a dot inside of a part (sysctl.d(5)): `net.ipv4.conf.eth0/1.rp_filter`.
    private static func path(of name: String) throws(Unknown) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            .map { $0.map { $0 == "/" ? "." : $0 } }.map { String($0) }
        let isGood = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && !part.utf8.contains(0)
        }
        guard isGood, parts.count > 1 else {
            throw Unknown(.malformed, "'\(name)' is no kernel setting, such as net.ipv4.ip_forward")
        }
        return "/proc/sys/" + parts.joined(separator: "/")
    }
}
