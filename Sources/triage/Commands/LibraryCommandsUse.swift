internal import ArgumentParser
internal import CEL
internal import Engine
internal import Libraries
internal import Playbooks

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
            let candidate = try await home.candidate(
                LibraryReference(source), loader: Loader(catalogue: session.catalogue))
            let old = try home.store.lock().entries[candidate.package.manifest.name]
            if let old, old.source != candidate.source {
                throw LibraryError(
                    .nameNotGiven, "'\(candidate.package.manifest.name)' is pinned from \(old.source)",
                    hint: "'triage library remove \(candidate.package.manifest.name)' comes first")
            }
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

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let lock = try telling(session.output) { try home.store.lock() }
        let levels = Dictionary(
            home.inForce().libraries.map { ($0.package.manifest.name, $0.grant.level.rawValue) },
            uniquingKeysWith: { first, _ in first })
        let lines = lock.order.compactMap { name in
            lock.entries[name].map { entry in
                "\(name) \(entry.version)  \(levels[name] ?? "not in force")  \(entry.source)\n"
            }
        }
        session.output.result(lines.joined())
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
                let candidate = try await home.candidate(
                    LibraryReference(entry.source), pinned: locked ? entry : nil, mirror: from,
                    loader: Loader(catalogue: session.catalogue))
                guard candidate.package.manifest.name == name else {
                    throw LibraryError(
                        .nameNotGiven, "\(entry.source) now calls itself '\(candidate.package.manifest.name)'")
                }
                if locked || candidate.package.digest != entry.digest {
                    try home.agree(to: candidate, instead: entry, consent, session)
                }
                candidates.append(candidate)
            }
            try home.commit(candidates)
            session.output.result(candidates.map { "\($0.package.title) \($0.package.digest)\n" }.joined())
        }
    }
}

struct OutdatedLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outdated", abstract: "Say which libraries have something newer.",
        discussion: "Exit codes: 0 none, 1 some.")

    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let lines = try await telling(session.output) {
            var lines: [String] = []
            let lock = try home.store.lock()
            for name in lock.order {
                guard let entry = lock.entries[name] else { continue }
                let candidate = try await home.candidate(
                    LibraryReference(entry.source), loader: Loader(catalogue: session.catalogue))
                guard candidate.package.digest != entry.digest else { continue }
                let waiting = candidate.waitsUntil.map { "  from \(Timestamp(seconds: $0)) on" } ?? ""
                lines.append("\(name) \(entry.version) -> \(candidate.package.manifest.version)\(waiting)\n")
            }
            return lines
        }
        session.output.result(lines.joined())
        if !lines.isEmpty { throw ArgumentParser.ExitCode(Engine.ExitCode.confirmed.rawValue) }
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
                let signers = try home.gate.admit(package, from: source).signers.map(\.text)
                session.output.result(
                    "\(package.title) \(package.digest)\nsigned by \(signers.isEmpty ? "nobody" : signers.joined(separator: ", "))\n"
                )
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
        commandName: "rollback", abstract: "Go back to what was pinned before; the last five states are kept.")

    @Argument(help: "How many states back.") var steps = 1
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let lock = try telling(session.output) { try home.rollBack(steps) }
        session.output.result(lock.order.map { "\($0) \(lock.entries[$0]?.version.description ?? "")\n" }.joined())
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
            let candidate = try await home.candidate(
                LibraryReference(entry.source), pinned: entry, loader: Loader(catalogue: session.catalogue))
            if level != nil, case .trusted(let grant) = candidate.admission.verdict {
                throw LibraryError(
                    .untrusted, "the rule for '\(grant.rule ?? "*")' in trust.yaml decides about \(name)",
                    hint: "its level says what it allows")
            }
            try home.agree(to: candidate, instead: entry, level: level, consent, session)
        }
    }
}
