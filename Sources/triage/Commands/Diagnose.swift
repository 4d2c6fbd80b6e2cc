internal import ArgumentParser
internal import Engine
internal import Playbooks
internal import Reports

/// The main job.
struct Diagnose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the cause of an error, from its text or from what can be reached.",
        discussion: """
            The text comes from the arguments, from --file, or from standard input. With none of them every playbook is \
            checked against what can be reached. What a suppressions file accepts is counted, not reported, and does not \
            count for the exit code.
            """)

    @Argument(help: "The error, as it was printed.") var text: [String] = []
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Read the text from this file; '-' is standard input.", valueName: "path"))
    var file: [String] = []
    @OptionGroup var dryRun: DryRunOptions
    @OptionGroup var options: CommonOptions
    @OptionGroup var report: ReportOptions

    func run() async throws {
        let session = await Session.open(options)
        let text = try givenText(session)
        if let text, text.allSatisfy(\.isWhitespace) { session.output.note("warning: the given text is empty") }
        let inquiry = Inquiry(text: text ?? "", inputs: options.inputs)
        if dryRun.dryRun { return try await session.printPlan(inquiry) }
        try await session.diagnose(inquiry, report)
    }

    /// `nil` where no text is given at all.
    private func givenText(_ session: Session) throws -> String? {
        var parts: [String] = []
        if !text.isEmpty { parts.append(text.joined(separator: " ")) }
        for path in file where path != "-" {
            parts.append(String(decoding: try session.readInput(path), as: UTF8.self))
        }
        if file.contains("-") || parts.isEmpty, let bytes = try Files.readStandardInput() {
            parts.append(String(decoding: bytes, as: UTF8.self))
        }
        return parts.isEmpty ? nil : parts.joined(separator: "\n")
    }
}

/// Named playbooks, whatever the text says.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run one or more playbooks by name.")

    @Argument(help: "The playbooks' names.") var names: [String]
    @OptionGroup var dryRun: DryRunOptions
    @OptionGroup var options: CommonOptions
    @OptionGroup var report: ReportOptions

    func run() async throws {
        let session = await Session.open(options)
        let playbooks = try names.map(session.playbook)
        let inquiry = Inquiry(names: playbooks.map(\.name), inputs: options.inputs)
        if dryRun.dryRun { return try await session.printPlan(inquiry) }
        try await session.diagnose(inquiry, report)
    }
}

extension Session {
    /// Diagnoses, prints, and ends the process with the answer's exit code.
    func diagnose(_ inquiry: Inquiry, _ report: ReportOptions) async throws {
        if report.ask, !self.output.isInteractive {
            throw ValidationError(
                "--ask needs a terminal to ask on (standard input and standard error); "
                    + "give --input NAME=VALUE and --platform NAME instead")
        }
        let accepted = try suppressions(report.suppressions)
        var diagnostician = try await diagnostician(text: inquiry.text)
        var investigation = await diagnostician.investigate(inquiry)
        output.endProgress()
        if report.ask { investigation = await ask(investigation, inquiry, &diagnostician) }
        if options.verbose { tell(investigation.diagnosis.skipped) }
        var diagnosis = investigation.diagnosis.suppressing(accepted.suppressions)
        diagnosis.problems =
            library.problems.filter { $0.severity == .error } + accepted.problems + diagnosis.problems
        output.result(report.output.report(output.textOptions).render(diagnosis))
        let code = diagnosis.exitCode
        if code != .nothingFound { throw ArgumentParser.ExitCode(code.rawValue) }
    }

    private func tell(_ skipped: [SkippedFact]) {
        for fact in skipped { output.note("skipped \(fact.playbook)/\(fact.fact): \(fact.detail)") }
    }

    /// The file that is named, else the one at the default place, if it is there.
    private func suppressions(_ path: String?) throws -> (suppressions: [Suppression], problems: [Problem]) {
        guard let path = path ?? places.suppressions else { return ([], []) }
        let causes = library.outlines.flatMap { playbook in playbook.causes.map { "\(playbook.name)/\($0.id)" } }
        let loaded = Suppression.load(try readInput(path), file: path, causes: causes)
        for problem in loaded.problems { output.note(problemText(problem)) }
        return (loaded.suppressions, loaded.problems.filter { $0.severity == .error })
    }
}
