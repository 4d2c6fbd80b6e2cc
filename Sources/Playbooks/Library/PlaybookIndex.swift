/// What is in the files of a library, so that nothing need be parsed but what takes part.
///
/// An index holds what was read out of files, never a playbook: what is evaluated is parsed from the files' own bytes.
/// It is a function of these bytes, of the loader and of the catalogue, whose digest is its key; a damaged one is not
/// used. Everything in it is found by an offset, so that opening it costs the same whatever it describes.
package struct PlaybookIndex: Sendable {
    /// A file, by its source and its place among the files of that source.
    struct Place: Sendable, Hashable {
        var source: Int
        var file: Int
    }

    private static let magic = Array("triage-index-6\n".utf8)

    private let bytes: [UInt8]
    /// Of the outlines and of what is explained, each a table of offsets and what they lead to.
    private let outlines: IndexTable
    private let explanations: IndexTable
    private let symptomSearchRange: Range<Int>
    /// What the engine keeps to find symptoms; copied out where it is asked for, as naming a playbook needs none of it.
    package var symptomSearch: [UInt8] { Array(bytes[symptomSearchRange]) }
    /// Of each source the files in their order, by name and digest.
    let files: [IndexTable]
    let problems: [Problem]
    let overrides: [PlaybookLibrary.Override]
    /// Playbooks that others stand for, by name.
    let hidden: [(name: String, place: Place)]

    /// - Parameter bytes: as `bytes(…)` made them.
    init(_ bytes: [UInt8]) throws(MalformedIndex) {
        guard bytes.starts(with: Self.magic) else { throw MalformedIndex() }
        var reader = IndexReader(bytes, Self.magic.count..<bytes.count)
        self.bytes = bytes
        outlines = try IndexTable(bytes, try reader.section())
        explanations = try IndexTable(bytes, try reader.section())
        symptomSearchRange = try reader.section()
        files = try reader.list { reader throws(MalformedIndex) in try IndexTable(bytes, try reader.section()) }
        problems = try reader.list { reader throws(MalformedIndex) in try Problem(from: &reader) }
        overrides = try reader.list { reader throws(MalformedIndex) in
            PlaybookLibrary.Override(name: try reader.text(), file: try reader.text(), hidden: try reader.text())
        }
        hidden = try reader.list { reader throws(MalformedIndex) in
            (name: try reader.text(), place: try Place(from: &reader))
        }
    }

    /// - Parameters:
    ///   - outlines: of the assembly, each with the file that it is in.
    ///   - symptomSearch: made of the same outlines.
    ///   - digests: of every file in its place.
    static func bytes(
        of assembly: Assembly, outlines: [PlaybookOutline], sources: [[PlaybookFiles.Content]],
        digests: [[String]], symptomSearch: [UInt8]
    ) -> [UInt8]? {
        let places = places(in: sources)
        func place(_ file: String) -> Place? { places[file] }
        let written = outlines.concurrentMap { entry(of: $0, in: places) }
        let entries = written.compactMap(\.self)
        guard entries.count == outlines.count else { return nil }
        var writer = IndexWriter()
        writer.add(section: IndexTable.bytes(entries))
        writer.add(section: IndexTable.bytes(explanationEntries(outlines)))
        writer.add(section: symptomSearch)
        writer.add(list: Array(zip(sources, digests))) { writer, source in
            writer.add(section: IndexTable.bytes(zip(source.0, source.1).map(fileEntry)))
        }
        writer.add(list: assembly.problems) { $1.write(to: &$0) }
        writer.add(list: assembly.overrides) { writer, override in
            writer.add(override.name)
            writer.add(override.file)
            writer.add(override.hidden)
        }
        let hidden = assembly.hidden.map { ($0.outline.name, place($0.content.file)) }
        guard hidden.allSatisfy({ $0.1 != nil }) else { return nil }
        writer.add(list: hidden) { writer, hidden in
            writer.add(hidden.0)
            hidden.1?.write(to: &writer)
        }
        return magic + writer.bytes
    }

    /// `nil` where a file of it is not there.
    private static func entry(of outline: PlaybookOutline, in places: [String: Place]) -> [UInt8]? {
        guard let place = places[outline.file] else { return nil }
        var entry = IndexWriter(capacity: 1000)
        // The name comes first: it is what is searched by.
        outline.write(to: &entry)
        place.write(to: &entry)
        let overlays = outline.overlays.compactMap { places[$0] }
        guard overlays.count == outline.overlays.count else { return nil }
        entry.add(list: overlays) { $1.write(to: &$0) }
        return entry.bytes
    }

    /// Where each file is; the last where a name is there twice, as playbooks override each other.
    private static func places(in sources: [[PlaybookFiles.Content]]) -> [String: Place] {
        var places: [String: Place] = [:]
        for (source, contents) in sources.enumerated() {
            for (file, content) in contents.enumerated() { places[content.file] = Place(source: source, file: file) }
        }
        return places
    }

    private static func fileEntry(_ content: PlaybookFiles.Content, _ digest: String) -> [UInt8] {
        var writer = IndexWriter()
        writer.add(content.file)
        writer.add(digest)
        writer.add(content.isOverlay ? 1 : 0)
        return writer.bytes
    }

    func file(at place: Place) throws(MalformedIndex) -> (name: String, digest: String, isOverlay: Bool) {
        guard files.indices.contains(place.source) else { throw MalformedIndex() }
        var reader = try files[place.source].entry(place.file)
        return (try reader.text(), try reader.text(), try reader.number() == 1)
    }

    /// `playbook/cause` of what is explained, then which cause of which playbook explains it.
    private static func explanationEntries(_ outlines: [PlaybookOutline]) -> [[UInt8]] {
        var entries: [(key: String, playbook: Int, cause: Int)] = []
        for (index, outline) in outlines.enumerated() {
            for (position, cause) in outline.causes.enumerated() {
                entries += cause.explains.map { ($0, index, position) }
            }
        }
        entries.sort {
            $0.key == $1.key
                ? ($0.playbook, $0.cause) < ($1.playbook, $1.cause)
                : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        return entries.map { entry in
            var writer = IndexWriter()
            writer.add(entry.key)
            writer.add(entry.playbook)
            writer.add(entry.cause)
            return writer.bytes
        }
    }

    var count: Int { outlines.count }

    func outline(at index: Int, files: (Place) -> String?) throws(MalformedIndex) -> PlaybookOutline {
        var reader = try outlines.entry(index)
        var outline = try PlaybookOutline(from: &reader, file: "")
        guard let file = files(try Place(from: &reader)) else { throw MalformedIndex() }
        outline.file = file
        for place in try Self.places(from: &reader) {
            guard let file = files(place) else { throw MalformedIndex() }
            outline.overlays.append(file)
        }
        return outline
    }

    /// Where the playbook is, and the overlays that change it.
    func places(at index: Int) throws(MalformedIndex) -> (playbook: Place, overlays: [Place]) {
        var reader = try outlines.entry(index)
        _ = try PlaybookOutline(from: &reader, file: "")
        return (try Place(from: &reader), try Self.places(from: &reader))
    }

    private static func places(from reader: inout IndexReader) throws(MalformedIndex) -> [Place] {
        try reader.list { reader throws(MalformedIndex) in try Place(from: &reader) }
    }

    /// The place in the order of the names.
    func index(of name: String) throws(MalformedIndex) -> Int? {
        let first = try outlines.firstIndex(notBefore: name)
        guard first < count else { return nil }
        return try outlines.key(first) == name ? first : nil
    }

    /// The causes that explain one, in the order of their playbooks.
    func explaining(_ reference: String) throws(MalformedIndex) -> [(playbook: Int, cause: Int)] {
        var found: [(playbook: Int, cause: Int)] = []
        var index = try explanations.firstIndex(notBefore: reference)
        while index < explanations.count {
            var reader = try explanations.entry(index)
            guard try reader.text() == reference else { break }
            found.append((try reader.number(), try reader.number()))
            index += 1
        }
        return found
    }
}

extension PlaybookIndex.Place {
    func write(to writer: inout IndexWriter) {
        writer.add(source)
        writer.add(file)
    }

    init(from reader: inout IndexReader) throws(MalformedIndex) {
        source = try reader.number()
        file = try reader.number()
    }
}

extension Problem {
    fileprivate func write(to writer: inout IndexWriter) {
        writer.add(code.rawValue)
        writer.add(severity.rawValue)
        writer.add(message)
        writer.add(location.file)
        for number in [location.line, location.column, location.length] { writer.add(number) }
        writer.add(list: suggestion.map { [$0] } ?? []) { $0.add($1) }
    }

    fileprivate init(from reader: inout IndexReader) throws(MalformedIndex) {
        self.init(
            try reader.choice(), "", at: Location(file: "", line: 1, column: 1), severity: try reader.choice())
        message = try reader.text()
        location = Location(
            file: try reader.text(), line: try reader.number(), column: try reader.number(),
            length: try reader.number())
        suggestion = try reader.texts().first
    }
}
