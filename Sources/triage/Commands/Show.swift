internal import ArgumentParser
internal import CEL
internal import Facts
internal import Libraries
internal import Playbooks
internal import Reports

/// One playbook as a page: symptoms, causes with their conditions, remedies.
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a playbook.")

    @Argument(help: "The playbook's name.") var name: String
    @Flag(help: "The file itself.") var source = false
    @Flag(help: "The playbook as it counts, overlays applied, with the place that each line comes from.")
    var resolved = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = await Session.open(options)
        let playbook = try session.libraryPlaybook(name) ?? session.playbook(name)
        if source {
            return session.output.result(String(decoding: try session.readInput(playbook.file), as: UTF8.self))
        }
        if resolved { return session.output.result(session.resolvedPage(of: playbook)) }
        session.output.result(session.page(of: playbook).rendered(inColor: session.output.isColored))
    }
}

extension Session {
    /// YAML again: the origins are comments.
    fileprivate func resolvedPage(of playbook: Playbook) -> String {
        let lines = library.resolvedText(of: playbook)?.lines ?? []
        let column = min(72, lines.map(\.text.count).max() ?? 0)
        var text = TerminalText(width: output.width)
        for line in lines {
            let gap = String(repeating: " ", count: max(1, column - line.text.count + 1))
            text.add(line.text)
            text.line("\(gap)# \(line.origin.file):\(line.origin.line)", .dim)
        }
        return text.rendered(inColor: output.isColored)
    }

    fileprivate func page(of playbook: Playbook) -> TerminalText {
        var text = TerminalText(width: output.width)
        text.line("\(playbook.name) \(playbook.version)", .bold)
        text.wrapped(playbook.title, indent: 0)
        text.line("\(playbook.severity.rawValue)  \(playbook.tags.joined(separator: ", "))  \(playbook.file)", .dim)
        for file in playbook.overlays { text.line("changed by \(file)", .yellow) }
        for override in library.overrides where override.name == playbook.name {
            text.line("overrides \(override.hidden)", .yellow)
        }
        addSection("Symptoms", playbook.symptoms.map { ("", symptomText($0)) }, to: &text)
        addSection("Inputs", playbook.inputs.map { ($0.name, $0.title) }, to: &text)
        addSection("Facts", playbook.facts.map { ($0.name, $0.collector) }, to: &text)
        addSection(
            "Definitions", playbook.definitions.map { ($0.name, $0.condition.program.source) }, to: &text)
        text.line()
        text.line("Causes, the most specific first", .cyan)
        for cause in playbook.causes {
            text.line("  \(cause.id)", .bold)
            text.wrapped(cause.title, indent: 4)
            text.wrapped("when \(cause.when.program.source)", indent: 4, .dim)
            if !cause.explains.isEmpty { text.wrapped("explains \(cause.explains.joined(separator: ", "))", indent: 4) }
            if !cause.remedies.isEmpty { text.wrapped("remedies \(cause.remedies.joined(separator: ", "))", indent: 4) }
        }
        addRemedies(playbook.remedies, to: &text)
        addPermissions(of: playbook, to: &text)
        addSection("References", playbook.references.map { ("", $0) }, to: &text)
        return text
    }

    /// What it asks for, and what of that it has.
    private func addPermissions(of playbook: Playbook, to text: inout TerminalText) {
        let used = Permissions(of: [playbook], catalogue: catalogue)
        let library = library(of: playbook)
        text.line()
        text.line("Permissions", .cyan)
        if let library {
            let level = library.grant.level
            text.wrapped(
                "of the library \(library.package.title), trusted for '\(level.rawValue)': \(level.words)", indent: 2)
        } else {
            text.wrapped("as a playbook of yours: it reads what it names, and runs nothing unless told to", indent: 2)
        }
        let granted = library?.permissions ?? (options.allowCommands ? .all : .none)
        for (use, refusal) in used.verdicts(under: granted) {
            text.add(refusal == nil ? "  may      " : "  may not  ", refusal == nil ? .green : .yellow)
            text.wrapped(use, indent: 11)
            if let refusal { text.wrapped(refusal, indent: 11, .dim) }
        }
        if used.verdicts(under: granted).isEmpty {
            text.wrapped("it names no command, host, file or resource", indent: 2)
        }
        guard used.remedies != .none else { return }
        if let refusal = library?.remedyRefusal {
            text.wrapped("'triage fix' prints its remedies: the library \(refusal)", indent: 2)
        } else {
            text.wrapped("'triage fix' runs its remedies, each after a yes", indent: 2)
        }
    }

    private func addSection(_ title: String, _ rows: [(name: String, text: String)], to text: inout TerminalText) {
        guard !rows.isEmpty else { return }
        text.line()
        text.line(title, .cyan)
        for row in rows {
            text.add("  \(row.name)", .bold)
            text.wrapped(row.name.isEmpty ? row.text : "  \(row.text)", indent: row.name.isEmpty ? 2 : 4)
        }
    }

    private func addRemedies(_ remedies: [Remedy], to text: inout TerminalText) {
        guard !remedies.isEmpty else { return }
        text.line()
        text.line("Remedies", .cyan)
        for remedy in remedies {
            text.add("  \(remedy.id)", .bold)
            text.line("  \(remedy.risk.rawValue)", remedy.risk == .safe ? .green : .yellow)
            text.wrapped(remedy.title, indent: 4)
            if let when = remedy.when { text.wrapped("when \(when.program.source)", indent: 4, .dim) }
            for step in remedy.steps {
                switch step.action {
                case .run(let arguments):
                    text.line(
                        "    $ \(commandLine(arguments.map(\.source), isPrivileged: step.isPrivileged))", .green)
                case .say(let sentence):
                    text.add("    - ")
                    text.wrapped(sentence.source, indent: 6)
                }
            }
            if let verify = remedy.verify { text.wrapped("mended when \(verify.program.source)", indent: 4, .dim) }
        }
    }

    private func symptomText(_ symptom: Symptom) -> String {
        switch symptom {
        case .text(let text): "text   \(text)"
        case .regex(let pattern): "regex  \(pattern.source)"
        }
    }
}
