internal import CEL
internal import Facts

/// How long work waits for the processor, for memory and for disks.
///
/// Source: the kernel's Documentation/accounting/psi.rst.
struct PressureCollector: Collector {
    private static let resources = ["cpu", "memory", "io"]

    let declaration = Declaration(
        "node.pressure",
        summary: "Pressure stall information: the share of time in which work waited for CPU, memory and I/O.",
        returns: .object(Dictionary(uniqueKeysWithValues: resources.map { ($0, shares) })),
        fields: Dictionary(
            uniqueKeysWithValues: resources.flatMap { resource in
                [
                    ("\(resource).some10", "percent of the last 10 seconds in which some task waited"),
                    ("\(resource).full10", "percent of the last 10 seconds in which all tasks waited at once"),
                ]
            }),
        cost: .file, privileges: ["read /proc/pressure"])

    private static let shares = ValueType.object([
        "some10": .double, "some60": .double, "some300": .double, "full10": .double, "full60": .double,
        "full300": .double,
    ])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        guard try await surroundings.exists("/proc/pressure") else {
            throw Unknown(
                .notApplicable, "this kernel keeps no pressure stall information",
                hint: "it needs CONFIG_PSI, and psi=1 on the kernel's command line where that is not the default")
        }
        var fields: [String: Value] = [:]
        for resource in Self.resources {
            let path = "/proc/pressure/\(resource)"
            fields[resource] = await attempt { () async throws(Unknown) in
                try Self.shares(of: try await surroundings.machineFile(path), path: path)
            }.value
        }
        return Observation(.map(Map(fields)), source: "/proc/pressure/{cpu,memory,io}")
    }

    /// As in `some avg10=0.00 avg60=0.12 avg300=0.05 total=12345`.
    private static func shares(of text: String, path: String) throws(Unknown) -> Value {
        var fields: [String: Value] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let kind = words.first, kind == "some" || kind == "full" else { continue }
            for word in words.dropFirst() where word.hasPrefix("avg") {
                let parts = word.dropFirst(3).split(separator: "=")
                guard parts.count == 2, ["10", "60", "300"].contains(parts[0]), let share = Double(parts[1]) else {
                    throw Unknown(.malformed, "\(path) has a line that is none of pressure: \(line)")
                }
                fields["\(kind)\(parts[0])"] = .double(share)
            }
        }
        guard !fields.isEmpty else { throw Unknown(.malformed, "\(path) tells no pressure") }
        return .map(Map(fields))
    }
}
