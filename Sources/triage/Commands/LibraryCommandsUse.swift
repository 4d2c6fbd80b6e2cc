internal import ArgumentParser
internal import CEL
internal import Engine
internal import Libraries
internal import Playbooks
internal import Reports

struct AddLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a library: a directory, git+https://, https://…tar.gz or oci://.")

    @Argument(help: "Where it is; ?ref= names a branch, tag or commit of git, ?path= a folder in it.") var source:
        String
    @OptionGroup var options: LibraryOptions
    @OptionGroup var consent: ConsentOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        try await telling(session.output) {
            let candidate = try await home.fetched(LibraryReference(source), session)
            let manifest = candidate.package.manifest
            let old = try home.store.lock().entries[manifest.name]
            // Another tag of the same repository is another version of the same library.
            if let old,
                try !LibraryReference(candidate.source).isSamePlace(
                    as: LibraryReference(old.source), manifest.version, old.version)
            {
                throw LibraryError(
                    .nameNotGiven, "'\(manifest.name)' is pinned from \(old.source)",
                    hint: "'triage library remove \(manifest.name)' comes first")
            }
            try home.check([candidate])
            try home.agree(to: candidate, instead: old, consent, session)
            try home.commit([candidate])
            session.output.result("\(candidate.package.title) \(candidate.package.digest)\n")
        }
    }
}

struct RemoveLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a library.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        try telling(session.output) { try home.remove(name) }
    }
}

struct ListLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what is pinned, those that override last.")

    @OptionGroup var options: LibraryOptions
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let lock = try telling(session.output) { try home.store.lock() }
        let (libraries, errors) = home.inForce()
        let inForce = Dictionary(
            libraries.map { ($0.package.manifest.name, $0) }, uniquingKeysWith: { first, _ in first })
        let entries = lock.order.compactMap { name in lock.entries[name].map { (name, $0, inForce[name]) } }
        if json {
            let documents = entries.map { document($0, $1, $2) }
            session.output.result(jsonText(of: .list(CEL.List(documents))) + "\n")
        } else {
            session.output.result(
                entries.map { name, entry, library in
                    let level = library?.grant.level.rawValue ?? "not in force"
                    return "\(name) \(entry.version)  \(level)  \(entry.source)\n"
                }.joined())
        }
        for error in errors { session.output.note("error: \(error)") }
    }

    private func document(_ name: String, _ entry: LibraryLock.Entry, _ library: LibraryHome.InForce?) -> Value {
        let manifest = library?.package.manifest
        let fields: [(String, Value)] = [
            ("name", .string(name)), ("version", .string(entry.version.description)),
            ("digest", .string(entry.digest)), ("source", .string(entry.source)),
            ("transport", .string(entry.transport)), ("signers", .list(CEL.List(entry.signers.map(Value.string)))),
            ("permissionsHash", .string(entry.permissions)), ("resolvedAt", .string(entry.resolvedAt)),
            ("inForce", .bool(library != nil)), ("level", (library?.grant.level.rawValue).map(Value.string) ?? .null),
            ("channel", (manifest?.channel).map(Value.string) ?? .null),
            ("permissions", manifest.map { .list(CEL.List($0.permissions.words.map(Value.string))) } ?? .null),
        ]
        return .map(Map(fields.map { (key: .string($0), value: $1) }))
    }
}

struct UpdateLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Take what the sources have now, after showing what changed.",
        discussion: "All of it or nothing. With --locked exactly what the lock pins is fetched, and nothing changes.")

    @Argument(help: "Libraries; without any, all.") var names: [String] = []
    @Flag(help: "Only what the lock pins; anything else is refused with exit code 3.") var locked = false
    @Option(help: ArgumentHelp("With --locked: a folder that 'mirror' wrote.", valueName: "folder")) var from: String?
    @OptionGroup var options: LibraryOptions
    @OptionGroup var consent: ConsentOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        try await telling(session.output) {
            let lock = try home.store.lock()
            for name in names where lock.entries[name] == nil {
                throw LibraryError(.notInstalled, "there is no library '\(name)'")
            }
            var candidates: [LibraryHome.Candidate] = []
            for name in lock.order where names.isEmpty || names.contains(name) {
                guard let entry = lock.entries[name] else { continue }
                let candidate = try await home.fetched(
                    LibraryReference(entry.source), pinned: locked ? entry : nil, mirror: from, session)
                guard candidate.package.manifest.name == name else {
                    throw LibraryError(
                        .nameNotGiven, "\(entry.source) now calls itself '\(candidate.package.manifest.name)'")
                }
                candidates.append(candidate)
            }
            try home.check(candidates)
            for candidate in candidates {
                guard let entry = lock.entries[candidate.package.manifest.name],
                    locked || candidate.package.digest != entry.digest
                else { continue }
                try home.agree(to: candidate, instead: entry, isShown: false, consent, session)
            }
            try home.commit(candidates)
            session.output.result(candidates.map { "\($0.package.title) \($0.package.digest)\n" }.joined())
        }
    }
}

