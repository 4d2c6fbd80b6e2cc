internal import CEL
internal import Facts
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
    package init(of playbooks: [Playbook]) {
        for playbook in playbooks {
            for fact in playbook.facts { add(fact) }
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

    private mutating func add(_ fact: FactDeclaration) {
        switch fact.collector {
        case "command":
            if case .list(let arguments) = fact.parameters["run"] { commands.append(arguments.map(Self.text)) }
            if case .constant(.list(let arguments)) = fact.parameters["run"] {
                commands.append(arguments.map { Self.text(.constant($0)) })
            }
        case "http":
            hosts.append(fact.parameters["url"].map { Surroundings.Permissions.host(of: Self.text($0)) } ?? "*")
        case "file": files.append(Self.path(fact.parameters["path"]))
        case "logs":
            if let file = fact.parameters["file"] { files.append(Self.path(file)) }
            if let unit = fact.parameters["unit"] { files.append("journal:" + Self.text(unit)) }
            if fact.parameters["pod"] != nil { resources.append("get:pods/log") }
        case "kubernetes": resources.append("get,list:" + (fact.parameters["resource"].map(Self.text) ?? "*"))
        default: break
        }
    }

    /// A path that a value fills in may be any.
    private static func path(_ value: FactDeclaration.ParameterValue?) -> String {
        let path = value.map(text) ?? "*"
        return path == "*" ? "**" : path
    }

    /// The text of a constant; `*` for what is filled in.
    private static func text(_ value: FactDeclaration.ParameterValue) -> String {
        switch value {
        case .constant(.string(let text)): text
        case .template(let template):
            template.parts.contains { if case .expression = $0 { true } else { false } } ? "*" : template.source
        default: "*"
        }
    }

    /// What of the used permissions is not declared, in words.
    package func missing(for used: Permissions) -> [String] {
        var missing = used.commands.filter { argv in
            !commands.contains { Surroundings.Permissions.covers(command: $0, argv) }
        }
        .map { "to run \(Self.line($0))" }
        missing += used.hosts.filter { host in !hosts.contains(where: { $0 == host || $0 == "*" }) }
            .map { "to ask \($0)" }
        missing += used.files.filter { file in !files.contains { Surroundings.Permissions.covers(path: $0, file) } }
            .map { "to read \($0)" }
        missing += used.resources.filter { resource in
            !resources.contains { Surroundings.Permissions.covers(resource: $0, resource) }
        }.map { "to \($0.replacing(":", with: " "))" }
        if remedies < used.remedies { missing.append("to print commands of remedies") }
        return missing
    }

    // MARK: For people and for the lock

    /// One sentence part each, in a fixed order; empty where nothing is asked for.
    package var words: [String] {
        commands.map { "runs \(Self.line($0))" } + hosts.map { "asks \($0)" } + files.map { "reads \($0)" }
            + resources.map { "may \($0.replacing(":", with: " "))" }
            + (remedies == .none ? [] : ["its remedies' commands are \(remedies.rawValue)"])
    }

    /// `sha256:…` of what is asked for; the same for the same permissions in any order.
    package var hash: String {
        let lines = words.map { $0.replacing("\n", with: "\\n") }.sorted()
        return "sha256:" + sha256(Array(lines.joined(separator: "\n").utf8))
    }

    private static func line(_ argv: [String]) -> String { argv.joined(separator: " ") }
}
