internal import CEL
internal import Facts

/// What listens on which TCP port of this machine, and which process it is.
///
/// Source: proc(5), `/proc/net/tcp`, `/proc/net/tcp6`, and the links in `/proc/PID/fd`.
struct ListenersCollector: Collector {
    let declaration = Declaration(
        "node.listeners",
        summary: "The TCP ports of this machine on which a process listens, and which process that is.",
        parameters: [.init("ports", .list(.int), "only these; default: all")],
        returns: .object([
            "sockets": .list(
                .object(["address": .string, "port": .int, "user": .int, "pid": .int, "process": .string]))
        ]),
        fields: [
            "sockets.address": "0.0.0.0 and :: stand for every address",
            "sockets.user": "the user id that opened it",
            "sockets.pid": "unknown where the process belongs to another user and triage does not run as root",
        ],
        cost: .file, privileges: ["read /proc/net/tcp", "root, to see the processes of others"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        var sockets = try Self.sockets(try await surroundings.machineFile("/proc/net/tcp", limit: 16 << 20))
        sockets += try Self.sockets(
            try await surroundings.machineFileIfPresent("/proc/net/tcp6", limit: 16 << 20) ?? "")
        if let wanted = parameters["ports"]?.elements?.compactMap(\.number) {
            sockets.removeAll { !wanted.contains(Int64($0.port)) }
        }
        sockets.sort { ($0.port, $0.address) < ($1.port, $1.address) }
        let owners = sockets.isEmpty ? Owners() : await Self.owners(of: Set(sockets.map(\.inode)), surroundings)
        return Observation(
            .map(["sockets": .list(List(sockets.map { Self.value(of: $0, owners) }))]),
            source: "/proc/net/tcp, /proc/net/tcp6, /proc/*/fd")
    }

    private struct Socket {
        var address: String
        var port: Int
        var user: Int64
        var inode: String
    }

    /// By the socket's inode.
    private struct Owners {
        var processes: [String: RunningProcess] = [:]
        /// Why some process was not looked into; what nobody else owns is then unknown.
        var gap: Unknown?
    }

    private static func value(of socket: Socket, _ owners: Owners) -> Value {
        var fields: [String: Value] = [
            "address": .string(socket.address), "port": .int(Int64(socket.port)), "user": .int(socket.user),
        ]
        if let process = owners.processes[socket.inode] {
            fields["pid"] = .int(Int64(process.pid))
            fields["process"] = .string(process.name)
        } else {
            // The kernel itself listens for NFS, and processes of other namespaces are not to be seen either.
            let unknown = (owners.gap ?? Unknown(.notFound, "no process of this machine holds the socket")).value
            fields["pid"] = unknown
            fields["process"] = unknown
        }
        return .map(Map(fields))
    }

    /// State 0A is LISTEN.
    private static func sockets(_ table: String) throws(Unknown) -> [Socket] {
        var sockets: [Socket] = []
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 9 else { throw Unknown(.malformed, "/proc/net/tcp has a line of too few columns") }
            guard columns[3] == "0A" else { continue }
            let parts = columns[1].split(separator: ":")
            guard parts.count == 2, let port = Int(parts[1], radix: 16), let address = address(parts[0]),
                let user = Int64(columns[7])
            else { throw Unknown(.malformed, "/proc/net/tcp has an address that is none: \(columns[1])") }
            sockets.append(Socket(address: address, port: port, user: user, inode: String(columns[9])))
        }
        return sockets
    }

    /// Words of four bytes, each in the byte order of the machine, which is little-endian wherever Kubernetes runs but on
    /// s390x.
    private static func address(_ hexadecimal: Substring) -> String? {
        let digits = Array(hexadecimal)
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for word in stride(from: 0, to: digits.count, by: 8) {
            let octets = stride(from: word, to: word + 8, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
            guard octets.count == 4 else { return nil }
            #if _endian(little)
                bytes += octets.reversed()
            #else
                bytes += octets
            #endif
        }
        return addressText(bytes)
    }

    private static func owners(of inodes: Set<String>, _ surroundings: Surroundings) async -> Owners {
        var owners = Owners()
        let processes: [RunningProcess]
        do throws(Unknown) { processes = try await RunningProcess.all(in: surroundings) } catch {
            owners.gap = error
            return owners
        }
        for process in processes {
            let directory = "/proc/\(process.pid)/fd"
            do throws(Unknown) {
                for descriptor in try await surroundings.effects.list(directory) {
                    // A descriptor may be closed while it is looked at.
                    guard let target = try? await surroundings.effects.linkTarget(of: "\(directory)/\(descriptor)"),
                        target.hasPrefix("socket:["), target.hasSuffix("]")
                    else { continue }
                    let inode = String(target.dropFirst("socket:[".count).dropLast())
                    // The parent of a pair that shares it comes first: process ids ascend.
                    if inodes.contains(inode), owners.processes[inode] == nil { owners.processes[inode] = process }
                }
            } catch  where error.reason == .notFound {
                continue
            } catch {
                owners.gap = error.asForRoot(directory)
            }
            if owners.processes.count == inodes.count { break }
        }
        return owners
    }
}
