internal import CEL
internal import Facts

/// The state of systemd units.
///
/// Source: systemctl(1) and org.freedesktop.systemd1(5) for the properties' names.
struct SystemdUnitsCollector: Collector {
    static let usual = ["kubelet.service", "containerd.service", "crio.service", "docker.service"]

    let declaration = Declaration(
        "node.systemdUnits",
        summary: "The state of systemd units: whether they are loaded, enabled and active, and how they last ended.",
        parameters: [
            .init("units", .list(.string), "names; default: \(usual.joined(separator: ", "))")
        ],
        returns: .object([
            "units": .list(
                .object([
                    "name": .string, "loadState": .string, "activeState": .string, "subState": .string,
                    "enabled": .string, "result": .string, "exitCode": .int, "exitStatus": .int, "restarts": .int,
                    "pid": .int, "since": .timestamp, "path": .string, "dropIns": .list(.string),
                    "needsReload": .bool,
                ]))
        ]),
        fields: [
            "units.loadState": "loaded, not-found, masked, error, bad-setting",
            "units.activeState": "active, activating, inactive, failed, …",
            "units.subState": "running, auto-restart, dead, …",
            "units.enabled": "enabled, disabled, static, masked, …; absent where there is no such unit file",
            "units.result": "success, exit-code, signal, oom-kill, start-limit-hit, …",
            "units.exitCode": "how the main process ended (CLD_EXITED is 1, CLD_KILLED 2); absent where none ended",
            "units.exitStatus": "its exit status, or the signal's number",
            "units.since": "when it took on its present state; absent where it never changed",
            "units.needsReload": "its file changed since systemd read it",
        ],
        cost: .command, privileges: ["run systemctl show"])

    private static let properties = [
        "Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "ExecMainCode", "ExecMainStatus",
        "NRestarts", "MainPID", "StateChangeTimestamp", "FragmentPath", "DropInPaths", "NeedDaemonReload",
    ]

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let names = parameters["units"]?.elements?.compactMap(\.text) ?? Self.usual
        for name in names where !Self.isUnitName(name) { throw Unknown(.malformed, "'\(name)' is no unit's name") }
        guard !names.isEmpty else { throw Unknown(.malformed, "'units' names none") }
        // In UTC, so that times can be read without the machine's table of zones.
        let command = Command(
            "systemctl", ["show", "--no-pager", "--property=\(Self.properties.joined(separator: ","))", "--"] + names,
            environment: ["TZ": "UTC", "LC_ALL": "C"])
        let output: CommandOutput
        do throws(Unknown) { output = try await surroundings.effects.run(command) } catch
            where error.reason == .notFound
        {
            throw Unknown(.notApplicable, "systemd does not run this machine: there is no systemctl")
        }
        guard output.exitCode == 0 else { throw Self.refusal(output) }
        let units = String(decoding: output.standardOutput, as: UTF8.self).components(separatedBy: "\n\n")
            .map(Self.settings).filter { !$0.isEmpty }
        guard units.count == names.count else {
            throw Unknown(.malformed, "systemctl show tells of \(units.count) units instead of \(names.count)")
        }
        return Observation(
            .map(["units": .list(List(zip(names, units).map(Self.value)))]),
            source: "systemctl show \(names.joined(separator: " "))")
    }

    private static func refusal(_ output: CommandOutput) -> Unknown {
        let message = String(decoding: output.standardError.prefix(4096), as: UTF8.self)
        let words = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if message.contains("not been booted with systemd") || message.contains("Failed to connect to bus") {
            return Unknown(.notApplicable, "systemd does not run this machine: \(Redaction.redact(words))")
        }
        return Unknown(.malformed, "systemctl show ends with code \(output.exitCode): \(Redaction.redact(words))")
    }

    private static func settings(_ block: String) -> [String: String] {
        var settings: [String: String] = [:]
        for line in block.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            settings[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return settings
    }

    private static func value(asked: String, _ settings: [String: String]) -> Value {
        var fields: [String: Value] = ["name": .string(settings["Id"] ?? asked)]
        let texts = [
            ("loadState", "LoadState"), ("activeState", "ActiveState"), ("subState", "SubState"),
            ("enabled", "UnitFileState"), ("result", "Result"), ("path", "FragmentPath"),
        ]
        for (field, property) in texts { fields[field] = settings[property]?.orNil.map(Value.string) }
        fields["restarts"] = settings["NRestarts"].flatMap { Int64($0) }.map(Value.int)
        // 0: the main process never ended.
        if let code = settings["ExecMainCode"].flatMap({ Int64($0) }), code != 0 {
            fields["exitCode"] = .int(code)
            fields["exitStatus"] = settings["ExecMainStatus"].flatMap { Int64($0) }.map(Value.int)
        }
        if let pid = settings["MainPID"].flatMap({ Int64($0) }), pid != 0 { fields["pid"] = .int(pid) }
        fields["since"] = settings["StateChangeTimestamp"].flatMap(time).map(Value.timestamp)
        fields["dropIns"] = Value.texts((settings["DropInPaths"] ?? "").split(separator: " ").map(String.init))
        if let flag = settings["NeedDaemonReload"] { fields["needsReload"] = .bool(flag == "yes") }
        return .map(Map(fields))
    }

    /// As in `Tue 2026-11-24 18:02:11 UTC`.
    private static func time(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 4, words[3] == "UTC" else { return nil }
        return Timestamp(rfc3339: "\(words[1])T\(words[2])Z")
    }

    static func isUnitName(_ name: String) -> Bool {
        let isAllowed = name.utf8.allSatisfy { byte in
            Unicode.Scalar(byte).isASCII
                && (Unicode.Scalar(byte).properties.isAlphabetic || "0123456789:_.\\@-".utf8.contains(byte))
        }
        return isAllowed && !name.isEmpty && !name.hasPrefix("-")
    }
}
