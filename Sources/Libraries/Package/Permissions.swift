internal import CEL
package import Facts
package import Playbooks

/// What the playbooks of a library ask for beyond reading what every playbook may read.
package struct Permissions: Sendable, Hashable {
    /// What becomes of remedies' commands.
    package enum Remedies: String, Sendable, CaseIterable, Comparable {
        case none, printed, runnable

        package static func < (left: Remedies, right: Remedies) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    /// The beginnings of argument lists; `*` stands for any one argument.
    package var commands: [[String]] = []
    /// `https://host:443`; `*` where a value fills it in.
    package var hosts: [String] = []
    /// Paths that are read; `*` for one part, `**` for any number.
    package var files: [String] = []
    /// `get,list:deployments.apps`.
    package var resources: [String] = []
    package var remedies = Remedies.none

    package init() {}

    /// What the playbooks use.
    package init(of playbooks: [Playbook], catalogue: Catalogue) {
        for playbook in playbooks {
            let defaults = Dictionary(
                playbook.inputs.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { first, _ in first })
            for fact in playbook.facts {
                if let declaration = catalogue[fact.collector]?.declaration { add(fact, declaration, defaults) }
            }
            let hasCommands = playbook.remedies.contains { remedy in
                (remedy.steps + remedy.rollback).contains { if case .run = $0.action { true } else { false } }
            }
            if hasCommands { remedies = max(remedies, .printed) }
        }
        commands = Array(Set(commands)).sorted { $0.lexicographicallyPrecedes($1) }
        hosts = Array(Set(hosts)).sorted()
        files = Array(Set(files)).sorted()
        resources = Array(Set(resources)).sorted()
    }

    private mutating func add(_ fact: FactDeclaration, _ declaration: Declaration, _ defaults: [String: Value?]) {
        resources += declaration.asks
        for parameter in declaration.parameters {
            guard let target = parameter.names, let value = fact.parameters[parameter.name] else { continue }
            let texts = Self.texts(value, defaults)
            // The default is what the collector reads for everybody.
            if case .string(let standard) = parameter.defaultValue, texts == [standard] { continue }
            switch target {
            case .command: commands.append(texts)
            case .url: hosts += texts.map(Surroundings.Permissions.host(of:))
            case .hostName: hosts += texts.map { "dns:\($0)" }
            case .file: files += texts.map(Self.path)
            case .folder: files += texts.map { $0 == "*" ? "**" : "\($0)/**" }
            case .journal: files += texts.map { "journal:\($0)" }
            case .resource: resources.append(Self.request(fact, texts.first ?? "*"))
            }
        }
    }

    /// A pod that is named is one whose log is read; any other resource is what it says.
    private static func request(_ fact: FactDeclaration, _ resource: String) -> String {
        fact.collector == "logs" ? "get:pods/log" : "get,list:\(resource)"
    }

    /// A path that a value fills in may be any.
    private static func path(_ path: String) -> String { path == "*" ? "**" : path }

    /// The texts of a constant, and of each element of a list; `*` for what is filled in.
    private static func texts(_ value: FactDeclaration.ParameterValue, _ defaults: [String: Value?]) -> [String] {
        switch value {
        case .constant(.string(let text)): [text]
        case .constant(.list(let list)): list.elements.flatMap { texts(.constant($0), defaults) }
        case .list(let values): values.flatMap { texts($0, defaults) }
        case .template(let template): [text(template, defaults)]
        default: ["*"]
        }
    }

    /// With the defaults of inputs filled in: another value is asked about when it is there.
    private static func text(_ template: Template, _ defaults: [String: Value?]) -> String {
        var text = ""
        for part in template.parts {
            switch part {
            case .literal(let literal): text += literal
            case .expression(let expression):
                let words = expression.program.source.split(whereSeparator: \.isWhitespace)
                guard words.count == 1, words[0].hasPrefix("inputs."),
                    case .string(let standard)?? = defaults[String(words[0].dropFirst("inputs.".count))]
                else { return "*" }
                text += standard
            }
        }
        return text
    }

    /// What of the used permissions is not declared, in words.
    package func missing(for used: Permissions) -> [String] {
        var missing = used.commands.filter { argv in
            !commands.contains { Surroundings.Permissions.covers(command: $0, argv) }
        }
        .map { "to run \(Self.line($0))" }
        missing += used.hosts.filter { host in
            !hosts.contains { $0 == host || $0 == "*" || $0 == "dns:*" && host.hasPrefix("dns:") }
        }
        .map { "to \(Self.asking($0))" }
        missing += used.files.filter { file in !files.contains { Surroundings.Permissions.covers(path: $0, file) } }
            .map { "to read \($0)" }
        missing += used.resources.filter { resource in
            !resources.contains { Surroundings.Permissions.covers(resource: $0, resource) }
        }.map { "to \($0.replacing(":", with: " "))" }
        if remedies < used.remedies { missing.append("to print commands of remedies") }
        return missing
    }

    /// Each use in words, and how what refuses it would be lifted; `nil`: nothing does.
    package func verdicts(under granted: Surroundings.Permissions) -> [(use: String, refusal: String?)] {
        func verdict<Pattern>(
            _ use: String, _ patterns: (Surroundings.Permissions.Limit) -> [Pattern]?, _ covers: (Pattern) -> Bool
        ) -> (use: String, refusal: String?) {
            (use, granted.limits.first { !(patterns($0)?.contains(where: covers) ?? true) }?.hint)
        }
        return commands.map { argv in
            verdict("run \(Self.line(argv))", \.commands) { Surroundings.Permissions.covers(command: $0, argv) }
        }
            + hosts.map { host in
                verdict(Self.asking(host), \.hosts) { $0 == "*" || Surroundings.Permissions.covers(host: $0, host) }
            }
            + files.map { file in
                verdict("read \(file)", \.files) { Surroundings.Permissions.covers(path: $0, file) }
            }
            + resources.map { resource in
                verdict(resource.replacing(":", with: " "), \.resources) {
                    Surroundings.Permissions.covers(resource: $0, resource)
                }
            }
    }

    // MARK: For people and for the lock

    /// One sentence part each, in a fixed order; empty where nothing is asked for.
    package var words: [String] {
        commands.map { "runs \(Self.line($0))" }
            + hosts.map { $0.hasPrefix("dns:") ? "looks up \($0.dropFirst(4))" : "asks \($0)" }
            + files.map { "reads \($0)" }
            + resources.map { "may \($0.replacing(":", with: " "))" }
            + (remedies == .none ? [] : ["its remedies' commands are \(remedies.rawValue)"])
    }

    /// `sha256:…` of what is asked for; the same for the same permissions in any order.
    package var hash: String {
        let lines = words.map { $0.replacing("\n", with: "\\n") }.sorted()
        return "sha256:" + sha256(Array(lines.joined(separator: "\n").utf8))
    }

    private static func asking(_ host: String) -> String {
        host.hasPrefix("dns:") ? "look up \(host.dropFirst(4))" : "ask \(host)"
    }

    private static func line(_ argv: [String]) -> String { argv.joined(separator: " ") }
}
