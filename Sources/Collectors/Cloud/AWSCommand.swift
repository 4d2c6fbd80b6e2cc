internal import CEL
internal import Facts

/// The aws CLI, asked with the profile, region and variables that the credential plugin would use.
struct AWSCommand: Sendable {
    enum Output: Sendable {
        /// JSON.
        case answer([UInt8])
        case failure(code: String, message: String)
    }

    var profile: String?
    var region: String?
    private var environment: [String: String]

    init(profile: String?, region: String?, pluginEnvironment: [(name: String, value: String)]) {
        self.profile = profile
        self.region = region
        environment = Dictionary(
            pluginEnvironment.filter { $0.name.hasPrefix("AWS_") }.map { ($0.name, $0.value) }
        ) { $1 }
        // No pager, and no minutes of waiting for an instance's metadata on a machine that is none.
        environment["AWS_PAGER"] = ""
        environment["AWS_METADATA_SERVICE_TIMEOUT"] = "1"
        environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "1"
    }

    private func arguments(_ words: [String]) -> [String] {
        var arguments = words + ["--output", "json"]
        // Glued to its flag, a value cannot become a flag itself.
        if let profile { arguments.append("--profile=\(profile)") }
        if let region { arguments.append("--region=\(region)") }
        return arguments
    }

    func line(_ words: [String]) -> String { (["aws"] + arguments(words)).joined(separator: " ") }

    func run(_ words: [String], in surroundings: Surroundings) async throws(Unknown) -> Output {
        let output: CommandOutput
        do throws(Unknown) {
            output = try await surroundings.effects.run(
                Command("aws", arguments(words), environment: environment, deadlineSeconds: 20))
        } catch  where error.reason == .notFound {
            throw Unknown(.notFound, "the aws CLI is not installed", hint: "install the AWS CLI")
        }
        if output.exitCode == 0 { return .answer(output.standardOutput) }
        let printed = TextCollector.withoutControlCodes(
            String(decoding: output.standardError.suffix(4096), as: UTF8.self))
        let message = Redaction.redact(printed.split(separator: "\n").joined(separator: " "))
        return .failure(code: Self.code(of: message), message: message)
    }

    /// `An error occurred (CODE) when calling the OPERATION operation: …`, or a word for what has no code.
    static func code(of message: String) -> String {
        if let start = message.firstRange(of: "An error occurred ("),
            let end = message[start.upperBound...].firstIndex(of: ")")
        {
            return String(message[start.upperBound..<end])
        }
        switch PluginErrors.code(of: message) {
        case "profileNotFound": return "profileNotFound"
        case "ssoSessionExpired": return "ssoSessionExpired"
        case "noCredentials": return "noCredentials"
        case "network": return "endpointUnreachable"
        default: return "other"
        }
    }
}

extension Value? {
    /// The text of a parameter that was given and is not empty.
    var text: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }
}
