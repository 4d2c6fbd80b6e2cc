internal import CEL
internal import Facts

/// The memory of this machine.
///
/// Source: proc(5), `/proc/meminfo`; its "kB" are KiB.
struct MemoryCollector: Collector {
    /// The fact's fields and what the kernel calls them.
    private static let lines: [(field: String, name: String)] = [
        ("totalBytes", "MemTotal"), ("availableBytes", "MemAvailable"), ("freeBytes", "MemFree"),
        ("cachedBytes", "Cached"), ("swapTotalBytes", "SwapTotal"), ("swapFreeBytes", "SwapFree"),
        ("commitLimitBytes", "CommitLimit"), ("committedBytes", "Committed_AS"),
    ]

    let declaration = Declaration(
        "node.memory",
        summary: "How much memory and swap this machine has, and how much of it is free.",
        returns: .object(
            Dictionary(uniqueKeysWithValues: lines.map { ($0.field, .int) }).merging([
                "availableRatio": .double, "hugePagesTotal": .int, "hugePagesFree": .int, "hugePageBytes": .int,
            ]) { $1 }),
        fields: [
            "availableBytes": "what programs can still get without swapping, by the kernel's estimate",
            "availableRatio": "of the total, 0 to 1",
            "commitLimitBytes": "counts where vm.overcommit_memory is 2",
        ],
        cost: .file, privileges: ["read /proc/meminfo"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = "/proc/meminfo"
        guard let table = try await surroundings.machineFileIfPresent(path) else {
            throw Unknown(.notApplicable, "this machine has no /proc")
        }
        let numbers = Self.numbers(table)
        guard let total = numbers["MemTotal"], total > 0 else {
            throw Unknown(.malformed, "\(path) has no MemTotal")
        }
        var fields: [String: Value] = [:]
        for (field, name) in Self.lines { fields[field] = numbers[name].map(Value.int) }
        if let available = numbers["MemAvailable"] {
            fields["availableRatio"] = .double(Double(available) / Double(total))
        }
        fields["hugePagesTotal"] = numbers["HugePages_Total"].map(Value.int)
        fields["hugePagesFree"] = numbers["HugePages_Free"].map(Value.int)
        fields["hugePageBytes"] = numbers["Hugepagesize"].map(Value.int)
        return Observation(.map(Map(fields)), source: path)
    }

    /// In bytes where the line has a unit.
    private static func numbers(_ table: String) -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        for line in table.split(separator: "\n") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
            guard parts.count >= 2, let number = Int64(parts[1]) else { continue }
            let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: parts.count > 2 ? 1024 : 1)
            if !isTooLarge { numbers[String(parts[0])] = bytes }
        }
        return numbers
    }
}
