/// `==` and `!=`.
final class EqualityNode: Node {
    let left: any Node
    let right: any Node
    let isNegated: Bool

    init(_ left: any Node, _ right: any Node, isNegated: Bool) {
        self.left = left
        self.right = right
        self.isNegated = isNegated
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = left.evaluate(&frame)
        let two = right.evaluate(&frame)
        switch (one, two) {
        case (.string(let first), .string(let second)):
            frame.charge(CallCost.traversal(min(first.utf8.count, second.utf8.count)))
            return .bool(first.isIdentical(to: second) != isNegated)
        case (.int(let first), .int(let second)):
            frame.charge(1)
            return .bool((first == second) != isNegated)
        case (.bool(let first), .bool(let second)):
            frame.charge(1)
            return .bool((first == second) != isNegated)
        default:
            if let result = Value.strict(one, two) { return result }
            frame.charge(CallCost.traversal(min(one.costSize, two.costSize)))
            var unknowns: UnknownSet?
            guard let isEqual = one.isEqual(to: two, unknowns: &unknowns) else {
                let path = left.attributePath(&frame) ?? right.attributePath(&frame)
                return (unknowns.map(Value.unknown) ?? .bool(isNegated)).located(path)
            }
            return .bool(isEqual != isNegated)
        }
    }
}

/// The same with a constant on the right.
final class ConstantEqualityNode: Node {
    let left: any Node
    let constant: Value
    let isNegated: Bool
    private let constantSize: Int
    private let leftPlace: ContiguousArray<Key.Probe>

    init(_ left: any Node, _ constant: Value, isNegated: Bool) {
        self.left = left
        self.constant = constant
        self.isNegated = isNegated
        constantSize = constant.costSize
        leftPlace = left.place
    }

    func evaluate(_ frame: inout Frame) -> Value {
        if let isEqual = frame.look(at: leftPlace, { $0.isSameScalar(as: constant) }) {
            frame.charge(CallCost.traversal(constantSize))
            return .bool(isEqual != isNegated)
        }
        let value = left.evaluate(&frame)
        switch (value, constant) {
        case (.string(let first), .string(let second)):
            frame.charge(CallCost.traversal(min(first.utf8.count, constantSize)))
            return .bool(first.isIdentical(to: second) != isNegated)
        case (.bool(let first), .bool(let second)):
            frame.charge(1)
            return .bool((first == second) != isNegated)
        case (.int(let first), .int(let second)):
            frame.charge(1)
            return .bool((first == second) != isNegated)
        case (.unknown, _), (.error, _): return value
        default:
            frame.charge(CallCost.traversal(min(value.costSize, constantSize)))
            var unknowns: UnknownSet?
            guard let isEqual = value.isEqual(to: constant, unknowns: &unknowns) else {
                return (unknowns.map(Value.unknown) ?? .bool(isNegated)).located(left.attributePath(&frame))
            }
            return .bool(isEqual != isNegated)
        }
    }
}

extension Value {
    /// Whether two scalars are equal; `nil` where it takes a closer look to tell.
    @inline(__always)
    fileprivate func isSameScalar(as other: Value) -> Bool? {
        switch (self, other) {
        case (.string(let one), .string(let two)): one.bits == two.bits ? true : nil
        case (.bool(let one), .bool(let two)): one == two
        case (.int(let one), .int(let two)): one == two
        default: nil
        }
    }
}

/// `<`, `<=`, `>`, `>=`.
final class OrderNode: Node {
    enum Relation: String {
        case less = "_<_", lessOrEqual = "_<=_", greater = "_>_", greaterOrEqual = "_>=_"

        @inline(__always)
        func holds(_ one: Int64, _ two: Int64) -> Bool {
            switch self {
            case .less: one < two
            case .lessOrEqual: one <= two
            case .greater: one > two
            case .greaterOrEqual: one >= two
            }
        }
    }

    let left: any Node
    let right: any Node
    let relation: Relation
    let offset: Int

