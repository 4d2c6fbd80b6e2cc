/// `&&` and `||` over any number of operands, and `?:`.
///
/// cel-spec, "Logical Operators": one operand that decides is enough, whatever the others are; then unknowns count
/// before errors.
final class LogicNode: Node {
    let operands: [any Node]
    /// The value that decides: false for `&&`, true for `||`.
    let deciding: Bool
    let offset: Int

    init(_ operands: [any Node], deciding: Bool, offset: Int) {
        self.operands = operands
        self.deciding = deciding
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        for operand in operands {
            let value = operand.evaluate(&frame)
            guard case .bool(let flag) = value else {
                outcome.add(value, deciding ? "_||_" : "_&&_", offset)
                continue
            }
            if flag == deciding { return value }
        }
        return outcome.result ?? .bool(!deciding)
    }
}

/// The same for two operands, which most have.
final class BinaryLogicNode: Node {
    let left: any Node
    let right: any Node
    let deciding: Bool
    let offset: Int

    init(_ left: any Node, _ right: any Node, deciding: Bool, offset: Int) {
        self.left = left
        self.right = right
        self.deciding = deciding
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = left.evaluate(&frame)
        if case .bool(let flag) = one {
            if flag == deciding { return one }
            let two = right.evaluate(&frame)
            if case .bool = two { return two }
            return outcome(nil, two)
        }
        let two = right.evaluate(&frame)
        if case .bool(let flag) = two, flag == deciding { return two }
        return outcome(one, two)
    }

    private func outcome(_ one: Value?, _ two: Value) -> Value {
        var outcome = LogicOutcome()
        if let one { outcome.add(one, deciding ? "_||_" : "_&&_", offset) }
        if case .bool = two {} else { outcome.add(two, deciding ? "_||_" : "_&&_", offset) }
        return outcome.result ?? .bool(!deciding)
    }
}

/// What was neither true nor false on the way to a decision.
struct LogicOutcome {
    private var unknowns: UnknownSet?
    private var error: Value?

    mutating func add(_ value: Value, _ function: String, _ offset: Int) {
        switch value {
        case .unknown(let set): unknowns.add(set)
        case .error: error = error ?? value
        default: error = error ?? Value.noOverload(function, value).at(offset)
        }
    }

    var result: Value? { unknowns.map(Value.unknown) ?? error }
}

final class ConditionalNode: Node {
    let condition: any Node
    let then: any Node
    let otherwise: any Node
    let offset: Int

    init(_ condition: any Node, _ then: any Node, _ otherwise: any Node, offset: Int) {
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = condition.evaluate(&frame)
        switch value {
        case .bool(true): return then.evaluate(&frame)
        case .bool(false): return otherwise.evaluate(&frame)
        case .unknown, .error: return value
        default: return Value.noOverload("_?:_", value).at(offset)
        }
    }
}

final class NotNode: Node {
    let operand: any Node
    let offset: Int

    init(_ operand: any Node, offset: Int) {
        self.operand = operand
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = operand.evaluate(&frame)
        frame.charge(1)
        switch value {
        case .bool(let flag): return .bool(!flag)
        case .unknown, .error: return value
        default: return Value.noOverload("!_", value).at(offset)
        }
    }
}
