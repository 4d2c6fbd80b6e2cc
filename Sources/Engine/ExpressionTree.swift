internal import CEL
internal import Facts
internal import Playbooks

/// A condition's parts, one below the other, with the value of each.
struct ExpressionTree {
    /// How the parts below a part decide it.
    enum Operator { case and, or, not, conditional, other }

    struct Node {
        var range: Range<Int>
        var text: String
        var value: Value?
        var operation = Operator.other
        var children: [Node] = []
    }

    /// `nil` where the evaluator lays nothing out.
    var root: Node?

    init(_ explanation: CEL.Explanation, source: String) {
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
        if node.children.count == 1 {
            return text(bytes, node.range.lowerBound..<first.range.lowerBound).hasPrefix("!") ? .not : .other
        }
        let second = node.children[1]
        guard first.range.upperBound <= second.range.lowerBound else { return .other }
        let between = text(bytes, first.range.upperBound..<second.range.lowerBound)
        return switch between.filter({ !" \t\r\n()".contains($0) }) {
        case "&&": .and
        case "||": .or
        case "?" where node.children.count == 3: .conditional
        default: .other
        }
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}

extension ExpressionTree.Node {
    /// The parts that made the value what it is: of a false `&&` the first false operand, of a true one all.
    var decisive: [ExpressionTree.Node] {
        switch operation {
        case .and: operands(deciding: false)
        case .or: operands(deciding: true)
        case .not: children.flatMap(\.decisive)
        case .conditional: children.filter { $0.value != nil }.flatMap(\.decisive)
        case .other: [self]
        }
    }

    private func operands(deciding: Bool) -> [ExpressionTree.Node] {
        switch value {
        case .bool(deciding):
            // The first that decides is the reason; the rest would only have agreed.
            children.first { $0.isBool(deciding) }?.decisive ?? [self]
        case .bool: children.flatMap(\.decisive)
        case .unknown: children.filter(\.isUnknown).flatMap(\.decisive)
        default: [self]
        }
    }

    private func isBool(_ expected: Bool) -> Bool {
        if case .bool(expected) = value { true } else { false }
    }

    private var isUnknown: Bool {
        if case .unknown = value { true } else { false }
    }

    /// The text, word by word, so that a path or a name can be looked for in it.
    var tokens: [String] {
        text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.map(String.init)
    }
}