    init(_ left: any Node, _ right: any Node, _ relation: Relation, offset: Int) {
        self.left = left
        self.right = right
        self.relation = relation
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = left.evaluate(&frame)
        let two = right.evaluate(&frame)
        if case .int(let first) = one, case .int(let second) = two {
            frame.charge(1)
            return .bool(relation.holds(first, second))
        }
        return compare(one, two, &frame)
    }

    func compare(_ one: Value, _ two: Value, _ frame: inout Frame) -> Value {
        if let result = Value.strict(one, two) { return result }
        frame.charge(CallCost.traversal(min(one.costSize, two.costSize)))
        guard let order = one.order(two) else { return Value.noOverload(relation.rawValue, one, two).at(offset) }
        switch relation {
        case .less: return .bool(order == .less)
        case .lessOrEqual: return .bool(order == .less || order == .equal)
        case .greater: return .bool(order == .greater)
        case .greaterOrEqual: return .bool(order == .greater || order == .equal)
        }
    }
}

/// The same with a constant int on the right.
final class ConstantOrderNode: Node {
    let node: OrderNode
    let left: any Node
    let relation: OrderNode.Relation
    let constant: Int64
    private let leftPlace: ContiguousArray<Key.Probe>

    init(_ node: OrderNode, _ constant: Int64) {
        self.node = node
        self.constant = constant
        left = node.left
        leftPlace = left.place
        relation = node.relation
    }

    func evaluate(_ frame: inout Frame) -> Value {
        if let number = frame.look(at: leftPlace, { if case .int(let number) = $0 { number } else { nil } }) {
            frame.charge(1)
            return .bool(relation.holds(number, constant))
        }
        let value = left.evaluate(&frame)
        guard case .int(let number) = value else { return node.compare(value, .int(constant), &frame) }
        frame.charge(1)
        return .bool(relation.holds(number, constant))
    }
}

/// `+`, `-`, `*`, `/`, `%`.
final class ArithmeticNode: Node {
    let left: any Node
    let right: any Node
    let function: @Sendable (Value, Value) -> Value
    let offset: Int

    init(_ left: any Node, _ right: any Node, offset: Int, _ function: @escaping @Sendable (Value, Value) -> Value) {
        self.left = left
        self.right = right
        self.function = function
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = left.evaluate(&frame)
        let two = right.evaluate(&frame)
        if let result = Value.strict(one, two) { return result }
        frame.charge(1)
        return function(one, two).at(offset)
    }
}

/// `+`, which may make something long.
final class AdditionNode: Node {
    let left: any Node
    let right: any Node
    let offset: Int

    init(_ left: any Node, _ right: any Node, offset: Int) {
        self.left = left
        self.right = right
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = left.evaluate(&frame)
        let two = right.evaluate(&frame)
        var size = 0
        switch (one, two) {
        case (.string(let first), .string(let second)):
            size = first.utf8.count + second.utf8.count
            frame.charge(CallCost.traversal(size))
        case (.bytes(let first), .bytes(let second)):
            size = first.count + second.count
            frame.charge(CallCost.traversal(size))
        case (.list(let first), .list(let second)):
            size = (first.count + second.count) * MemoryLayout<Value>.stride
            frame.charge(1)
        default:
            if let result = Value.strict(one, two) { return result }
            frame.charge(1)
        }
        guard size < 64 || frame.mayAllocate(size), !frame.isExhausted else { return frame.exhaustion }
        return Arithmetic.add(one, two).at(offset)
    }
}

/// `in`.
final class MembershipNode: Node {
    let element: any Node
    let container: any Node
    let offset: Int

    init(_ element: any Node, _ container: any Node, offset: Int) {
        self.element = element
        self.container = container
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let key = element.evaluate(&frame)
        let place = container.evaluate(&frame)
        if let result = Value.strict(key, place) { return result }
        switch place {
        case .map(let map):
            frame.charge(1)
            return .bool(map.table.value(for: key) != nil)
        case .list(let list):
            frame.charge(UInt64(list.count))
            return Membership.isMember(key, place).located(container.attributePath(&frame))
        default: return Value.noOverload("@in", key, place).at(offset)
        }
    }
}
