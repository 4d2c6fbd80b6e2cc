internal import Facts

/// A process of this machine, as `/proc` shows it.
struct RunningProcess: Sendable {
    var pid: Int
    /// argv.
    var arguments: [String]

    /// The executable's name without its directory.
    var name: String { lastPathComponent(arguments.first ?? "") }

    /// Every process that this user can see; unknown where other users' are hidden (`hidepid`).
    static func all(in surroundings: Surroundings) async throws(Unknown) -> [RunningProcess] {
        do {
            return try await surroundings.cache.value("node.processes") { try await read(surroundings) }
        } catch let unknown as Unknown {
            throw unknown
        } catch {
            throw Unknown(.timedOut, "the processes were not listed in time")
        }
    }

    private static func read(_ surroundings: Surroundings) async throws(Unknown) -> [RunningProcess] {
        let pids: [Int]
        do {
            pids = try await surroundings.effects.list("/proc").compactMap { Int($0) }
        } catch  where error.reason == .notFound {
            throw Unknown(.notApplicable, "this machine has no /proc")
        }
        guard pids.contains(1) else {
            throw Unknown(.needsRoot, "other users' processes are hidden from this user", hint: "run as root")
        }
        var processes: [RunningProcess] = []
        for pid in pids.sorted() {
            guard let line = try await commandLine(pid, surroundings), !line.isEmpty else { continue }
            var arguments = line.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
            if arguments.last?.isEmpty == true { arguments.removeLast() }
            processes.append(RunningProcess(pid: pid, arguments: arguments))
        }
        return processes
    }

    /// Some processes end while they are being listed: the kernel then finds no file, or no process behind it.
    private static func commandLine(_ pid: Int, _ surroundings: Surroundings) async throws(Unknown) -> String? {
        do {
            return try await surroundings.machineFile("/proc/\(pid)/cmdline", limit: 4 << 20)
        } catch  where error.reason == .notFound || error.reason == .malformed {
            return nil
        }
    }
}

/// Command-line flags of a Go program: `--name=value`, `--name value`, `--name`, with one dash or two.
struct Flags: Sendable {
    private(set) var values: [String: [String]] = [:]

    init(_ arguments: some Sequence<String>) {
        var pending: String?
        for argument in arguments {
            guard argument.hasPrefix("-"), argument.count > 1 else {
                if let name = pending { values[name, default: []].append(argument) }
                pending = nil
                continue
            }
            if let name = pending { values[name, default: []].append("true") }
            let flag = argument.drop(while: { $0 == "-" })
            if let equals = flag.firstIndex(of: "=") {
                values[String(flag[..<equals]), default: []].append(String(flag[flag.index(after: equals)...]))
                pending = nil
            } else {
                pending = String(flag)
            }
        }
        if let name = pending { values[name, default: []].append("true") }
    }

    /// The flag's value; the last one counts.
    subscript(name: String) -> String? { values[name]?.last }

    /// These, with the other's where both set the same.
    func overridden(by other: Flags) -> Flags {
        var result = self
        result.values.merge(other.values) { $1 }
        return result
    }
}
