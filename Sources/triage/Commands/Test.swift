internal import ArgumentParser
internal import Engine
internal import Libraries
internal import Playbooks
internal import Reports

/// Runs the tests that stand beside playbooks.
struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run playbook tests; no cluster and no compiler are needed.",
        discussion: """
            With --record the arguments are names of playbooks: what they find here, or in the snapshot, becomes a test. \
            Secrets are removed as they are from facts; read it before you give it away. Exit codes: 0 all passed, 1 a \
            test failed, 3 a playbook or a test cannot be used.
            """)

    @Argument(
        help: """
            Folders of playbooks, or files; without any, the playbooks in force. With --record, names of playbooks.
            """)
    var paths: [String] = []
    @OptionGroup var recording: RecordOptions
    @Flag(help: "Name what no test shows: of causes a status, of remedies the commands, of conditions a way to go.")
    var coverage = false
    @Flag(help: "As JSON, with what no test shows.") var json = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        if recording.record { return try await Session.open(options).record(paths, recording) }
        var session = Session(options)
        session.openLibraries()
        let folders = session.places.playbooks + paths.map(Session.playbookFolder)
        let library = await PlaybookLibrary.load(
            from: folders, libraries: session.libraries.map(\.package.verified),
            behind: session.places.builtIn == nil ? 0 : 1, loader: Loader(catalogue: session.catalogue),
            effects: session.effects)
        let report = await session.tests(
            at: paths.isEmpty ? session.places.playbooks : paths, of: library.playbooks,
            ofLibraries: paths.isEmpty ? session.libraries : [])
        let errors = library.problems.filter { $0.severity == .error }
        // A path that cannot be read was asked for playbooks and for tests.
        let problems = errors + report.problems.filter { !errors.contains($0) }
        for problem in problems { session.output.note(problemText(problem)) }
        let names = Set(report.results.map(\.playbook))
        let tested = library.playbooks.filter { names.contains($0.name) }
        let tests = TestCoverage(of: tested, by: report.results)
        let branches = BranchCoverage(of: tested, by: report.results)
        session.output.result(
            json
                ? testReportJSON(of: report, tests, branches)
                : testReportText(
                    of: report, tests, branches, namingPassed: options.verbose, namingGaps: coverage,
                    session.output.textOptions))
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue) }
        if report.results.contains(where: { !$0.failures.isEmpty }) { throw ArgumentParser.ExitCode(1) }
    }
}

extension Session {
    /// The results of every test file at the paths, and of the libraries' own.
    ///
    /// - Parameter names: only the files of these playbooks' tests, by the files' names.
    func tests(
        at paths: [String], of playbooks: [Playbook], ofLibraries libraries: [LibraryHome.InForce],
        about names: Set<String>? = nil
    ) async -> PlaybookTestRunner.Report {
        let runner = PlaybookTestRunner(playbooks: playbooks, catalogue: catalogue)
        var report = PlaybookTestRunner.Report()
        for path in paths {
            let files = await PlaybookFiles(path, kind: .tests, effects: effects)
            report.problems += files.problems
            for content in files.contents where names.map({ Self.isTest(content.file, ofAny: $0) }) ?? true {
                let one = await runner.run(content.bytes, file: content.file)
                report.results += one.results
                report.problems += one.problems
            }
        }
        for library in libraries {
            for content in library.package.tests {
                let one = await runner.run(content.bytes, file: content.file)
                report.results += one.results
                report.problems += one.problems
            }
        }
        return report
    }

    private static func isTest(_ file: String, ofAny names: Set<String>) -> Bool {
        let name = file.split(separator: "/").last ?? ""
        return names.contains { name == "\($0)_test.yaml" || name == "\($0)_test.yml" }
    }

    /// The folder of the playbooks that a path's tests are about: itself, or the one above `tests`.
    static func playbookFolder(_ path: String) -> String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.last, last.hasSuffix("_test.yaml") || last.hasSuffix("_test.yml") || last == "tests"
        else {
            return path
        }
        parts.removeLast()
        if parts.last == "tests" { parts.removeLast() }
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }
}
