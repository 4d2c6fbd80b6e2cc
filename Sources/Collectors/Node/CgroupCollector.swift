internal import CEL
internal import Facts

/// Which version of control groups the kernel gives to services.
///
/// Sources: cgroups(7), and systemd's "unified" test: what is mounted at /sys/fs/cgroup.
struct CgroupCollector: Collector {
    let declaration = Declaration(
        "node.cgroup",
        summary: "The version of control groups in force on this machine, and its controllers.",
        returns: .object(["version": .int, "controllers": .list(.string), "hybrid": .bool]),
        fields: [
            "version": "2 where /sys/fs/cgroup is the unified hierarchy, else 1",
            "hybrid": "version 1 with a cgroup2 mount beside it, which the kubelet treats as version 1",
        ],
        cost: .file,
        privileges: ["read /proc/self/mounts", "read /proc/cgroups"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let mounts = try await mounts(surroundings)
        guard !mounts.isEmpty else {
            throw Unknown(.notApplicable, "no control groups are mounted on this machine")
        }
        let isUnified = mounts.contains { $0.point == "/sys/fs/cgroup" && $0.type == "cgroup2" }
        let controllers = isUnified ? try await unified(surroundings) : try await legacy(surroundings)
        return Observation(
            .map([
                "version": .int(isUnified ? 2 : 1),
                "controllers": .list(List(controllers.map(Value.string))),
                "hybrid": .bool(!isUnified && mounts.contains { $0.type == "cgroup2" }),
            ]),
            source: "/proc/self/mounts")
    }

    private func unified(_ surroundings: Surroundings) async throws(Unknown) -> [String] {
        try await surroundings.machineFile("/sys/fs/cgroup/cgroup.controllers")
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private func legacy(_ surroundings: Surroundings) async throws(Unknown) -> [String] {
        let table = try await surroundings.machineFile("/proc/cgroups")
        let rows = table.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(columns)
        return rows.filter { $0.count == 4 && $0[3] == "1" }.map { $0[0] }
    }

    private func mounts(_ surroundings: Surroundings) async throws(Unknown) -> [(point: String, type: String)] {
        let table = try await surroundings.machineFile("/proc/self/mounts")
        let rows = table.split(separator: "\n").map(columns).filter { $0.count >= 3 }
        return rows.map { (point: $0[1], type: $0[2]) }.filter { $0.type == "cgroup" || $0.type == "cgroup2" }
    }

    private func columns(_ line: Substring) -> [String] {
        line.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
