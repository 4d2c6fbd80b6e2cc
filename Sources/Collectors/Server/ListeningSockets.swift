internal import Facts

/// The TCP ports of this machine on which something listens.
///
/// Source: /proc/net/tcp as proc(5) describes it; state 0A is LISTEN.
struct ListeningSockets: Sendable {
    private(set) var ports: Set<Int> = []

    static func read(_ surroundings: Surroundings) async throws(Unknown) -> ListeningSockets {
        var sockets = ListeningSockets()
        sockets.add(try await surroundings.machineFile("/proc/net/tcp", limit: 16 << 20))
        sockets.add(try await surroundings.machineFileIfPresent("/proc/net/tcp6", limit: 16 << 20) ?? "")
        return sockets
    }

    private mutating func add(_ table: String) {
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 3, columns[3] == "0A", let colon = columns[1].lastIndex(of: ":"),
                let port = Int(columns[1][columns[1].index(after: colon)...], radix: 16)
            else { continue }
            ports.insert(port)
        }
    }
}
