import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct EtcdIdentityTests {
    @Test func `ids are those that real members print`() {
        // recordings/etcd-token-mismatch: two members, tokens tok-a and tok-b.
        let urls = ["http://127.0.0.1:12380", "http://127.0.0.1:22380"]
        let first = urls.map { EtcdIdentity.memberID(peerURLs: [$0], token: "tok-a") }
        #expect(first.map(EtcdIdentity.text) == ["22a346c86e2384a1", "c20f7dbff840641b"])
        #expect(EtcdIdentity.text(EtcdIdentity.clusterID(memberIDs: first)) == "e4ec2b4382b7e65b")
        let second = urls.map { EtcdIdentity.memberID(peerURLs: [$0], token: "tok-b") }
        #expect(EtcdIdentity.text(EtcdIdentity.clusterID(memberIDs: second)) == "da05614b49a74249")
        // The ids of every etcd that was started without flags.
        let alone = EtcdIdentity.memberID(peerURLs: ["http://localhost:2380"], token: "etcd-cluster")
        #expect(EtcdIdentity.text(alone) == "8e9e05c52164694d")
        #expect(EtcdIdentity.text(EtcdIdentity.clusterID(memberIDs: [alone])) == "cdf818194e3a8c32")
    }
}

@Suite struct EtcdMembersCollectorTests {
    @Test func `a process tells its flags, its environment fills in, and members elsewhere stay unknown`() async throws
    {
        let fact = try await collect(
            EtcdMembersCollector(),
            in: machine([
                "/proc/50/cmdline":
                    "etcd\0--name=m1\0--data-dir\0/lab/m1\0--initial-cluster=m1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380\0"
                    + "--initial-advertise-peer-urls\0http://10.0.0.1:2380\0--peer-client-cert-auth\0",
                "/proc/50/environ": "ETCD_NAME=other\0ETCD_INITIAL_CLUSTER_TOKEN=tok-a\0",
                "/proc/50/root/lab/m1/member/snap/0000000000000001-0000000000000002.snap": "",
            ]))
        #expect(fact.text("members.0.name") == "m1")
        #expect(fact.text("members.0.initialClusterToken") == "tok-a")
        #expect(fact.text("members.0.initialClusterState") == "new")
        #expect(fact.texts("members.0.initialClusterURLs") == ["http://10.0.0.1:2380", "http://10.0.0.2:2380"])
        #expect(fact.flag("members.0.memberDirExists") == true)
        #expect(fact.flag("members.0.restored") == true)
        #expect(fact.text("members.1.name") == "m2")
        #expect(fact.flag("members.1.local") == false)
        #expect(fact.reason("members.1.initialClusterToken") == "notCollected")
        #expect(fact.at("members.2") == nil)
    }

    @Test func `a stopped member is read from its static pod or its file`() async throws {
        let manifest = """
            apiVersion: v1
            kind: Pod
            spec:
              containers:
              - command:
                - etcd
                - --name=cp1
                - --data-dir=/var/lib/etcd
                - --initial-advertise-peer-urls=https://10.0.0.1:2380
                - --initial-cluster=cp1=https://10.0.0.1:2380
                - --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
            """
        let fact = try await collect(
            EtcdMembersCollector(),
            in: machine([
                "/etc/kubernetes/manifests/etcd.yaml": manifest,
                "/etc/default/etcd": "## only comments\n",
                "/etc/etcd/etcd.conf.yml":
                    "name: x\ninitial-cluster-token: t\npeer-transport-security: {cert-file: /x.crt}\n",
            ]))
        #expect(fact.text("members.0.source") == "manifest")
        #expect(fact.flag("members.0.dataDirExists") == false)
        #expect(fact.text("members.0.peerCertificate") == "/etc/kubernetes/pki/etcd/peer.crt")
        #expect(fact.text("members.1.source") == "configFile")
        #expect(fact.text("members.1.initialClusterToken") == "t")
        #expect(fact.text("members.1.peerCertificate") == "/x.crt")
        #expect(fact.reason("members.1.dataDirExists") == "notFound", "a relative directory is somebody's guess")
        #expect(fact.at("members.2") == nil)
    }

