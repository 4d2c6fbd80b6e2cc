extension Surroundings {
    /// What a playbook may have done for it at a place of its own choice: a command, a host, a file, a resource.
    ///
    /// What built-in collectors look at by themselves needs none of it.
    package struct Permissions: Sendable, Hashable {
        /// Patterns; of a kind that is not `nil` nothing else is allowed.
        package struct Limit: Sendable, Hashable {
            /// The beginnings of argument lists; `*` stands for one argument.
            package var commands: [[String]]?
            /// `https://host:443`; `*` for any that is neither this machine nor its link.
            package var hosts: [String]?
            /// Paths, with `*` for one part and `**` for any number.
            ///
            /// `journal:UNIT` is the journal of a unit.
            package var files: [String]?
            /// `get,list:deployments.apps`.
            package var resources: [String]?
            /// How a person lifts it.
            package var hint: String

            package init(
                commands: [[String]]? = nil, hosts: [String]? = nil, files: [String]? = nil,
                resources: [String]? = nil, hint: String
            ) {
                self.commands = commands
                self.hosts = hosts
                self.files = files
                self.resources = resources
                self.hint = hint
            }
        }

        /// Whose they are, for people: `this playbook`, `the library 'acme'`.
        package var holder: String
        /// Each of them holds.
        package var limits: [Limit]

        package init(holder: String, limits: [Limit]) {
            self.holder = holder
            self.limits = limits
        }

        /// What every playbook has: it reads what it names, and runs and asks nothing.
        package static let none = Permissions(
            holder: "this playbook",
            limits: [Limit(commands: [], hosts: [], hint: "run triage with --allow-commands")])
        /// What a person gave for one run.
        package static let all = Permissions(holder: "this playbook", limits: [])
    }

    /// The gate for what a playbook names itself.
    package var permitted: PermittedEffects { PermittedEffects(self) }
}

/// The gate to the world behind the permissions of the playbook that asks.
///
/// Collectors whose target is the playbook's choice reach the world through it alone. What is compared is what is done:
/// the arguments, the URL and the path with every value filled in.
package struct PermittedEffects: Sendable {
    private let surroundings: Surroundings
    private var permissions: Surroundings.Permissions { surroundings.permissions }

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    package func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        let argv = [command.executable] + command.arguments
        for limit in permissions.limits {
            guard let patterns = limit.commands, await !covers(patterns, argv) else { continue }
            let isKnown = patterns.contains { $0.first == command.executable }
            throw refusal(
                patterns.isEmpty
                    ? "run commands (\(command.executable))"
                    : "run \(command.executable)" + (isKnown ? " with these arguments" : ""), limit)
        }
        return try await surroundings.effects.run(command)
    }

    package func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        let host = Surroundings.Permissions.host(of: request.url)
        for limit in permissions.limits {
            guard let patterns = limit.hosts,
                !patterns.contains(where: { Surroundings.Permissions.covers(host: $0, host) })
            else { continue }
            throw refusal(patterns.isEmpty ? "send requests (to \(host))" : "send requests to \(host)", limit)
        }
        return try await surroundings.effects.send(request)
    }

    package func status(of path: String) async throws(Unknown) -> FileStatus {
        try mayRead(path)
        return try await surroundings.effects.status(of: path)
    }

    package func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try mayRead(path)
        return try await surroundings.effects.readFile(path, limit: limit)
    }

    /// Before the journal of a unit is read.
    package func mayRead(journalOf unit: String) throws(Unknown) { try mayRead("journal:\(unit)") }

    private func mayRead(_ path: String) throws(Unknown) {
        let home = surroundings.homeDirectory
        for limit in permissions.limits {
            guard let patterns = limit.files else { continue }
            let absolute = patterns.map { $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
            guard !absolute.contains(where: { Surroundings.Permissions.covers(path: $0, path) }) else { continue }
            throw refusal("read \(path)", limit)
        }
    }

    /// Before the API server is asked.
    package func mayAsk(_ verb: String, of resource: String) throws(Unknown) {
        for limit in permissions.limits {
            guard let patterns = limit.resources,
                !patterns.contains(where: { Surroundings.Permissions.covers(resource: $0, "\(verb):\(resource)") })
            else { continue }
            throw refusal("\(verb) \(resource)", limit)
        }
    }

    private func refusal(_ what: String, _ limit: Surroundings.Permissions.Limit) -> Unknown {
        Unknown(.notAllowed, "\(permissions.holder) may not \(what)", hint: limit.hint)
    }

    /// Compares programs as a shell would find them, so that neither spelling goes around the other.
    private func covers(_ patterns: [[String]], _ argv: [String]) async -> Bool {
        for pattern in patterns {
            guard let program = pattern.first, let used = argv.first, await isSame(program, used) else { continue }
            if Surroundings.Permissions.covers(command: [used] + pattern.dropFirst(), argv) { return true }
        }
        return false
    }

    private func isSame(_ declared: String, _ used: String) async -> Bool {
        guard used.hasPrefix("/") || !used.contains("/") else { return false }
        if declared == used { return true }
        guard let one = await resolved(declared), let other = await resolved(used) else { return false }
        return one == other
    }

    private func resolved(_ program: String) async -> String? {
        guard !program.contains("/") else { return program.hasPrefix("/") ? program : nil }
        for folder in (surroundings.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
            guard folder.hasPrefix("/") else { continue }
            let path = "\(folder)/\(program)"
            if let status = try? await surroundings.effects.status(of: path), status.kind != .directory { return path }
        }
        return nil
    }
}

