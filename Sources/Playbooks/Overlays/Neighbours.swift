internal import YAML

/// The playbooks beside one, from which it may take over parts: those of its own folder, and so of its own library.
struct Neighbours: Sendable {
    /// The file that holds the playbook of that name.
    let content: @Sendable (_ name: String) -> PlaybookFiles.Content?

    static let none = Neighbours { _ in nil }

    /// The root and the text of a playbook that stands in the same folder.
    func playbook(_ name: String, beside file: String) -> (root: Node, source: SourceText)? {
        guard let content = content(name), Self.folder(of: content.file) == Self.folder(of: file) else { return nil }
        let reading = FileReading(content.bytes, file: content.file, kind: "Playbook", shape: .playbook)
        return reading.documents.first { $0.root.mapping("metadata")?.text("name") == name }
            .map { ($0.root.node, reading.source) }
    }

    private static func folder(of file: String) -> Substring {
        file.lastIndex(of: "/").map { file[..<$0] } ?? ""
    }
}

extension Neighbours {
    /// Among files that have been read.
    init(_ contents: [PlaybookFiles.Content]) {
        self.init { name in
            Neighbours(contents.map(\.file)) { contents[$0] }.content(name)
        }
    }

    /// - Parameters:
    ///   - files: their names; one that is called like the playbook is looked into before the others.
    ///   - read: gives what one of them holds, by its place among the names.
    init(_ files: [String], read: @escaping @Sendable (Int) -> PlaybookFiles.Content?) {
        self.init { name in
            let ends = [".yaml", ".yml", ".triage.yaml"].map { name + $0 }
            let likely = files.indices.filter { place in ends.contains { files[place].hasSuffix($0) } }
            let others = files.indices.filter { !likely.contains($0) }
            return (likely + others).lazy.compactMap(read).first { content in
                !content.isOverlay
                    && FileReading(content.bytes, file: content.file, kind: "Playbook", shape: .playbook).documents
                        .contains { $0.root.mapping("metadata")?.text("name") == name }
            }
        }
    }
}