struct OutdatedLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outdated", abstract: "Say which libraries have something newer.",
        discussion: """
            A source that names a version by its tag is asked for newer tags. Exit codes: 0 none, 1 some, 3 a source \
            could not be asked or has what may not be taken.
            """)

    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let lock = try telling(session.output) { try home.store.lock() }
        var (hasNews, hasErrors) = (false, false)
        for name in lock.order {
            guard let entry = lock.entries[name] else { continue }
            do throws(LibraryError) {
                guard let news = try await home.news(name, entry, session) else { continue }
                hasNews = true
                session.output.result(news + "\n")
            } catch {
                // The others are asked all the same.
                hasErrors = true
                let isNamed = error.message.hasPrefix(name + " ")
                session.output.note("error: \(isNamed ? "" : name + ": ")\(error)")
            }
        }
        if hasErrors { throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue) }
        if hasNews { throw ArgumentParser.ExitCode(Engine.ExitCode.confirmed.rawValue) }
    }
}

extension LibraryHome {
    /// What a source has that is newer, in a line.
    fileprivate func news(
        _ name: String, _ entry: LibraryLock.Entry, _ session: Session
    ) async throws(LibraryError) -> String? {
        let other = try await newer(than: entry)
        let reference = if let other { other } else { try LibraryReference(entry.source) }
        let candidate = try await fetched(reference, session)
        let manifest = candidate.package.manifest
        guard manifest.name == name else {
            throw LibraryError(.nameNotGiven, "\(candidate.source) calls itself '\(manifest.name)'")
        }
        guard candidate.package.digest != entry.digest else { return nil }
        try checkVersion(candidate)
        let waiting = candidate.waitsUntil.map { "  from \(Timestamp(seconds: $0)) on" } ?? ""
        let how = other.map { "  (triage library add '\($0)')" } ?? ""
        return "\(name) \(entry.version) -> \(manifest.version)\(waiting)\(how)"
    }
}

struct VerifyLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a folder, or everything that is pinned: digests, signatures, policy.")

    @Argument(help: "A library's folder; without one, what is pinned.") var folder: String?
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        if let folder {
            return try telling(session.output) {
                let package = try LibraryPublishing.package(folder)
                let source = try LibraryReference(folder).description
                let signers = try home.gate.admit(package, from: source).words
                session.output.result(
                    "\(package.title) \(package.digest)\n" + signers.map { "signed by \(asOneLine($0))\n" }.joined())
            }
        }
        let (libraries, errors) = home.inForce()
        session.output.result(
            libraries.map { "\($0.package.title) \($0.package.digest) \($0.grant.level.rawValue)\n" }.joined())
        for error in errors { session.output.note("error: \(error)") }
        if !errors.isEmpty { throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue) }
    }
}

struct RollBackLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to what was pinned before; the last five states are kept.",
        discussion: "It is itself a change that can be gone back from.")

    @Argument(help: "How many states back.") var steps = 1
    @Flag(help: "Only list the states that there are.") var list = false
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        if list {
            for (steps, lock) in try telling(session.output, { try home.store.generations() }) {
                session.output.result(
                    "\(steps)  \(lock.titles.isEmpty ? "nothing" : lock.titles.joined(separator: ", "))\n")
            }
            return
        }
        let lock = try telling(session.output) { try home.rollBack(steps) }
        session.output.result(lock.titles.map { $0 + "\n" }.joined())
        if lock.titles.isEmpty { session.output.note("nothing is pinned") }
    }
}

extension LibraryLock {
    fileprivate var titles: [String] {
        order.compactMap { name in entries[name].map { "\(name) \($0.version)" } }
    }
}

struct TrustLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Show what a pinned library asks for, and agree to it.")

    @Argument(help: "Its name.") var name: String
    @Option(help: "What of it to allow: read-only, hosts, commands or remedies.") var level: TrustPolicy.Level?
    @OptionGroup var options: LibraryOptions
    @OptionGroup var consent: ConsentOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        try await telling(session.output) {
            guard let entry = try home.store.lock().entries[name] else {
                throw LibraryError(.notInstalled, "there is no library '\(name)'")
            }
            let candidate = try await home.fetched(LibraryReference(entry.source), pinned: entry, session)
            if level != nil, case .trusted(let grant) = candidate.admission.verdict {
                throw LibraryError(
                    .untrusted, "the rule for '\(grant.rule ?? "*")' in trust.yaml decides about \(name)",
                    hint: "its level says what it allows")
            }
            try home.agree(to: candidate, instead: entry, level: level, consent, session)
        }
    }
}
