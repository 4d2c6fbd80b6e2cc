internal import CEL
internal import Facts

/// Whether this machine's clock is set by a time server, and how far off it is.
///
/// Sources: timedatectl(1), chronyc(1) with its CSV output of `tracking`.
struct ClockCollector: Collector {
    let declaration = Declaration(
        "node.clock",
        summary: "Whether this machine's clock is kept right by a time server, and its offset as chrony knows it.",
        returns: .object([
            "ntpEnabled": .bool, "synchronized": .bool, "timeZone": .string,
            "chrony": .object([
                "reference": .string, "stratum": .int, "offsetSeconds": .double, "lastOffsetSeconds": .double,
                "rootDelaySeconds": .double, "leap": .string,
            ]),
        ]),
        fields: [
            "ntpEnabled": "a time service that systemd knows of is enabled",
            "synchronized": "the kernel's clock is marked as synchronized",
            "chrony": "unknown where chrony does not run",
            "chrony.offsetSeconds": "of the system's clock from the true time; positive: it is fast",
            "chrony.leap": "Normal, Not synchronised, Insert second, Delete second",
        ],
        cost: .command, privileges: ["run timedatectl", "run chronyc"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let systemd = await attempt { () async throws(Unknown) in try await timedatectl(surroundings) }
        let chrony = await attempt { () async throws(Unknown) in try await tracking(surroundings) }
        // Where neither knows anything, there is nothing to tell.
        if case .failure(let first) = systemd, case .failure(let second) = chrony {
            throw Unknown(first.reason, "\(first.detail); \(second.detail)", hint: first.hint)
        }
        var fields: [String: Value] = ["chrony": chrony.value]
        switch systemd {
        case .success(let settings): fields.merge(settings) { $1 }
        case .failure(let unknown):
            for field in ["ntpEnabled", "synchronized", "timeZone"] { fields[field] = unknown.value }
        }
        return Observation(.map(Map(fields)), source: "timedatectl show, chronyc -c tracking")
    }

    private func timedatectl(_ surroundings: Surroundings) async throws(Unknown) -> [String: Value] {
        let output = try await surroundings.effects.run(
            Command("timedatectl", ["show", "--no-pager"], environment: ["LC_ALL": "C"], deadlineSeconds: 5))
        guard output.exitCode == 0 else {
            let message = String(decoding: output.standardError.prefix(1024), as: UTF8.self)
            throw Unknown(
                .notApplicable,
                "timedatectl ends with code \(output.exitCode): "
                    + Redaction.redact(message.split(whereSeparator: \.isWhitespace).joined(separator: " ")))
        }
        var fields: [String: Value] = [:]
        for line in String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "NTP": fields["ntpEnabled"] = .bool(parts[1] == "yes")
            case "NTPSynchronized": fields["synchronized"] = .bool(parts[1] == "yes")
            case "Timezone": fields["timeZone"] = .string(parts[1])
            default: continue
            }
        }
        return fields
    }

    /// Reference id, name, stratum, reference time, system time, last offset, RMS offset, frequency, residual frequency,
    /// skew, root delay, root dispersion, update interval, leap status.
    private func tracking(_ surroundings: Surroundings) async throws(Unknown) -> Value {
        let output = try await surroundings.effects.run(
            Command("chronyc", ["-c", "-n", "tracking"], environment: ["LC_ALL": "C"], deadlineSeconds: 5))
        let text = String(decoding: output.standardOutput, as: UTF8.self).trimmingWhitespace()
        guard output.exitCode == 0 else {
            throw Unknown(.notApplicable, "chrony does not answer: \(text.prefix(200))")
        }
        let columns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard columns.count == 14, let stratum = Int64(columns[2]), let offset = Double(columns[4]),
            let last = Double(columns[5]), let delay = Double(columns[10])
        else { throw Unknown(.malformed, "chronyc tracking printed \(columns.count) columns instead of 14") }
        return .map([
            "reference": .string(columns[1]), "stratum": .int(stratum), "offsetSeconds": .double(offset),
            "lastOffsetSeconds": .double(last), "rootDelaySeconds": .double(delay), "leap": .string(columns[13]),
        ])
    }
}
