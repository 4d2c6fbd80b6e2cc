package import CEL

/// What of a request the playbook chose: the values of parameters that name something outside of the program.
package struct Choices: Sendable, Hashable {
    private var named: [Declaration.Parameter.Target: Set<String>] = [:]

    package static let none = Choices()
    package var isEmpty: Bool { named.isEmpty }

    private init() {}

    /// - Parameter given: what was said, without what is the default anyway: that the collector reads for everybody.
    package init(_ given: [String: Value], of declaration: Declaration) {
        for parameter in declaration.parameters {
            guard let target = parameter.names, let value = given[parameter.name] else { continue }
            switch value {
            case .string(let text) where !text.isEmpty: named[target, default: []].insert(text)
            // Of a command the whole list is one choice.
            case .list where target == .command: named[target] = []
            case .list(let list):
                for case .string(let text) in list.elements { named[target, default: []].insert(text) }
            default: continue
            }
        }
    }

    func contains(_ text: String, as target: Declaration.Parameter.Target) -> Bool {
        named[target]?.contains(text) ?? false
    }

    func has(_ target: Declaration.Parameter.Target) -> Bool { named[target] != nil }

    /// Whether the path is one that was chosen, or below one, however either is written.
    func reaches(_ path: String, home: String) -> Bool {
        let parts = Self.parts(of: path)
        return (named[.file] ?? []).union(named[.folder] ?? []).contains { chosen in
            parts.starts(with: Self.parts(of: chosen.hasPrefix("~/") ? home + chosen.dropFirst() : chosen))
        }
    }

    /// Without what leads nowhere.
    private static func parts(of path: String) -> [Substring] {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts
    }
}

extension Surroundings {
    /// The same world, of which what the playbook chose is behind the gate of its permissions.
    package func guarding(_ choices: Choices) -> Surroundings {
        guard !choices.isEmpty, !permissions.limits.isEmpty else { return self }
        var guarded = self
        guarded.effects = PermittedEffects(self, choices)
        return guarded
    }

    /// Before the API server is asked.
    package func mayAsk(_ verb: String, of resource: String) throws(Unknown) {
        for limit in permissions.limits {
            guard let patterns = limit.resources,
                !patterns.contains(where: { Permissions.covers(resource: $0, "\(verb):\(resource)") })
            else { continue }
            throw permissions.refusal("\(verb) \(resource)", limit)
        }
    }
}

extension Surroundings.Permissions {
    fileprivate func refusal(_ what: String, _ limit: Limit) -> Unknown {
        Unknown(.notAllowed, "\(holder) may not \(what)", hint: limit.hint)
    }
}

/// The gate to the world behind the permissions of the playbook that asks.
///
/// No collector can go around it: it is the world that the collector is given. What is compared is what is done: the
/// arguments, the URL and the path with every value filled in. What built-in collectors look at by themselves passes.
private struct PermittedEffects: Effects {
    private let surroundings: Surroundings
    private let choices: Choices
    private var permissions: Surroundings.Permissions { surroundings.permissions }
    private var effects: any Effects { surroundings.effects }

    init(_ surroundings: Surroundings, _ choices: Choices) {
        self.surroundings = surroundings
        self.choices = choices
    }

    // MARK: Files

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try mayRead(path)
        return try await effects.readFile(path, limit: limit)
    }

    func status(of path: String) async throws(Unknown) -> FileStatus {
        try mayRead(path)
        return try await effects.status(of: path)
    }

    func list(_ directory: String) async throws(Unknown) -> [String] {
        try mayRead(directory)
        return try await effects.list(directory)
    }

    func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        for name in names {
            do throws(Unknown) {
                try mayRead(directory.appending(component: name))
                entries += await effects.readEntries([name], of: directory, limit: limit)
            } catch {
                entries.append(.unreadable(error))
            }
        }
        return entries
    }

    func space(at path: String) async throws(Unknown) -> FileSystemSpace {
        try mayRead(path)
        return try await effects.space(at: path)
    }

    func clockState() async throws(Unknown) -> ClockState { try await effects.clockState() }

    func linkTarget(of path: String) async throws(Unknown) -> String {
        try mayRead(path)
        return try await effects.linkTarget(of: path)
    }

    private func mayRead(_ path: String) throws(Unknown) {
        if choices.reaches(path, home: surroundings.homeDirectory) { try check(reading: path) }
    }

    private func check(reading path: String) throws(Unknown) {
        let home = surroundings.homeDirectory
        for limit in permissions.limits {
            guard let patterns = limit.files else { continue }
            let absolute = patterns.map { $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
            guard !absolute.contains(where: { Surroundings.Permissions.covers(path: $0, path) }) else { continue }
            throw permissions.refusal("read \(path)", limit)
        }
    }

    // MARK: Commands

    func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        if command.executable == "journalctl" {
            for argument in command.arguments where argument.hasPrefix("--unit=") {
                let unit = String(argument.dropFirst("--unit=".count))
                if choices.contains(unit, as: .journal) { try check(reading: "journal:\(unit)") }
            }
        }
        if choices.has(.command) { try await check(running: [command.executable] + command.arguments) }
        return try await effects.run(command)
    }

    private func check(running argv: [String]) async throws(Unknown) {
        for limit in permissions.limits {
            guard let patterns = limit.commands, await !covers(patterns, argv) else { continue }
            let isKnown = patterns.contains { $0.first == argv[0] }
            throw permissions.refusal(
                patterns.isEmpty
                    ? "run commands (\(argv[0]))" : "run \(argv[0])" + (isKnown ? " with these arguments" : ""), limit)
        }
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
            if let status = try? await effects.status(of: path), status.kind != .directory { return path }
        }
        return nil
    }

    // MARK: The network

    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        try await effects.send(permitted(request))
    }

    func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        try await effects.send(permitted(request), to: reader)
    }

    private func permitted(_ request: HTTPRequest) throws(Unknown) -> HTTPRequest {
        guard choices.contains(request.url, as: .url) else { return request }
        let host = Surroundings.Permissions.host(of: request.url)
        try check(asking: host)
        var request = request
        // A name is somebody else's to point anywhere, also at this machine.
        request.isFarOnly = !Surroundings.Permissions.isNear(host)
        return request
    }

    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        do throws(Unknown) {
            if choices.contains(endpoint.host, as: .hostName) { try check(asking: "dns:\(endpoint.host)") }
        } catch {
            return ConnectionReport(failedAt: .resolving(error.detail))
        }
        return await effects.connect(endpoint)
    }

    func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        if choices.contains(host, as: .hostName) { try check(asking: "dns:\(host)") }
        return try await effects.resolve(host, deadlineSeconds: deadlineSeconds)
    }

    private func check(asking host: String) throws(Unknown) {
        let isName = host.hasPrefix("dns:")
        let one = isName ? "look up the name \(host.dropFirst(4))" : "send requests to \(host)"
        for limit in permissions.limits {
            guard let patterns = limit.hosts,
                !patterns.contains(where: { Surroundings.Permissions.covers(host: $0, host) })
            else { continue }
            let isKind = patterns.contains { $0 == "*" || $0.hasPrefix("dns:") == isName }
            let kind = isName ? "look up names (\(host.dropFirst(4)))" : "send requests (to \(host))"
            throw permissions.refusal(isKind ? one : kind, limit)
        }
    }
}
