internal import CEL
internal import Facts

/// What a service wrote to the journal, line by line with its time and level.
///
/// Source: systemd.journal-fields(7), journalctl(1), the format `json`.
struct JournalCollector: Collector {
    let declaration = Declaration(
        "node.journal",
        summary: "The last messages of a systemd unit in the journal, with their times and levels.",
        parameters: [
            .init("unit", .string, "the unit", defaultValue: .string("kubelet"), names: .journal),
            .init("tail", .int, "how many messages, at most 10,000", defaultValue: .int(300)),
            .init("priority", .int, "this level and worse ones: 3 errors, 4 warnings, 6 all but debugging"),
        ],
        returns: .object([
            "messages": .list(.object(["time": .timestamp, "priority": .int, "pid": .int, "text": .string]))
        ]),
        fields: [
            "messages": "the oldest first; none where the unit wrote nothing, or is not known to the journal",
            "messages.priority": "syslog's: 0 emergency to 7 debugging",
            "messages.text": "without what looks like a token, a key or a password",
        ],
        cost: .command,
        privileges: ["run journalctl", "root or the group systemd-journal, to see other users' messages"],
        secrets: ["whatever looks like a token, a key or a password"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let unit = parameters["unit"]?.text ?? "kubelet"
        guard SystemdUnitsCollector.isUnitName(unit) else { throw Unknown(.malformed, "'\(unit)' is no unit's name") }
        let tail = min(max(parameters["tail"]?.number ?? 300, 1), 10_000)
        var arguments = [
            "--unit=\(unit)", "--lines=\(tail)", "--output=json", "--no-pager",
            "--output-fields=MESSAGE,PRIORITY,_PID",
        ]
        if let priority = parameters["priority"]?.number {
            guard (0...7).contains(priority) else { throw Unknown(.malformed, "'priority' is 0 to 7") }
            arguments.append("--priority=\(priority)")
        }
        let output: CommandOutput
        do throws(Unknown) {
            output = try await surroundings.effects.run(Command("journalctl", arguments, environment: ["LC_ALL": "C"]))
        } catch  where error.reason == .notFound {
            throw Unknown(.notApplicable, "this machine keeps no journal: there is no journalctl")
        }
        let complaint = String(decoding: output.standardError.prefix(4096), as: UTF8.self)
        if complaint.contains("No journal files were found") {
            throw Unknown(.notApplicable, "this machine keeps no journal: no journal files were found")
        }
        if complaint.contains("insufficient permissions") || complaint.contains("not seeing messages from other users")
        {
            throw Unknown(.needsRoot, "the journal may not be read by this user", hint: "run as root")
        }
        guard output.exitCode == 0 else {
            throw Unknown(.malformed, "journalctl ends with code \(output.exitCode)")
        }
        var messages: [Value] = []
        for line in output.standardOutput.split(separator: UInt8(ascii: "\n")) {
            messages.append(try Self.message(Array(line)))
        }
        return Observation(.map(["messages": .list(List(messages))]), source: "journalctl --unit=\(unit)")
    }

    /// Every field is text; what is not UTF-8 is a list of bytes, and what is too long is null.
    private static func message(_ line: [UInt8]) throws(Unknown) -> Value {
        guard let entry = try? Value.parseJSON(line), case .map = entry else {
            throw Unknown(.malformed, "journalctl printed a line that is no JSON")
        }
        var fields: [String: Value] = [:]
        if let text = entry[field: "__REALTIME_TIMESTAMP"]?.text, let microseconds = Int64(text) {
            let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
            fields["time"] = .timestamp(Timestamp(seconds: seconds, nanoseconds: Int32(rest * 1000)))
        }
        fields["priority"] = entry[field: "PRIORITY"]?.text.flatMap { Int64($0) }.map(Value.int)
        fields["pid"] = entry[field: "_PID"]?.text.flatMap { Int64($0) }.map(Value.int)
        switch entry[field: "MESSAGE"] {
        case .string(let text): fields["text"] = .string(clean(text))
        case .list(let bytes):
            let octets = bytes.elements.compactMap { $0.number.flatMap { UInt8(exactly: $0) } }
            fields["text"] = .string(clean(String(decoding: octets, as: UTF8.self)))
        default: fields["text"] = Unknown(.truncated, "the message is too long for journalctl to print").value
        }
        return .map(Map(fields))
    }

    private static func clean(_ text: String) -> String { Redaction.redact(TextCollector.withoutControlCodes(text)) }
}
