/// A literal, or what was computed once when the expression was compiled.
final class ConstantNode: Node {
    let value: Value
    /// What computing it costs, charged each time, so that folding does not change what people pay.
    let cost: UInt64

    init(_ value: Value, cost: UInt64 = 0) {
        self.value = value
        self.cost = cost
    }

    func evaluate(_ frame: inout Frame) -> Value {
        frame.charge(cost)
        return value
    }
}

/// A variable of the environment.
final class VariableNode: Node {
    let name: VariableName
    let offset: Int

    init(_ name: String, offset: Int) {
        self.name = VariableName(name)
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        frame.charge(1)
        guard let value = frame.variables?.value(for: name.key.probe) else { return lookUp(&frame) }
        if case .unknown = value { return value.located([name.text]) }
        return value
    }

    /// Wherever variables come from, and by names of any length.
    @inline(never)
    private func lookUp(_ frame: inout Frame) -> Value {
        guard let value = frame.variables?.value(for: name.key) ?? frame.activation?.value(of: name) else {
            let message = "the variable '\(name.text)' has no value"
            return .error(EvaluationError(.undeclaredReference, message, offset: offset))
        }
        return value.located([name.text])
    }

    var place: ContiguousArray<Key.Probe> { [name.key.probe] }
    func attributePath(_ frame: inout Frame) -> [String]? { [name.text] }
}

/// A variable that is asked for often: looked up once in each evaluation.
final class CachedVariableNode: Node {
    let variable: VariableNode
    let slot: Int

    init(_ variable: VariableNode, slot: Int) {
        self.variable = variable
        self.slot = slot
    }

    func evaluate(_ frame: inout Frame) -> Value {
        if frame.slots[slot].position != 0 {
            frame.charge(1)
            return frame.slots[slot].value
        }
        let value = variable.evaluate(&frame)
        frame.slots[slot] = Frame.Slot(value: value, position: 1)
        return value
    }

    func attributePath(_ frame: inout Frame) -> [String]? { [variable.name.text] }
}

/// What `bind` or a block named.
final class BoundNode: Node {
    let slot: Int
    let source: any Node

    init(slot: Int, source: any Node) {
        self.slot = slot
        self.source = source
    }

    func evaluate(_ frame: inout Frame) -> Value {
        frame.charge(1)
        return frame.slots[slot].value
    }

    func attributePath(_ frame: inout Frame) -> [String]? { source.attributePath(&frame) }
    func elementPath(_ frame: inout Frame, at component: String) -> [String]? {
        source.elementPath(&frame, at: component)
    }
}

/// The variable of a loop.
final class LoopVariableNode: Node {
    enum Role {
        /// The element of a list, or the key of a map.
        case only
        case index
        /// The element or value; the index or key stands in the slot before.
        case value
    }

    let slot: Int
    let role: Role
    let source: any Node

    init(slot: Int, role: Role, source: any Node) {
        self.slot = slot
        self.role = role
        self.source = source
    }

    func evaluate(_ frame: inout Frame) -> Value {
        frame.charge(1)
        let value = frame.slots[slot].value
        if case .unknown = value { return value.located(attributePath(&frame)) }
        return value
    }

    func attributePath(_ frame: inout Frame) -> [String]? {
        switch role {
        case .only: source.elementPath(&frame, at: "\(frame.slots[slot].position)")
        case .index: nil
        case .value: source.elementPath(&frame, at: frame.slots[slot - 1].value.pathComponent)
        }
    }
}

extension Value {
    /// As a part of an attribute's path.
    var pathComponent: String {
        switch self {
        case .string(let text): text
        case .uint(let number): "\(number)"
        default: description
        }
    }
}
