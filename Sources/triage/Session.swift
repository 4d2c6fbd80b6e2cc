internal import ArgumentParser
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import FoundationEssentials
internal import Glibc
internal import Libraries
internal import Playbooks
internal import Reports

// `@inline(never)` on what throws below: inlined into commands' asynchronous `run`, it makes the optimiser of Swift 6.3.1
// crash ("while splitting coroutine").

/// What a command works with: the playbooks in force, and where facts come from.
struct Session: Sendable {
    let options: CommonOptions
    let environment: [String: String]
    let output: Output
    let places: Places
    let effects: any Effects
    let catalogue = Catalogue.builtIn
    /// Empty until `open` has read it.
    private(set) var library = PlaybookLibrary()
    /// The pinned libraries, verified; their playbooks are in `library`.
    private(set) var libraries: [LibraryHome.InForce] = []

    /// Without the library, for commands that look at other playbooks than those in force.
    init(_ options: CommonOptions) {
        self.options = options
        environment = ProcessInfo.processInfo.environment
        output = options.output(environment: environment)
        places = Places(environment: environment, given: options.playbooks)
        let system = SystemEffects(environment: environment)
        effects = options.offline ? OfflineEffects(files: system) : system
    }

    static func open(_ options: CommonOptions) async -> Session {
        var session = Session(options)
        if session.places.builtIn == nil {
            session.output.note("warning: the built-in playbooks are not beside this binary; only given ones are known")
        }
        session.openLibraries()
        session.library = await PlaybookLibrary.load(
            from: session.places.playbooks, libraries: session.libraries.map(\.package.verified),
            behind: session.places.builtIn == nil ? 0 : 1, loader: Loader(catalogue: session.catalogue),
            effects: session.effects, shelf: .inCache(environment: session.environment),
            tell: { [output = session.output] in Self.tell($0, output) })
        Self.tell(session.library.problems, session.output)
        return session
    }

    private static func tell(_ problems: [Problem], _ output: Output) {
        for problem in problems { output.note(problemText(problem)) }
    }

    /// What cannot be verified is told and left out; the rest works on.
    mutating func openLibraries() {
        do throws(LibraryError) {
            let home = try LibraryHome(
                environment: environment, now: currentTime(), triageVersion: Version.current, isOffline: true)
            let (libraries, errors) = home.inForce()
            self.libraries = libraries
            for error in errors { output.note("error: \(error)") }
        } catch {
            output.note("error: \(error)")
        }
    }

    /// The library that a playbook came with; `nil` for what is the person's own or built in.
    func library(of playbook: Playbook) -> LibraryHome.InForce? {
        libraries.first { playbook.file.hasPrefix($0.package.filePrefix) }
    }

    /// The libraries whose word a remedy is: that of the playbook, and that of the overlay which brought it.
    func libraries(of remedy: Remedy, in playbook: Playbook) -> [LibraryHome.InForce] {
        libraries.filter {
            playbook.file.hasPrefix($0.package.filePrefix) || remedy.location.file.hasPrefix($0.package.filePrefix)
        }
    }

    /// The playbooks' diagnostician over the world, or over the snapshot that the options name.
    func diagnostician(text: String = "") async throws -> Diagnostician {
        let source = try await factSource(text: text)
        let output = output
        let isVerbose = options.verbose
        var diagnostician = Diagnostician(
            library: library, catalogue: catalogue, source: source,
            limits: Diagnostician.Limits(
                factSeconds: max(min(15, options.timeout), options.timeout / 2), totalSeconds: options.timeout),
            progress: { event in
                switch event {
                case .collecting(let key): output.progress("collecting \(key.collector)")
                case .collected(let fact):
                    guard isVerbose else { return }
                    let result = (try? fact.result.get()) == nil ? "unknown" : "collected"
                    output.note("\(result) \(fact.key.collector) from \(fact.provenance.source)")
                }
            })
        // Every request of a library's playbook is bound to what that library may do.
        for library in libraries { diagnostician.permissions[library.package.filePrefix] = library.permissions }
        diagnostician.redaction = try redaction()
        diagnostician.givenPlatform = options.platform
        return diagnostician
    }

    /// What the person wants removed beside secrets.
    func redaction() throws -> RedactionPatterns {
        var sources = options.redact
        for path in options.redactFile {
            sources += String(decoding: try readInput(path), as: UTF8.self).split(whereSeparator: \.isNewline)
                .map(String.init).filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
        }
        do throws(Pattern.Failure) { return try RedactionPatterns(sources) } catch {
            throw ValidationError("--redact: \(error.message)")
        }
    }

    func factSource(text: String) async throws -> FactSource {
        let now = try judgedTime()
        if let path = options.snapshot, isCapture(path) {
            return .live(try capture(path).surroundings(text: text, namespace: options.namespace, now: now))
        }
        if let path = options.snapshot {
            var snapshot = try await savedFacts(path)
            if let now { snapshot.now = now }
            return .snapshot(snapshot)
        }
        let surroundings = Surroundings(
            environment: environment, homeDirectory: environment["HOME"] ?? "/root",
            selection: Surroundings.Selection(
                kubeconfig: options.kubeconfig, context: options.context, namespace: options.namespace),
            text: text, now: now ?? currentTime(), effects: effects,
            permissions: options.allowCommands ? .all : .none)
        if !options.offline {
            for warning in await ServerWarnings.of(surroundings) { output.note("warning: \(warning)") }
        }
        return .live(surroundings)
    }

