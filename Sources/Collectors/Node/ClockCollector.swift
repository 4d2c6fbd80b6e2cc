internal import CEL
internal import Facts

/// Whether this machine's clock is set by a time server, and how far off it is.
///
/// Sources: timedatectl(1) with `timesync-status`, chronyc(1) with its CSV output of `tracking`, adjtimex(2).
struct ClockCollector: Collector {
    let declaration = Declaration(
        "node.clock",
        summary: "Whether this machine's clock is kept right by a time server, and how far off it is.",
        returns: .object([
            "ntpEnabled": .bool, "synchronized": .bool, "timeZone": .string,
            "chrony": .object([
                "reference": .string, "stratum": .int, "offsetSeconds": .double, "lastOffsetSeconds": .double,
                "rootDelaySeconds": .double, "leap": .string,
            ]),
            "timesyncd": .object(["server": .string, "stratum": .int, "offsetSeconds": .double]),
            "kernel": .object([
                "synchronized": .bool, "marked": .bool, "maxErrorSeconds": .double, "estimatedErrorSeconds": .double,
            ]),
        ]),
        fields: [
            "ntpEnabled": "a time service that systemd knows of is enabled",
            "synchronized": "something keeps the kernel's clock right, as systemd sees it, else as the kernel does",
            "kernel": "what adjtimex(2) says, whatever program sets the clock",
            "kernel.synchronized": "the greatest error is below the 16 s that it comes to where nothing sets the clock",
            "kernel.marked": "the mark that the clock is not synchronized is not set; some programs never take it away",
            "kernel.maxErrorSeconds": "how far off the clock may be; it grows by 0.5 ms a second without a correction",
            "chrony": "unknown where chrony does not run",
            "timesyncd": "unknown where systemd-timesyncd does not run",
            "timesyncd.offsetSeconds": "as of chrony, when the server last answered; absent before it did",
            "chrony.offsetSeconds": "of the system's clock from the true time; positive: it is fast",
            "chrony.leap": "Normal, Not synchronised, Insert second, Delete second",
        ],
        cost: .command, privileges: ["run timedatectl", "run chronyc"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let systemd = await attempt { () async throws(Unknown) in try await timedatectl(surroundings) }
        let chrony = await attempt { () async throws(Unknown) in try await tracking(surroundings) }
        let kernel = await attempt { () async throws(Unknown) in try await kernelState(surroundings) }
        // Where none knows anything, there is nothing to tell.
        if case .failure(let first) = systemd, case .failure(let second) = chrony, case .failure = kernel {
            throw Unknown(first.reason, "\(first.detail); \(second.detail)", hint: first.hint)
        }
        let timesyncd = await attempt { () async throws(Unknown) in try await timesyncStatus(surroundings) }
        var fields: [String: Value] = [
            "chrony": chrony.value, "timesyncd": timesyncd.value, "kernel": kernel.value,
        ]
        switch systemd {
        case .success(let settings): fields.merge(settings) { $1 }
        case .failure(let unknown):
            for field in ["ntpEnabled", "timeZone"] { fields[field] = unknown.value }
            let known = try? kernel.get()
            fields["synchronized"] = known?[field: "synchronized"] ?? unknown.value
        }
        return Observation(
            .map(Map(fields)), source: "timedatectl show and timesync-status, chronyc -c tracking, adjtimex")
    }

    /// As systemd's timedated judges it: the mark may stand so that the kernel leaves the hardware's clock alone.
    private func kernelState(_ surroundings: Surroundings) async throws(Unknown) -> Value {
        let state = try await surroundings.effects.clockState()
        return .map([
            "synchronized": .bool(state.maxErrorMicroseconds < 16_000_000),
            "marked": .bool(!state.isMarkedUnsynchronized),
            "maxErrorSeconds": .double(Double(state.maxErrorMicroseconds) / 1e6),
            "estimatedErrorSeconds": .double(Double(state.estimatedErrorMicroseconds) / 1e6),
        ])
    }

    private func timedatectl(_ surroundings: Surroundings) async throws(Unknown) -> [String: Value] {
        var fields: [String: Value] = [:]
        for (name, text) in try await lines(of: "show", separator: "=", surroundings) {
            switch name {
            case "NTP": fields["ntpEnabled"] = .bool(text == "yes")
            case "NTPSynchronized": fields["synchronized"] = .bool(text == "yes")
            case "Timezone": fields["timeZone"] = .string(text)
            default: continue
            }
        }
        return fields
    }

    /// `Offset: +2.371ms` says how far the server's clock is ahead of this one.
    private func timesyncStatus(_ surroundings: Surroundings) async throws(Unknown) -> Value {
        var fields: [String: Value] = [:]
        for (name, text) in try await lines(of: "timesync-status", separator: ":", surroundings) {
            switch name {
            case "Server": fields["server"] = .string(text)
            case "Stratum": fields["stratum"] = Int64(text).map(Value.int)
            case "Offset": fields["offsetSeconds"] = Self.seconds(of: text).map { .double(-$0) }
            default: continue
            }
        }
        guard fields["server"] != nil else {
            throw Unknown(.malformed, "timedatectl timesync-status printed no server")
        }
        return .map(Map(fields))
    }

    private func lines(
        of verb: String, separator: Character, _ surroundings: Surroundings
    ) async throws(Unknown) -> [(name: String, text: String)] {
        let output = try await surroundings.effects.run(
            Command("timedatectl", [verb, "--no-pager"], environment: ["LC_ALL": "C"], deadlineSeconds: 5))
        guard output.exitCode == 0 else {
            let message = String(decoding: output.standardError.prefix(1024), as: UTF8.self)
            throw Unknown(
                .notApplicable,
                "timedatectl \(verb) ends with code \(output.exitCode): "
                    + Redaction.redact(message.split(whereSeparator: \.isWhitespace).joined(separator: " ")))
        }
        return String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: separator, maxSplits: 1).map { String($0).trimmingWhitespace() }
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
    }

    /// A span of time as systemd writes it: `+2.371ms`, `-1min 3.5s`.
    private static func seconds(of text: String) -> Double? {
        let units: [(String, Double)] = [
            ("us", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("min", 60), ("h", 3600), ("d", 86_400), ("s", 1),
        ]
        var sum = 0.0
        let words = text.split(separator: " ").map { $0.drop { $0 == "+" || $0 == "-" } }
        for word in words {
            guard let (unit, size) = units.first(where: { word.hasSuffix($0.0) }),
                let number = Double(word.dropLast(unit.count))
            else { return nil }
            sum += number * size
        }
        return words.isEmpty ? nil : text.hasPrefix("-") ? -sum : sum
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
