internal import CEL
internal import Facts

/// The etcd members of this machine, running or configured, and, as far as their lists name them, those elsewhere.
struct EtcdMembersCollector: Collector {
    let declaration = Declaration(
        "etcd.members",
        summary: "How the etcd members of this machine are configured, and what their data directories show.",
        returns: .object([
            "members": .list(
                .object([
                    "name": .string, "source": .string, "place": .string, "pid": .int, "local": .bool,
                    "dataDir": .string, "dataDirExists": .bool, "memberDirExists": .bool, "restored": .bool,
                    "initialCluster": .list(.string), "initialClusterURLs": .list(.string),
                    "initialClusterToken": .string, "initialClusterState": .string,
                    "listenPeerURLs": .list(.string), "advertisePeerURLs": .list(.string),
                    "advertiseClientURLs": .list(.string), "derivedClusterID": .string,
                    "derivedMemberIDs": .list(.string), "peerCertificate": .string, "peerAuthority": .string,
                ]))
        ]),
        fields: [
            "members.source": "process, manifest (static pod), configFile, or list (named by another member only)",
            "members.local": "false where only another member's list names it; its settings are then unknown here",
            "members.restored": "its data directory was written by `snapshot restore`",
            "members.initialCluster": "name=URL, sorted",
            "members.derivedClusterID": "the id of the cluster that its list and token would found",
            "members.derivedMemberIDs": "the ids of the members of that cluster",
        ],
        cost: .file,
        privileges: ["read /proc/PID/cmdline", "root, to see data directories"],
        secrets: ["the peer's private key"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let members = try await EtcdMember.all(in: surroundings)
        guard !members.isEmpty else {
            throw Unknown(
                .notApplicable, "no etcd runs on this machine or is configured on it",
                hint: "run triage on a machine with an etcd member")
        }
        var values: [Value] = []
        for member in members { values.append(await value(of: member, in: surroundings)) }
        values += elsewhere(members)
        return Observation(
            .map(["members": .list(List(values))]), source: members.map(\.place).joined(separator: ", "))
    }

    private func value(of member: EtcdMember, in surroundings: Surroundings) async -> Value {
        var fields: [String: Value] = [
            "name": .string(member.name), "source": .string(member.source.rawValue), "place": .string(member.place),
            "local": .bool(true), "dataDir": .string(member.dataDirectory),
            "initialCluster": .strings(
                member.initialCluster.flatMap { entry in
                    entry.peerURLs.map { "\(entry.name)=\($0)" }
                }),
            "initialClusterURLs": .strings(member.initialCluster.flatMap(\.peerURLs)),
            "initialClusterToken": .string(member.token), "initialClusterState": .string(member.state),
            "listenPeerURLs": .strings(member.listenPeerURLs),
            "advertisePeerURLs": .strings(member.advertisedPeerURLs),
            "advertiseClientURLs": .strings(member.advertisedClientURLs),
        ]
        if let pid = member.pid { fields["pid"] = .int(Int64(pid)) }
        fields["peerCertificate"] = member.settings["peer-cert-file"].map(Value.string)
        fields["peerAuthority"] = member.settings["peer-trusted-ca-file"].map(Value.string)
        if member.isDiscovered {
            let unknown = Unknown(.notApplicable, "the members find each other by discovery").value
            fields["derivedClusterID"] = unknown
            fields["derivedMemberIDs"] = unknown
        } else {
            let ids = member.derivedMemberIDs
            fields["derivedClusterID"] = .string(EtcdIdentity.text(EtcdIdentity.clusterID(memberIDs: ids)))
            fields["derivedMemberIDs"] = .strings(ids.map(EtcdIdentity.text))
        }
        fields.merge(await dataDirectory(of: member, in: surroundings)) { $1 }
        return .map(Map(fields))
    }

    private func dataDirectory(of member: EtcdMember, in surroundings: Surroundings) async -> [String: Value] {
        let fields = ["dataDirExists", "memberDirExists", "restored"]
        guard member.dataDirectory.hasPrefix("/") else {
            let unknown = Unknown(.notFound, "the data directory '\(member.dataDirectory)' is relative").value
            return Dictionary(uniqueKeysWithValues: fields.map { ($0, unknown) })
        }
        let path = await EtcdMember.root(of: member.pid, in: surroundings) + member.dataDirectory
        do {
            let exists = try await surroundings.exists(path)
            let hasMember = try await surroundings.exists(path + "/member")
            let snapshots = try await surroundings.namesIfPresent(in: path + "/member/snap")
            return [
                "dataDirExists": .bool(exists), "memberDirExists": .bool(hasMember),
                "restored": .bool(snapshots.contains(where: Self.isMadeByRestore)),
            ]
        } catch {
            return Dictionary(uniqueKeysWithValues: fields.map { ($0, error.value) })
        }
    }

    /// A restore writes a snapshot of term 1 whose index is the number of members; a running member's first one comes
    /// only after thousands of entries (etcdutl, `saveWALAndSnap`).
    private static func isMadeByRestore(_ name: String) -> Bool {
        guard name.hasSuffix(".snap"), name.hasPrefix("0000000000000001-") else { return false }
        let index = name.dropFirst("0000000000000001-".count).dropLast(".snap".count)
        return UInt64(index, radix: 16).map { $0 < 64 } ?? false
    }

    /// Members that lists name and that are not of this machine: what they are started with cannot be seen here.
    private func elsewhere(_ members: [EtcdMember]) -> [Value] {
        let known = Set(members.flatMap { $0.advertisedPeerURLs + $0.listenPeerURLs })
        var seen: Set<String> = []
        return members.flatMap(\.initialCluster).compactMap { entry -> Value? in
            guard known.isDisjoint(with: entry.peerURLs), seen.insert(entry.peerURLs.joined()).inserted else {
                return nil
            }
            let unknown = Unknown(
                .notCollected, "member '\(entry.name)' is not of this machine", hint: "run triage there too"
            ).value
            var fields = Dictionary(
                uniqueKeysWithValues: [
                    "dataDir", "dataDirExists", "memberDirExists", "restored", "initialCluster", "initialClusterURLs",
                    "initialClusterToken", "initialClusterState", "derivedClusterID", "derivedMemberIDs",
                ].map { ($0, unknown) })
            fields["name"] = .string(entry.name)
            fields["source"] = .string("list")
            fields["local"] = .bool(false)
            fields["advertisePeerURLs"] = .strings(entry.peerURLs)
            return .map(Map(fields))
        }
    }
}

extension Value {
    static func strings(_ texts: some Sequence<String>) -> Value { .list(List(texts.map(Value.string))) }
}