    @Test func `a machine without etcd says so`() async {
        #expect(await reason { _ = try await EtcdMembersCollector().collect([:], in: machine([:])) } == .notApplicable)
        #expect(await reason { _ = try await EtcdPeersCollector().collect([:], in: machine([:])) } == .notApplicable)
    }
}

@Suite struct EtcdLogsCollectorTests {
    private func log(_ text: String) async throws -> Value {
        var surroundings = machine([:])
        surroundings.text = text
        return try await collect(EtcdLogsCollector(), in: surroundings)
    }

    @Test(arguments: EtcdLogPattern.all)
    func `its patterns compile`(pattern: String) throws {
        _ = try Pattern(pattern)
    }

    @Test func `both members' logs of 3_4 tell both clusters and who founded them`() async throws {
        let text =
            try Recordings.text("etcd-token-mismatch", "m1.log") + Recordings.text("etcd-token-mismatch", "m2.log")
        let fact = try await log(text)
        #expect(fact.text("mismatches.0.local") == "e4ec2b4382b7e65b")
        #expect(fact.text("mismatches.0.remote") == "da05614b49a74249")
        #expect(fact.text("mismatches.0.peer") == "c20f7dbff840641b")
        #expect(fact.text("mismatches.1.local") == "da05614b49a74249")
        #expect(fact.at("mismatches.2") == nil, "ten times a second the same")
        #expect(fact.text("starts.0.member") == "22a346c86e2384a1")
        #expect(fact.flag("starts.0.founded") == true)
        #expect(fact.text("clusters.0.id") == "da05614b49a74249")
        #expect(fact.texts("clusters.0.peerURLs") == ["http://127.0.0.1:12380", "http://127.0.0.1:22380"])
        #expect(fact.texts("clusters.0.peerURLs") == fact.texts("clusters.1.peerURLs"))
        #expect(fact.texts("clusters.0.memberIDs") != fact.texts("clusters.1.memberIDs"))
    }

    @Test func `the JSON lines of 3_5 are read behind whatever journald or kubectl puts before them`() async throws {
        let fact = try await log(
            """
            Aug 29 12:11:00 cp1 etcd[19]: {"level":"warn","ts":"2024-08-29T12:11:00.5Z","caller":"rafthttp/stream.go:653",\
            "msg":"request sent was ignored by remote peer due to cluster ID mismatch","remote-peer-id":"12ff5a891fde60fb",\
            "remote-peer-cluster-id":"856f01373436629c","local-member-id":"ba47d2efed423514",\
            "local-member-cluster-id":"36701ea896742325","error":"cluster ID mismatch"}
            {"level":"warn","caller":"rafthttp/http.go:502","msg":"request cluster ID mismatch",\
            "local-member-id":"ba47d2efed423514","local-member-cluster-id":"36701ea896742325",\
            "remote-peer-server-name":"12ff5a891fde60fb","remote-peer-cluster-id":"856f01373436629c"}
            {"level":"info","msg":"restarting local member","cluster-id":"36701ea896742325",\
            "local-member-id":"ba47d2efed423514","commit-index":4}
            {"level":"info","msg":"starting an etcd server","etcd-version":"3.5.6","member-initialized":false,"name":"m2",\
            "data-dir":"/d","initial-cluster":"m2=http://b:2380,m1=http://a:2380","initial-cluster-state":"new",\
            "initial-cluster-token":"tok"}
            {"level":"info","msg":"added member","cluster-id":"36701ea896742325","local-member-id":"1",\
            "added-peer-id":"ba47d2efed423514","added-peer-peer-urls":["http://a:2380","http://a2:2380"]}
            """)
        #expect(fact.text("mismatches.0.remote") == "856f01373436629c")
        #expect(fact.text("mismatches.0.peer") == "12ff5a891fde60fb")
        #expect(fact.at("mismatches.1") == nil)
        #expect(fact.flag("starts.0.founded") == false)
        #expect(fact.texts("configurations.0.initialCluster") == ["m1=http://a:2380", "m2=http://b:2380"])
        #expect(fact.text("configurations.0.initialClusterToken") == "tok")
        #expect(fact.flag("configurations.0.initialized") == false)
        #expect(fact.texts("clusters.0.peerURLs") == ["http://a2:2380", "http://a:2380"])
    }

