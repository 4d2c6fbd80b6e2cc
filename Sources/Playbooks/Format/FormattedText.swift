internal import YAML

/// A file of ours in its canonical form: the keys in the order of the format, two spaces a level, no stray blanks.
///
/// Comments, quotes and line breaks stay as they are written. What would load otherwise is not changed at all.
package struct FormattedText: Sendable {
    /// Why a file stays as it is.
    package enum Refusal: Error, Sendable, Hashable {
        /// Formatting what cannot be read would only hide what is wrong.
        case hasProblems([Problem])
        /// The result would not have been what is written.
        case wouldChangeMeaning
    }

    package let bytes: [UInt8]

    /// The documents that there are, with their shapes.
    private static let shapes: [(kind: String, shape: Shape)] = [
        ("Playbook", .playbook), ("PlaybookTest", .playbookTest), ("Overlay", .overlay),
        ("Suppressions", .suppressions),
    ]

    package init(_ bytes: [UInt8], file: String) throws(Refusal) {
        let unix = Self.withUnixLineEnds(bytes)
        let documents = try Self.documents(unix, file: file)
        var layout = BlockLayout(unix)
        let result = layout.lines(of: documents.map { ($0.root, .object($0.shape)) }).joined(separator: "\n") + "\n"
        self.bytes = Array(result.utf8)
        let after = try? Self.documents(self.bytes, file: file)
        let isSame =
            after?.count == documents.count
            && zip(after ?? [], documents).allSatisfy { $0.root.hasSameMeaning(as: $1.root) }
            && layout.words(in: result) == layout.words(in: String(decoding: unix, as: UTF8.self))
        guard isSame else { throw .wouldChangeMeaning }
    }

    private static func documents(
        _ bytes: [UInt8], file: String
    ) throws(Refusal) -> [(root: Node, shape: Shape)] {
        let result = YAML.parse(bytes, limits: .playbook)
        var documents: [(root: Node, shape: Shape)] = []
        for document in result.documents where document.resolved != .null {
            let kind = Mapping(document)?.text("kind")
            let (name, shape) = shapes.first { $0.kind == kind } ?? shapes[0]
            let reading = FileReading(bytes, file: file, kind: name, shape: shape)
            let errors = reading.problems.filter { $0.severity == .error }
            guard errors.isEmpty else { throw .hasProblems(errors) }
            documents.append((document, shape))
        }
        let source = SourceText(bytes, file: file)
        guard result.errors.isEmpty else { throw .hasProblems(result.errors.map { Problem($0, in: source) }) }
        return documents
    }

    private static func withUnixLineEnds(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "\r")) else { return bytes }
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            guard byte == UInt8(ascii: "\r") else {
                result.append(byte)
                continue
            }
            if !bytes.is(UInt8(ascii: "\n"), at: index + 1) { result.append(UInt8(ascii: "\n")) }
        }
        return result
    }
}

extension Node {
    /// Whether both are read alike; the order of keys is no part of it.
    fileprivate func hasSameMeaning(as other: Node) -> Bool {
        switch (content, other.content) {
        case (.scalar(let one), .scalar(let two)): return one == two && resolved == other.resolved
        case (.sequence(let one), .sequence(let two)):
            return one.count == two.count && zip(one, two).allSatisfy { $0.hasSameMeaning(as: $1) }
        case (.mapping(let one), .mapping(let two)):
            guard one.count == two.count, let entries = Mapping(self)?.entries, let there = Mapping(other) else {
                return false
            }
            return entries.allSatisfy { entry in there[entry.key].map { entry.value.hasSameMeaning(as: $0) } ?? false }
        default: return false
        }
    }
}
