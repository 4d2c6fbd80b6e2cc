internal import ArgumentParser
internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// Why a cause is what it is, confirmed or not.
struct Explain: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    static let configuration = CommandConfiguration(
        abstract: "Lay out a cause's condition with the value of every part.",
        discussion: """
            The last line says what ended the cause, or which fact it lacked and how to get it; --why-not says only \
            that. 'triage facts collect' shows all that a fact holds.
            """)

    @Argument(help: ArgumentHelp("The cause.", valueName: "playbook/cause")) var cause: String?
    @Option(help: ArgumentHelp("Say only what ended this cause, or what it lacked.", valueName: "playbook/cause"))
    var whyNot: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("The error's text; '-' is standard input.", valueName: "path"))
    var file: String?
    @Option(name: .shortAndLong, help: "How to write it; JSON has every fact in full.") var output: Format = .text
    @OptionGroup var options: CommonOptions

    func validate() throws {
        if (cause == nil) == (whyNot == nil) { throw ValidationError("name one cause, as playbook/cause") }
    }

    func run() async throws {
        let session = await Session.open(options)
        let (playbook, cause) = try session.cause(cause ?? whyNot ?? "")
        let text = try session.text(from: file)
        let investigation = try await session.diagnostician(text: text).investigate(
            Inquiry(text: text, names: [playbook.name], inputs: options.inputs, scope: .everything))
        session.output.endProgress()
        guard let explanation = investigation.explanation(of: "\(playbook.name)/\(cause.id)") else {
            session.output.note("error: the cause was not looked at")
            throw ArgumentParser.ExitCode(Engine.ExitCode.internalError.rawValue)
        }
        switch output {
        case .json: session.output.result(explanationText(of: explanation))
        case .text:
            let page = whyNot == nil ? page(of: explanation, session.output) : answer(explanation, session.output)
            session.output.result(page.rendered(inColor: session.output.isColored))
        }
    }

    /// Why the cause is not confirmed, in a few lines.
    private func answer(_ explanation: CauseExplanation, _ output: Output) -> TerminalText {
        var text = TerminalText(width: output.width)
        text.add("\(explanation.playbook)/\(explanation.cause)", .bold)
        text.line("  \(explanation.status.rawValue)", style(of: explanation.status))
        text.wrapped(explanation.verdict, indent: 0)
        if let decider = explanation.decider {
            text.wrapped("\(decider.text) is \(decider.value.map { shortText(of: $0) } ?? "unknown")", indent: 2)
            text.line("  \(decider.location.file):\(decider.location.line):\(decider.location.column)", .dim)
            for evidence in decider.readings {
                text.wrapped(
                    "\(evidence.fact) = \(shortText(of: evidence.value)), from \(evidence.source)", indent: 4)
            }
        }
        addMissing(explanation.missing, to: &text)
        return text
    }

    private func addMissing(_ missing: [MissingFact], to text: inout TerminalText) {
        for one in missing {
            text.wrapped("it lacks \(one.fact): \(one.reason)\(one.detail.isEmpty ? "" : ": \(one.detail)")", indent: 2)
            if !one.needs.isEmpty { text.wrapped("what it needs: \(one.needs.joined(separator: "; "))", indent: 4) }
            if !one.hint.isEmpty { text.wrapped("to get it: \(one.hint)", indent: 4) }
            if !one.command.isEmpty { text.line("    $ \(commandLine(one.command))", .green) }
        }
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
        addMissing(explanation.missing, to: &text)
        return text
    }

    private func addFacts(_ facts: [CauseExplanation.Reading], to text: inout TerminalText) {
        guard !facts.isEmpty else { return }
        text.line()
        text.line("Facts", .cyan)
        for fact in facts {
            text.add("  \(fact.name)", .bold)
            text.line("  \(fact.provenance?.source ?? "not collected")", .dim)
            switch fact.result {
            case .success(let value): text.wrapped(shortText(of: value), indent: 4)
            case .failure(let unknown):
                text.wrapped("unknown: \(unknown.reason.rawValue): \(unknown.detail)", indent: 4, .yellow)
            }
            if !fact.command.isEmpty { text.line("    all of it: \(commandLine(fact.command))", .dim) }
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
