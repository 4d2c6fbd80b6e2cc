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
    /// A file of a person's folder as it is now, without following a link; `nil` where it cannot be read.
    package var file: @Sendable (_ path: String) -> [UInt8]?
    /// What finds symptoms later on.
    package var symptomSearch: @Sendable ([PlaybookOutline]) -> [UInt8]
    /// In seconds, by the clock that files' times are of.
    package var time: @Sendable () -> Int64
    /// The program that makes the index: another one may read the same files otherwise.
    package var program: String

    package init(
        digest: @escaping @Sendable ([[UInt8]]) -> String, read: @escaping @Sendable (String) -> [UInt8]?,
        write: @escaping @Sendable (String, [UInt8]) -> Void, file: @escaping @Sendable (String) -> [UInt8]?,
        symptomSearch: @escaping @Sendable ([PlaybookOutline]) -> [UInt8], time: @escaping @Sendable () -> Int64,
        program: String
    ) {
        self.digest = digest
        self.read = read
        self.write = write
        self.file = file
        self.symptomSearch = symptomSearch
        self.time = time
        self.program = program
    }

    func digests(of sources: [[PlaybookFiles.Content]]) -> [[String]] {
        let digest = digest
        return sources.map { $0.concurrentMap { digest([$0.bytes]) } }
    }

    /// Of all that an index depends on: the program, the collectors' types, and every file in its place.
    func key(of sources: [[PlaybookFiles.Content]], digests: [[String]], catalogue: Catalogue) -> String {
        var frame = frame(catalogue)
        frame.add(list: Array(zip(sources, digests))) { writer, source in
            writer.add(list: Array(zip(source.0, source.1))) { writer, file in
                writer.add(file.0.file)
                writer.add(file.0.isOverlay ? 1 : 0)
                writer.add(file.1)
            }
        }
        return digest([frame.bytes])
    }

    /// Of what tells that the person's folders are those of an earlier time, and of the digests of pinned libraries.
    ///
    /// `nil` where a file changed so lately that it might change again and look the same.
    func key(of folders: [(path: String, signature: FolderSignature)], libraries: [String], catalogue: Catalogue)
        -> String?
    {
        let now = time()
        guard folders.allSatisfy({ $0.signature.newest < now - Self.settlingSeconds }) else { return nil }
        var frame = frame(catalogue)
        frame.add(list: libraries) { $0.add($1) }
        frame.add(list: folders) { writer, folder in
            writer.add(folder.path)
            writer.add(section: folder.signature.bytes)
        }
        return digest([frame.bytes])
    }

    /// Longer than a tick of any file system's clock.
    private static let settlingSeconds: Int64 = 2

    private func frame(_ catalogue: Catalogue) -> IndexWriter {
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
        return frame
    }
}
