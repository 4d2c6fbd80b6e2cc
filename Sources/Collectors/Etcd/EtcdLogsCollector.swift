internal import CEL
internal import Facts

/// What pasted etcd logs say of clusters and members: the text of 3.4 and the JSON lines of 3.5 and later.
struct EtcdLogsCollector: Collector {
    /// Enough to see every member; a log repeats itself many times a second.
    static let matchLimit = 10_000

    let declaration = Declaration(
        "etcd.logs",
        summary: "What the pasted etcd logs say: mismatching ids, how members started, and the clusters' members.",
        returns: .object([
            "mismatches": .list(.object(["local": .string, "remote": .string, "peer": .string])),
            "starts": .list(
                .object(["member": .string, "cluster": .string, "founded": .bool, "dataDir": .string])),
            "clusters": .list(
                .object(["id": .string, "peerURLs": .list(.string), "memberIDs": .list(.string)])),
            "configurations": .list(
                .object([
                    "name": .string, "dataDir": .string, "initialized": .bool, "initialCluster": .list(.string),
                    "initialClusterToken": .string, "initialClusterState": .string,
                ])),
        ]),
        fields: [
            "mismatches": "each pair of cluster ids once; peer is the other member's id, absent where it is not said",
            "starts.founded": "true: without data, so that it founded or joined; false: with the data it had",
            "configurations": "from the line 'starting an etcd server' of 3.4's JSON log and later",
        ],
        cost: .memory)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let log = EtcdLog(surroundings.text)
        return Observation(
            .map([
                "mismatches": .list(List(log.mismatches)), "starts": .list(List(log.starts)),
                "clusters": .list(List(log.clusters)), "configurations": .list(List(log.configurations)),
            ]),
            source: "the given text")
    }
}

private struct EtcdLog {
    let text: String

    init(_ text: String) { self.text = text }

    /// The groups of each match, `nil` where a group took no part; equal matches once, in the order of the text.
    private func matches(_ source: String) -> [[String?]] {
        // The patterns are constants; a test compiles each.
        guard let pattern = try? Pattern(source) else { return [] }
        var seen: Set<[String?]> = []
        return pattern.allMatches(in: text, limit: EtcdLogsCollector.matchLimit).compactMap { match in
            let groups = match.dropFirst().map { $0.map(substring) }
            return seen.insert(groups).inserted ? groups : nil
        }
    }

    private func substring(_ range: Range<Int>) -> String {
        let utf8 = text.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return String(text[start..<utf8.index(start, offsetBy: range.count)])
    }

    var mismatches: [Value] {
        let received = matches(EtcdLogPattern.received).map { (local: $0[1], remote: $0[0], peer: String?.none) }
        let sent = matches(EtcdLogPattern.sent).map { (local: $0[2], remote: $0[1], peer: $0[0]) }
        let lines = matches(EtcdLogPattern.jsonMismatch).compactMap { $0[0] }.map { line in
            (
                local: field("local-member-cluster-id", of: line), remote: field("remote-peer-cluster-id", of: line),
                peer: field("remote-peer-id", of: line)
            )
        }
        var seen: Set<[String]> = []
        // Those that name the peer first, so that a nameless double of them can be dropped.
        return (sent + lines.sorted { $0.peer != nil && $1.peer == nil } + received).compactMap { found in
            guard let local = found.local, let remote = found.remote, local != remote else { return nil }
            let isDouble = found.peer == nil && seen.contains { $0.starts(with: [local, remote]) }
            guard !isDouble, seen.insert([local, remote, found.peer ?? ""]).inserted else { return nil }
            var fields: [String: Value] = ["local": .string(local), "remote": .string(remote)]
            fields["peer"] = found.peer.map(Value.string)
            return .map(Map(fields))
        }
    }

    var starts: [Value] {
        let old = matches(EtcdLogPattern.start).map { (kind: $0[0], member: $0[1], cluster: $0[2]) }
        let new = matches(EtcdLogPattern.jsonStart).compactMap { match in
            match[0].map { line in
                (kind: match[1], member: field("local-member-id", of: line), cluster: field("cluster-id", of: line))
            }
        }
        return (old + new).compactMap { start in
            guard let member = start.member, let cluster = start.cluster else { return nil }
            return .map([
                "member": .string(member), "cluster": .string(cluster), "founded": .bool(start.kind == "starting"),
            ])
        }
    }

