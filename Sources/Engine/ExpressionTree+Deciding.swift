internal import CEL
internal import Playbooks

extension ExpressionTree.Node {
    /// The parts that made the value what it is: of a false `&&` the first false operand, of a true one all.
    var decisive: [ExpressionTree.Node] {
        switch operation {
        case .and: operands(deciding: false)
        case .or: operands(deciding: true)
        case .not: children.flatMap(\.decisive)
        case .conditional: children.filter { $0.value != nil }.flatMap(\.decisive)
        case .presence, .comparison, .binding, .loop, .other: [self]
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
