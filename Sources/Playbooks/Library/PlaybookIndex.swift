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

    private static let magic = Array("triage-index-3\n".utf8)

    private let bytes: [UInt8]
    /// Of the outlines and of what is explained, each a table of offsets and what they lead to.
    private let outlines: Table
    private let explanations: Table
    /// What the engine keeps to find symptoms.
    package let symptomSearch: [UInt8]
    let problems: [Problem]
    let overrides: [PlaybookLibrary.Override]
    /// Playbooks that others stand for, by name.
    let hidden: [(name: String, place: Place)]

    /// - Parameter bytes: as `bytes(…)` made them.
    init(_ bytes: [UInt8]) throws(MalformedIndex) {
        guard bytes.starts(with: Self.magic) else { throw MalformedIndex() }
        var reader = IndexReader(bytes, Self.magic.count..<bytes.count)
        self.bytes = bytes
        outlines = try Table(bytes, try reader.section())
        explanations = try Table(bytes, try reader.section())
        symptomSearch = Array(bytes[try reader.section()])
        problems = try reader.list { reader throws(MalformedIndex) in try Problem(from: &reader) }
        overrides = try reader.list { reader throws(MalformedIndex) in
            PlaybookLibrary.Override(name: try reader.text(), file: try reader.text(), hidden: try reader.text())
        }
        hidden = try reader.list { reader throws(MalformedIndex) in
            (name: try reader.text(), place: try Place(from: &reader))
        }
    }

    /// - Parameters:
    ///   - outlines: in the order of their names, each with the file that it is in.
    ///   - symptomSearch: made of the same outlines.
    static func bytes(
        of library: PlaybookLibrary, outlines: [PlaybookOutline], places: [String: Place], symptomSearch: [UInt8]
    ) -> [UInt8]? {
        func place(_ file: String) -> Place? { places[file] }
        var writer = IndexWriter()
        var entries: [[UInt8]] = []
        for outline in outlines {
            guard let place = place(outline.file) else { return nil }
            var entry = IndexWriter()
            // The name comes first: it is what is searched by.
            outline.write(to: &entry)
            place.write(to: &entry)
            let overlays = outline.overlays.compactMap { places[$0] }
            guard overlays.count == outline.overlays.count else { return nil }
            entry.add(list: overlays) { $1.write(to: &$0) }
            entries.append(entry.bytes)
        }
        writer.add(section: Table.bytes(entries))
        writer.add(section: Table.bytes(explanationEntries(outlines)))
        writer.add(section: symptomSearch)
        writer.add(list: library.problems) { $1.write(to: &$0) }
        writer.add(list: library.overrides) { writer, override in
            writer.add(override.name)
            writer.add(override.file)
            writer.add(override.hidden)
        }
        let hidden = library.hidden.map { ($0.name, place($0.file)) }
        guard hidden.allSatisfy({ $0.1 != nil }) else { return nil }
        writer.add(list: hidden) { writer, hidden in
            writer.add(hidden.0)
            hidden.1?.write(to: &writer)
        }
        return magic + writer.bytes
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

/// Entries that begin with a text, sorted by it, each found by its number.
private struct Table: Sendable {
    private let bytes: [UInt8]
    private let range: Range<Int>
    let count: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) throws(MalformedIndex) {
        var reader = IndexReader(bytes, range)
        count = try reader.number()
        guard count <= (range.count - 4) / 4 else { throw MalformedIndex() }
        self.bytes = bytes
        self.range = range
    }

    static func bytes(_ entries: [[UInt8]]) -> [UInt8] {
        var writer = IndexWriter()
        writer.add(entries.count)
        var offset = 4 + 4 * entries.count
        for entry in entries {
            writer.add(offset)
            offset += entry.count
        }
        return writer.bytes + entries.joined()
    }

    func entry(_ index: Int) throws(MalformedIndex) -> IndexReader {
        guard index >= 0, index < count else { throw MalformedIndex() }
        let offset = IndexReader.number(in: bytes, at: range.lowerBound + 4 + 4 * index)
        guard offset <= range.count else { throw MalformedIndex() }
        return IndexReader(bytes, range.lowerBound + offset..<range.upperBound)
    }

    func key(_ index: Int) throws(MalformedIndex) -> String {
        var reader = try entry(index)
        return try reader.text()
    }

    /// The first entry whose text is not before the given one, in the order of bytes.
    func firstIndex(notBefore text: String) throws(MalformedIndex) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            var reader = try entry(middle)
            if bytes[try reader.section()].lexicographicallyPrecedes(text.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
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
