package import Foundation

/// Real etcd members on free loopback ports, in a temporary directory, stopped and removed at the end.
package final class LocalEtcd {
    package struct Member {
        package var name: String
        package var client: Int
        package var peer: Int
        /// `https` where the member is started with a certificate.
        package var scheme = "http"
        package var peerURL: String { "http://127.0.0.1:\(peer)" }
        package var clientURL: String { "\(scheme)://127.0.0.1:\(client)" }
    }

    package static let program = ["/usr/bin/etcd", "/usr/local/bin/etcd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package let directory: String
    private var running: [(name: String, process: Process)] = []

    package init(_ directory: String) { self.directory = directory }

    package static func member(_ name: String) async throws -> Member {
        Member(name: name, client: try await unusedPort(), peer: try await unusedPort())
    }

    package static func list(_ members: [Member]) -> String {
        members.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
    }

    @discardableResult
    package func start(
        _ member: Member, cluster: String, token: String = "etcd-cluster", state: String = "new",
        dataDirectory: String? = nil, arguments: [String] = []
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program ?? "/usr/bin/etcd")
        process.arguments =
            [
                "--name", member.name, "--data-dir=\(dataDirectory ?? "\(directory)/\(member.name)")",
                "--listen-peer-urls=\(member.peerURL)", "--initial-advertise-peer-urls=\(member.peerURL)",
                "--listen-client-urls=\(member.clientURL)", "--advertise-client-urls=\(member.clientURL)",
                "--initial-cluster=\(cluster)", "--initial-cluster-token=\(token)", "--initial-cluster-state=\(state)",
                "--logger=zap", "--log-outputs=\(log(member))",
            ] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        running.append((member.name, process))
        return process
    }

    package func log(_ member: Member) -> String { "\(directory)/\(member.name).log" }

    /// Waits until the member's log holds the text; `false` where it ends before, or after half a minute.
    package func waits(for text: String, of member: Member, times: Int = 1) async throws -> Bool {
        let process = running.last { $0.name == member.name }?.process
        for _ in 0..<1500 where process?.isRunning == true {
            let log = (try? String(contentsOfFile: log(member), encoding: .utf8)) ?? ""
            if log.split(separator: text, omittingEmptySubsequences: false).count > times { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    package func stop(_ process: Process) async {
        // A member without a leader takes long to say goodbye.
        await process.kill()
        running.removeAll { $0.process === process }
    }

    package func stopAll() async {
        for (_, process) in running { await stop(process) }
    }
}

/// Runs the body with a place to start members in.
///
/// One at a time on a machine, because collectors see every member that runs on it.
package func withLocalEtcd(_ body: (LocalEtcd) async throws -> Void) async throws {
    let lock = try await machineLock("/tmp/triage-etcd-tests.lock")
    defer { close(lock) }
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("etcd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let etcd = LocalEtcd(directory.path)
    defer { try? FileManager.default.removeItem(at: directory) }
    do {
        try await body(etcd)
    } catch {
        await etcd.stopAll()
        throw error
    }
    await etcd.stopAll()
}

private struct NoLock: Error {}

/// The lock file's descriptor, once nobody else holds it; closing it lets go.
private func machineLock(_ path: String) async throws -> Int32 {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw NoLock() }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(50)) }
    return descriptor
}
