package import Facts

/// The playbooks in force: those of several sources, of which later ones override earlier ones by name.
///
/// Behind an index a playbook is parsed and compiled when it is first asked for, from the bytes that were read; what is
/// wrong with its expressions is told then.
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
    private var ownProblems: [Problem] = []

    /// What all of it is parsed from; nothing where playbooks stood side by side already.
    private var files: SourceFiles?
    private var loader: Loader?

    package init() { holding = .parsed([], hidden: []) }

    /// Playbooks that stand side by side already, in any order.
    package init(of playbooks: [Playbook]) { holding = .parsed(playbooks, hidden: []) }

    /// The library of files that have been read, all of it compiled.
    package init(_ sources: [[PlaybookFiles.Content]], loader: Loader) {
        let assembly = Assembly(sources, loader: loader, compilesAll: true)
        holding = .parsed(assembly.entries.compactMap(\.playbook), hidden: assembly.hidden.compactMap(\.playbook))
        overrides = assembly.overrides
        files = SourceFiles(sources)
        self.loader = loader
        ownProblems = assembly.problems
    }

    /// The same, with nothing compiled before it is used, and nothing parsed where the shelf has an index of just these
    /// files.
    package init(
        _ sources: [[PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf,
        tell: @escaping @Sendable ([Problem]) -> Void = { _ in }
    ) {
        self.init(sources, loader: loader, shelf: shelf, remembering: nil, tell: tell)
    }

    /// - Parameter quickKey: under which the key of these files is kept for the next time.
    private init(
        _ sources: [[PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf, remembering quickKey: String?,
        tell: @escaping @Sendable ([Problem]) -> Void
    ) {
        let digests = shelf.digests(of: sources)
        let key = shelf.key(of: sources, digests: digests, catalogue: loader.catalogue)
        let kept = shelf.read(key).flatMap { try? PlaybookIndex($0) }
        guard let index = kept ?? Self.newIndex(of: sources, digests, key, loader, shelf) else {
            self.init(sources, loader: loader)
            return
        }
        self.init(index, files: SourceFiles(sources), loader: loader, tell: tell)
        if let quickKey { shelf.write(quickKey, Array(key.utf8)) }
    }

    private static func newIndex(
        of sources: [[PlaybookFiles.Content]], _ digests: [[String]], _ key: String, _ loader: Loader,
        _ shelf: IndexShelf
    ) -> PlaybookIndex? {
        let assembly = Assembly(sources, loader: loader, compilesAll: false)
        let outlines = assembly.entries.map(\.outline)
        let bytes = PlaybookIndex.bytes(
            of: assembly, outlines: outlines, sources: sources, digests: digests,
            symptomSearch: shelf.symptomSearch(outlines))
        guard let bytes, let index = try? PlaybookIndex(bytes) else { return nil }
        shelf.write(key, bytes)
        return index
    }

    private init(
        _ index: PlaybookIndex, files: SourceFiles, loader: Loader, tell: @escaping @Sendable ([Problem]) -> Void
    ) {
        self.init()
        self.files = files
        self.loader = loader
        holding = .indexed(IndexedPlaybooks(index, files: files, loader: loader, tell: tell))
        overrides = index.overrides
        ownProblems = index.problems
    }

    /// From an index of files that are those of an earlier time: nothing but it is read.
    private init?(
        quickKey: String, libraries: [Int: [PlaybookFiles.Content]], loader: Loader, shelf: IndexShelf,
        tell: @escaping @Sendable ([Problem]) -> Void
    ) {
        guard let key = shelf.read(quickKey), let bytes = shelf.read(String(decoding: key, as: UTF8.self)),
            let index = try? PlaybookIndex(bytes)
        else { return nil }
        self.init(index, files: SourceFiles(index, verified: libraries, shelf: shelf), loader: loader, tell: tell)
    }

    /// Reads and assembles; `paths` are directories or files, later ones override earlier ones.
    ///
    /// - Parameters:
    ///   - libraries: verified content that stands behind the first `behind` paths and before the others.
    ///   - shelf: `nil`: everything is compiled.
    ///   - tell: is given what turns out to be wrong with a playbook when it is first used.
    package static func load(
        from paths: [String], libraries: [PlaybookFiles.Verified] = [], behind count: Int = 0, loader: Loader,
        effects: some Effects, shelf: IndexShelf? = nil, tell: @escaping @Sendable ([Problem]) -> Void = { _ in }
    ) async -> PlaybookLibrary {
        // Looked at before anything is read: what changes in between has another time afterwards.
        let place = min(count, paths.count)
        let quickKey = await quickKey(of: paths, libraries, place, shelf, loader, effects)
        if let shelf, let quickKey {
            let verified = libraries.enumerated().map { (place + $0, $1.contents) }
            let held = Dictionary(verified, uniquingKeysWith: { first, _ in first })
            let library = PlaybookLibrary(
                quickKey: quickKey, libraries: held, loader: loader, shelf: shelf, tell: tell)
            if let library { return library }
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
                PlaybookLibrary(sources, loader: loader, shelf: shelf, remembering: remembered, tell: tell)
            } else {
                PlaybookLibrary(sources, loader: loader)
            }
        library.ownProblems = (problems + library.ownProblems).inOrderOfPlace
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

    /// Everything wrong with the files and with how they fit together; warnings of the lint rules are not among them.
    ///
    /// Behind an index, of what no one has used yet only what shows without compiling it.
    package var problems: [Problem] {
        guard case .indexed(let indexed) = holding else { return ownProblems }
        let found = indexed.problems
        return found.isEmpty ? ownProblems : (ownProblems + found).inOrderOfPlace
    }

    /// All of them, parsed, in the order of their names.
    package var playbooks: [Playbook] {
        guard let indexed else { return parsed.playbooks }
        let found = Array(0..<indexed.index.count).concurrentMap { indexed.playbook(at: $0) }
        var playbooks: [Playbook] = []
        for entry in found {
            switch entry {
            case .playbook(let playbook): playbooks.append(playbook)
            case .broken: break
            case .stale: return indexed.parseAll().parsed.playbooks
            }
        }
        return playbooks
    }

    /// Those that overrides hide, in the order of their sources; they can still be asked for by their library's name.
    package var hidden: [Playbook] { indexed?.hidden ?? parsed.hidden }

    package var count: Int { indexed?.index.count ?? parsed.playbooks.count }

    package subscript(name: String) -> Playbook? {
        guard let indexed else { return parsed.playbooks.first { $0.name == name } }
        guard let index = indexed.index(of: name) else { return nil }
        switch indexed.playbook(at: index) {
        case .playbook(let playbook): return playbook
        case .broken: return nil
        case .stale: return indexed.parseAll()[name]
        }
    }

    /// Whether there is a playbook of that name that cannot be used for what is wrong with it.
    package func isBroken(_ name: String) -> Bool {
        guard let indexed, let index = indexed.index(of: name), case .broken = indexed.playbook(at: index) else {
            return false
        }
        return true
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
            switch indexed.playbook(at: index) {
            case .playbook(let playbook) where playbook.causes.indices.contains(cause):
                explaining.append((index, playbook, cause))
            case .broken: break
            case .playbook, .stale:
                // The index is not that of these files.
                _ = indexed.parseAll()
                return self.explaining(references)
            }
        }
        return explaining
    }
}
