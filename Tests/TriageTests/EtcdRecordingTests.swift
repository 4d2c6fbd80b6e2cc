import Foundation
import TestSupport
import Testing

/// Real members that are of different clusters, each for another reason: started here on free ports, and told apart by
/// the command from their processes, their answers and their data.
@Suite(.enabled(if: LocalEtcd.program != nil, "no etcd is installed"), .serialized)
struct EtcdRecordingTests {
    private static let playbook = "etcd-cluster-id-mismatch"
    private static let text = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Recordings/etcd-token-mismatch/output.txt").path(percentEncoded: false)

    private func diagnose(_ members: [LocalEtcd.Member]) async throws -> TriageCommand.Result {
        try await TriageCommand.run(
            ["diagnose", "--file", Self.text, "-o", "json", "--timeout", "30"],
            environment: ["ETCDCTL_ENDPOINTS": members.map(\.clientURL).joined(separator: ",")])
    }

    private func expect(
        _ cause: String?, _ members: [LocalEtcd.Member], _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await diagnose(members)
        #expect(
            result.confirmed == (cause.map { ["\(Self.playbook)/\($0)"] } ?? []), "\(result.output)\n\(result.notes)",
            sourceLocation: location)
        #expect(result.undetermined == [], sourceLocation: location)
    }

    private func pair() async throws -> [LocalEtcd.Member] {
        [try await LocalEtcd.member("m1"), try await LocalEtcd.member("m2")]
    }

    private let listening = "serving peer traffic"
    private let ready = "published local member to cluster through raft"

    @Test func `the recorded fault: two tokens`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            for (member, token) in zip(members, ["tok-a", "tok-b"]) {
                try etcd.start(member, cluster: LocalEtcd.list(members), token: token)
                #expect(try await etcd.waits(for: listening, of: member))
            }
            try await expect("initial-cluster-token-mismatch", members)
        }
    }

    @Test func `members of one cluster are healthy, whatever was pasted`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            for member in members { try etcd.start(member, cluster: LocalEtcd.list(members)) }
            for member in members { #expect(try await etcd.waits(for: ready, of: member)) }
            try await expect(nil, members)
        }
    }

    @Test func `data of a cluster of its own`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            let alone = try etcd.start(members[1], cluster: LocalEtcd.list([members[1]]), token: "other")
            #expect(try await etcd.waits(for: ready, of: members[1]))
            await etcd.stop(alone)
            for member in members { try etcd.start(member, cluster: LocalEtcd.list(members)) }
            #expect(try await etcd.waits(for: listening, of: members[0]))
            #expect(try await etcd.waits(for: listening, of: members[1], times: 2))
            try await expect("stale-data-dir", members)
        }
    }

    @Test func `an added member that founds a cluster of its own`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            try etcd.start(members[0], cluster: LocalEtcd.list([members[0]]))
            #expect(try await etcd.waits(for: ready, of: members[0]))
            try await add(members[1], by: members[0])
            try etcd.start(members[1], cluster: LocalEtcd.list(members), state: "new")
            #expect(try await etcd.waits(for: listening, of: members[1]))
            try await expect("initial-cluster-state-new", members)
        }
    }

    @Test func `an added member joins when it is told that the cluster exists`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            try etcd.start(members[0], cluster: LocalEtcd.list([members[0]]))
            #expect(try await etcd.waits(for: ready, of: members[0]))
            try await add(members[1], by: members[0])
            try etcd.start(members[1], cluster: LocalEtcd.list(members), state: "existing")
            #expect(try await etcd.waits(for: ready, of: members[1]))
            try await expect(nil, members)
        }
    }

    @Test func `a peer's address that is another cluster's`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            var other = members[1]
            other.name = "other"
            try etcd.start(other, cluster: LocalEtcd.list([other]), token: "prod")
            try etcd.start(members[0], cluster: LocalEtcd.list(members))
            #expect(try await etcd.waits(for: ready, of: other))
            #expect(try await etcd.waits(for: listening, of: members[0]))
            try await expect("peer-of-another-cluster", members)
        }
    }

    @Test func `a snapshot restored with two tokens`() async throws {
        try await withLocalEtcd { etcd in
            let members = try await pair()
            let first = try etcd.start(
                members[0], cluster: LocalEtcd.list([members[0]]), dataDirectory: "\(etcd.directory)/former")
            #expect(try await etcd.waits(for: ready, of: members[0]))
            let file = "\(etcd.directory)/snapshot.db"
            try await etcdctl(["--endpoints=\(members[0].clientURL)", "snapshot", "save", file])
            await etcd.stop(first)
            for member in members {
                try await etcdctl([
                    "snapshot", "restore", file, "--name=\(member.name)",
                    "--initial-cluster=\(LocalEtcd.list(members))", "--initial-cluster-token=token-\(member.name)",
                    "--initial-advertise-peer-urls=\(member.peerURL)",
                    "--data-dir=\(etcd.directory)/\(member.name)",
                ])
                try etcd.start(member, cluster: LocalEtcd.list(members), state: "existing")
            }
            #expect(try await etcd.waits(for: listening, of: members[0], times: 2))
            #expect(try await etcd.waits(for: listening, of: members[1]))
            try await expect("restored-member-mismatch", members)
        }
    }

    private func add(_ member: LocalEtcd.Member, by other: LocalEtcd.Member) async throws {
        try await etcdctl([
            "--endpoints=\(other.clientURL)", "member", "add", member.name, "--peer-urls=\(member.peerURL)",
        ])
    }

    private func etcdctl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/etcdctl")
        process.arguments = arguments
        process.environment = ["ETCDCTL_API": "3"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try await process.runToEnd()
        #expect(process.terminationStatus == 0, "etcdctl \(arguments)")
    }
}
