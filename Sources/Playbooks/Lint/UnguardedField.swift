internal import CEL

extension LintRule {
    /// Reading an absent field fails, and the cause with it.
    ///
    /// Where a playbook asks for a field anywhere, it may be absent.
    static let unguardedField = LintRule(.unguardedField) { subject in
        let guards = PresenceGuards(subject.playbook)
        return subject.playbook.causes.flatMap { cause -> [Problem] in
            guards.unguarded(in: cause.when).map { part, field in
                subject.problem(
                    .unguardedField,
                    "\(field) may be absent, as has() elsewhere in this playbook says, and reading it fails then;"
                        + " expected has(\(field)) && before it", at: cause.when.location(of: part.range))
            }
        }
    }
}

/// Which fields a playbook takes for absent sometimes, and where it reads them without asking.
private struct PresenceGuards {
    private let walk: ConditionWalk
    /// The paths that `has()` asks for anywhere, dotted.
    private let maybeAbsent: Set<String>

    init(_ playbook: Playbook) {
        let walk = ConditionWalk(playbook)
        self.walk = walk
        maybeAbsent = Set(
            playbook.expressions.flatMap { walk.parts(of: $0) }.compactMap { walk.asked($0) })
    }

    /// The reads of such fields that nothing in the expression guards, each field once.
    func unguarded(in condition: Condition) -> [(ExpressionTree.Node, String)] {
        guard let root = ConditionWalk.tree(of: condition) else { return [] }
        var seen: Set<String> = []
        return reads(of: PlacedPart(node: root, names: [:]), guarded: [], depth: 0)
            .filter { seen.insert($0.1).inserted }
    }

    private func reads(
        of part: PlacedPart, guarded: Set<String>, depth: Int
    ) -> [(ExpressionTree.Node, String)] {
        guard depth < 64 else { return [] }
        let children = walk.children(of: part)
        func read(_ child: PlacedPart, _ more: Set<String> = []) -> [(ExpressionTree.Node, String)] {
            reads(of: child, guarded: guarded.union(more), depth: depth + 1)
        }
        switch part.node.operation {
        case .and, .or:
            // In any order: an operand that fails does not count beside one that decides.
            let isAnd = part.node.operation == .and
            return children.indices.flatMap { index in
                let others = children.indices.filter { $0 != index }.map { children[$0] }
                return read(
                    children[index],
                    others.reduce(into: []) { $0.formUnion(isAnd ? saysNo($1) : saysYes($1)) })
            }
        case .conditional:
            return read(children[0]) + read(children[1], saysNo(children[0])) + read(children[2], saysYes(children[0]))
        default: break
        }
        if let path = walk.path(of: part) {
            // Which element of a list has a field is for the loop to ask.
            let prefixes = path.prefix { $0 != "*" }.indices.dropFirst().map { path[...$0].joined(separator: ".") }
            guard let field = prefixes.first(where: { maybeAbsent.contains($0) && !guarded.contains($0) }) else {
                return []
            }
            return [(part.node, field)]
        }
        if let definition = walk.definition(part.node.text), part.names[part.node.text] == nil {
            return reads(of: PlacedPart(node: definition, names: [:]), guarded: guarded, depth: depth + 1)
                .map { (part.node, $0.1) }
        }
        return children.flatMap { read($0) }
    }

    // MARK: What an answer tells

    /// The fields without which the part is false.
    private func saysNo(_ part: PlacedPart, depth: Int = 0) -> Set<String> {
        guard depth < 64 else { return [] }
        let children = walk.children(of: part)
        switch part.node.operation {
        case .presence: return walk.asked(part).map { [$0] } ?? []
        case .and: return children.reduce(into: []) { $0.formUnion(saysNo($1, depth: depth + 1)) }
        case .or: return intersection(children.map { saysNo($0, depth: depth + 1) })
        case .not: return saysYes(children[0], depth: depth + 1)
        case .conditional where children[2].node.text == "false": return saysNo(children[0], depth: depth + 1)
        case .other: return inDefinition(part).map { saysNo($0, depth: depth + 1) } ?? []
        default: return []
        }
    }

    /// The fields without which the part is true.
    private func saysYes(_ part: PlacedPart, depth: Int = 0) -> Set<String> {
        guard depth < 64 else { return [] }
        let children = walk.children(of: part)
        switch part.node.operation {
        case .or: return children.reduce(into: []) { $0.formUnion(saysYes($1, depth: depth + 1)) }
        case .and: return intersection(children.map { saysYes($0, depth: depth + 1) })
        case .not: return saysNo(children[0], depth: depth + 1)
        case .conditional where children[2].node.text == "true": return saysNo(children[0], depth: depth + 1)
        case .other: return inDefinition(part).map { saysYes($0, depth: depth + 1) } ?? []
        default: return []
        }
    }

    private func inDefinition(_ part: PlacedPart) -> PlacedPart? {
        guard part.names[part.node.text] == nil else { return nil }
        return walk.definition(part.node.text).map { PlacedPart(node: $0, names: [:]) }
    }

    private func intersection(_ sets: [Set<String>]) -> Set<String> {
        sets.dropFirst().reduce(sets.first ?? []) { $0.intersection($1) }
    }
}

extension ConditionWalk {
    /// The path that the part asks for with `has()`, dotted.
    fileprivate func asked(_ part: PlacedPart) -> String? {
        guard case .presence(let field) = part.node.operation, let operand = children(of: part).first,
            let path = path(of: operand)
        else { return nil }
        return (path + [field]).joined(separator: ".")
    }
}
