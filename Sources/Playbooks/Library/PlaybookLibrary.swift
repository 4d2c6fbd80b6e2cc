package import Facts

/// The playbooks in force: those of several sources, of which later ones override earlier ones by name.
///
/// Behind an index a playbook is parsed and compiled when it is first asked for, from the bytes that were read.
package struct PlaybookLibrary: Sendable {
    /// A playbook that another of the same name, from a later source, stands for.
    package struct Override: Sendable, Hashable {
        package var name: String
        /// The file that counts.
        package var file: String
        /// The file that does not.
        package var hidden: String
    }

    private enum Holding: Sendable {
        /// In the order of their names, and those that overrides hide in the order of their sources.
        case parsed([Playbook], hidden: [Playbook])
        case indexed(IndexedPlaybooks)
    }

    private var holding: Holding
    private(set) package var overrides: [Override] = []
    /// Everything wrong with the files and with how they fit together; warnings of the lint rules are not among them.
    private(set) package var problems: [Problem] = []

    /// What all of it is parsed from; nothing where playbooks stood side by side already.
    private var files: SourceFiles?
    private var loader: Loader?

    package init() { holding = .parsed([], hidden: []) }

    /// Playbooks that stand side by side already, in any order.
    package init(of playbooks: [Playbook]) { holding = .parsed(playbooks, hidden: []) }

    /// The library of files that have been read; the only place where playbooks are put together.
    package init(_ sources: [[PlaybookFiles.Content]], loader: Loader) {
        var assembly = Assembly()
        for source in sources { assembly.add(source, loader: loader) }
        let playbooks = assembly.byName.values.map(\.playbook).sorted { $0.name < $1.name }
        holding = .parsed(playbooks, hidden: assembly.hidden)
        overrides = assembly.overrides
        files = SourceFiles(sources)
        self.loader = loader
        problems = (assembly.problems + LibraryCheck(playbooks, broken: assembly.broken).problems).inOrderOfPlace
    }

    /// The same, without parsing anything where the shelf has an index of just these files.
    package init(_ sources: [[PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf) {
        self.init(sources, loader: loader, shelf: shelf, remembering: nil)
    }

    /// - Parameter quickKey: under which the key of these files is kept for the next time.
    private init(
        _ sources: [[PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf, remembering quickKey: String?
    ) {
        let digests = shelf.digests(of: sources)
        let key = shelf.key(of: sources, digests: digests, catalogue: loader.catalogue)
        if let bytes = shelf.read(key), let index = try? PlaybookIndex(bytes) {
            self.init(index, files: SourceFiles(sources), loader: loader)
        } else {
            self.init(sources, loader: loader)
            let outlines = outlines
            let bytes = PlaybookIndex.bytes(
                of: self, outlines: outlines, sources: sources, digests: digests,
                symptomSearch: shelf.symptomSearch(outlines))
            guard let bytes else { return }
            shelf.write(key, bytes)
        }
        if let quickKey { shelf.write(quickKey, Array(key.utf8)) }
    }

    private init(_ index: PlaybookIndex, files: SourceFiles, loader: Loader) {
        self.init()
        self.files = files
        self.loader = loader
        holding = .indexed(IndexedPlaybooks(index, files: files, loader: loader))
        overrides = index.overrides
        problems = index.problems
    }

    /// From an index of files that are those of an earlier time: nothing but it is read.
    private init?(quickKey: String, libraries: [Int: [PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf) {
        guard let key = shelf.read(quickKey), let bytes = shelf.read(String(decoding: key, as: UTF8.self)),
            let index = try? PlaybookIndex(bytes)
        else { return nil }
        self.init(index, files: SourceFiles(index, verified: libraries, shelf: shelf), loader: loader)
    }

    /// Reads and assembles; `paths` are directories or files, later ones override earlier ones.
    ///
    /// - Parameters:
    ///   - libraries: verified content that stands behind the first `behind` paths and before the others.
    ///   - shelf: `nil`: everything is parsed.
    package static func load(
        from paths: [String], libraries: [PlaybookFiles.Verified] = [], behind count: Int = 0, loader: Loader,
        effects: some Effects, shelf: IndexShelf? = nil
    ) async -> PlaybookLibrary {
        // Looked at before anything is read: what changes in between has another time afterwards.
        let place = min(count, paths.count)
        let quickKey = await quickKey(of: paths, libraries, place, shelf, loader, effects)
        if let shelf, let quickKey {
            let verified = libraries.enumerated().map { (place + $0, $1.contents) }
            let held = Dictionary(verified, uniquingKeysWith: { first, _ in first })
            if let library = PlaybookLibrary(quickKey: quickKey, libraries: held, loader: loader, shelf: shelf) {
                return library
            }
        }
        var sources: [[PlaybookFiles.Content]] = []
        var problems: [Problem] = []
        for path in paths {
            let files = await PlaybookFiles(path, kind: .playbooks, effects: effects)
            sources.append(files.contents)
            problems += files.problems
        }
        sources.insert(contentsOf: libraries.map(\.contents), at: place)
        // What could not be read is told every time, so it has to be tried every time.
        let remembered = problems.isEmpty ? quickKey : nil
        var library =
            if let shelf {
                PlaybookLibrary(sources, loader: loader, shelf: shelf, remembering: remembered)
            } else {
                PlaybookLibrary(sources, loader: loader)
            }
        library.problems = (problems + library.problems).inOrderOfPlace
        return library
    }

    private static func quickKey(
        of paths: [String], _ libraries: [PlaybookFiles.Verified], _ place: Int, _ shelf: IndexShelf?, _ loader: Loader,
        _ effects: some Effects
    ) async -> String? {
        guard let shelf else { return nil }
        var folders: [(path: String, signature: FolderSignature)] = []
        for path in paths {
            guard let signature = await PlaybookFiles.signature(of: path, effects: effects) else { return nil }
            folders.append((path, signature))
        }
        return shelf.key(of: folders, libraries: ["\(place)"] + libraries.map(\.digest), catalogue: loader.catalogue)
    }
}

/// Playbooks while they are put together, a source at a time.
private struct Assembly {
    struct Entry {
        var playbook: Playbook
        var content: PlaybookFiles.Content
        /// The files of its source.
        var neighbours: Neighbours
        var overlays: [Overlay] = []
    }

    private(set) var byName: [String: Entry] = [:]
    private(set) var hidden: [Playbook] = []
    private(set) var overrides: [PlaybookLibrary.Override] = []
    private(set) var problems: [Problem] = []
    /// Names of playbooks that exist and could not be loaded.
    private(set) var broken: Set<String> = []

    mutating func add(_ source: [PlaybookFiles.Content], loader: Loader) {
        var names: Set<String> = []
        let files = source.filter { !$0.isOverlay }
        let neighbours = Neighbours(files)
        for (content, (loaded, problems)) in zip(files, loader.load(files)) {
            self.problems += problems
            if problems.contains(where: { $0.severity == .error }) {
                broken.formUnion(loader.namesClaimed(in: content))
            }
            for playbook in loaded {
                add(Entry(playbook: playbook, content: content, neighbours: neighbours), names: &names)
            }
        }
        // Overlays change what is in force when their source has been read; a later playbook of that name is free of
        // them.
        for content in source where content.isOverlay {
            let (overlays, problems) = Overlay.read(content)
            self.problems += problems
            for overlay in overlays { apply(overlay, loader: loader) }
        }
    }

    private mutating func add(_ entry: Entry, names: inout Set<String>) {
        let playbook = entry.playbook
        if let earlier = byName[playbook.name]?.playbook {
            guard names.insert(playbook.name).inserted else {
                let message =
                    "there is a playbook '\(playbook.name)' already, in \(earlier.file):\(earlier.location.line);"
                    + " expected another name"
                return problems.append(Problem(.duplicatePlaybook, message, at: playbook.location))
            }
            hidden.append(earlier)
            overrides.append(.init(name: playbook.name, file: playbook.file, hidden: earlier.file))
        }
        names.insert(playbook.name)
        byName[playbook.name] = entry
    }

    /// What cannot be applied whole is told, and the playbook stays as it was.
    private mutating func apply(_ overlay: Overlay, loader: Loader) {
        let name = overlay.targetName
        guard var entry = byName[name], overlay.isAbout(name, file: entry.playbook.file) else {
            guard !broken.contains(name) else { return }
            let nearest = nearestName(to: name, among: byName.keys.sorted())
            return problems.append(
                Problem(
                    .overlayTarget, "there is no playbook \(overlay.target.quotedForMessage)\(didYouMean(nearest))",
                    at: overlay.targetLocation, suggestion: nearest))
        }
        entry.overlays.append(overlay)
        let (playbooks, problems) = loader.load(
            entry.content.bytes, file: entry.content.file, overlays: entry.overlays, neighbours: entry.neighbours)
        self.problems += problems
        guard let playbook = playbooks.first(where: { $0.name == name }) else { return }
        entry.playbook = playbook
        byName[name] = entry
    }
}

// MARK: - What is asked of it

extension PlaybookLibrary {
    /// The index, unless it turned out not to describe the files.
    private var indexed: IndexedPlaybooks? {
        guard case .indexed(let indexed) = holding, indexed.parsed == nil else { return nil }
        return indexed
    }

    private var parsed: (playbooks: [Playbook], hidden: [Playbook]) {
        switch holding {
        case .parsed(let playbooks, let hidden): (playbooks, hidden)
        case .indexed(let indexed): indexed.parseAll().parsed
        }
    }

    /// All of them, parsed, in the order of their names.
    package var playbooks: [Playbook] {
        guard let indexed else { return parsed.playbooks }
        var playbooks: [Playbook] = []
        for index in 0..<indexed.index.count {
            guard let playbook = indexed.playbook(at: index) else { return indexed.parseAll().parsed.playbooks }
            playbooks.append(playbook)
        }
        return playbooks
    }

    /// Those that overrides hide, in the order of their sources; they can still be asked for by their library's name.
    package var hidden: [Playbook] { indexed?.hidden ?? parsed.hidden }

    package var count: Int { indexed?.index.count ?? parsed.playbooks.count }

    package subscript(name: String) -> Playbook? {
        guard let indexed else { return parsed.playbooks.first { $0.name == name } }
        guard let index = indexed.index(of: name) else { return nil }
        return indexed.playbook(at: index) ?? indexed.parseAll()[name]
    }

    /// What all of them are about, in the same order; nothing is parsed for it.
    package var outlines: [PlaybookOutline] { indexed?.outlines ?? parsed.playbooks.map(PlaybookOutline.init) }

    /// The outlines at places in the order of `outlines`.
    package func outlines(at indices: [Int]) -> [PlaybookOutline] {
        if let outlines = indexed?.outlines(at: indices) { return outlines }
        let playbooks = parsed.playbooks
        return indices.filter(playbooks.indices.contains).map { PlaybookOutline(playbooks[$0]) }
    }

    /// The lines of a playbook as it counts, overlays applied, each with its origin.
    package func resolvedText(of playbook: Playbook) -> ResolvedText? {
        guard let loader, let files, let content = files.content(named: playbook.file) else { return nil }
        var overlays: [Overlay] = []
        for file in playbook.overlays where !overlays.contains(where: { $0.file == file }) {
            overlays += files.content(named: file).map { Overlay.read($0).overlays } ?? []
        }
        return loader.resolvedText(
            playbook.name, in: content, overlays: overlays,
            neighbours: Neighbours(playbook.lenders.compactMap(files.content(named:))))
    }

    /// What the engine made of the outlines when the index was written.
    package var symptomSearch: [UInt8]? { indexed?.index.symptomSearch }

    /// Every cause that says of itself that it explains one of the given, with its playbook's place among all.
    package func explaining(_ references: Set<String>) -> [(index: Int, playbook: Playbook, cause: Int)] {
        guard let indexed else {
            return parsed.playbooks.enumerated().flatMap { index, playbook in
                playbook.causes.indices.filter { !references.isDisjoint(with: playbook.causes[$0].explains) }
                    .map { (index, playbook, $0) }
            }
        }
        let found = references.flatMap(indexed.explaining).sorted { ($0.playbook, $0.cause) < ($1.playbook, $1.cause) }
        var explaining: [(index: Int, playbook: Playbook, cause: Int)] = []
        for (index, cause) in found where explaining.last.map({ ($0.index, $0.cause) != (index, cause) }) ?? true {
            guard let playbook = indexed.playbook(at: index), playbook.causes.indices.contains(cause) else {
                // The index is not that of these files.
                _ = indexed.parseAll()
                return self.explaining(references)
            }
            explaining.append((index, playbook, cause))
        }
        return explaining
    }
}
