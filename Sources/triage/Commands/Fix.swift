internal import ArgumentParser
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import Libraries
internal import Playbooks
internal import Reports

/// Mends what a playbook finds, with a person saying yes to every step.
struct Fix: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mend a confirmed cause: preview, ask, run, verify, roll back.",
        discussion: """
            Nothing runs without a yes; a destructive remedy wants its name typed. Afterwards the facts are collected \
            again and the cause's condition is evaluated again; what goes wrong can be rolled back. Exit codes: 0 mended or nothing to mend, 1 still there, \
            2 could not be verified, 3 not possible here.
            """)

    @Argument(help: ArgumentHelp("A playbook, or one cause of it.", valueName: "playbook[/cause]")) var name: String
    @Option(help: ArgumentHelp("The remedy to take; without it, the first that applies.", valueName: "id"))
    var remedy: String?
    @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Say yes to every step of a safe remedy.") var yes = false
    @Option(
        help: ArgumentHelp(
            "Write what happened here: Markdown where it ends with .md, else JSON Lines; repeatable.", valueName: "file"
        ))
    var transcript: [String] = []
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = await Session.open(options)
        let (playbook, wanted) = try target(session)
        if !dryRun { try checkPermission(to: playbook, session) }
        // Another tool's capture looks like a live system, and its faults are not this machine's.
        if options.snapshot != nil, !dryRun {
            session.output.note("error: a snapshot cannot be mended; --dry-run shows what would be done")
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let diagnostician = try await session.diagnostician()
        let diagnosis = await diagnostician.diagnose(Inquiry(names: [playbook.name], inputs: options.inputs))
        session.output.endProgress()
        let confirmed = diagnosis.findings.filter {
            $0.status == .confirmed && $0.playbook == playbook.name && (wanted == nil || $0.cause == wanted)
        }
        guard let finding = confirmed.first else {
            session.output.result("Nothing to mend: no cause of \(playbook.name) is confirmed.\n")
            if diagnosis.exitCode == .undetermined { throw ArgumentParser.ExitCode(2) }
            return
        }
        guard let chosen = remedy.map({ id in finding.remedies.first { $0.id == id } }) ?? finding.remedies.first else {
            session.output.note(
                "error: no such remedy applies to \(finding.cause); these do: "
                    + finding.remedies.map(\.id).joined(separator: ", "))
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let log = Transcript()
        let remediation = remediation(chosen, diagnostician, log, session)
        let changes = remediation.knownChanges(of: chosen)
        session.output.result(preview(of: chosen, for: finding, changes, session.output))
        guard !dryRun else { return }
        try checkPermission(toRun: chosen.id, of: playbook, session)
        try await perform(chosen, for: finding, remediation, log, session)
    }

    /// A library's remedies run where its level says so and it asks for it.
    private func checkPermission(to mend: Playbook, _ session: Session) throws {
        if let library = session.library(of: mend) { try checkPermission(of: library, session) }
    }

    /// An overlay's remedy is the word of the overlay's library, whatever that of the playbook may do.
    private func checkPermission(toRun remedy: String, of playbook: Playbook, _ session: Session) throws {
        guard let remedy = playbook.remedies.first(where: { $0.id == remedy }) else { return }
        for library in session.libraries(of: remedy, in: playbook) { try checkPermission(of: library, session) }
    }

    private func checkPermission(of library: LibraryHome.InForce, _ session: Session) throws {
        guard let reason = library.remedyRefusal else { return }
        session.output.note("error: the library \(library.package.title) \(reason); --dry-run shows them")
        throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }

    private func target(_ session: Session) throws -> (Playbook, String?) {
        guard name.contains("/") else { return (try session.playbook(name), nil) }
        let (playbook, cause) = try session.cause(name)
        return (playbook, cause.id)
    }

    private func preview(
        of remedy: ProposedRemedy, for finding: Finding, _ changes: [(files: [String], objects: Bool)], _ output: Output
    ) -> String {
        var text = TerminalText(width: output.width)
        text.add("✗ \(finding.playbook)/\(finding.cause)", .red)
        text.wrapped("  \(finding.because.isEmpty ? finding.title : finding.because)", indent: 2)
        text.add("  \(remedy.title)", .bold)
        text.line("  \(remedy.risk.rawValue)", remedy.risk == .safe ? .green : .yellow)
        for (number, (step, change)) in zip(remedy.steps, changes).enumerated() {
            text.wrapped("    \(number + 1). \(line(of: step))", indent: 7)
            if !change.files.isEmpty { text.wrapped("names \(change.files.joined(separator: ", "))", indent: 7, .dim) }
            if change.objects {
                text.wrapped("changes objects of the cluster: shown before you say yes", indent: 7, .dim)
            }
        }
        for note in remedy.notes { text.wrapped("    \(note)", indent: 4, .yellow) }
        if !remedy.rollback.isEmpty {
            text.line("  To undo it", .dim)
            for step in remedy.rollback { text.wrapped("- \(line(of: step))", indent: 4, .dim) }
        }
        text.wrapped("mended when \(remedy.verify ?? "the cause's condition no longer holds")", indent: 2, .dim)
        return text.rendered(inColor: output.isColored)
    }

    private func remediation(
        _ remedy: ProposedRemedy, _ diagnostician: Diagnostician, _ log: Transcript, _ session: Session
    ) -> Remediation {
        let output = session.output
        let saysYes = yes && remedy.risk == .safe
        let effects = session.effects
        let deadline = max(60, options.timeout)
        let isRoot = isPrivileged
        // The commands of a remedy work on the file that was looked at.
        let environment = options.kubeconfig.map { ["KUBECONFIG": $0] } ?? [:]
        var remediation = Remediation(
            diagnostician: diagnostician,
            ask: { question in answer(question, output, saysYes: saysYes) },
            run: { arguments, needsRoot throws(Unknown) in
                let argv = needsRoot && !isRoot ? ["sudo", "-n"] + arguments : arguments
                return try await effects.run(
                    Command(
                        argv[0], Array(argv.dropFirst()), environment: environment, deadlineSeconds: deadline))
            },
            report: { event in
                log.add(event)
                if let line = line(of: event) { output.note(line) }
            })
        remediation.read = { path in await content(of: path, effects) }
        remediation.redact = { $0.withoutSecrets }
        return remediation
    }

    private func perform(
        _ remedy: ProposedRemedy, for finding: Finding, _ remediation: Remediation, _ log: Transcript,
        _ session: Session
    ) async throws {
        let output = session.output
        guard output.isInteractive || (yes && remedy.risk == .safe) else {
            output.note("error: nobody is there to say yes; run it on a terminal, or with --dry-run")
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        // What cannot be written down is not begun.
        try write(log, session)
        let outcome = await remediation.fix(
            playbook: finding.playbook, cause: finding.cause, remedy: remedy.id, inputs: options.inputs)
        output.endProgress()
        try write(log, session)
        if let code = status(of: outcome) { throw ArgumentParser.ExitCode(code) }
    }

    private func write(_ log: Transcript, _ session: Session) throws {
        for path in transcript {
            do throws(FileFailure) {
                try Files.write(Array((path.hasSuffix(".md") ? log.markdown : log.jsonLines).utf8), to: path)
            } catch {
                session.output.note("error: \(error)")
                throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
            }
        }
    }

    private func status(of outcome: Remediation.Outcome) -> Int32? {
        switch outcome {
        case .fixed, .notNeeded(.ruledOut): nil
        case .notNeeded, .unverified: 2
        case .notFixed, .stepFailed, .declined, .rolledBack, .rollbackFailed: 1
        case .notPossible: 3
        }
    }
}

private func answer(_ question: Remediation.Question, _ output: Output, saysYes: Bool) -> Remediation.Answer {
    switch question {
    case .begin(let remedy):
        if remedy.risk == .destructive {
            let typed = output.ask("This destroys data. Type '\(remedy.id)' to go on:")
            return typed == remedy.id ? .yes : .stop
        }
        return saysYes || isYes(output.ask("\(remedy.title) (\(remedy.risk.rawValue))? [y/N]")) ? .yes : .stop
    case .step(let step, let number, let count, let foreseen):
        for change in foreseen { output.note("it would change \(change.name):\n\(change.diff)") }
        if saysYes { return .yes }
        let reply = output.ask("step \(number) of \(count): \(line(of: step)) [y]es, [s]kip, [N]o:")
        if isYes(reply) { return .yes }
        return reply?.lowercased().hasPrefix("s") == true ? .skip : .stop
    case .rollBack(let steps):
        // Undoing is never done unasked: it changes things too.
        let list = steps.map(line).joined(separator: "; ")
        return isYes(output.ask("undo what was done (\(list))? [y/N]")) ? .yes : .stop
    }
}

private func isYes(_ reply: String?) -> Bool { ["y", "yes"].contains(reply?.lowercased() ?? "") }

private func line(of step: ProposedRemedy.Step) -> String {
    switch step {
    case .run(let arguments, let isPrivileged): "$ " + commandLine(arguments, isPrivileged: isPrivileged)
    case .say(let sentence): sentence
    }
}

private func line(of event: Remediation.Event) -> String? {
    switch event {
    case .planned, .declined: nil
    case .skipped(let step): "skipped: \(line(of: step))"
    case .said(let sentence): sentence
    case .running(let arguments, let isPrivileged): "$ \(commandLine(arguments, isPrivileged: isPrivileged))"
    case .ran(_, let result):
        String(decoding: result.standardOutput + result.standardError, as: UTF8.self)
            + (result.exitCode == 0 ? "" : "exit code \(result.exitCode)")
    case .changed(let changes): changes.map { "changed \($0.name):\n\($0.diff)" }.joined(separator: "\n")
    case .rechecked(let status): status == .confirmed ? nil : "looked again before the first step: \(status.rawValue)"
    case .couldNotRun(_, let unknown): "could not run: \(unknown.detail)"
    case .verified(let condition, let status): "looked again: \(condition) is \(status.rawValue)"
    case .rollingBack: "undoing"
    case .finished(let outcome): "outcome: \(outcome.words)"
    }
}

/// What stands in a file, in words where it is no text; private keys are not shown.
private func content(of path: String, _ effects: any Effects) async -> StepChanges.Content {
    do throws(Unknown) {
        let status = try await effects.status(of: path)
        guard status.kind == .regular else {
            return .other(status.kind == .directory ? "a directory" : "no plain file")
        }
        let bytes = try await effects.readFile(path, limit: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else { return .other("\(bytes.count) bytes") }
        return text.contains("PRIVATE KEY") ? .other("a private key of \(bytes.count) bytes") : .text(text)
    } catch {
        return .other(error.reason == .notFound ? "not there" : "cannot be read")
    }
}
