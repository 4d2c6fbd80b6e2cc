internal import CEL
internal import Facts

/// How full the file systems are that a node lives on.
///
/// Sources: statvfs(3); /proc/self/mounts as proc(5) describes it.
struct DiskCollector: Collector {
    /// Where the kubelet, the container runtimes, etcd and logs keep what they have.
    static let usual = [
        "/", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/docker", "/var/lib/containers", "/var/lib/rancher",
        "/var/lib/etcd", "/var/log", "/tmp",
    ]

    let declaration = Declaration(
        "node.disk",
        summary: "Free space and inodes of the file systems that hold the kubelet's, the runtime's and etcd's data.",
        parameters: [
            .init("paths", .list(.string), "absolute paths; default: \(usual.joined(separator: ", "))", names: .file)
        ],
        returns: .object([
            "paths": .list(
                .object([
                    "path": .string, "exists": .bool, "mountPoint": .string, "device": .string, "type": .string,
                    "readOnly": .bool, "totalBytes": .int, "availableBytes": .int, "usedRatio": .double,
                    "inodes": .int, "availableInodes": .int, "inodesUsedRatio": .double,
                ]))
        ]),
        fields: [
            "paths.exists": "false: everything else of this entry is absent",
            "paths.usedRatio": "0 to 1, as `df` counts it: what root keeps for itself counts as used",
            "paths.inodes": "absent where the file system does not count them",
        ],
        cost: .file, privileges: ["search the paths' directories"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let paths = parameters["paths"]?.elements?.compactMap(\.text) ?? Self.usual
        for path in paths { _ = try absolutePath(path, home: surroundings.homeDirectory) }
        let mounts = await attempt { () async throws(Unknown) in try await Mount.all(in: surroundings) }
        var entries: [Value] = []
        for path in paths { entries.append(try await entry(path, mounts, surroundings)) }
        return Observation(.map(["paths": .list(List(entries))]), source: "statvfs, /proc/self/mounts")
    }

    private func entry(
        _ path: String, _ mounts: Result<[Mount], Unknown>, _ surroundings: Surroundings
    ) async throws(Unknown) -> Value {
        var fields: [String: Value] = ["path": .string(path), "exists": .bool(true)]
        let space: FileSystemSpace
        do {
            space = try await surroundings.effects.space(at: path)
        } catch  where error.reason == .notFound {
            return .map(["path": .string(path), "exists": .bool(false)])
        } catch {
            throw error.asForRoot(path)
        }
        fields["readOnly"] = .bool(space.isReadOnly)
        fields["totalBytes"] = .int(Int64(clamping: space.totalBytes))
        fields["availableBytes"] = .int(Int64(clamping: space.availableBytes))
        fields["usedRatio"] = Self.used(space.availableBytes, of: space.totalBytes)
        if space.inodes > 0 {
            fields["inodes"] = .int(Int64(clamping: space.inodes))
            fields["availableInodes"] = .int(Int64(clamping: space.availableInodes))
            fields["inodesUsedRatio"] = Self.used(space.availableInodes, of: space.inodes)
        }
        switch mounts {
        case .success(let mounts):
            guard let mount = Mount.holding(path, mounts) else { break }
            fields["mountPoint"] = .string(mount.point)
            fields["device"] = .string(mount.device)
            fields["type"] = .string(mount.type)
        case .failure(let unknown):
            for field in ["mountPoint", "device", "type"] { fields[field] = unknown.value }
        }
        return .map(Map(fields))
    }

    private static func used(_ available: UInt64, of total: UInt64) -> Value? {
        total == 0 ? nil : .double(1 - Double(min(available, total)) / Double(total))
    }
}

/// A line of the kernel's table of mounts.
struct Mount: Sendable {
    var device: String
    var point: String
    var type: String

    static func all(in surroundings: Surroundings) async throws(Unknown) -> [Mount] {
        let table = try await surroundings.machineFile("/proc/self/mounts", limit: 16 << 20)
        return table.split(separator: "\n").compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count >= 3 else { return nil }
            return Mount(
                device: unescapingOctal(columns[0]), point: unescapingOctal(columns[1]), type: String(columns[2]))
        }
    }

    /// The deepest mount point above the path, and of several on one point the last, which hides the others.
    static func holding(_ path: String, _ mounts: [Mount]) -> Mount? {
        mounts.enumerated().filter { _, mount in
            mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
        }.max { ($0.element.point.utf8.count, $0.offset) < ($1.element.point.utf8.count, $1.offset) }?.element
    }
}
