package import CEL

/// An expression's parts, one below the other, with the value of each.
package struct ExpressionTree: Sendable {
    /// How the parts below a part decide it.
    package enum Operator: Sendable, Hashable {
        case and, or, not, conditional
        /// `has(part.field)`.
        case presence(field: String)
        /// `==`, `<`, `in` and the like.
        case comparison(String)
        /// `cel.bind(name, part, part)`.
        case binding(String)
        /// `list.name(variables, parts)`: the first part is what is looped over.
        case loop(String, variables: [String])
        case other
    }

    package struct Node: Sendable {
        /// Its place in the UTF-8 of the expression.
        package var range: Range<Int>
        package var text: String
        /// `nil`: not evaluated.
        package var value: Value?
        package var operation = Operator.other
        package var children: [Node] = []
    }

    /// `nil` where the evaluator lays nothing out.
    package var root: Node?

    package init(_ explanation: CEL.Explanation, source: String) {
        let bytes = Array(source.utf8)
        let parts = explanation.parts.filter { $0.range.lowerBound >= 0 && $0.range.upperBound <= bytes.count }
            .sorted {
                ($0.range.lowerBound, -$0.range.upperBound, $0.depth) < (
                    $1.range.lowerBound, -$1.range.upperBound, $1.depth
                )
            }
        var index = 0
        root = Self.node(parts, &index, in: bytes)
        // What the evaluator left out at the top is the whole.
        if root != nil, index < parts.count { root = nil }
    }

    private static func node(_ parts: [CEL.Explanation.Part], _ index: inout Int, in bytes: [UInt8]) -> Node? {
        guard index < parts.count else { return nil }
        let part = parts[index]
        index += 1
        var node = Node(range: part.range, text: text(bytes, part.range), value: part.value)
        while index < parts.count, part.range.lowerBound <= parts[index].range.lowerBound,
            parts[index].range.upperBound <= part.range.upperBound, let child = self.node(parts, &index, in: bytes)
        {
            node.children.append(child)
        }
        node.operation = operation(of: node, in: bytes)
        return node
    }

    /// Read from the text between the parts, where nothing but the operator stands.
    private static func operation(of node: Node, in bytes: [UInt8]) -> Operator {
        guard let first = node.children.first else { return .other }
        let before = text(bytes, node.range.lowerBound..<first.range.lowerBound)
        guard node.children.count > 1 else {
            if before.hasPrefix("!") { return .not }
            guard before.hasPrefix("has") else { return .other }
            return presence(text(bytes, first.range.upperBound..<node.range.upperBound))
        }
        let second = node.children[1]
        guard first.range.upperBound <= second.range.lowerBound else { return .other }
        let between = text(bytes, first.range.upperBound..<second.range.lowerBound)
        if let loop = loop(between) { return loop }
        if let name = binding(before) { return .binding(name) }
        let sign = between.filter { !" \t\r\n()".contains($0) }
        return switch sign {
        case "&&": .and
        case "||": .or
        case "?" where node.children.count == 3: .conditional
        case "==", "!=", "<", "<=", ">", ">=", "in": .comparison(sign)
        default: .other
        }
    }

    /// `.field)` as it stands behind what is asked for it.
    private static func presence(_ behind: String) -> Operator {
        let words = behind.filter { !" \t\r\n".contains($0) }
        guard words.hasPrefix("."), words.hasSuffix(")") else { return .other }
        return .presence(field: String(words.dropFirst().dropLast()))
    }

    /// `cel.bind(name, ` as it stands before the value.
    private static func binding(_ before: String) -> String? {
        let words = before.filter { !" \t\r\n".contains($0) }
        guard words.hasPrefix("cel.bind("), words.hasSuffix(",") else { return nil }
        return String(words.dropFirst("cel.bind(".count).dropLast())
    }

    /// The names of loops whose body tells which elements count.
    private static let loops: Set<String> = [
        "all", "exists", "exists_one", "existsOne", "map", "filter", "transformList", "transformMap",
        "transformMapEntry",
    ]

    /// `.exists(p, ` as it stands between a list and the body, each of which may have brackets of its own.
    private static func loop(_ between: String) -> Operator? {
        var words = between.filter { !" \t\r\n".contains($0) }[...]
        while words.first == ")" { words.removeFirst() }
        while words.last == "(" { words.removeLast() }
        guard words.hasPrefix("."), words.hasSuffix(","), let bracket = words.firstIndex(of: "(") else { return nil }
        let name = String(words[words.index(after: words.startIndex)..<bracket])
        guard loops.contains(name) else { return nil }
        let variables = words[words.index(after: bracket)...].split(separator: ",").map(String.init)
        return .loop(name, variables: variables)
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
