internal import CEL

/// A part of an expression, and the paths that the loops around it give names to.
struct PlacedPart {
    var node: ExpressionTree.Node
    var names: [String: [String]]
}

/// Follows expressions of a playbook to the facts that they read, through loops, bindings and definitions.
///
/// A path is `["facts", "swap", "devices", "*", "name"]`, `*` standing for any element.
struct ConditionWalk {
    private let definitions: [String: ExpressionTree.Node]

    init(_ playbook: Playbook) {
        definitions = playbook.definitions.reduce(into: [:]) { $0[$1.name] = Self.tree(of: $1.condition) }
    }

    static func tree(of condition: Condition) -> ExpressionTree.Node? {
        ExpressionTree(EverythingUnknown().explanation(of: condition.program), source: condition.program.source).root
    }

    func definition(_ name: String) -> ExpressionTree.Node? { definitions[name] }

    /// Every part of the expression, the outer ones first.
    func parts(of condition: Condition) -> [PlacedPart] {
        Self.tree(of: condition).map { parts(of: PlacedPart(node: $0, names: [:])) } ?? []
    }

    private func parts(of part: PlacedPart) -> [PlacedPart] { [part] + children(of: part).flatMap(parts) }

    /// The direct parts, each with the names that count in it.
    func children(of part: PlacedPart) -> [PlacedPart] {
        let node = part.node
        guard let first = node.children.first else { return [] }
        var inner = part.names
        switch node.operation {
        case .loop(_, let variables):
            for variable in variables { inner[variable] = [] }
            if let element = variables.last, let source = path(of: PlacedPart(node: first, names: part.names)) {
                inner[element] = source + ["*"]
            }
        case .binding(let name): inner[name] = path(of: PlacedPart(node: first, names: part.names)) ?? []
        default: break
        }
        return [PlacedPart(node: first, names: part.names)]
            + node.children.dropFirst().map { PlacedPart(node: $0, names: inner) }
    }

    /// What the part reads where it is nothing but a path; `nil` otherwise.
    func path(of part: PlacedPart) -> [String]? { path(of: part, depth: 0) }

    private func path(of part: PlacedPart, depth: Int) -> [String]? {
        let node = part.node
        // Definitions are in no circle; what is deeper than this nobody reads.
        guard depth < 32 else { return nil }
        if case .loop("filter", _) = node.operation, let source = node.children.first {
            return path(of: PlacedPart(node: source, names: part.names), depth: depth + 1)
        }
        guard case .other = node.operation, let steps = node.text.pathSteps, let root = steps.first else { return nil }
        if let bound = part.names[root] { return bound.isEmpty ? nil : bound + steps.dropFirst() }
        if let definition = definitions[root] {
            return path(of: PlacedPart(node: definition, names: [:]), depth: depth + 1).map { $0 + steps.dropFirst() }
        }
        return ["facts", "inputs", "platform"].contains(root) ? steps : nil
    }
}

extension String {
    /// `a.b.c` as its names; `nil` where anything else stands in it.
    fileprivate var pathSteps: [String]? {
        let text = filter { !" \t\r\n".contains($0) }
        let steps = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard steps.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isNameByte) }),
            steps[0].utf8.first.map({ !$0.isDigit }) ?? false
        else { return nil }
        return steps
    }

    /// The text that a literal stands for; `nil` where it is none, or has escapes.
    var literalText: String? {
        guard utf8.count >= 2, let quote = first, quote == "'" || quote == "\"", last == quote else { return nil }
        let inner = dropFirst().dropLast()
        return inner.contains(quote) || inner.contains("\\") ? nil : String(inner)
    }
}
