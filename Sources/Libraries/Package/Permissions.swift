internal import CEL
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
        case "http": hosts.append(fact.parameters["url"].map { Self.host(of: Self.text($0)) } ?? "*")
        case "file": files.append(fact.parameters["path"].map(Self.text) ?? "**")
        case "logs":
            if let file = fact.parameters["file"] { files.append(Self.text(file)) }
            if let unit = fact.parameters["unit"] { commands.append(["journalctl", "-u", Self.text(unit)]) }
            if fact.parameters["pod"] != nil { resources.append("get:pods/log") }
        case "kubernetes": resources.append("get,list:" + (fact.parameters["resource"].map(Self.text) ?? "*"))
        default: break
        }
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

    /// Scheme, host and port.
    private static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "*" }
        let rest = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard !rest.isEmpty else { return "*" }
        let hasPort = rest.last != "]" && rest.split(separator: ":").count > 1
        return url[..<scheme.upperBound].lowercased() + rest.lowercased()
            + (hasPort ? "" : url.lowercased().hasPrefix("https:") ? ":443" : ":80")
    }

    /// What of the used permissions is not declared, in words.
    package func missing(for used: Permissions) -> [String] {
        var missing = used.commands.filter { argv in !commands.contains { Self.covers($0, argv) } }
            .map { "to run \(Self.line($0))" }
        missing += used.hosts.filter { host in !hosts.contains(where: { $0 == host || $0 == "*" }) }
            .map { "to ask \($0)" }
        missing += used.files.filter { file in !files.contains { Self.covers(path: $0, file) } }.map { "to read \($0)" }
        missing += used.resources.filter { resource in !resources.contains { Self.covers(resource: $0, resource) } }
            .map { "to \($0.replacing(":", with: " "))" }
        if remedies < used.remedies { missing.append("to print commands of remedies") }
        return missing
    }

    /// A declared beginning of an argument list.
    package static func covers(_ declared: [String], _ argv: [String]) -> Bool {
        // A program may not be left open: the first argument is compared as it is.
        guard let program = declared.first, program == argv.first, program != "*", declared.count <= argv.count else {
            return false
        }
        return zip(declared, argv).dropFirst().allSatisfy { $0 == "*" || $0 == $1 }
    }

    static func covers(path declared: String, _ path: String) -> Bool {
        func match(_ pattern: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Bool {
            guard let first = pattern.first else { return parts.isEmpty }
            if first == "**" {
                return (0...parts.count).contains { match(pattern.dropFirst(), parts.dropFirst($0)) }
            }
            guard let part = parts.first, first == "*" || first == part else { return false }
            return match(pattern.dropFirst(), parts.dropFirst())
        }
        let pattern = declared.split(separator: "/")
        guard pattern.count(where: { $0 == "**" }) <= 2 else { return false }
        let parts = path.split(separator: "/")
        // `..` could lead anywhere.
        guard !parts.contains("..") else { return false }
        return match(pattern[...], parts[...])
    }

    private static func covers(resource declared: String, _ used: String) -> Bool {
        let (left, right) = (declared.split(separator: ":"), used.split(separator: ":"))
        guard left.count == 2, right.count == 2 else { return declared == used }
        return Set(right[0].split(separator: ",")).isSubset(of: left[0].split(separator: ",")) && left[1] == right[1]
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
