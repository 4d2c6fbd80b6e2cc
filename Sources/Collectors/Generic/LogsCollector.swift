internal import CEL
internal import Facts

/// The last lines of a log, wherever it is kept.
struct LogsCollector: Collector {
    let declaration = Declaration(
        "logs",
        summary: "The last lines of a log: a file, a systemd unit's journal, or a pod's container.",
        parameters: [
            .init("file", .string, "an absolute path", names: .file),
            .init("unit", .string, "a systemd unit, such as kubelet", names: .journal),
            .init("pod", .string, "a pod's name, together with namespace", names: .resource),
            .init("namespace", .string, "the pod's; default: the one of --namespace, else default"),
            .init("container", .string, "of the pod; needed where it has several"),
            .init("previous", .bool, "of the container before the last restart", defaultValue: .bool(false)),
            .init("tail", .int, "how many lines, at most 10,000", defaultValue: .int(500)),
        ] + Parser.parameters,
        returns: .object(["content": .dyn]), fields: ["content": "the lines as the parser reads them"],
        cost: .command, privileges: ["read the file", "run journalctl", "get pods/log"],
        secrets: ["whatever looks like a token, a key or a password"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let places = ["file", "unit", "pod"].filter { parameters[$0]?.text?.isEmpty == false }
        guard places.count == 1, let kind = places.first, let name = parameters[kind]?.text else {
            throw Unknown(.malformed, "exactly one of file, unit and pod says which log")
        }
        let tail = Int(min(max(parameters["tail"]?.number ?? 500, 1), 10_000))
        switch kind {
        case "file":
            let path = try absolutePath(name, home: surroundings.homeDirectory)
            return try content(
                try await surroundings.effects.readFile(path, limit: 16 << 20), tail, parameters, source: path)
        case "unit": return try await journal(of: name, tail, parameters, surroundings)
        default:
            try surroundings.mayAsk("get", of: "pods/log")
            let access = try await ServerAccess.authenticated(in: surroundings)
            return try await observe(pod: name, access, tail, parameters, in: surroundings)
        }
    }

    private func journal(
        of unit: String, _ tail: Int, _ parameters: [String: Value], _ surroundings: Surroundings
    ) async throws(Unknown) -> Observation {
        let allowed = unit.utf8.allSatisfy { byte in
            Unicode.Scalar(byte).properties.isAlphabetic || "0123456789:_.\\@-".utf8.contains(byte)
        }
        guard allowed, !unit.hasPrefix("-") else { throw Unknown(.malformed, "'\(unit)' is no unit's name") }
        let command = Command(
            "journalctl", ["--unit=\(unit)", "--lines=\(tail)", "--output=short-iso", "--no-pager", "--quiet"])
        let output = try await surroundings.effects.run(command)
        guard output.exitCode == 0 else {
            throw Unknown(.denied, "journalctl ends with code \(output.exitCode)", hint: "run as root")
        }
        return try content(output.standardOutput, tail, parameters, source: "journalctl --unit=\(unit)")
    }

    func observe(
        pod: String, _ access: ServerAccess, _ tail: Int, _ parameters: [String: Value],
        in surroundings: Surroundings
    ) async throws(Unknown) -> Observation {
        let namespace = parameters["namespace"]?.text ?? surroundings.selection.namespace ?? "default"
        let query = try ObjectQuery(
            ["resource": .string("pods"), "namespace": .string(namespace), "name": .string(pod)],
            defaultNamespace: nil)
        var path = "/api/v1/namespaces/\(query.namespace)/pods/\(query.name)/log?tailLines=\(tail)"
        if let container = parameters["container"]?.text { path += "&container=\(percentEncoded(container))" }
        if case .bool(true) = parameters["previous"] { path += "&previous=true" }
        let client = APIClient(
            access, surroundings.effects, deadlineSeconds: surroundings.secondsLeft(or: 20))
        let response = try await client.get(path)
        guard response.status == 200 else {
            throw client.refusal(response, path, verb: "get", resource: "pods/log")
        }
        return try content(
            response.body, tail, parameters, source: "GET \(access.shownURL)\(path.prefix { $0 != "?" })")
    }

    private func content(
        _ bytes: [UInt8], _ tail: Int, _ parameters: [String: Value], source: String
    ) throws(Unknown) -> Observation {
        let newline = UInt8(ascii: "\n")
        let lines = bytes.split(separator: newline).suffix(tail)
        let kept = Array(lines.joined(separator: [newline])) + (lines.isEmpty ? [] : [newline])
        return Observation(
            .map(["content": try Parser.read(redacted(kept), parameters, what: source)]), source: source)
    }
}