    @Test func `text that is no log says nothing`() async throws {
        let fact = try await log("error: the cluster ID is fine; no mismatch (got it)")
        #expect(fact.texts("mismatches") == [])
        #expect(fact.texts("clusters") == [])
    }
}

@Suite(.enabled(if: LocalEtcd.program != nil, "no etcd is installed"), .serialized)
struct RealEtcdTests {
    private let here = Surroundings(now: Timestamp(seconds: 0), effects: world)

    /// Waits until the peer answers, which takes a member some milliseconds after its start.
    private func peers(_ members: [LocalEtcd.Member]) async throws -> [Value] {
        for _ in 0..<400 {
            let fact = try? await collect(
                EtcdPeersCollector(), in: Surroundings(now: Timestamp(seconds: 0), effects: world))
            // At first the members are not even processes yet.
            guard case .list(let list) = fact?.at("peers") else {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            let found = members.compactMap { member in list.first { $0.text("url") == member.peerURL } }
            if found.count == members.count, found.allSatisfy({ $0.flag("reachable") == true }) { return found }
        }
        Issue.record("the members did not come up")
        return []
    }

    @Test func `members with different tokens are of the clusters that their flags found`() async throws {
        try await withLocalEtcd { etcd in
            let members = [try await LocalEtcd.member("m1"), try await LocalEtcd.member("m2")]
            let list = LocalEtcd.list(members)
            try etcd.start(members[0], cluster: list, token: "tok-a")
            try etcd.start(members[1], cluster: list, token: "tok-b")
            let peers = try await peers(members)
            let ids = peers.compactMap { $0.text("clusterID") }
            #expect(Set(ids).count == 2)

            let fact = try await collect(EtcdMembersCollector(), in: here)
            guard case .list(let found) = fact.at("members") else { return }
            let mine = members.compactMap { member in
                found.first { $0.texts("advertisePeerURLs") == [member.peerURL] }
            }
            #expect(mine.compactMap { $0.text("initialClusterToken") } == ["tok-a", "tok-b"])
            #expect(mine.compactMap { $0.text("derivedClusterID") } == ids)
            #expect(mine.compactMap { $0.flag("memberDirExists") } == [true, true])
            #expect(mine.compactMap { $0.flag("restored") } == [false, false])
            for (peer, member) in zip(peers, mine) {
                let answered = ["0", "1"].compactMap { peer.text("members.\($0).id") }
                #expect(Set(answered) == Set(member.texts("derivedMemberIDs") ?? []))
            }
        }
    }

    @Test func `members of one cluster answer with one id`() async throws {
        try await withLocalEtcd { etcd in
            let members = [try await LocalEtcd.member("m1"), try await LocalEtcd.member("m2")]
            for member in members { try etcd.start(member, cluster: LocalEtcd.list(members)) }
            #expect(Set(try await peers(members).compactMap { $0.text("clusterID") }).count == 1)
        }
    }

    @Test func `ETCDCTL_ENDPOINTS leads to peers that no list here names`() async throws {
        try await withLocalEtcd { etcd in
            let member = try await LocalEtcd.member("m1")
            try etcd.start(member, cluster: LocalEtcd.list([member]))
            _ = try await peers([member])
            // A world that shows no process, but where etcdctl may be run.
            let blind = WithoutProcesses(world: world)
            let surroundings = Surroundings(
                environment: ["ETCDCTL_ENDPOINTS": member.clientURL], now: Timestamp(seconds: 0), effects: blind)
            let fact = try await collect(EtcdPeersCollector(), in: surroundings)
            #expect(fact.text("peers.0.url") == member.peerURL)
            #expect(fact.flag("peers.0.reachable") == true)
        }
    }
}

/// The real world, of which no process but the first is shown.
private struct WithoutProcesses: Effects {
    var world: SystemEffects

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await world.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus { try await world.status(of: path) }
    func list(_ directory: String) async throws(Unknown) -> [String] {
        directory == "/proc" ? ["1"] : try await world.list(directory)
    }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput { try await world.run(command) }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { try await world.send(request) }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { await world.connect(endpoint) }
}
