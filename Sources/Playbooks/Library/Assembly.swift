internal import CEL

/// Playbooks while they are put together, a source at a time.
///
/// What is not compiled here is compiled when it is used; but whatever hides another playbook, or is changed by an
/// overlay, has to be sound for that, and so is compiled in any case.
struct Assembly {
    /// A class, so that putting thousands in order copies none of them.
    final class Entry: Sendable {
        let outline: PlaybookOutline
        let content: PlaybookFiles.Content
        /// The files of its source.
        let neighbours: Neighbours
        let overlays: [Overlay]
        /// `nil`: it has not been compiled.
        let playbook: Playbook?

        init(
            _ playbook: Playbook, in content: PlaybookFiles.Content, _ neighbours: Neighbours, overlays: [Overlay] = []
        ) {
            outline = PlaybookOutline(playbook)
            self.content = content
            self.neighbours = neighbours
            self.overlays = overlays
            self.playbook = playbook
        }

        init(_ outline: PlaybookOutline, in content: PlaybookFiles.Content, _ neighbours: Neighbours) {
            self.outline = outline
            self.content = content
            self.neighbours = neighbours
            overlays = []
            playbook = nil
        }

        func load(_ loader: Loader, overlays: [Overlay]) -> (playbook: Playbook?, problems: [Problem]) {
            let (playbooks, problems) = loader.load(
                content.bytes, file: content.file, overlays: overlays, neighbours: neighbours)
            return (playbooks.first { $0.name == outline.name }, problems)
        }
    }

    private let loader: Loader
    private let compilesAll: Bool
    private var byName: [String: Entry] = [:]
    private(set) var hidden: [Entry] = []
    private(set) var overrides: [PlaybookLibrary.Override] = []
    private var ownProblems: [Problem] = []
    /// Names of playbooks that exist and could not be loaded.
    private var broken: Set<String> = []
    /// In the order of their names, once all sources are there.
    private(set) var entries: [Entry] = []
    private(set) var problems: [Problem] = []

    init(_ sources: [[PlaybookFiles.Content]], loader: Loader, compilesAll: Bool) {
        self.loader = loader
        self.compilesAll = compilesAll
        for source in sources { add(source) }
        entries = byName.values.sorted { $0.outline.name < $1.outline.name }
        problems = (ownProblems + problemsBetween).inOrderOfPlace
    }

    // MARK: A source

    private mutating func add(_ source: [PlaybookFiles.Content]) {
        var names: Set<String> = []
        let files = source.filter { !$0.isOverlay }
        for (content, (entries, problems)) in zip(files, read(files)) {
            ownProblems += problems
            if problems.contains(where: { $0.severity == .error }) {
                broken.formUnion(loader.namesClaimed(in: content))
            }
            for entry in entries { add(entry, names: &names) }
        }
        // Overlays change what is in force when their source has been read; a later playbook of that name is free of
        // them.
        for content in source where content.isOverlay {
            let (overlays, problems) = Overlay.read(content)
            ownProblems += problems
            for overlay in overlays { apply(overlay) }
        }
    }

    private func read(_ files: [PlaybookFiles.Content]) -> [(entries: [Entry], problems: [Problem])] {
        let loader = loader
        let compilesAll = compilesAll
        let neighbours = Neighbours(files)
        return files.concurrentMap { content in
            guard compilesAll else {
                let (outlines, problems) = loader.outlines(of: content, neighbours: neighbours)
                return (outlines.map { Entry($0, in: content, neighbours) }, problems)
            }
            let (playbooks, problems) = loader.load(
                content.bytes, file: content.file, overlays: [], neighbours: neighbours)
            return (playbooks.map { Entry($0, in: content, neighbours) }, problems)
        }
    }

    private mutating func add(_ entry: Entry, names: inout Set<String>) {
        let name = entry.outline.name
        guard let earlier = byName[name] else {
            names.insert(name)
            byName[name] = entry
            return
        }
        guard let entry = compiled(entry), let playbook = entry.playbook else { return }
        guard names.insert(name).inserted else {
            guard let other = compiled(earlier)?.playbook else {
                byName[name] = entry
                return
            }
            let message =
                "there is a playbook '\(name)' already, in \(other.file):\(other.location.line); expected another name"
            return ownProblems.append(Problem(.duplicatePlaybook, message, at: playbook.location))
        }
        hidden.append(earlier)
        overrides.append(.init(name: name, file: entry.content.file, hidden: earlier.content.file))
        byName[name] = entry
    }

    /// `nil` where it cannot be compiled, which is told then.
    private mutating func compiled(_ entry: Entry) -> Entry? {
        guard entry.playbook == nil else { return entry }
        let (playbook, problems) = entry.load(loader, overlays: entry.overlays)
        ownProblems += problems
        guard let playbook else {
            broken.insert(entry.outline.name)
            return nil
        }
        return Entry(playbook, in: entry.content, entry.neighbours, overlays: entry.overlays)
    }

    // MARK: Overlays

    /// What cannot be applied whole is told, and the playbook stays as it was.
    private mutating func apply(_ overlay: Overlay) {
        let name = overlay.targetName
        guard let entry = byName[name], overlay.isAbout(name, file: entry.content.file) else {
            guard !broken.contains(name) else { return }
            let nearest = nearestName(to: name, among: byName.keys.sorted())
            return ownProblems.append(
                Problem(
                    .overlayTarget, "there is no playbook \(overlay.target.quotedForMessage)\(didYouMean(nearest))",
                    at: overlay.targetLocation, suggestion: nearest))
        }
        // What is broken without the overlay is not the overlay's fault.
        guard let entry = compiled(entry) else {
            byName[name] = nil
            return
        }
        let overlays = entry.overlays + [overlay]
        let (playbook, problems) = entry.load(loader, overlays: overlays)
        ownProblems += problems
        guard let playbook else { return }
        byName[name] = Entry(playbook, in: entry.content, entry.neighbours, overlays: overlays)
    }

    // MARK: Side by side

    private var problemsBetween: [Problem] {
        let loader = loader
        let members = entries.map {
            LibraryCheck.Member(
                name: $0.outline.name, causes: $0.outline.causes, asks: $0.outline.asks,
                disabledCauses: $0.playbook?.disabledCauses ?? [])
        }
        return LibraryCheck(members, broken: broken) { [entries] index in
            entries[index].playbook ?? entries[index].load(loader, overlays: entries[index].overlays).playbook
        }.problems
    }
}
