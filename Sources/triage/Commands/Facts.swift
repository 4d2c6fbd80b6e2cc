internal import ArgumentParser
internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// The collectors, and what they see here.
struct FactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facts", abstract: "Look at the collectors and at what they see here.",
        subcommands: [ListFacts.self, ShowFact.self, CollectFact.self, DocumentFacts.self])
}

struct ListFacts: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the collectors.")

    @OptionGroup var options: CommonOptions

    func run() {
        let session = Session(options)
        var text = TerminalText(width: session.output.width)
        let column = (session.catalogue.names.map(\.count).max() ?? 0) + 2
        for collector in session.catalogue.collectors {
            let declaration = collector.declaration
            text.add(declaration.name, .bold)
            text.add(String(repeating: " ", count: column - declaration.name.count))
            text.wrapped(declaration.summary, indent: column)
        }
        session.output.result(text.rendered(inColor: session.output.isColored))
    }
}

struct ShowFact: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a collector gives, costs and needs.")

    @Argument(help: "The collector's name.") var name: String
    @OptionGroup var options: CommonOptions

    func run() throws {
        let session = Session(options)
        let declaration = try session.collector(name).declaration
        var text = TerminalText(width: session.output.width)
        text.line(declaration.name, .bold)
        text.wrapped(declaration.summary, indent: 0)
        text.line()
        text.line("cost        \(declaration.cost)")
        text.wrapped(
            "privileges  "
                + (declaration.privileges.isEmpty
                    ? "none" : declaration.privileges.map(\.text).joined(separator: ", ")),
            indent: 12)
        if !declaration.secrets.isEmpty {
            text.wrapped("never shown \(declaration.secrets.joined(separator: ", "))", indent: 12)
        }
        if !declaration.parameters.isEmpty {
            text.line()
            text.line("Parameters", .cyan)
            for parameter in declaration.parameters {
                text.add("  \(parameter.name)", .bold)
                text.add("  \(parameter.type)\(parameter.isRequired ? ", required" : "")", .dim)
                text.wrapped("  \(parameter.summary)", indent: 4)
            }
        }
        text.line()
        text.line("Fields", .cyan)
        addFields(of: declaration.returns, path: "", declaration: declaration, to: &text)
        session.output.result(text.rendered(inColor: session.output.isColored))
    }

    /// One line a leaf, by its dotted path; a list's elements stand under the list's own path.
    private func addFields(
        of type: ValueType, path: String, declaration: Declaration, to text: inout TerminalText
    ) {
        switch type {
        case .object(let fields):
            if let meaning = declaration.fields[path] { text.wrapped("  \(path): \(meaning)", indent: 4, .dim) }
            for (name, type) in fields.sorted(by: { $0.key < $1.key }) {
                addFields(of: type, path: path.isEmpty ? name : "\(path).\(name)", declaration: declaration, to: &text)
            }
        case .list(.object(let fields)):
            text.add("  \(path)", .bold)
            text.wrapped("  list\(declaration.fields[path].map { ": \($0)" } ?? "")", indent: 4)
            addFields(of: .object(fields), path: path + "[]", declaration: declaration, to: &text)
        default:
            text.add("  \(path.isEmpty ? "(whole)" : path)", .bold)
            text.add("  \(type)", .dim)
            let meaning = declaration.fields[path] ?? declaration.fields[path.replacing("[]", with: "")]
            text.wrapped(meaning.map { "  \($0)" } ?? "", indent: 4)
        }
    }
}

struct DocumentFacts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Print the reference of all collectors in Markdown.")

    @OptionGroup var options: CommonOptions

    func run() {
        let session = Session(options)
        session.output.result(CataloguePage(session.catalogue).text)
    }
}

