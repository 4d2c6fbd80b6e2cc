package import Facts

/// The playbooks in force: those of several sources, of which later ones override earlier ones by name.
package struct PlaybookLibrary: Sendable {
    /// A playbook that another of the same name, from a later source, stands for.
    package struct Override: Sendable, Hashable {
        package var name: String
        /// The file that counts.
        package var file: String
        /// The file that does not.
        package var hidden: String
    }

    /// In the order of their names.
    package private(set) var playbooks: [Playbook] = []
    package private(set) var overrides: [Override] = []
    /// Those that overrides hide, in the order of their sources; they can still be asked for by their library's name.
    package private(set) var hidden: [Playbook] = []
    /// Everything wrong with the files and with how they fit together; warnings of the lint rules are not among them.
    package private(set) var problems: [Problem] = []

    package init() {}

    package subscript(name: String) -> Playbook? { playbooks.first { $0.name == name } }

    /// The library of files that have been read; the only place where playbooks are put together.
    package init(_ sources: [[PlaybookFiles.Content]], loader: Loader) {
        var byName: [String: Playbook] = [:]
        var broken: Set<String> = []
        for source in sources {
            var names: Set<String> = []
            for content in source {
                let (loaded, problems) = loader.load(content.bytes, file: content.file)
                self.problems += problems
                if problems.contains(where: { $0.severity == .error }) {
                    broken.formUnion(loader.namesClaimed(in: content))
                }
                for playbook in loaded { add(playbook, to: &byName, names: &names) }
            }
        }
        playbooks = byName.values.sorted { $0.name < $1.name }
        problems += LibraryCheck(playbooks, broken: broken).problems
        problems = problems.inOrderOfPlace
    }

    private mutating func add(_ playbook: Playbook, to byName: inout [String: Playbook], names: inout Set<String>) {
        if let earlier = byName[playbook.name] {
            guard names.insert(playbook.name).inserted else {
                let message =
                    "there is a playbook '\(playbook.name)' already, in \(earlier.file):\(earlier.location.line);"
                    + " expected another name"
                return problems.append(Problem(.duplicatePlaybook, message, at: playbook.location))
            }
            hidden.append(earlier)
            overrides.append(Override(name: playbook.name, file: playbook.file, hidden: earlier.file))
        }
        names.insert(playbook.name)
        byName[playbook.name] = playbook
    }

    /// Reads and assembles; `paths` are directories or files, later ones override earlier ones.
    ///
    /// - Parameter libraries: verified content that stands behind the first `behind` paths and before the others.
    package static func load(
        from paths: [String], libraries: [[PlaybookFiles.Content]] = [], behind count: Int = 0, loader: Loader,
        effects: some Effects
    ) async -> PlaybookLibrary {
        var sources: [[PlaybookFiles.Content]] = []
        var problems: [Problem] = []
        for (index, path) in paths.enumerated() {
            if index == count { sources += libraries }
            let files = await PlaybookFiles(path, kind: .playbooks, effects: effects)
            sources.append(files.contents)
            problems += files.problems
        }
        if count >= paths.count { sources += libraries }
        var library = PlaybookLibrary(sources, loader: loader)
        library.problems = (problems + library.problems).inOrderOfPlace
        return library
    }
}
