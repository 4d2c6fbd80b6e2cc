import Foundation
import TestSupport
import Testing

/// Real etcd members on free loopback ports, in a temporary directory, stopped and removed at the end.
final class LocalEtcd {
    struct Member {
        var name: String
        var client: Int
        var peer: Int
        var peerURL: String { "http://127.0.0.1:\(peer)" }
        var clientURL: String { "http://127.0.0.1:\(client)" }
    }

    static let program = ["/usr/bin/etcd", "/usr/local/bin/etcd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let directory: String
    private var processes: [Process] = []

    init(_ directory: String) { self.directory = directory }

    static func member(_ name: String) async throws -> Member {
        Member(name: name, client: try await unusedPort(), peer: try await unusedPort())
    }

    static func list(_ members: [Member]) -> String {
        members.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
    }

    @discardableResult
    func start(
        _ member: Member, cluster: String, token: String = "etcd-cluster", state: String = "new",
        dataDirectory: String? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.program))
        process.arguments = [
            "--name", member.name, "--data-dir=\(dataDirectory ?? "\(directory)/\(member.name)")",
            "--listen-peer-urls=\(member.peerURL)", "--initial-advertise-peer-urls=\(member.peerURL)",
            "--listen-client-urls=\(member.clientURL)", "--advertise-client-urls=\(member.clientURL)",
            "--initial-cluster=\(cluster)", "--initial-cluster-token=\(token)", "--initial-cluster-state=\(state)",
            "--logger=zap", "--log-outputs=\(log(member))",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        processes.append(process)
        return process
    }

    func log(_ member: Member) -> String { "\(directory)/\(member.name).log" }

    func stop(_ process: Process) {
        // A member without a leader takes long to say goodbye.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        processes.removeAll { $0 === process }
    }

    func stopAll() {
        for process in processes { stop(process) }
    }
}

/// Runs the body with a place to start members in.
func withLocalEtcd(_ body: (LocalEtcd) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        let etcd = LocalEtcd(directory)
        defer { etcd.stopAll() }
        try await body(etcd)
    }
}
