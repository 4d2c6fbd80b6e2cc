internal import ArgumentParser
internal import Engine
internal import Libraries
internal import Playbooks

/// Playbooks of other teams: added, pinned, verified, updated.
struct LibraryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "library", abstract: "Libraries of playbooks: add, pin, verify, update, publish.",
        discussion: "What is pinned is in triage.lock; who is trusted is in trust.yaml and allowed_signers beside it.",
        subcommands: [
            AddLibrary.self, RemoveLibrary.self, ListLibraries.self, UpdateLibraries.self, OutdatedLibraries.self,
            VerifyLibraries.self, RollBackLibraries.self, TrustLibrary.self, PackageLibrary.self, SignLibrary.self,
            IndexLibraries.self, PushLibrary.self, PullLibrary.self, MirrorLibraries.self,
        ])
}

/// What the commands about libraries take.
struct LibraryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The lock; TRIAGE_LOCK says it too.", valueName: "file")) var lock: String?
    @Flag(help: "No network: directories and the cache alone.") var offline = false

    var session: Session { Session(CommonOptions.standard) }

    func home(_ session: Session) throws -> LibraryHome {
        try telling(session.output) {
            try LibraryHome(
                environment: session.environment, lockFile: lock, now: currentTime(), triageVersion: Version.current,
                isOffline: offline)
        }
    }
}

/// How a person or a script agrees to what a library asks for.
struct ConsentOptions: ParsableArguments {
    @Flag(
        name: .shortAndLong,
        help: "Take what a known signer changed without asking, as long as it asks for no more than before.")
    var yes = false
    @Option(
        help: ArgumentHelp(
            "Agree to exactly these permissions; once for each library that asks for others.", valueName: "hash"))
    var acceptPermissions: [String] = []
    @Option(
        help: ArgumentHelp(
            """
            Agree to who signed it, once for each key, where that is not who signed what is pinned: a fingerprint, or the \
            digest of what nobody signed.
            """, valueName: "key"))
    var signer: [String] = []

    /// Who signed and has not been named.
    fileprivate func signersToName(_ candidate: LibraryHome.Candidate) -> [String] {
        let signers = candidate.admission.signers.map(\.fingerprint)
        return (signers.isEmpty ? [candidate.package.digest] : signers).filter { !signer.contains($0) }
    }
}

extension CommonOptions {
    /// As if nothing had been typed.
    static var standard: CommonOptions { (try? CommonOptions.parse([])) ?? CommonOptions() }
}

