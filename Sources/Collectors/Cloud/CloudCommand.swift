internal import CEL
internal import Facts

/// A cloud's CLI that answers in JSON.
struct CloudCommand: Sendable {
    enum Output: Sendable {
        case answer(Value)
        /// What it printed to standard error, in one line and without secrets.
        case failure(String)
    }

    private let program: String
    private let title: String
    private let environment: [String: String]

    init(_ program: String, _ title: String, environment: [String: String]) {
        self.program = program
        self.title = title
        self.environment = environment
    }

    func line(_ arguments: [String]) -> String { ([program] + arguments).joined(separator: " ") }

    func run(_ arguments: [String], in surroundings: Surroundings) async throws(Unknown) -> Output {
        let output: CommandOutput
        do throws(Unknown) {
            output = try await surroundings.effects.run(
                Command(program, arguments, environment: environment, deadlineSeconds: 20))
        } catch  where error.reason == .notFound {
            throw Unknown(.notFound, "\(title) (\(program)) is not installed", hint: "install \(title)")
        }
        guard output.exitCode == 0 else {
            let printed = TextCollector.withoutControlCodes(
                String(decoding: output.standardError.suffix(4096), as: UTF8.self))
            return .failure(Redaction.redact(printed.split(whereSeparator: \.isWhitespace).joined(separator: " ")))
        }
        do throws(JSONError) { return .answer(try Value.parseJSON(output.standardOutput)) } catch {
            throw Unknown(.malformed, "\(program) printed no JSON: \(error)")
        }
    }

    /// A word for what went wrong.
    static func code(of message: String) -> String {
        guard let code = PluginErrors.code(of: message), ["noCredentials", "loginRequired", "network"].contains(code)
        else { return "other" }
        return code
    }
}
