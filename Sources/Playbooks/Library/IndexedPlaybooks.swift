internal import Synchronization

/// The playbooks that an index describes; each is parsed when it is first asked for.
final class IndexedPlaybooks: Sendable {
    enum Found: Sendable {
        case playbook(Playbook)
        /// It is what the index says, and its expressions have errors.
        case broken
        /// The index is not that of these files.
        case stale
    }

    private struct Memory {
        var found: [Int: Found] = [:]
        var problems: [Problem] = []
        /// Instead of an index that turned out not to describe the files.
        var parsed: PlaybookLibrary?
    }

    let index: PlaybookIndex
    let files: SourceFiles
    private let loader: Loader
    private let tell: @Sendable ([Problem]) -> Void
    /// A cache: each file says the same whenever it is parsed.
    private let memory = Mutex(Memory())

    /// - Parameter tell: is given what is wrong with a playbook when it is first compiled.
    init(
        _ index: PlaybookIndex, files: SourceFiles, loader: Loader, tell: @escaping @Sendable ([Problem]) -> Void
    ) {
        self.index = index
        self.files = files
        self.loader = loader
        self.tell = tell
    }

    /// What has been told beside what the index holds.
    var problems: [Problem] { memory.withLock { $0.problems } }

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
    func playbook(at place: Int) -> Found {
        if let known = memory.withLock({ $0.found[place] }) { return known }
        let (found, problems) = load(place)
        let new = memory.withLock { memory -> [Problem] in
            guard memory.found[place] == nil else { return [] }
            memory.found[place] = found
            let new = problems.filter { !memory.problems.contains($0) && !index.problems.contains($0) }
            memory.problems += new
            return new
        }
        if !new.isEmpty { tell(new) }
        return found
    }

    private func load(_ place: Int) -> (found: Found, problems: [Problem]) {
        guard let outline = outlines(at: [place])?.first, let places = try? index.places(at: place),
            let content = files.content(places.playbook)
        else { return (.stale, []) }
        var seen: Set<PlaybookIndex.Place> = []
        let overlays = places.overlays.filter { seen.insert($0).inserted }.compactMap { files.content($0) }.flatMap {
            Overlay.read($0).overlays
        }
        let neighbours = files.neighbours(of: places.playbook.source)
        let (playbooks, problems) = loader.load(
            content.bytes, file: content.file, overlays: overlays, neighbours: neighbours)
        if let playbook = playbooks.first(where: { $0.name == outline.name }) {
            return PlaybookOutline(playbook) == outline ? (.playbook(playbook), problems) : (.stale, [])
        }
        // An overlay was only applied to what it left whole.
        let isDescribed =
            overlays.isEmpty && loader.outlines(of: content, neighbours: neighbours).outlines.contains(outline)
        return isDescribed ? (.broken, problems) : (.stale, [])
    }

    var hidden: [Playbook] {
        index.hidden.compactMap { hidden in
            files.content(hidden.place).flatMap { content in
                let neighbours = files.neighbours(of: hidden.place.source)
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
