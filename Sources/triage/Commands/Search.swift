internal import ArgumentParser
internal import CEL
internal import Engine
internal import Playbooks
internal import Reports

/// The playbooks that words or a pasted line lead to, the best first.
struct Search: AsyncParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

    static let configuration = CommandConfiguration(
        abstract: "Search titles, symptoms, causes and tags for words, or for a pasted line.",
        discussion: "Exit codes: 0 something was found, 2 nothing was.")

    @Argument(help: "Words to look for, or a line that somebody saw.") var words: [String]
    @Option(help: ArgumentHelp("At most so many; 0: all.", valueName: "number")) var limit = 10
    @Option(name: .shortAndLong, help: "How to write the result: text or json.") var output: Format = .text
    @Flag(help: ArgumentHelp("The same as -o json.", visibility: .hidden)) var json = false
    @OptionGroup var options: CommonOptions

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit takes a number of playbooks, not \(limit)") }
    }

    func run() async throws {
        let session = await Session.open(options)
        let hits = PlaybookSearch(session.library).hits(for: words.joined(separator: " "))
        let shown = limit == 0 ? hits : Array(hits.prefix(limit))
        if json || output == .json {
            session.output.result(jsonText(of: .list(CEL.List(shown.map(document)))) + "\n")
        } else if !shown.isEmpty {
            session.output.result(text(of: shown, session.output).rendered(inColor: session.output.isColored))
        }
        if shown.count < hits.count { session.output.note("\(hits.count - shown.count) more with --limit 0") }
        guard hits.isEmpty else { return }
        session.output.note("no playbook speaks of that; 'triage new NAME' starts one")
        throw ExitCode(2)
    }

    private func document(_ hit: PlaybookSearch.Hit) -> Value {
        var fields = hit.playbook.fields
        fields.append(("score", .double((hit.score * 1000).rounded() / 1000)))
        fields.append(("words", .list(CEL.List(hit.words.map(Value.string)))))
        if let symptom = hit.symptom {
            fields.append(("symptom", .map(["line": .int(Int64(symptom.line)), "text": .string(symptom.text)])))
        }
        return .map(Map(fields.map { (key: .string($0), value: $1) }))
    }

    private func text(of hits: [PlaybookSearch.Hit], _ output: Output) -> TerminalText {
        var text = TerminalText(width: output.width)
        let column = (hits.map(\.playbook.name.count).max() ?? 0) + 2
        for hit in hits {
            text.add(hit.playbook.name.padding(to: column), .bold)
            text.wrapped(hit.playbook.title, indent: column)
            if let symptom = hit.symptom { text.wrapped("its symptom: \(symptom.text)", indent: column, .dim) }
        }
        return text
    }
}