struct CollectFact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect", abstract: "Collect facts now, and print them with where they come from.",
        discussion: "Exit codes: 0 all were had, 2 at least one is unknown.")

    @Argument(help: "Collectors' names; without any, all that need no parameters.") var names: [String] = []
    @Option(help: ArgumentHelp("A parameter of the collector; repeatable.", valueName: "name=value"))
    var with: [String] = []
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        // No playbook is needed to ask a collector.
        let session = Session(options)
        let parameters = try parameters()
        let collectors =
            names.isEmpty
            ? session.catalogue.collectors.filter { $0.declaration.parameters.allSatisfy { !$0.isRequired } }
            : try names.map(session.collector)
        if !names.isEmpty { try check(parameters, of: collectors.map(\.declaration), session.output) }
        let facts = try await session.diagnostician().facts(
            of: collectors.map(\.declaration.name), parameters: parameters)
        session.output.endProgress()
        session.output.result(json ? jsonText(of: document(of: facts)) + "\n" : text(of: facts, session.output))
        if facts.contains(where: { (try? $0.result.get()) == nil }) { throw ArgumentParser.ExitCode(2) }
    }

    private func parameters() throws -> [String: Value] {
        try with.reduce(into: [:]) { result, text in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ValidationError("--with takes NAME=VALUE, not '\(text)'")
            }
            let value = String(text[text.index(after: equals)...])
            // A list or a number is written as JSON; anything else is a string.
            result[String(text[..<equals])] = (try? Value.parseJSON(value)) ?? .string(value)
        }
    }

    /// What no collector takes was misspelt; what one cannot do without was forgotten.
    private func check(_ parameters: [String: Value], of declarations: [Declaration], _ output: Output) throws {
        let known = declarations.flatMap(\.parameters).map(\.name)
        for name in parameters.keys.sorted() where !known.contains(name) {
            let nearest = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw bad("no collector that is named takes '\(name)'\(nearest)", output)
        }
        for declaration in declarations {
            for parameter in declaration.parameters where parameter.isRequired && parameters[parameter.name] == nil {
                throw bad("\(declaration.name) needs --with \(parameter.name)=…: \(parameter.summary)", output)
            }
        }
    }

    private func bad(_ message: String, _ output: Output) -> ArgumentParser.ExitCode {
        output.note("error: \(message)")
        return ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }

    private func document(of facts: [Fact]) -> Value {
        .list(
            CEL.List(
                facts.map { fact in
                    var fields: [String: Value] = [
                        "fact": .string(fact.key.collector), "source": .string(fact.provenance.source),
                        "collectedAt": .timestamp(fact.provenance.collectedAt),
                    ]
                    switch fact.result {
                    case .success(let value):
                        fields["value"] = value
                        fields["unknownParts"] = unknownPartsDocument(of: value)
                    case .failure(let unknown):
                        fields["unknown"] = .map([
                            "reason": .string(unknown.reason.rawValue), "detail": .string(unknown.detail),
                            "hint": .string(unknown.hint),
                        ])
                    }
                    return .map(Map(fields))
                }))
    }

    private func text(of facts: [Fact], _ output: Output) -> String {
        var text = TerminalText(width: output.width)
        for fact in facts {
            text.add(fact.key.collector, .bold)
            text.line("  \(fact.provenance.source)", .dim)
            switch fact.result {
            case .success(let value):
                for line in yamlText(of: value).split(separator: "\n") { text.line("  \(line)") }
                for (paths, unknown) in reasons(in: value) {
                    text.add("  unknown: \(unknown.reason):", .yellow)
                    text.wrapped(" \(unknown.detail): \(paths)", indent: 4, .yellow)
                }
            case .failure(let unknown):
                text.line("  unknown: \(unknown.reason.rawValue): \(unknown.detail)", .yellow)
                if !unknown.hint.isEmpty { text.line("  to get it: \(unknown.hint)") }
            }
        }
        return text.rendered(inColor: output.isColored)
    }

    /// Why parts of the value are unknown: each reason once, with what it is the reason for.
    private func reasons(in value: Value) -> [(paths: String, unknown: UnknownAttribute)] {
        var order: [String] = []
        var parts: [String: (paths: [String], unknown: UnknownAttribute)] = [:]
        for (path, unknown) in unknownParts(of: value) {
            let reason = "\(unknown.reason): \(unknown.detail)"
            if parts[reason] == nil { order.append(reason) }
            parts[reason, default: ([], unknown)].paths.append(path)
        }
        return order.compactMap { parts[$0] }.map { ($0.paths.joined(separator: ", "), $0.unknown) }
    }
}

extension Session {
    fileprivate func collector(_ name: String) throws -> any Collector {
        if let collector = catalogue[name] { return collector }
        let nearest = nearestName(to: name, among: catalogue.names)
        output.note(
            "error: there is no collector '\(name)'"
                + (nearest.map { "; did you mean '\($0)'?" } ?? "; 'triage facts list' names them all"))
        throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}
