internal import CEL
internal import Facts

/// Where indexes of libraries are kept, by what they describe.
///
/// Digests and files are not the spine's business: they come from above, as does what the engine adds to an index.
package struct IndexShelf: Sendable {
    /// A digest that nobody can find other bytes for, of all pieces one behind the other.
    package var digest: @Sendable (_ pieces: [[UInt8]]) -> String
    /// Whole and as they were written, or `nil`.
    package var read: @Sendable (_ key: String) -> [UInt8]?
    /// Best effort: without an index everything is parsed.
    package var write: @Sendable (_ key: String, _ bytes: [UInt8]) -> Void
    /// What finds symptoms later on.
    package var symptomSearch: @Sendable ([PlaybookOutline]) -> [UInt8]
    /// The program that makes the index: another one may read the same files otherwise.
    package var program: String

    package init(
        digest: @escaping @Sendable ([[UInt8]]) -> String, read: @escaping @Sendable (String) -> [UInt8]?,
        write: @escaping @Sendable (String, [UInt8]) -> Void,
        symptomSearch: @escaping @Sendable ([PlaybookOutline]) -> [UInt8], program: String
    ) {
        self.digest = digest
        self.read = read
        self.write = write
        self.symptomSearch = symptomSearch
        self.program = program
    }

    /// Of all that an index depends on: the program, the collectors' types, and every file in its place.
    func key(of sources: [[PlaybookFiles.Content]], catalogue: Catalogue) -> String {
        var frame = IndexWriter()
        frame.add(program)
        frame.add(list: catalogue.collectors) { writer, collector in
            let declaration = collector.declaration
            writer.add(declaration.name)
            writer.add(list: declaration.parameters) {
                $0.add("\($1.name) \($1.type.description) \($1.isRequired)")
            }
            writer.add(declaration.returns.description)
        }
        frame.add(list: sources) { writer, source in
            writer.add(list: source) { writer, content in
                writer.add(content.file)
                writer.add(content.bytes.count)
                writer.add(content.isOverlay ? 1 : 0)
            }
        }
        return digest([frame.bytes] + sources.flatMap { $0.map(\.bytes) })
    }
}