/// An error of the libraries becomes a message and exit code 3.
func telling<Result>(_ output: Output, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as LibraryError {
        output.note("error: \(error)")
        throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}

func telling<Result>(_ output: Output, _ body: () async throws -> Result) async throws -> Result {
    do { return try await body() } catch let error as LibraryError {
        output.note("error: \(error)")
        throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}

extension TrustPolicy.Level: ExpressibleByArgument {}

extension LibraryHome {
    /// Fetches, verifies and checks, and tells what a person should know of it.
    func fetched(
        _ reference: LibraryReference, pinned: LibraryLock.Entry? = nil, mirror: String? = nil, _ session: Session
    ) async throws(LibraryError) -> Candidate {
        let candidate = try await candidate(
            reference, pinned: pinned, mirror: mirror, loader: Loader(catalogue: session.catalogue))
        for note in candidate.notes { session.output.note("warning: \(candidate.package.title): \(note)") }
        return candidate
    }

    /// Shows what a candidate is and brings, and gets a yes where one is needed.
    ///
    /// - Parameter level: what a person wants to allow; `nil`: what the policy says.
    /// - Parameter isShown: whether it is shown where nothing is new about it, too.
    func agree(
        to candidate: Candidate, instead old: LibraryLock.Entry?, level: TrustPolicy.Level? = nil,
        isShown: Bool = true, _ options: ConsentOptions, _ session: Session
    ) throws {
        let package = candidate.package
        let permissions = package.manifest.permissions
        var question: String?
        var given = level
        switch candidate.admission.verdict {
        case .trusted(let grant): given = grant.level
        case .needsConsent(let line):
            let before = try consentedLevel(line)
            if before == nil || level.map({ $0 != before }) ?? false { question = line }
            given = level ?? before
        }
        let asksForMore = old.map { $0.permissions != permissions.hash } ?? false
        // Permissions say nothing of who asks for them: whoever comes in a signer's place needs a yes of its own.
        let isKnown = old?.isVouchedFor(asBy: candidate) ?? true
        let unnamed = question == nil || isKnown ? [] : options.signersToName(candidate)
        let isAccepted = options.acceptPermissions.contains(permissions.hash) && unnamed.isEmpty
        let isNews = old?.digest != package.digest
        guard isShown || question != nil || asksForMore || isNews else { return }
        session.output.note(introduction(of: candidate, instead: old, level: given ?? gate.policy.level, session))
        guard question != nil || asksForMore || isNews && !options.yes else { return }
        if !isAccepted, question != nil || asksForMore || !options.yes {
            // What the policy trusts needs no question to be added; a change is shown and asked for.
            if question == nil, old == nil { return }
            guard session.output.isInteractive else {
                let names = unnamed.map { " --signer \($0)" }.joined()
                throw LibraryError(
                    .consentNeeded, "nobody is there to agree to \(package.title)",
                    hint: question == nil && !asksForMore
                        ? "--yes takes it"
                        : "--accept-permissions \(permissions.hash)\(names) agrees to what is shown above")
            }
            let answer = session.output.ask("Use it? [y/N]")?.lowercased() ?? ""
            guard ["y", "yes"].contains(answer) else { throw LibraryError(.consentNeeded, "not agreed to") }
        }
        if let question { try addConsent(question, level: level) }
    }

    /// What it is, who vouches for it, what it asks for and what of that it gets, and what is new about it.
    private func introduction(
        of candidate: Candidate, instead old: LibraryLock.Entry?, level: TrustPolicy.Level, _ session: Session
    ) -> String {
        let package = candidate.package
        let permissions = package.manifest.permissions
        let loader = Loader(catalogue: session.catalogue)
        let before = try? old.map { try store.package($0.digest) }.map { ($0, try $0.checkedPlaybooks(loader)) }
        let signers = candidate.admission.signers.map(\.text)
        var lines = ["\(package.title) from \(candidate.source)"]
        if old == nil { lines += package.manifest.introduction }
        lines.append("  digest       \(package.digest)")
        lines += candidate.admission.words.enumerated().map { "  \($0 == 0 ? "signed by" : "         ")    \($1)" }
        lines += [
            "  level        \(level.rawValue): \(level.words)", "  permissions  \(permissions.hash)",
        ]
        lines += permissions.words.map { "    \($0)" }
        lines += LibraryChange.words(from: before, to: (package, candidate.playbooks)).map { "  \($0)" }
        if let old {
            lines += signers.filter { !old.signers.contains($0) }.map { "  + signer \($0)" }
            lines += old.signers.filter { !signers.contains($0) }.map { "  - signer \($0)" }
        }
        // What others wrote is never more than the line that it stands in.
        return lines.map(asOneLine).joined(separator: "\n")
    }
}

/// The text with its line ends shown, not followed.
func asOneLine(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        default: result.unicodeScalars.append(scalar)
        }
    }
}

extension LibraryManifest {
    /// What its publisher says of it, for who sees it first.
    fileprivate var introduction: [String] {
        [
            ("about", description), ("owners", owners.joined(separator: ", ")), ("license", license),
            ("channel", channel == "stable" ? "" : channel),
        ].filter { !$0.1.isEmpty }.map { "  \($0.0.padding(to: 13))\($0.1)" }
    }
}

extension LibraryGate.Admission {
    /// Who signed, a line each, and what could not be checked.
    var words: [String] {
        (signers.isEmpty ? ["nobody"] : signers.map(\.text)) + unchecked.map { "not checked: \($0)" }
    }
}

extension TrustPolicy.Level {
    /// What of the permissions comes true.
    var words: String {
        switch self {
        case .readOnly: "it reads; no command of it is run and no host is asked"
        case .hosts: "it may ask the hosts below; no command of it is run"
        case .commands: "it may run the commands and ask the hosts below"
        case .remedies: "it may run the commands and ask the hosts below, and 'triage fix' its remedies"
        }
    }
}
