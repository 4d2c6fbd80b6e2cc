internal import CEL
internal import YAML

/// A playbook's document with overlays applied: one tree, each node of which knows the file that it stands in.
///
/// Changes are made before anything is compiled, so that what an overlay adds is checked exactly as what the playbook
/// has itself: its causes may only read facts that the playbook declares.
struct OverlaidDocument {
    var root: Node
    /// The playbook's text with those of the overlays behind it.
    var source: SourceText
    var problems: [Problem] = []
    private(set) var disabledCauses: [String] = []

    init(_ document: Mapping, source: SourceText) {
        root = document.node
        self.source = source
    }

    mutating func apply(_ overlay: Overlay) {
        let shift = source.append(overlay.source)
        guard let changes = Mapping(overlay.root.node.shifted(by: shift))?.mapping("spec") else { return }
        if let severity = changes["severity"] { root.update(["metadata", "severity"]) { $0 = severity } }
        for key in ["tags", "references"] { append(changes, key, below: "metadata") }
        append(changes, "symptoms", below: "spec")
        for input in changes.mapping("inputs")?.entries ?? [] { changeInput(input) }
        for change in changes.mapping("change")?.entries ?? [] { changeCause(change) }
        for cause in changes.elements("causes") { add(cause) }
        for remedy in changes.mapping("remedies")?.entries ?? [] { setRemedy(remedy, changes) }
        for node in changes.elements("disable") { disable(node) }
        removeUnusedRemedies(except: Set((changes.mapping("remedies")?.entries ?? []).map(\.key)))
    }

    // MARK: Steps

    private mutating func append(_ changes: Mapping, _ key: String, below parent: String) {
        guard let added = changes[key], let keyNode = changes.keyNode(key), let elements = added.elements else {
            return
        }
        root.update([parent]) { section in
            guard let old = section[key], let before = old.elements else { return section.set(key, keyNode, added) }
            var list = old
            list.content = .sequence(before + elements)
            section.set(key, keyNode, list)
        }
    }

    private mutating func changeInput(_ input: (key: String, keyNode: Node, value: Node)) {
        guard let changes = Mapping(input.value), let value = changes["default"],
            let keyNode = changes.keyNode("default")
        else { return }
        let known = root["spec"]?["inputs"]?.keys ?? []
        guard known.contains(input.key) else { return report("input", input.key, input.keyNode, known) }
        root.update(["spec", "inputs", input.key]) { $0.set("default", keyNode, value) }
    }

    private var causeIDs: [String] { causes.compactMap { $0["id"]?.text } }
    private var causes: [Node] { root["spec"]?["causes"]?.elements ?? [] }

    private mutating func setCauses(_ causes: [Node]) {
        root.update(["spec", "causes"]) { $0.content = .sequence(causes) }
    }

    private mutating func changeCause(_ change: (key: String, keyNode: Node, value: Node)) {
        guard let changes = Mapping(change.value) else { return }
        guard causeIDs.contains(change.key) else { return report("cause", change.key, change.keyNode, causeIDs) }
        setCauses(
            causes.map { cause in
                guard cause["id"]?.text == change.key else { return cause }
                var changed = cause
                for entry in changes.entries { changed.set(entry.key, entry.keyNode, entry.value) }
                return changed
            })
    }

    private mutating func add(_ cause: Node) {
        var added = cause
        var all = causes
        var index = all.count
        for (key, isBehind) in [("before", 0), ("after", 1)] {
            guard let place = cause[key], let id = place.text else { continue }
            guard let found = all.firstIndex(where: { $0["id"]?.text == id }) else {
                return report("cause", id, place, causeIDs)
            }
            index = found + isBehind
            added.remove(key)
        }
        all.insert(added, at: index)
        setCauses(all)
    }

    private mutating func setRemedy(_ remedy: (key: String, keyNode: Node, value: Node), _ changes: Mapping) {
        root.update(["spec"]) { section in
            var remedies = section["remedies"] ?? Node(content: .mapping([]), span: remedy.value.span)
            // What is replaced is replaced whole, so that its origin is one.
            remedies.remove(remedy.key)
            remedies.set(remedy.key, remedy.keyNode, remedy.value)
            section.set("remedies", changes.keyNode("remedies") ?? remedy.keyNode, remedies)
        }
    }

    private mutating func disable(_ node: Node) {
        guard let id = node.text else { return }
        guard causeIDs.contains(id) else { return report("cause", id, node, causeIDs) }
        let name = root["metadata"]?["name"]?.text ?? ""
        guard causeIDs.count > 1 else {
            return problems.append(
                Problem(
                    .overlayTarget, "the playbook '\(name)' would have no cause left", at: source.location(of: node)))
        }
        disabledCauses.append(id)
        setCauses(
            causes.filter { $0["id"]?.text != id }.map { cause in
                guard let explains = cause["explains"], let elements = explains.elements else { return cause }
                var changed = cause
                changed.update(["explains"]) {
                    $0.content = .sequence(elements.filter { $0.text != id && $0.text != "\(name)/\(id)" })
                }
                return changed
            })
    }

    /// What nobody names any more goes with the causes that did.
    private mutating func removeUnusedRemedies(except own: Set<String>) {
        let named = Set(causes.flatMap { $0["remedies"]?.elements?.compactMap(\.text) ?? [] })
        for id in root["spec"]?["remedies"]?.keys ?? [] where !named.contains(id) && !own.contains(id) {
            root.update(["spec", "remedies"]) { $0.remove(id) }
        }
    }

    private mutating func report(_ what: String, _ name: String, _ node: Node, _ known: [String]) {
        let playbook = root["metadata"]?["name"]?.text ?? ""
        let nearest = nearestName(to: name, among: known)
        let expected =
            known.isEmpty ? "; it has none" : "; expected one of \(known.map { "'\($0)'" }.joined(separator: ", "))"
        problems.append(
            Problem(
                .overlayTarget,
                "the playbook '\(playbook)' has no \(what) \(name.quotedForMessage)"
                    + (nearest == nil ? expected : didYouMean(nearest)), at: source.location(of: node),
                suggestion: nearest))
    }
}