// MARK: - Patterns

extension Surroundings.Permissions {
    /// The beginning of an argument list.
    package static func covers(command pattern: [String], _ argv: [String]) -> Bool {
        // A program may not be left open: the first argument is compared as it is.
        guard let program = pattern.first, program == argv.first, program != "*", pattern.count <= argv.count else {
            return false
        }
        return zip(pattern, argv).dropFirst().allSatisfy { $0 == "*" || $0 == $1 }
    }

    package static func covers(path pattern: String, _ path: String) -> Bool {
        func match(_ pattern: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Bool {
            guard let first = pattern.first else { return parts.isEmpty }
            if first == "**" {
                return (0...parts.count).contains { match(pattern.dropFirst(), parts.dropFirst($0)) }
            }
            guard let part = parts.first, first == "*" || first == part else { return false }
            return match(pattern.dropFirst(), parts.dropFirst())
        }
        // A journal is no file, and only `journal:*` stands for all of them.
        if pattern.hasPrefix("journal:") || path.hasPrefix("journal:") {
            return pattern == path || pattern == "journal:*" && path.hasPrefix("journal:")
        }
        let pattern = pattern.split(separator: "/")
        guard pattern.count(where: { $0 == "**" }) <= 2 else { return false }
        let parts = path.split(separator: "/")
        // `..` could lead anywhere.
        guard !parts.contains("..") else { return false }
        return match(pattern[...], parts[...])
    }

    /// `verb,verb:resource`; `*` is any resource.
    package static func covers(resource pattern: String, _ used: String) -> Bool {
        let (left, right) = (pattern.split(separator: ":"), used.split(separator: ":"))
        guard left.count == 2, right.count == 2 else { return pattern == used }
        return Set(right[0].split(separator: ",")).isSubset(of: left[0].split(separator: ","))
            && (left[1] == right[1] || left[1] == "*")
    }

    package static func covers(host pattern: String, _ host: String) -> Bool {
        pattern == host || pattern == "*" && !isNear(host)
    }

    /// Scheme, host and port.
    package static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "*" }
        let rest = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard !rest.isEmpty else { return "*" }
        let hasPort = rest.last != "]" && rest.split(separator: ":").count > 1
        return url[..<scheme.upperBound].lowercased() + rest.lowercased()
            + (hasPort ? "" : url.lowercased().hasPrefix("https:") ? ":443" : ":80")
    }

    /// This machine, its link and the clouds' metadata: never meant by "any host", only by name.
    private static func isNear(_ host: String) -> Bool {
        guard let scheme = host.firstRange(of: "://") else { return host != "*" }
        var name = host[scheme.upperBound...]
        if let colon = name.lastIndex(of: ":"), name.last != "]" { name = name[..<colon] }
        name = name.hasSuffix(".") ? name.dropLast() : name
        if name.hasPrefix("[") {
            return ["[::", "[fe8", "[fe9", "[fea", "[feb", "[fd", "[fc"].contains { name.hasPrefix($0) }
        }
        let parts = name.split(separator: ".")
        // A last part that is a number makes an address of it; forms but the plain one are read in many ways.
        if let last = parts.last, last.hasPrefix("0x") || last.allSatisfy(\.isNumber) {
            guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil && ($0 == "0" || $0.first != "0") }) else {
                return true
            }
        }
        return name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("127.") || name.hasPrefix("0.")
            || name.hasPrefix("169.254.") || name.hasPrefix("metadata") || name == "instance-data"
    }
}
