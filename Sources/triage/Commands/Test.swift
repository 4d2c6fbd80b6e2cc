internal import ArgumentParser
internal import Engine
internal import Libraries
internal import Playbooks
internal import Reports

/// Runs the tests that stand beside playbooks.
struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run playbook tests; no cluster and no compiler are needed.",
        discussion: "Exit codes: 0 all passed, 1 a test failed, 3 a playbook or a test cannot be used.")

    @Argument(help: "Folders of playbooks, or files; without any, the playbooks in force.") var paths: [String] = []
    @Flag(help: "Name the causes that lack a confirming, a ruling-out or a missing-fact test.") var coverage = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
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
        let problems = library.problems.filter { $0.severity == .error } + report.problems
        for problem in problems { session.output.note(problemText(problem)) }
        session.output.result(text(of: report, library, session.output))
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue) }
        if report.results.contains(where: { !$0.failures.isEmpty }) { throw ArgumentParser.ExitCode(1) }
    }

    private func text(of report: PlaybookTestRunner.Report, _ library: PlaybookLibrary, _ output: Output) -> String {
        var text = TerminalText(width: output.width)
        for result in report.results {
            if result.failures.isEmpty {
                if options.verbose { text.line("✓ \(result.playbook): \(result.name)", .green) }
                continue
            }
            text.add("✗ \(result.playbook): \(result.name)", .red)
            text.line("  \(result.location.file):\(result.location.line)", .dim)
            for failure in result.failures {
                text.wrapped("\(failure.location.line):\(failure.location.column) \(failure.what)", indent: 4, .bold)
                text.wrapped("expected \(failure.expected)", indent: 6)
                text.wrapped("found    \(failure.found)", indent: 6)
            }
        }
        let tested = Set(report.results.map(\.playbook))
        let rows = TestCoverage(of: library.playbooks.filter { tested.contains($0.name) }, by: report.results).rows
        if coverage {
            for row in rows where !row.isComplete {
                let lacks = [
                    row.isConfirmed ? nil : "confirmed", row.isRuledOut ? nil : "ruled out",
                    row.isUndetermined ? nil : "undetermined",
                ].compactMap(\.self)
                text.line("no test has \(row.playbook)/\(row.cause) \(lacks.joined(separator: ", "))", .yellow)
            }
        }
        let failed = report.results.count { !$0.failures.isEmpty }
        text.line("\(rows.count { $0.isComplete }) of \(rows.count) causes have all three kinds of test", .dim)
        text.line("\(report.results.count - failed) passed, \(failed) failed")
        return text.rendered(inColor: output.isColored)
    }
}

extension Session {
    /// The results of every test file at the paths, and of the libraries' own.
    func tests(
        at paths: [String], of playbooks: [Playbook], ofLibraries libraries: [LibraryHome.InForce]
    ) async -> PlaybookTestRunner.Report {
        let runner = PlaybookTestRunner(playbooks: playbooks, catalogue: catalogue)
        var report = PlaybookTestRunner.Report()
        for path in paths {
            let files = await PlaybookFiles(path, kind: .tests, effects: effects)
            report.problems += files.problems
            for content in files.contents {
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
