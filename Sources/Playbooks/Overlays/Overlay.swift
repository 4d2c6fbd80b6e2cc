internal import YAML

/// What a team changes in a playbook of somebody else's: a document of its own, applied when the playbook is loaded.
struct Overlay: Sendable {
    let source: SourceText
    let root: Mapping
    /// `name`, or `library/name`: then only that library's own.
    let target: String
    let targetLocation: Location

    var file: String { source.file }
    /// The name of the playbook, without that of its library.
    var targetName: String { target.split(separator: "/").last.map(String.init) ?? target }

    /// All overlays of a file, in their order, and everything wrong with its form.
    static func read(_ content: PlaybookFiles.Content) -> (overlays: [Overlay], problems: [Problem]) {
        let reading = FileReading(content.bytes, file: content.file, kind: "Overlay", shape: .overlay)
        let overlays = reading.documents.filter(\.isSound).compactMap { document -> Overlay? in
            guard let node = document.root.mapping("spec")?["target"], let target = node.text else { return nil }
            return Overlay(
                source: reading.source, root: document.root, target: target,
                targetLocation: reading.source.location(of: node))
        }
        return (overlays, reading.problems)
    }

    /// Whether it is about this playbook, and not about one of that name from elsewhere.
    func isAbout(_ name: String, file: String) -> Bool {
        guard targetName == name else { return false }
        let parts = target.split(separator: "/")
        return parts.count < 2 || file.hasPrefix("\(parts[0])@")
    }

    /// Whether its remedies run anything.
    var hasCommands: Bool {
        (root.mapping("spec")?.mapping("remedies")?.entries ?? []).contains { entry in
            let remedy = Mapping(entry.value)
            return ((remedy?.elements("steps") ?? []) + (remedy?.elements("rollback") ?? [])).contains {
                Mapping($0)?["run"] != nil
            }
        }
    }
}

extension PlaybookFiles.Content {
    /// Whether an overlay in the file brings commands with it: then its library must have asked for that.
    package var hasOverlayCommands: Bool { isOverlay && Overlay.read(self).overlays.contains(where: \.hasCommands) }
}
