internal import CEL
internal import YAML

extension PlaybookBuilder {
    mutating func buildCauses() -> [Cause] {
        var causes: [Cause] = []
        var places: [String: Location] = [:]
        for element in specification?.elements("causes") ?? [] {
            guard let mapping = Mapping(element) else { continue }
            let idNode = mapping["id"]
            let id = mapping.text("id")
            if let id, let idNode {
                let place = source.location(of: idNode)
                if let first = places[id] {
                    report(
                        .duplicateName, "there is a cause '\(id)' already, in line \(first.line); expected another id",
                        at: place)
                }
                places[id] = places[id] ?? place
            }
            let when = expressions.condition(mapping["when"])
            if let when { checkReachable(when, after: causes) }
            let because = expressions.template(mapping["because"])
            guard let id, let idNode, let when else { continue }
            causes.append(
                Cause(
                    id: id, title: mapping.text("title") ?? id,
                    severity: mapping.choice("severity", Playbook.Severity.self), when: when, because: because,
                    explains: mapping.texts("explains").map(qualified), remedies: mapping.texts("remedies"),
                    location: source.location(of: idNode), explainsLocations: explainsLocations(in: mapping),
                    stability: mapping.choice("stability") ?? document.mapping("metadata")?.choice("stability")))
        }
        return causes
    }

    private func qualified(_ reference: String) -> String {
        reference.qualifiedAsCause(of: document.mapping("metadata")?.text("name"))
    }

    private func explainsLocations(in cause: Mapping) -> [String: Location] {
        let places = cause.elements("explains").compactMap { node in
            node.text.map { (qualified($0), source.location(of: node)) }
        }
        return Dictionary(places, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Reachability

    private mutating func checkReachable(_ when: Condition, after earlier: [Cause]) {
        let whole = when.location(of: 0..<when.program.source.utf8.count)
        switch constants.value(of: when.program) {
        case .bool(false):
            report(.unreachableCause, "the condition is false whatever the facts are", at: whole)
        case .error(let error):
            report(.alwaysFails, "the condition fails whatever the facts are: \(error.message)", at: whole)
        default:
            let text = when.program.source.withoutWhiteSpace
            guard let twin = earlier.first(where: { $0.when.program.source.withoutWhiteSpace == text }) else { return }
            report(
                .unreachableCause,
                "the condition is that of '\(twin.id)', so that the two causes cannot be told apart", at: whole)
        }
    }

    // MARK: References

    /// What causes name must exist, and what exists must be named.
    mutating func checkReferences() {
        let causes = (specification?.elements("causes") ?? []).compactMap { Mapping($0) }
        let remedies = specification?.mapping("remedies")?.entries ?? []
        let ids = Set(remedies.map(\.key))
        var named: Set<String> = []
        for cause in causes {
            for node in cause.elements("remedies") {
                guard let id = node.text else { continue }
                named.insert(id)
                checkRemedyReference(id, at: node, among: ids)
            }
            checkRepetition(in: cause.elements("remedies"))
            checkExplains(of: cause, among: causes)
        }
        for remedy in remedies where !named.contains(remedy.key) {
            report(
                .unusedRemedy, "no cause names the remedy '\(remedy.key)'; expected it in the 'remedies' of a cause",
                at: remedy.keyNode)
        }
    }

    private mutating func checkRemedyReference(_ id: String, at node: Node, among ids: Set<String>) {
        guard !ids.contains(id) else { return }
        let nearest = self.nearest(to: id, among: ids.sorted())
        let expected = ids.isEmpty ? "; expected it under 'remedies' of the spec" : ""
        report(
            .unknownRemedy,
            "there is no remedy \(id.quotedForMessage)" + (nearest == nil ? expected : didYouMean(nearest)),
            at: node, suggestion: nearest)
    }

    /// Causes of other playbooks are looked up once the library is assembled.
    private mutating func checkExplains(of cause: Mapping, among causes: [Mapping]) {
        let name = document.mapping("metadata")?.text("name")
        checkRepetition(in: cause.elements("explains"))
        for node in cause.elements("explains") {
            guard let reference = node.text else { continue }
            let parts = reference.split(separator: "/").map(String.init)
            guard let id = parts.last, parts.count == 1 || parts.first == name else { continue }
            let ids = causes.compactMap { $0.text("id") }
            if id == cause.text("id") {
                report(.explainsCycle, "a cause cannot explain itself", at: node)
            } else if !ids.contains(id) {
                let nearest = self.nearest(to: id, among: ids)
                report(
                    .unknownCause, "this playbook has no cause \(id.quotedForMessage)\(didYouMean(nearest))", at: node,
                    suggestion: nearest)
            }
        }
    }

    private mutating func checkRepetition(in nodes: [Node]) {
        var seen: Set<String> = []
        for node in nodes {
            guard let text = node.text, !seen.insert(text).inserted else { continue }
            report(.duplicateName, "\(text.quotedForMessage) is named twice", at: node)
        }
    }
}

extension String {
    /// A CEL expression without the white space that does not matter to it.
    var withoutWhiteSpace: String {
        let bytes = Array(utf8)
        var kept: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\""), let end = endOfString(in: bytes, from: offset) {
                kept += bytes[offset..<end]
                offset = end
                continue
            }
            if byte.isBlank || byte.isLineBreak {
                // Between words white space does matter: `a in b`.
                let next = bytes[offset...].first { !$0.isBlank && !$0.isLineBreak }
                if let last = kept.last, let next, last.isNameByte, next.isNameByte { kept.append(UInt8(ascii: " ")) }
            } else {
                kept.append(byte)
            }
            offset += 1
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
