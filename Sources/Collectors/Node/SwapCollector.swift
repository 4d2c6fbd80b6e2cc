internal import CEL
internal import Facts

/// The swap devices that the kernel uses.
///
/// Source: proc(5), `/proc/swaps`.
struct SwapCollector: Collector {
    let declaration = Declaration(
        "node.swap",
        summary: "The swap devices that are in use on this machine.",
        returns: .object([
            "devices": .list(
                .object([
                    "name": .string, "type": .string, "kind": .string, "sizeKiB": .int, "usedKiB": .int,
                    "priority": .int,
                ]))
        ]),
        fields: [
            "devices.type": "as the kernel says it: partition or file",
            "devices.kind": "partition, file, or zram (compressed memory, which the kernel lists as a partition)",
        ],
        words: ["devices.type": ["partition", "file"], "devices.kind": ["partition", "file", "zram"]],
        cost: .file,
        privileges: ["read /proc/swaps"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = "/proc/swaps"
        guard let table = try await surroundings.machineFileIfPresent(path) else {
            // A kernel built without swap has no such table, but it has /proc.
            guard try await surroundings.exists("/proc/meminfo") else {
                throw Unknown(.notApplicable, "this machine has no /proc")
            }
            return Observation(.map(["devices": .list([])]), source: "\(path) (absent: a kernel without swap)")
        }
        var devices: [Value] = []
        for line in table.split(separator: "\n").dropFirst() {
            guard let device = Self.device(line) else {
                throw Unknown(.malformed, "\(path) has a line that is no swap device: \(line)")
            }
            devices.append(device)
        }
        return Observation(.map(["devices": .list(List(devices))]), source: path)
    }

    private static func device(_ line: Substring) -> Value? {
        let columns = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard columns.count == 5, let size = Int64(columns[2]), let used = Int64(columns[3]),
            let priority = Int64(columns[4])
        else { return nil }
        let name = unescapingOctal(columns[0])
        let type = String(columns[1])
        return .map([
            "name": .string(name), "type": .string(type),
            "kind": .string(name.hasPrefix("/dev/zram") ? "zram" : type),
            "sizeKiB": .int(size), "usedKiB": .int(used), "priority": .int(priority),
        ])
    }
}