    var clusters: [Value] {
        var members: [String: [(id: String, urls: [String])]] = [:]
        for match in matches(EtcdLogPattern.addedMember) {
            guard let id = match[0], let urls = match[1], let cluster = match[2] else { continue }
            members[cluster, default: []].append((id, urls.split(separator: " ").map(String.init)))
        }
        for line in matches(EtcdLogPattern.jsonAddedMember).compactMap({ $0[0] }) {
            guard let id = field("added-peer-id", of: line), let cluster = field("cluster-id", of: line) else {
                continue
            }
            members[cluster, default: []].append((id, list("added-peer-peer-urls", of: line)))
        }
        return members.sorted { $0.key < $1.key }.map { cluster, members in
            .map([
                "id": .string(cluster), "peerURLs": .strings(Set(members.flatMap(\.urls)).sorted()),
                "memberIDs": .strings(Set(members.map(\.id)).sorted()),
            ])
        }
    }

    var configurations: [Value] {
        matches(EtcdLogPattern.jsonConfiguration).compactMap { $0[0] }.map { line in
            var fields: [String: Value] = ["initialized": .bool(line.contains("\"member-initialized\":true"))]
            fields["name"] = field("name", of: line).map(Value.string)
            fields["dataDir"] = field("data-dir", of: line).map(Value.string)
            fields["initialClusterState"] = field("initial-cluster-state", of: line).map(Value.string)
            // A member that has its data logs neither list nor token: it does not read them.
            if let token = field("initial-cluster-token", of: line), !token.isEmpty {
                fields["initialClusterToken"] = .string(token)
            }
            if let list = field("initial-cluster", of: line), !list.isEmpty {
                fields["initialCluster"] = .strings(list.split(separator: ",").map(String.init).sorted())
            }
            return .map(Map(fields))
        }
    }

    /// A text field of a JSON line; these ids, names and URLs hold no escapes.
    private func field(_ name: String, of line: String) -> String? {
        guard let start = line.firstRange(of: "\"\(name)\":\"")?.upperBound else { return nil }
        return line[start...].firstIndex(of: "\"").map { String(line[start..<$0]) }
    }

    private func list(_ name: String, of line: String) -> [String] {
        guard let start = line.firstRange(of: "\"\(name)\":[")?.upperBound,
            let end = line[start...].firstIndex(of: "]")
        else { return [] }
        return line[start..<end].split(separator: ",").map { $0.filter { $0 != "\"" } }
    }
}

/// The lines, as etcd writes them.
///
/// Sources: etcd 3.4 and 3.5, rafthttp/{http,stream}.go, etcdserver/raft.go, etcdserver/api/membership/cluster.go,
/// embed/etcd.go.
enum EtcdLogPattern {
    static let received = #"request cluster ID mismatch \(got ([0-9a-f]+) want ([0-9a-f]+)\)"#
    static let sent =
        #"request sent was ignored \(cluster ID mismatch: (?:peer|remote)\[([0-9a-f]+)\]=([0-9a-f]+), local=([0-9a-f]+)\)"#
    static let jsonMismatch =
        #"(\{[^\n]*"msg":"request (?:sent was ignored by remote peer due to )?cluster ID mismatch"[^\n]*\})"#
    static let start = #"(starting|restarting) member ([0-9a-f]+) in cluster ([0-9a-f]+)"#
    static let jsonStart = #"(\{[^\n]*"msg":"(starting|restarting) local member"[^\n]*\})"#
    static let addedMember = #"added member ([0-9a-f]+) \[([^\]]*)\] to cluster ([0-9a-f]+)"#
    static let jsonAddedMember = #"(\{[^\n]*"msg":"added member"[^\n]*\})"#
    static let jsonConfiguration = #"(\{[^\n]*"msg":"starting an etcd server"[^\n]*\})"#
    static let all = [
        received, sent, jsonMismatch, start, jsonStart, addedMember, jsonAddedMember, jsonConfiguration,
    ]
}
