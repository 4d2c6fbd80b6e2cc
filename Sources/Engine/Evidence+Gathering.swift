internal import CEL
internal import Facts
internal import Playbooks

extension Scope {
    /// The values that made the condition true, in the order in which it reads them, each once.
    func evidence(for condition: Condition) -> [Evidence] {
        var paths: [[String]] = []
        var seen: Set<String> = []
        gather(condition, into: &paths, seen: &seen)
        return paths.compactMap(evidence(at:))
    }

    /// What one part of an expression read, through definitions too.
    func readings(of condition: Condition, in part: ExpressionTree.Node) -> [Evidence] {
        let tokens = part.tokens
        var found: [[String]] = []
        for path in condition.program.references.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where tokens.contains(where: { $0.reads(path) }) {
            var all: Set = [path]
            if let definition = path.first.flatMap(definition(named:)) {
                all = paths(mentionedBy: definition.condition)
            }
            for one in all.sorted(by: { $0.lexicographicallyPrecedes($1) })
            where !found.contains(one) && (one.count > 1 || one == ["platform"]) { found.append(one) }
        }
        return found.compactMap(evidence(at:))
    }

    private func gather(_ condition: Condition, into paths: inout [[String]], seen: inout Set<String>) {
        for path in decisiveReferences(of: condition) {
            if let root = path.first, let definition = definition(named: root) {
                if let target = definition.condition.program.source.aliasedPath {
                    // A name for a part of a fact: what was read of it is the evidence, not the whole part.
                    let full = unaliased(target + path.dropFirst())
                    if let inner = full.first.flatMap(self.definition(named:)) {
                        if seen.insert(inner.name).inserted { gather(inner.condition, into: &paths, seen: &seen) }
                    } else if full.count > 1, !paths.contains(full) {
                        paths.append(full)
                    }
                } else if seen.insert(root).inserted {
                    gather(definition.condition, into: &paths, seen: &seen)
                }
            } else if !paths.contains(path), path.count > 1 || path == ["platform"] {
                paths.append(path)
            }
        }
    }

    /// Follows names of names; a name that stands for more than a path stays.
    private func unaliased(_ path: [String]) -> [String] {
        guard let root = path.first, let definition = definition(named: root),
            let target = definition.condition.program.source.aliasedPath
        else { return path }
        return unaliased(target + path.dropFirst())
    }

    /// The paths that stand in the parts which decided; all where that cannot be told.
    func decisiveReferences(of condition: Condition) -> [[String]] {
        let program = condition.program
        let all = program.references.sorted { $0.lexicographicallyPrecedes($1) }
        guard let root = ExpressionTree(explanation(of: condition), source: program.source).root else { return all }
        let everywhere = root.tokens
        let deciding = root.decisive.flatMap(\.tokens)
        return all.compactMap { path -> (Int, [String])? in
            // Written otherwise (`facts["x"]`): it cannot be told where it stands, so it counts.
            guard everywhere.contains(where: { $0.reads(path) }) else { return (Int.max, path) }
            return deciding.firstIndex { $0.reads(path) }.map { ($0, path) }
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func evidence(at path: [String]) -> Evidence? {
        guard let root = path.first, let value = value(of: root) else { return nil }
        let found = value.at(path.dropFirst())
        switch found {
        case .unknown, .error: return nil
        default: break
        }
        // What is not there was read too (`has`): as Kubernetes does, null stands for it.
        let shown = (found ?? .null).shortened()
        let name = path.evidenceName
        let situation = memory.situation
        switch root {
        case "platform":
            let provenance = memory[WorkingMemory.platformKey]?.provenance
            return Evidence(
                fact: name, value: shown, source: provenance?.source ?? "",
                collectedAt: provenance?.collectedAt ?? situation.now)
        case "inputs":
            let isGiven = situation.inputs[path[1]] != nil
            return Evidence(
                fact: name, value: shown, source: isGiven ? "given" : "default", collectedAt: situation.now)
        case "facts" where path[1] == "symptom":
            // A group that caught nothing is no evidence.
            guard found != nil, let match = situation.matches[playbook.name] else { return nil }
            return Evidence(
                fact: name, value: shown, source: "the text, line \(match.line)", collectedAt: situation.now)
        case "facts":
            guard case .had(let fact) = state(of: path[1]) else { return nil }
            return Evidence(
                fact: name, value: shown, source: fact.provenance.source, collectedAt: fact.provenance.collectedAt)
        default: return nil
        }
    }

    /// What a result lacks, by name, the cheapest to get first.
    func missing(_ set: UnknownSet) -> [MissingFact] {
        var byName: [String: MissingFact] = [:]
        for attribute in set.attributes {
            let name = attribute.path.evidenceName
            let missing = missing(attribute, name: name)
            // Several reasons for one name: always the same one, whatever the order of the set.
            if let other = byName[name], (other.reason, other.detail) <= (missing.reason, missing.detail) { continue }
            byName[name] = missing
        }
        return byName.values.sorted { ($0.cost, $0.fact) < ($1.cost, $1.fact) }
    }
}

extension [String] {
    /// `facts.kubelet.failSwapOn` is `kubelet.failSwapOn` to people; inputs keep their root.
    var evidenceName: String { (first == "facts" ? Array(dropFirst()) : self).joined(separator: ".") }
}

extension String {
    /// `["facts", "kubelet"]` where the whole expression is that path and nothing else.
    fileprivate var aliasedPath: [String]? {
        let names = split(separator: ".", omittingEmptySubsequences: false)
        let isPath =
            names.count > 1
            && names.allSatisfy { name in
                !name.isEmpty && !(name.first?.isNumber ?? true)
                    && name.utf8.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    }
            }
        return isPath ? names.map(String.init) : nil
    }

    /// Whether the token reads the path: itself, or something below it.
    fileprivate func reads(_ path: [String]) -> Bool {
        let name = path.joined(separator: ".")
        return self == name || hasPrefix(name + ".")
    }
}

extension Value {
    /// Short enough to stand in a report; what is left out is said.
    func shortened(depth: Int = 0) -> Value {
        switch self {
        case .string(let text) where text.count > 300:
            .string(text.prefix(300) + "… (\(text.count) characters)")
        case .bytes(let bytes) where bytes.count > 32: .string("\(bytes.count) bytes")
        case .list(let list) where depth >= 4 && !list.isEmpty: .string("\(list.count) elements")
        case .list(let list):
            .list(
                List(
                    list.prefix(10).map { $0.shortened(depth: depth + 1) }
                        + (list.count > 10 ? [.string("… \(list.count - 10) more")] : [])))
        case .map(let map) where depth >= 4 && map.count > 0: .string("\(map.count) fields")
        case .map(let map):
            .map(
                Map(
                    map.entries.prefix(20).map { ($0.key, $0.value.shortened(depth: depth + 1)) }
                        + (map.count > 20 ? [(.string("…"), .string("\(map.count - 20) more"))] : [])))
        default: self
        }
    }
}
