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

extension Session {
    fileprivate func printPlaybooks(_ playbooks: [PlaybookOutline], asJSON: Bool) {
        // By name, what it hides: of two sources with the same name the later one counts.
        let hidden = Dictionary(grouping: library.overrides, by: \.name).mapValues { $0.map(\.hidden) }
        if asJSON {
            let documents = playbooks.map { playbook in
                let overrides = Value.list(CEL.List((hidden[playbook.name] ?? []).map(Value.string)))
                return Value.map(
                    Map((playbook.fields + [("overrides", overrides)]).map { (key: .string($0), value: $1) }))
            }
            return output.result(jsonText(of: .list(CEL.List(documents))) + "\n")
        }
        var text = TerminalText(width: output.width)
        let column = (playbooks.map(\.name.count).max() ?? 0) + 2
        for playbook in playbooks {
            text.add(playbook.name.padding(to: column), .bold)
            text.wrapped(playbook.title, indent: column)
            for file in hidden[playbook.name] ?? [] {
                text.wrapped("\(playbook.file) overrides \(file)", indent: column)
            }
        }
        output.result(text.rendered(inColor: output.isColored))
    }
}

extension PlaybookOutline {
    /// As programs see it.
    var fields: [(String, Value)] {
        [
            ("name", .string(name)), ("title", .string(title)), ("version", .string(version)),
            ("severity", .string(severity.rawValue)), ("tags", .list(CEL.List(tags.map(Value.string)))),
            ("file", .string(file)), ("causes", .list(CEL.List(causes.map { .string($0.id) }))),
        ]
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
