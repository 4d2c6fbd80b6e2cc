internal import ArgumentParser
internal import CEL
internal import Playbooks
internal import Reports

/// The library, a line each.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the playbooks.")

    @OptionGroup var options: CommonOptions
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
        let session = await Session.open(options)
        session.printPlaybooks(session.library.outlines, asJSON: json)
    }
}

/// The playbooks that words lead to, the best first.
struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search titles, symptoms, causes and tags for words.")

    @Argument(help: "Words to look for.") var words: [String]
    @OptionGroup var options: CommonOptions
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
        let session = await Session.open(options)
        let words = words.flatMap { $0.lowercased().split(whereSeparator: \.isWhitespace).map(String.init) }
        let ranked = session.library.outlines
            .map { (playbook: $0, score: $0.score(for: words)) }
            .filter { $0.score > 0 }
            .sorted { ($1.score, $0.playbook.name) < ($0.score, $1.playbook.name) }
        guard !ranked.isEmpty else {
            session.output.note("no playbook speaks of that; 'triage new NAME' starts one")
            throw ExitCode(2)
        }
        session.printPlaybooks(ranked.map(\.playbook), asJSON: json)
    }
}

extension Session {
    fileprivate func printPlaybooks(_ playbooks: [PlaybookOutline], asJSON: Bool) {
        if asJSON {
            let documents = playbooks.map { playbook in
                Value.map([
                    "name": .string(playbook.name), "title": .string(playbook.title),
                    "version": .string(playbook.version), "severity": .string(playbook.severity.rawValue),
                    "tags": .list(CEL.List(playbook.tags.map(Value.string))), "file": .string(playbook.file),
                    "causes": .list(CEL.List(playbook.causes.map { .string($0.id) })),
                ])
            }
            return output.result(jsonText(of: .list(CEL.List(documents))) + "\n")
        }
        var text = TerminalText(width: output.width)
        let column = (playbooks.map(\.name.count).max() ?? 0) + 2
        for playbook in playbooks {
            text.add(playbook.name.padding(to: column), .bold)
            text.wrapped(playbook.title, indent: column)
        }
        output.result(text.rendered(inColor: output.isColored))
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

extension PlaybookOutline {
    /// Words in the name count most, then the title and the tags, then symptoms and causes.
    fileprivate func score(for words: [String]) -> Int {
        let fields: [(weight: Int, text: String)] = [
            (8, name), (5, title), (4, tags.joined(separator: " ")), (3, symptoms.map(\.source).joined(separator: " ")),
            (2, causes.map { "\($0.id) \($0.title)" }.joined(separator: " ")),
            (1, remedies.joined(separator: " ")),
        ]
        let scores = words.map { word in
            fields.reduce(0) { $0 + ($1.text.lowercased().contains(word) ? $1.weight : 0) }
        }
        // Every word must be somewhere; a playbook that has all of them in its name comes first.
        return scores.contains(0) ? 0 : scores.reduce(0, +)
    }
}
