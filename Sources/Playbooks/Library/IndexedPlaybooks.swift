internal import Synchronization

/// The playbooks that an index describes; each is parsed when it is first asked for.
final class IndexedPlaybooks: Sendable {
    private struct Memory {
        var playbooks: [Int: Playbook] = [:]
        /// Instead of an index that turned out not to describe the files.
        var parsed: PlaybookLibrary?
    }

    let index: PlaybookIndex
    let files: SourceFiles
    private let loader: Loader
    /// A cache: each file says the same whenever it is parsed.
    private let memory = Mutex(Memory())

    init(_ index: PlaybookIndex, files: SourceFiles, loader: Loader) {
        self.index = index
        self.files = files
        self.loader = loader
    }

    /// Everything parsed, once the index is known to be wrong.
    var parsed: PlaybookLibrary? { memory.withLock { $0.parsed } }

    var outlines: [PlaybookOutline] {
        outlines(at: Array(0..<index.count)) ?? parseAll().outlines
    }

    /// `nil` where the index does not hold them.
    func outlines(at indices: [Int]) -> [PlaybookOutline]? {
        do throws(MalformedIndex) {
            var outlines: [PlaybookOutline] = []
            outlines.reserveCapacity(indices.count)
            for index in indices { outlines.append(try self.index.outline(at: index) { files.name($0) }) }
            return outlines
        } catch {
            return nil
        }
    }

    func index(of name: String) -> Int? { (try? index.index(of: name)) ?? nil }

    func explaining(_ reference: String) -> [(playbook: Int, cause: Int)] {
        (try? index.explaining(reference)) ?? []
    }

    /// Parsed from the bytes of its file, and compared with what the index says of it.
    func playbook(at place: Int) -> Playbook? {
        if let known = memory.withLock({ $0.playbooks[place] }) { return known }
        guard let outline = outlines(at: [place])?.first, let places = try? index.places(at: place),
            let content = files.content(places.playbook)
        else { return nil }
        var seen: Set<PlaybookIndex.Place> = []
        let overlays = places.overlays.filter { seen.insert($0).inserted }.compactMap { files.content($0) }.flatMap {
            Overlay.read($0).overlays
        }
        let loaded = loader.load(
            content.bytes, file: content.file, overlays: overlays, neighbours: neighbours
        ).playbooks
        guard let playbook = loaded.first(where: { $0.name == outline.name }), PlaybookOutline(playbook) == outline
        else { return nil }
        memory.withLock { $0.playbooks[place] = playbook }
        return playbook
    }

    /// By the index: what it leads to has to stand in the same folder, which is looked at where it is used.
    private var neighbours: Neighbours {
        Neighbours { [index, files] name in
            guard let place = (try? index.index(of: name)) ?? nil, let places = try? index.places(at: place) else {
                return nil
            }
            return files.content(places.playbook)
        }
    }

    var hidden: [Playbook] {
        index.hidden.compactMap { hidden in
            files.content(hidden.place).flatMap { content in
                let sources = files.all
                let source = hidden.place.source
                let neighbours = Neighbours(sources.indices.contains(source) ? sources[source] : [])
                return loader.load(content.bytes, file: content.file, overlays: [], neighbours: neighbours).playbooks
                    .first { $0.name == hidden.name }
            }
        }
    }

    /// What is there without any index.
    func parseAll() -> PlaybookLibrary {
        if let parsed { return parsed }
        let library = PlaybookLibrary(files.all, loader: loader)
        memory.withLock { $0.parsed = library }
        return library
    }
}
