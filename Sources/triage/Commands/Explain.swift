internal import ArgumentParser
internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// Why a cause is what it is, confirmed or not.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lay out a cause's condition with the value of every part.",
        discussion: "The last line says what ended the cause, or which fact it lacked and how to get it.")

    @Argument(help: ArgumentHelp("The cause.", valueName: "playbook/cause")) var cause: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The error's text; '-' is standard input.", valueName: "path"))
    var file: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = await Session.open(options)
        let (playbook, cause) = try session.cause(cause)
        let text = try session.text(from: file)
        let investigation = try await session.diagnostician(text: text).investigate(
            Inquiry(text: text, names: [playbook.name], inputs: options.inputs, scope: .everything))
        session.output.endProgress()
        guard let explanation = investigation.explanation(of: "\(playbook.name)/\(cause.id)") else {
            session.output.note("error: the cause was not looked at")
            throw ArgumentParser.ExitCode(Engine.ExitCode.internalError.rawValue)
        }
        session.output.result(page(of: explanation, session.output).rendered(inColor: session.output.isColored))
    }

    private func page(of explanation: CauseExplanation, _ output: Output) -> TerminalText {
        var text = TerminalText(width: output.width)
        text.add("\(explanation.playbook)/\(explanation.cause)", .bold)
        text.line("  \(explanation.status.rawValue)", style(of: explanation.status))
        text.wrapped(explanation.title, indent: 0)
        for expression in explanation.expressions {
            text.line()
            text.add(expression.name, .cyan)
            text.line("  \(expression.location.file):\(expression.location.line)", .dim)
            for part in expression.parts {
                let margin = 2 + 2 * part.depth
                text.add(String(repeating: " ", count: margin))
                text.add(part.isDecisive ? "▸ " : "  ", .yellow)
                text.add(shortText(of: .string(part.text), limit: 120))
                let value = part.value.map { shortText(of: $0, limit: 120) } ?? "not evaluated"
                text.wrapped("  → \(value)", indent: margin + 4, part.value == nil ? .dim : .green)
            }
        }
        addFacts(explanation.facts, to: &text)
        text.line()
        text.wrapped(explanation.verdict, indent: 0, .bold)
        for missing in explanation.missing where !missing.hint.isEmpty {
            text.wrapped("to get \(missing.fact): \(missing.hint)", indent: 2)
        }
        return text
    }

    private func addFacts(_ facts: [CauseExplanation.Reading], to text: inout TerminalText) {
        guard !facts.isEmpty else { return }
        text.line()
        text.line("Facts", .cyan)
        for fact in facts {
            text.add("  \(fact.name)", .bold)
            text.line("  \(fact.provenance?.source ?? "not collected")", .dim)
            if case .failure(let unknown) = fact.result {
                text.wrapped("unknown: \(unknown.reason.rawValue): \(unknown.detail)", indent: 4, .yellow)
            }
        }
    }

    private func style(of status: Finding.Status) -> TerminalText.Style {
        switch status {
        case .confirmed, .failed: .red
        case .undetermined: .yellow
        case .ruledOut: .green
        }
    }
}
