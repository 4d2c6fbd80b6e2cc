internal import YAML

/// The playbooks beside one, from which it may take over parts: those of its own folder, and so of its own library.
struct Neighbours: Sendable {
    typealias Lender = (root: Node, source: SourceText)

    /// The playbook of that name, in whichever folder.
    let playbook: @Sendable (_ name: String) -> Lender?

    static let none = Neighbours { _ in nil }

    /// The root and the text of a playbook that stands in the same folder.
    func playbook(_ name: String, beside file: String) -> Lender? {
        playbook(name).flatMap { Self.folder(of: $0.source.file) == Self.folder(of: file) ? $0 : nil }
    }

    private static func folder(of file: String) -> Substring {
        file.lastIndex(of: "/").map { file[..<$0] } ?? ""
    }
}

extension Neighbours {
    /// Among files that have been read.
    init(_ contents: [PlaybookFiles.Content]) {
        self.init { name in
            Neighbours(contents.map(\.file)) { contents[$0] }.playbook(name)
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
            for content in (likely + others).lazy.compactMap(read) where !content.isOverlay {
                let reading = FileReading.playbooks(in: content.bytes, file: content.file)
                if let root = reading.playbook(named: name) { return (root.node, reading.source) }
            }
            return nil
        }
    }
}
