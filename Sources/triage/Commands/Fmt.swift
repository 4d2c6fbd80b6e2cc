internal import ArgumentParser
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// Writes playbooks and their tests in the canonical form.
struct Fmt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put playbooks and their tests into the canonical form; comments stay.",
        discussion: """
            The keys in the order of the format, two spaces a level, no stray blanks. A file that would load otherwise \
            is never written. Exit codes: 0 all is in form, 1 with --check where a file is not, 3 a file cannot be \
            formatted.
            """)

    @Argument(help: "Files or folders.") var paths: [String]
    @Flag(help: "Write nothing; name the files that are not in form.") var check = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = Session(options)
        var isSound = true
        var changed: [String] = []
        for content in await contents(session, &isSound) {
            do throws(FormattedText.Refusal) {
                let formatted = try FormattedText(content.bytes, file: content.file)
                guard formatted.bytes != content.bytes else { continue }
                changed.append(content.file)
                if !check { isSound = write(formatted.bytes, to: content.file, session) && isSound }
            } catch {
                isSound = false
                tell(error, of: content.file, session)
            }
        }
        session.output.result(changed.map { $0 + "\n" }.joined())
        if !isSound { throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue) }
        if check, !changed.isEmpty { throw ArgumentParser.ExitCode(1) }
    }

    /// The files at the paths, each once.
    private func contents(_ session: Session, _ isSound: inout Bool) async -> [PlaybookFiles.Content] {
        var contents: [PlaybookFiles.Content] = []
        var problems: [Problem] = []
        for path in paths {
            for kind in [PlaybookFiles.Kind.playbooks, .tests] {
                let files = await PlaybookFiles(path, kind: kind, effects: session.effects)
                contents += files.contents.filter { one in !contents.contains { $0.file == one.file } }
                problems += files.problems.filter { !problems.contains($0) }
            }
        }
        for problem in problems { session.output.note(problemText(problem)) }
        if problems.contains(where: { $0.severity == .error }) { isSound = false }
        return contents
    }

    private func write(_ bytes: [UInt8], to path: String, _ session: Session) -> Bool {
        do throws(FileFailure) { try Files.replace(bytes, at: path) } catch {
            session.output.note("error: \(error)")
            return false
        }
        return true
    }

    private func tell(_ refusal: FormattedText.Refusal, of file: String, _ session: Session) {
        switch refusal {
        case .hasProblems(let problems):
            for problem in problems { session.output.note(problemText(problem)) }
        case .wouldChangeMeaning:
            session.output.note("error: \(file): no line of it can be moved without changing what it says")
        }
    }
}