    /// Whether this is something else than triage's own format: a folder, or a file that is no snapshot.
    func isCapture(_ path: String) -> Bool {
        if Files.isFolder(path) { return true }
        guard !SnapshotArchive.isArchive(path), let start = try? Files.start(of: path, count: 512) else { return false }
        return !Snapshot.isOwnFormat(start)
    }

    /// What another tool collected; what it does not say of itself is told.
    func capture(_ path: String) throws -> Capture {
        let capture: Capture
        do throws(Unknown) { capture = try Capture.open(path) } catch {
            output.note("error: \(error.detail)")
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        for reason in capture.unreadable { output.note("warning: \(reason): it is left out") }
        output.note("looking at the \(capture.title), of \(capture.collectedAt)")
        if options.namespace == nil, !capture.namespaces.isEmpty {
            let own =
                capture.ownNamespace.map { "; the namespace \($0) is looked at" } ?? "; -n NAME looks at one of them"
            output.note("it holds the namespaces \(capture.namespaces.joined(separator: ", "))\(own)")
        }
        return capture
    }

    func savedFacts(_ path: String) async throws -> Snapshot {
        if SnapshotArchive.isArchive(path) {
            do throws(Snapshot.Issue) { return try SnapshotArchive.open(path, catalogue: catalogue) } catch {
                output.note(problemText(error.problem(file: path)))
                throw ExitCode(Engine.ExitCode.badInput.rawValue)
            }
        }
        let bytes = try readInput(path)
        let (snapshot, problems) = Snapshot.load(bytes, file: path, catalogue: catalogue)
        for problem in problems { output.note(problemText(problem)) }
        guard let snapshot else { throw ExitCode(Engine.ExitCode.badInput.rawValue) }
        return snapshot
    }

    /// A file of a pinned library by the name that it goes by; `nil` where it is none.
    func libraryContent(of path: String) -> [UInt8]? {
        libraries.lazy.compactMap { $0.package.content(of: path) }.first
    }

    /// A file that a person named, or one of a library; what cannot be read is bad input.
    @inline(never)
    func readInput(_ path: String) throws -> [UInt8] {
        if let content = libraryContent(of: path) { return content }
        do {
            return try Files.read(path)
        } catch {
            output.note("error: \(error)")
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
    }

    /// The text in the file that an option names, `-` being standard input; empty where it names none.
    @inline(never)
    func text(from path: String?) throws -> String {
        guard let path else { return "" }
        let bytes = path == "-" ? try Files.readStandardInput() ?? [] : try readInput(path)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func judgedTime() throws -> Timestamp? {
        guard let text = options.now else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw ValidationError("--now takes a time such as 2026-11-24T08:00:00Z, not '\(text)'")
        }
        return time
    }

    /// `library/playbook`, also where another playbook of that name overrides it.
    func libraryPlaybook(_ name: String) -> Playbook? {
        let parts = name.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return nil }
        return ([library[parts[1]]].compactMap(\.self) + library.hidden).first {
            $0.name == parts[1] && library(of: $0)?.package.manifest.name == parts[0]
        }
    }

    /// The playbook of that name, or an error that offers the nearest ones.
    @inline(never)
    func playbook(_ name: String) throws -> Playbook {
        if let playbook = library[name] { return playbook }
        if let playbook = libraryPlaybook(name) {
            // What is overridden would be run under the name of what overrides it.
            guard let other = library[playbook.name], other.file != playbook.file else { return playbook }
            output.note("error: '\(name)' is overridden by \(other.file); 'triage show \(name)' shows it")
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        if library.isBroken(name) {
            output.note("error: the playbook '\(name)' cannot be used before that is mended")
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let nearest = nearestName(to: name, among: library.outlines.map(\.name))
        output.note(
            "error: there is no playbook '\(name)'"
                + (nearest.map { "; did you mean '\($0)'?" } ?? "; 'triage list' names them all"))
        throw ExitCode(Engine.ExitCode.badInput.rawValue)
    }

    /// `playbook/cause`, both checked.
    @inline(never)
    func cause(_ reference: String) throws -> (playbook: Playbook, cause: Cause) {
        let parts = reference.split(separator: "/", maxSplits: 1).map(String.init)
        let playbook = try playbook(parts[0])
        if parts.count == 2, let cause = playbook.causes.first(where: { $0.id == parts[1] }) {
            return (playbook, cause)
        }
        let nearest = parts.count == 2 ? nearestName(to: parts[1], among: playbook.causes.map(\.id)) : nil
        output.note(
            "error: '\(reference)' names no cause"
                + (nearest.map { "; did you mean '\(playbook.name)/\($0)'?" }
                    ?? "; expected \(playbook.name)/ and one of \(playbook.causes.map(\.id).joined(separator: ", "))"))
        throw ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}

extension IndexShelf {
    /// In the person's cache; what is not there is parsed.
    static func inCache(environment: [String: String]) -> IndexShelf {
        let store = IndexStore(environment: environment)
        return IndexShelf(
            digest: IndexStore.digest, read: { store.read($0) }, write: { store.write($0, $1) },
            file: IndexStore.file, symptomSearch: { SymptomIndex.bytes(of: $0) }, time: { currentTime().seconds },
            program: Version.current)
    }
}

func currentTime() -> Timestamp {
    let seconds = Date().timeIntervalSince1970
    return Timestamp(
        seconds: Int64(seconds.rounded(.down)), nanoseconds: Int32((seconds - seconds.rounded(.down)) * 1e9))
}

/// Whether this process is root already, so that nothing needs sudo.
var isPrivileged: Bool { geteuid() == 0 }
