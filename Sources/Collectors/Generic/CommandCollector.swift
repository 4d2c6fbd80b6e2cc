internal import CEL
internal import Facts

/// What a program of the playbook's choice prints.
struct CommandCollector: Collector {
    let declaration = Declaration(
        "command",
        summary: "What a program prints; only for playbooks that may run commands.",
        parameters: [
            .init(
                "run", .list(.string), "the program and its arguments; there is no shell", isRequired: true,
                names: .command),
            .init("timeoutSeconds", .double, "after which it is ended", defaultValue: .double(10)),
        ] + Parser.parameters,
        returns: .object(["exitCode": .int, "output": .dyn, "error": .string]),
        fields: [
            "output": "standard output as the parser reads it; unknown where the parser cannot",
            "error": "standard error, at most 4,000 bytes",
        ],
        cost: .command, privileges: ["run the program", "a library that is trusted to, or --allow-commands"],
        secrets: ["whatever looks like a token, a key or a password"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let argv = parameters["run"]?.elements?.compactMap(\.text) ?? []
        guard let program = argv.first, argv.count == parameters["run"]?.elements?.count else {
            throw Unknown(.malformed, "'run' is a list of texts: the program and its arguments")
        }
        let deadline = parameters["timeoutSeconds"]?.seconds ?? 10
        let output = try await surroundings.effects.run(
            Command(program, Array(argv.dropFirst()), deadlineSeconds: deadline))
        let read = await attempt { () async throws(Unknown) in
            try Parser.read(redacted(output.standardOutput), parameters, what: "the output of \(program)")
        }
        let error = String(decoding: redacted(Array(output.standardError.prefix(4000))), as: UTF8.self)
        return Observation(
            .map(["exitCode": .int(Int64(output.exitCode)), "output": read.value, "error": .string(error)]),
            source: Redaction.redact(arguments: argv).joined(separator: " "))
    }
}

/// Without what looks like a secret.
func redacted(_ bytes: [UInt8]) -> [UInt8] {
    Array(Redaction.redact(String(decoding: bytes, as: UTF8.self)).utf8)
}

extension Value {
    /// A number of seconds, written with or without a fraction.
    var seconds: Double? {
        switch self {
        case .double(let number): number.isFinite && number > 0 ? number : nil
        case .int(let number): number > 0 ? Double(number) : nil
        default: nil
        }
    }
}
