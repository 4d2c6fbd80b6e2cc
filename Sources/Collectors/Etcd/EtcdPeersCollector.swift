internal import CEL
internal import Facts
internal import FoundationEssentials

/// What every known peer URL says of its cluster.
///
/// `GET /members` of the peer port needs no quorum, answers while a member waits for its cluster, and carries the
/// cluster's id in `X-Etcd-Cluster-Id` (etcd, server/etcdserver/api/etcdhttp/peer.go).
struct EtcdPeersCollector: Collector {
    static let limit = 32

    let declaration = Declaration(
        "etcd.peers",
        summary: "The cluster id and the member list that each etcd peer URL answers with.",
        returns: .object([
            "peers": .list(
                .object([
                    "url": .string, "reachable": .bool, "clusterID": .string, "error": .string,
                    "members": .list(
                        .object(["id": .string, "name": .string, "peerURLs": .list(.string), "learner": .bool])),
                ]))
        ]),
        fields: [
            "peers.url": "from the members of this machine, their lists, the answers' lists, and ETCDCTL_ENDPOINTS",
            "peers.clusterID": "hexadecimal, as etcd's log prints it",
            "peers.error": "absent where the peer answered",
        ],
        cost: .network,
        privileges: ["connect to the peer URLs", "read the peer certificate and key, where TLS is used"],
        secrets: ["the peer's private key"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        var problem: Unknown?
        var members: [EtcdMember] = []
        do { members = try await EtcdMember.all(in: surroundings) } catch { problem = error }
        var pending = members.flatMap { $0.advertisedPeerURLs + $0.initialCluster.flatMap(\.peerURLs) }
        do { pending += try await peerURLsByClient(surroundings) } catch { problem = problem ?? error }
        guard !pending.isEmpty else {
            throw problem
                ?? Unknown(
                    .notApplicable, "no etcd peer is known here", hint: "set ETCDCTL_ENDPOINTS, or run on a member")
        }
        let tls = await tlsOptions(members, surroundings)
        var answers: [EtcdPeerAnswer] = []
        // The answers' own lists may name more.
        while !pending.isEmpty, answers.count < Self.limit {
            let known = Set(answers.map(\.url))
            let urls = Array(Set(pending).subtracting(known)).sorted().prefix(Self.limit - answers.count)
            let batch = await ask(Array(urls), tls, surroundings)
            answers += batch
            pending = batch.flatMap { $0.members ?? [] }.flatMap(\.peerURLs)
                .filter { url in !answers.contains { $0.url == url } }
        }
        return Observation(
            .map(["peers": .list(List(answers.map(\.value)))]),
            source: answers.map { "GET \($0.url)/members" }.joined(separator: ", "))
    }

    private func ask(
        _ urls: [String], _ tls: TLSOptions, _ surroundings: Surroundings
    ) async -> [EtcdPeerAnswer] {
        await withTaskGroup(of: EtcdPeerAnswer.self) { group in
            for url in urls {
                group.addTask { await EtcdPeerAnswer(url, tls: tls, in: surroundings) }
            }
            var answers: [EtcdPeerAnswer] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.url < $1.url }
        }
    }

    /// The peer URLs that the client endpoints know, by `etcdctl`: the client port offers them by gRPC alone.
    private func peerURLsByClient(_ surroundings: Surroundings) async throws(Unknown) -> [String] {
        guard let endpoints = surroundings.environment["ETCDCTL_ENDPOINTS"], !endpoints.isEmpty else { return [] }
        let output = try await surroundings.effects.run(
            .etcdctl(["member", "list", "-w", "json"], in: surroundings))
        struct Answer: Decodable {
            struct Member: Decodable { var peerURLs: [String]? }
            var members: [Member]?
        }
        guard output.exitCode == 0,
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.standardOutput))
        else {
            throw Unknown(.unreachable, "no endpoint of ETCDCTL_ENDPOINTS answers etcdctl member list")
        }
        return (answer.members ?? []).flatMap { $0.peerURLs ?? [] }
    }

    /// The peer certificate of a member of this machine; the key stays in here.
    private func tlsOptions(_ members: [EtcdMember], _ surroundings: Surroundings) async -> TLSOptions {
        guard let member = members.first(where: { $0.settings["peer-cert-file"] != nil }) else { return TLSOptions() }
        let root = await EtcdMember.root(of: member.pid, in: surroundings)
        var texts: [String: String] = [:]
        for flag in ["peer-trusted-ca-file", "peer-cert-file", "peer-key-file"] {
            guard let path = member.settings[flag] else { continue }
            texts[flag] = try? await surroundings.machineFile(root + path)
        }
        return TLSOptions(
            authoritiesPEM: texts["peer-trusted-ca-file"], certificateChainPEM: texts["peer-cert-file"],
            privateKeyPEM: texts["peer-key-file"])
    }
}

/// One peer's answer, or why there is none.
private struct EtcdPeerAnswer: Sendable {
    struct Member: Decodable, Sendable {
        var id: UInt64
        var name: String?
        var peerURLs: [String]
        var isLearner: Bool?
    }

    var url: String
    var clusterID: String?
    var members: [Member]?
    var problem: Unknown?

    init(_ url: String, tls: TLSOptions, in surroundings: Surroundings) async {
        self.url = url
        do {
            let request = HTTPRequest(url: url + "/members", tls: tls, deadlineSeconds: 4, bodyLimit: 1 << 20)
            let response = try await surroundings.effects.send(request)
            clusterID = response.header("X-Etcd-Cluster-Id")
            members = try? JSONDecoder().decode([Member].self, from: Data(response.body))
            if clusterID == nil || members == nil {
                problem = Unknown(.malformed, "\(url)/members answers \(response.status), not as an etcd peer does")
            }
        } catch {
            problem = error
        }
    }

    var value: Value {
        var fields: [String: Value] = ["url": .string(url), "reachable": .bool(problem == nil)]
        if let problem { fields["error"] = .string(problem.detail) }
        let unknown = problem ?? Unknown(.malformed, "the peer did not say")
        fields["clusterID"] = clusterID.map(Value.string) ?? unknown.value
        fields["members"] = members.map { .list(List($0.map(\.value))) } ?? unknown.value
        return .map(Map(fields))
    }
}

extension EtcdPeerAnswer.Member {
    fileprivate var value: Value {
        .map([
            "id": .string(EtcdIdentity.text(id)), "name": .string(name ?? ""), "peerURLs": .strings(peerURLs),
            "learner": .bool(isLearner ?? false),
        ])
    }
}

extension Command {
    /// etcdctl with the person's endpoints, certificates and user.
    ///
    /// A flag beside its own variable ends etcdctl 3.4, so a variable that a flag replaces is left out.
    static func etcdctl(_ arguments: [String], in surroundings: Surroundings) -> Command {
        let all = ["--dial-timeout=3s", "--command-timeout=5s"] + arguments
        let replaced = Flags(all).values.keys.map { flag in
            "ETCDCTL_" + flag.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        }
        var environment = surroundings.environment.filter {
            $0.key.hasPrefix("ETCDCTL_") && !replaced.contains($0.key)
        }
        environment["ETCDCTL_API"] = "3"
        return Command("etcdctl", all, environment: environment)
    }
}
