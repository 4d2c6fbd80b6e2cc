internal import CEL
internal import Facts

/// The files of a node as a report of it holds them, and what else the report's command outputs tell in their place.
struct NodeTree: Sendable {
    let tree: any CaptureTree
    /// From `ps`, where the report has it.
    private let processes: [Int: Process]

    private struct Process: Sendable {
        var arguments: [String]
        /// Of a kernel's thread: `kthreadd`.
        var threadName: String?
    }

    init(_ tree: any CaptureTree) {
        self.tree = tree
        let candidates =
            ["ps_auxwwwm", "ps_auxwww", "ps_auxww", "ps_auxwwwm_-L"].map { "sos_commands/process/\($0)" } + ["ps"]
        let path = candidates.first(where: tree.contains)
        processes = path.flatMap { try? tree.text($0, limit: 64 << 20) }.map(Self.processes) ?? [:]
    }

    /// `nil`: the report does not hold it, which says nothing about the node.
    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8]? {
        let own = place(path)
        if tree.contains(own) { return try tree.read(own, limit: limit) }
        return text(path).map { Array($0.utf8) }
    }

    func kind(of path: String) -> (kind: FileStatus.Kind, size: Int)? {
        let own = place(path)
        if let file = tree.file(own) { return (file.isLoose ? .symbolicLink : .regular, file.size) }
        if let text = text(path) { return (.regular, text.utf8.count) }
        return names(in: path) == nil ? nil : (.directory, 0)
    }

    func names(in directory: String) -> [String]? {
        let own = place(directory)
        let names = tree.names(in: own.isEmpty ? "" : own + "/")
        if own == "proc", !processes.isEmpty {
            return Set(names + processes.keys.map(String.init)).sorted()
        }
        return names.isEmpty ? nil : names
    }

    /// What a command printed when the report was made.
    func output(of line: String) throws(Unknown) -> [UInt8]? {
        let name = Self.fileName(of: line)
        for plugin in tree.names(in: "sos_commands/") {
            let path = "sos_commands/\(plugin)/\(name)"
            if tree.contains(path) { return try tree.read(path, limit: 256 << 20) }
        }
        return try journal(line)
    }

    private func place(_ path: String) -> String {
        let own = String(path.drop { $0 == "/" })
        // /proc/self is the process that looks; what it shows of mounts is the same for all.
        return own == "proc/self/mounts" && !tree.contains(own) ? "proc/mounts" : own
    }

    private func text(_ path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 3, parts[0] == "proc" else { return nil }
        if parts.count == 3, let process = Int(parts[1]).flatMap({ processes[$0] }) {
            switch parts[2] {
            case "cmdline": return process.arguments.map { $0 + "\0" }.joined()
            case "comm": return process.threadName.map { $0 + "\n" }
            default: return nil
            }
        }
        guard parts[1] == "sys" else { return nil }
        return sysctl(parts.dropFirst(2).joined(separator: "."))
    }

    /// A line of `sysctl -a`: `vm.swappiness = 60`.
    private func sysctl(_ name: String) -> String? {
        guard let table = try? tree.text("sos_commands/kernel/sysctl_-a") else { return nil }
        let prefix = "\(name) = "
        return table.split(separator: "\n").first { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) + "\n" }
    }
}

extension NodeTree {
    /// `USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND`; with `m` a line for each thread follows, without a pid.
    ///
    /// Arguments that hold spaces cannot be told apart any more; flags do not.
    private static func processes(_ table: String) -> [Int: Process] {
        var processes: [Int: Process] = [:]
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(maxSplits: 10, whereSeparator: { $0 == " " })
            guard columns.count == 11, let pid = Int(columns[1]) else { continue }
            let command = columns[10]
            if command.hasPrefix("["), command.hasSuffix("]") {
                processes[pid] = Process(arguments: [], threadName: String(command.dropFirst().dropLast()))
            } else {
                processes[pid] = Process(arguments: command.split(separator: " ").map(String.init))
            }
        }
        return processes
    }

    /// As sos names the file of a command (`_mangle_command`, sos/report/plugins).
    static func fileName(of line: String) -> String {
        var name = ""
        var isInGap = false
        for scalar in line.unicodeScalars {
            let isKept =
                scalar == "-" || scalar == "." || scalar == "/" || scalar == "_" || scalar.properties.isAlphabetic
                || scalar.properties.numericType != nil
            if isKept { name.unicodeScalars.append(scalar == "/" ? "." : scalar) } else if !isInGap { name += "_" }
            isInGap = !isKept
        }
        return String(name.drop { " ._-".contains($0) })
    }

    /// `journalctl --unit=NAME …` from the unit's own file, or its lines in the journal of the boot.
    private func journal(_ line: String) throws(Unknown) -> [UInt8]? {
        let words = line.split(separator: " ")
        guard words.first == "journalctl", let unit = words.first(where: { $0.hasPrefix("--unit=") })?.dropFirst(7)
        else { return nil }
        let suffix = "journalctl_--no-pager_--unit_\(unit)"
        for file in tree.files(under: "sos_commands/") where file.path.hasSuffix("/\(suffix)") {
            return try tree.read(file.path, limit: 256 << 20)
        }
        let boot = "sos_commands/logs/journalctl_--no-pager_--boot"
        guard tree.contains(boot) else { return nil }
        let name = unit.hasSuffix(".service") ? unit.dropLast(8) : unit
        let lines = try tree.text(boot, limit: 256 << 20).split(separator: "\n").filter { $0.contains(" \(name)[") }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
