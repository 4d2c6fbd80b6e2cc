internal import ArgumentParser
internal import Collectors
internal import Engine
internal import Facts
internal import Libraries
internal import Playbooks
internal import Reports

/// Checks playbooks without running them.
struct Lint: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif }

    static let configuration = CommandConfiguration(
        abstract: "Check playbooks: every problem with its place, what was expected, and a suggestion.",
        discussion: "Exit codes: 0 no errors, 3 errors (with --strict, warnings too).")

    @Argument(help: "Files or folders; without any, the playbooks in force.") var paths: [String] = []
    @Option(name: .shortAndLong, help: "How to write the problems.") var output: Format = .text
    @Flag(help: "Warnings fail as errors do.") var strict = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        var session = Session(options)
        if paths.isEmpty { session.openLibraries() }
        let scope = LintScope(paths.isEmpty ? session.places.playbooks : paths)
        let library = await PlaybookLibrary.load(
            from: scope.folders, libraries: session.libraries.map(\.package.verified),
            behind: session.places.builtIn == nil ? 0 : 1, loader: Loader(catalogue: session.catalogue),
            effects: session.effects)
        var problems = library.problems.filter { scope.includes($0.location.file) }
        for file in scope.files {
            problems += await PlaybookFiles(file, kind: .playbooks, effects: session.effects).problems
        }
        let playbooks = library.playbooks.filter { scope.includes($0.location.file) }
        let tests = await session.tests(
            at: scope.folders, of: library.playbooks, ofLibraries: session.libraries,
            about: scope.files.isEmpty ? nil : Set(playbooks.map(\.name)))
        // A path that cannot be read was asked for playbooks and for tests.
        problems += tests.problems.filter { !problems.contains($0) }
        let shown = TestCoverage(of: library.playbooks, by: tests.results).shown
        for playbook in playbooks { problems += playbook.lint(catalogue: session.catalogue, tests: shown) }
        switch output {
        case .json: session.output.result(jsonText(of: problems))
        case .sarif: session.output.result(sarifText(of: problems))
        case .text: session.output.result(text(of: problems, count: playbooks.count, session))
        }
        if problems.contains(where: { strict || $0.severity == .error }) {
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
    }

    private func text(of problems: [Problem], count: Int, _ session: Session) -> String {
        var sources: [String: String] = [:]
        let texts = problems.map { problem in
            let file = problem.location.file
            if sources[file] == nil {
                let bytes = session.libraryContent(of: file) ?? (try? Files.read(file, limit: 1 << 21))
                sources[file] = bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
            return problemText(problem, source: sources[file]) + "\n"
        }
        let errors = problems.count { $0.severity == .error }
        return texts.joined()
            + "\(count) playbooks, \(errors) errors, \(problems.count - errors) warnings\n"
    }
}

/// What is looked at: a file that is named by itself stands among its neighbours, since it may use parts of them; what is
/// wrong with those is not told.
private struct LintScope {
    var folders: [String] = []
    var files: [String] = []
    private var whole: [String] = []

    init(_ paths: [String]) {
        for path in paths {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard let name = parts.last, [".yaml", ".yml"].contains(where: name.hasSuffix),
                ![".yaml", ".yml"].contains(where: { name.hasSuffix("_test" + $0) })
            else {
                folders.append(path)
                whole.append(path)
                continue
            }
            let above = parts.dropLast().joined(separator: "/")
            let folder = parts.count == 1 ? "." : above.isEmpty ? "/" : above
            files.append(path)
            if !folders.contains(folder) { folders.append(folder) }
        }
    }

    func includes(_ file: String) -> Bool {
        files.isEmpty || whole.contains { file == $0 || file.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
            || files.contains { Self.plain($0) == Self.plain(file) }
    }

    private static func plain(_ path: String) -> Substring { path.hasPrefix("./") ? path.dropFirst(2) : path[...] }
}
