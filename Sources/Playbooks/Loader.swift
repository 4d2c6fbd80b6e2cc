package import Facts

/// The one way by which a playbook comes to be: from bytes, through the catalogue's types.
package struct Loader: Sendable {
    package let catalogue: Catalogue

    package init(catalogue: Catalogue) { self.catalogue = catalogue }

    /// All the playbooks of one file (usually one), and everything wrong with it.
    ///
    /// A playbook with errors is not returned; one with warnings is.
    package func load(_ bytes: [UInt8], file: String) -> (playbooks: [Playbook], problems: [Problem]) {
        load(bytes, file: file, overlays: [])
    }

    /// - Parameter overlays: those that are about playbooks of this file, in their order.
    func load(
        _ bytes: [UInt8], file: String, overlays: [Overlay], neighbours: Neighbours = .none
    ) -> (playbooks: [Playbook], problems: [Problem]) {
        let reading = FileReading.playbooks(in: bytes, file: file)
        var problems = reading.problems
        var playbooks: [Playbook] = []
        for document in reading.documents {
            let overlaid = overlaid(document.root, in: reading.source, overlays, neighbours)
            var builder = PlaybookBuilder(
                Mapping(overlaid.document.root) ?? document.root, source: overlaid.document.source, catalogue: catalogue
            )
            var playbook = builder.build()
            playbook?.overlays = overlaid.files
            playbook?.lenders = overlaid.lenders
            playbook?.disabledCauses = overlaid.document.disabledCauses
            problems += overlaid.document.problems + builder.problems
            let isSound =
                document.isSound && overlaid.document.problems.isEmpty
                && !builder.problems.contains { $0.severity == .error }
            if let playbook, isSound { playbooks.append(playbook) }
        }
        return (playbooks, problems.inOrderOfPlace)
    }

    private func overlaid(
        _ root: Mapping, in source: SourceText, _ overlays: [Overlay], _ neighbours: Neighbours
    ) -> (document: OverlaidDocument, files: [String], lenders: [String]) {
        var document = OverlaidDocument(root, source: source)
        let lenders = document.borrow(from: neighbours)
        guard !overlays.isEmpty else { return (document, [], lenders) }
        let name = root.playbookName ?? ""
        let applied = overlays.filter { $0.isAbout(name, file: source.file) }
        for overlay in applied { document.apply(overlay) }
        return (document, applied.map(\.file), lenders)
    }

    /// The lines of a playbook as it counts, each with its origin; `nil` where the file has none of that name.
    func resolvedText(
        _ name: String, in content: PlaybookFiles.Content, overlays: [Overlay], neighbours: Neighbours
    ) -> ResolvedText? {
        let reading = FileReading.playbooks(in: content.bytes, file: content.file)
        guard let root = reading.playbook(named: name) else { return nil }
        let document = overlaid(root, in: reading.source, overlays, neighbours).document
        return ResolvedText(document.root, source: document.source)
    }

    /// What the playbooks of one file are about, and what is wrong with its text and its form; nothing is compiled.
    ///
    /// A playbook whose expressions have errors is among them.
    func outlines(
        of content: PlaybookFiles.Content, neighbours: Neighbours
    ) -> (outlines: [PlaybookOutline], problems: [Problem]) {
        let reading = FileReading.playbooks(in: content.bytes, file: content.file)
        var problems = reading.problems
        let outlines = reading.documents.filter(\.isSound).compactMap { document -> PlaybookOutline? in
            let whole = overlaid(document.root, in: reading.source, [], neighbours).document
            problems += whole.problems
            return whole.problems.isEmpty ? PlaybookOutline(of: whole.root, file: content.file) : nil
        }
        return (outlines, problems.inOrderOfPlace)
    }

    /// The names of all playbooks of a file, also of those that cannot be loaded.
    func namesClaimed(in content: PlaybookFiles.Content) -> Set<String> {
        let reading = FileReading.playbooks(in: content.bytes, file: content.file)
        return Set(reading.documents.compactMap(\.root.playbookName))
    }
}

extension [Problem] {
    /// Each once, as the text has them.
    package var inOrderOfPlace: [Problem] {
        guard count > 1 else { return self }
        var seen: Set<Problem> = []
        return filter { seen.insert($0).inserted }.sorted { left, right in
            let (one, other) = (left.location, right.location)
            return (one.file, one.line, one.column, left.code.rawValue)
                < (other.file, other.line, other.column, right.code.rawValue)
        }
    }
}
