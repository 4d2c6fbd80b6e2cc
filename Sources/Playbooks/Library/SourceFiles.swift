/// The files that a library is made of: in memory, or known by name and digest and read when they are asked for.
struct SourceFiles: Sendable {
    private enum Holding: Sendable {
        case held([[PlaybookFiles.Content]])
        /// Of a library's own sources the verified bytes are in memory, by the place of the source.
        case described(PlaybookIndex, verified: [Int: [PlaybookFiles.Content]], IndexShelf)
    }

    private let holding: Holding

    init(_ sources: [[PlaybookFiles.Content]]) { holding = .held(sources) }

    init(_ index: PlaybookIndex, verified: [Int: [PlaybookFiles.Content]], shelf: IndexShelf) {
        holding = .described(index, verified: verified, shelf)
    }

    func name(_ place: PlaybookIndex.Place) -> String? {
        switch holding {
        case .held(let sources): sources.content(at: place)?.file
        case .described(let index, _, _): (try? index.file(at: place))?.name
        }
    }

    /// The bytes, if they are still those that the index describes.
    func content(_ place: PlaybookIndex.Place) -> PlaybookFiles.Content? {
        switch holding {
        case .held(let sources): return sources.content(at: place)
        case .described(let index, let verified, let shelf):
            guard let file = try? index.file(at: place) else { return nil }
            if let contents = verified[place.source] {
                guard contents.indices.contains(place.file) else { return nil }
                let content = contents[place.file]
                return content.file == file.name && shelf.digest([content.bytes]) == file.digest ? content : nil
            }
            guard let bytes = shelf.file(file.name), shelf.digest([bytes]) == file.digest else { return nil }
            return PlaybookFiles.Content(file: file.name, bytes: bytes, isOverlay: file.isOverlay)
        }
    }

    /// The last of that name, as later files override earlier ones.
    func content(named name: String) -> PlaybookFiles.Content? {
        all.joined().last { $0.file == name }
    }

    /// Those of one source, whoever is in force by their names.
    func neighbours(of source: Int) -> Neighbours {
        switch holding {
        case .held(let sources): Neighbours(sources.indices.contains(source) ? sources[source] : [])
        case .described(let index, _, _):
            Neighbours { name in
                let count = index.files.indices.contains(source) ? index.files[source].count : 0
                let places = (0..<count).map { PlaybookIndex.Place(source: source, file: $0) }
                let files = places.map { (try? index.file(at: $0))?.name ?? "" }
                return Neighbours(files) { content(places[$0]) }.playbook(name)
            }
        }
    }

    /// All of it, as it is now.
    var all: [[PlaybookFiles.Content]] {
        switch holding {
        case .held(let sources): return sources
        case .described(let index, let verified, let shelf):
            return index.files.enumerated().map { source, table in
                verified[source]
                    ?? (0..<table.count).compactMap { number in
                        guard let file = try? index.file(at: .init(source: source, file: number)),
                            let bytes = shelf.file(file.name)
                        else { return nil }
                        return PlaybookFiles.Content(file: file.name, bytes: bytes, isOverlay: file.isOverlay)
                    }
            }
        }
    }
}

extension [[PlaybookFiles.Content]] {
    fileprivate func content(at place: PlaybookIndex.Place) -> PlaybookFiles.Content? {
        guard indices.contains(place.source), self[place.source].indices.contains(place.file) else { return nil }
        return self[place.source][place.file]
    }
}
