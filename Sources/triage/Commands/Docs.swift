internal import ArgumentParser
internal import CEL
internal import Engine
internal import Libraries
internal import Playbooks
internal import Reports

/// Pages of a library to browse, as HTML and Markdown.
struct Docs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write pages about the playbooks: HTML and Markdown, to be browsed without triage.",
        discussion: """
            An index with a search by symptom, and a page a playbook: symptoms, the causes with what decides them, \
            remedies, and which tests pass. The tests are run for it. Exit code 3: the folder cannot be written to.
            """)

    @Argument(help: "The name of a pinned library, or a folder of playbooks; without it, those in force.")
    var library: String?
    @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The folder.", valueName: "folder"))
    var folder: String
    @Option(help: "What the pages are called; otherwise the library's name.") var title: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let (session, subject) = try await subject()
        let report = await session.tests(
            at: subject.tests, of: session.library.playbooks, ofLibraries: subject.libraries)
        let permissions = subject.playbooks.map { playbook in
            (playbook.name, Permissions(of: [playbook], catalogue: session.catalogue).words)
        }
        let site = LibrarySite(
            title: title ?? subject.title, description: subject.description, playbooks: subject.playbooks,
            tests: report, permissions: Dictionary(permissions, uniquingKeysWith: { first, _ in first }))
        try write(site, session)
        let failed = report.results.count { !$0.failures.isEmpty }
        session.output.result(
            "\(folder)/index.html: \(subject.playbooks.count) playbooks, \(report.results.count - failed) tests pass"
                + (failed == 0 ? "\n" : ", \(failed) fail\n"))
    }

    /// What the pages are about.
    private struct Subject {
        var title = "Playbooks"
        var description = ""
        var playbooks: [Playbook]
        /// Folders whose tests are run.
        var tests: [String] = []
        /// Libraries whose own tests are run.
        var libraries: [LibraryHome.InForce] = []
    }

    @inline(never)
    private func subject() async throws -> (Session, Subject) {
        guard let library, Files.isFolder(library) else {
            let session = await Session.open(options)
            return (session, try subject(in: session))
        }
        let folder = Files.isFolder("\(library)/playbooks") ? "\(library)/playbooks" : library
        var chosen = options
        chosen.playbooks.append(folder)
        let session = await Session.open(chosen)
        // As the files are called, which may not be as it was typed.
        let place = session.places.playbooks.last ?? folder
        let manifest = try? LibraryPublishing.package(library).manifest
        return (
            session,
            Subject(
                title: manifest?.name ?? "Playbooks", description: manifest?.description ?? "",
                playbooks: session.library.playbooks.filter { $0.file.hasPrefix(place) }, tests: [place])
        )
    }

    private func subject(in session: Session) throws -> Subject {
        guard let library else {
            return Subject(
                playbooks: session.library.playbooks, tests: session.places.playbooks, libraries: session.libraries)
        }
        guard let found = session.libraries.first(where: { $0.package.manifest.name == library }) else {
            let nearest = nearestName(to: library, among: session.libraries.map(\.package.manifest.name))
            session.output.note(
                "error: '\(library)' is neither a pinned library nor a folder"
                    + (nearest.map { "; did you mean '\($0)'?" } ?? "; 'triage library list' names the libraries"))
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let manifest = found.package.manifest
        return Subject(
            title: "\(manifest.name) \(manifest.version)", description: manifest.description,
            playbooks: (session.library.playbooks + session.library.hidden)
                .filter { $0.file.hasPrefix(found.package.filePrefix) },
            libraries: [found])
    }

    /// Pages of an earlier time that are no more go; whatever is not one of ours stays.
    @inline(never)
    private func write(_ site: LibrarySite, _ session: Session) throws {
        do throws(FileFailure) {
            try Files.makeFolder(folder)
            try Files.makeFolder("\(folder)/playbooks")
            let files = site.files
            for file in files { try Files.write(Array(file.text.utf8), to: "\(folder)/\(file.path)", mode: 0o666) }
            let written = Set(files.map { "\(folder)/\($0.path)" })
            for name in Files.names(in: "\(folder)/playbooks") where name.hasSuffix(".html") || name.hasSuffix(".md") {
                let path = "\(folder)/playbooks/\(name)"
                guard !written.contains(path), LibrarySite.isOwn(try Files.start(of: path, count: 512)) else {
                    continue
                }
                Files.remove(path)
            }
        } catch {
            session.output.note("error: the pages cannot be written: \(error)")
            throw ExitCode(Engine.ExitCode.badInput.rawValue)
        }
    }
}
