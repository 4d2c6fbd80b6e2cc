internal import CEL
internal import Facts

/// How one member of an etcd cluster is configured, under the names of etcd's flags.
struct EtcdMember: Sendable {
    enum Source: String, Sendable {
        case process, manifest, configFile
    }

    var settings: [String: String]
    var source: Source
    /// The file or the process's directory, for people.
    var place: String
    var pid: Int?

    /// Defaults: etcd's configuration reference.
    var name: String { settings["name"] ?? "default" }
    var token: String { settings["initial-cluster-token"] ?? "etcd-cluster" }
    var state: String { settings["initial-cluster-state"] ?? "new" }
    var dataDirectory: String { settings["data-dir"] ?? "\(name).etcd" }
    var advertisedPeerURLs: [String] { list("initial-advertise-peer-urls") ?? ["http://localhost:2380"] }
    var listenPeerURLs: [String] { list("listen-peer-urls") ?? ["http://localhost:2380"] }
    var advertisedClientURLs: [String] { list("advertise-client-urls") ?? ["http://localhost:2379"] }
    var isDiscovered: Bool { settings["discovery"] != nil || settings["discovery-srv"] != nil }

    /// The founding list: names with all their peer URLs, in the order of the names.
    var initialCluster: [(name: String, peerURLs: [String])] {
        guard let text = settings["initial-cluster"], !text.isEmpty else { return [(name, advertisedPeerURLs)] }
        var members: [String: [String]] = [:]
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=", maxSplits: 1).map { String($0).trimmingWhitespace() }
            if parts.count == 2 { members[parts[0], default: []].append(parts[1]) }
        }
        return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    /// The ids that the founding list and the token give, whether or not this member founded anything.
    var derivedMemberIDs: [UInt64] {
        initialCluster.map { EtcdIdentity.memberID(peerURLs: $0.peerURLs, token: token) }
    }

    private func list(_ flag: String) -> [String]? {
        settings[flag].map { $0.split(separator: ",").map { String($0).trimmingWhitespace() } }
    }
}

extension EtcdMember {
    /// Every member that runs on this machine or is configured on it.
    static func all(in surroundings: Surroundings) async throws(Unknown) -> [EtcdMember] {
        var members: [EtcdMember] = []
        for process in try await RunningProcess.all(in: surroundings) where process.name == "etcd" {
            members.append(try await EtcdMember(process, in: surroundings))
        }
        for member in try await configured(in: surroundings)
        where !members.contains(where: { $0.name == member.name && $0.advertisedPeerURLs == member.advertisedPeerURLs })
        {
            members.append(member)
        }
        return members
    }

    /// A configuration file excludes flags and environment; flags come before the environment (etcd's configuration
    /// reference).
    private init(_ process: RunningProcess, in surroundings: Surroundings) async throws(Unknown) {
        let flags = Flags(process.arguments.dropFirst()).values.compactMapValues(\.last)
        let environment = await Self.environment(of: process, in: surroundings)
        source = .process
        place = "/proc/\(process.pid)/cmdline"
        pid = process.pid
        settings = environment.merging(flags) { $1 }
        guard let path = settings["config-file"] else { return }
        let root = await Self.root(of: process.pid, in: surroundings)
        settings = Self.yamlSettings(try await surroundings.machineFile(root + path))
        place = path
    }

    /// Where the process sees `/`: a container's processes have their own.
    static func root(of pid: Int?, in surroundings: Surroundings) async -> String {
        guard let pid, (try? await surroundings.exists("/proc/\(pid)/root")) == true else { return "" }
        return "/proc/\(pid)/root"
    }

    /// The ETCD_ variables, where this user may see them.
    private static func environment(
        of process: RunningProcess, in surroundings: Surroundings
    ) async -> [String: String] {
        let text = try? await surroundings.machineFile("/proc/\(process.pid)/environ")
        return variables((text ?? "").split(separator: "\0"))
    }

    private static func configured(in surroundings: Surroundings) async throws(Unknown) -> [EtcdMember] {
        var members: [EtcdMember] = []
        let manifest = "/etc/kubernetes/manifests/etcd.yaml"
        if let text = try await surroundings.machineFileIfPresent(manifest) {
            let flags = Flags(command(ofManifest: text)).values.compactMapValues(\.last)
            if !flags.isEmpty { members.append(EtcdMember(settings: flags, source: .manifest, place: manifest)) }
        }
        for path in [
            "/etc/etcd/etcd.conf.yml", "/etc/etcd/etcd.conf.yaml", "/var/lib/rancher/k3s/server/db/etcd/config",
            "/var/lib/rancher/rke2/server/db/etcd/config",
        ] {
            guard let text = try await surroundings.machineFileIfPresent(path) else { continue }
            members.append(EtcdMember(settings: yamlSettings(text), source: .configFile, place: path))
        }
        for path in ["/etc/default/etcd", "/etc/etcd/etcd.conf", "/etc/etcd.env"] {
            guard let text = try await surroundings.machineFileIfPresent(path) else { continue }
            members.append(
                EtcdMember(settings: variables(text.split(separator: "\n")), source: .configFile, place: path))
        }
        return members.filter { !$0.settings.isEmpty }
    }

    /// `ETCD_INITIAL_CLUSTER=…` is the flag `initial-cluster`.
    private static func variables(_ lines: [Substring]) -> [String: String] {
        var settings: [String: String] = [:]
        for line in lines where line.hasPrefix("ETCD_") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let flag = line[..<equals].dropFirst("ETCD_".count).lowercased().map { $0 == "_" ? "-" : $0 }
            let value = line[line.index(after: equals)...].filter { $0 != "\"" && $0 != "'" }
            if !value.isEmpty { settings[String(flag)] = String(value) }
        }
        return settings
    }
}
