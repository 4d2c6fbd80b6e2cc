/// What a loop goes over, and where it puts what it finds there.
struct Iteration: Sendable {
    let source: any Node
    let slot: Int
    /// Two variables: the index or key in `slot`, the element or value in the next one.
    let hasTwoVariables: Bool
    let name: String
    let offset: Int
    /// Where only some elements can matter.
    var join: Join?

    enum Step { case next, stop }

    /// Runs the body for each element.
    ///
    /// Gives what there is instead of elements, if so.
    @inline(__always)
    func forEach(_ frame: inout Frame, _ body: (inout Frame) -> Step) -> Value? {
        let range = source.evaluate(&frame)
        switch range {
        case .list(let list):
            if let join, list.count >= Join.minimumCount, let candidates = join.candidates(in: list, &frame) {
                return forEach(candidates, in: list.elements, &frame, body)
            }
            return forEach(in: list.elements, &frame, body)
        case .map(let map): return forEach(in: map.entries, &frame, body)
        case .unknown, .error: return range
        default: return Value.noOverload(name, range).at(offset)
        }
    }

    @inline(__always)
    private func forEach(in elements: [Value], _ frame: inout Frame, _ body: (inout Frame) -> Step) -> Value? {
        for position in elements.indices {
            if hasTwoVariables {
                frame.slots[slot].value = .int(Int64(position))
                frame.slots[slot + 1].value = elements[position]
            } else {
                frame.slots[slot] = Frame.Slot(value: elements[position], position: position)
            }
            if body(&frame) == .stop { return nil }
            if frame.isExhausted { return frame.exhaustion }
        }
        return nil
    }

    private func forEach(
        _ candidates: Candidates, in elements: [Value], _ frame: inout Frame, _ body: (inout Frame) -> Step
    ) -> Value? {
        for position in candidates {
            frame.slots[slot] = Frame.Slot(value: elements[position], position: position)
            if body(&frame) == .stop { return nil }
            if frame.isExhausted { return frame.exhaustion }
        }
        return frame.isExhausted ? frame.exhaustion : nil
    }

    @inline(__always)
    private func forEach(
        in entries: [(key: Value, value: Value)], _ frame: inout Frame, _ body: (inout Frame) -> Step
    ) -> Value? {
        for (key, value) in entries {
            frame.slots[slot].value = key
            if hasTwoVariables { frame.slots[slot + 1].value = value }
            if body(&frame) == .stop { return nil }
            if frame.isExhausted { return frame.exhaustion }
        }
        return nil
    }
}

/// `all` and `exists`: a chain of `&&` or `||` over the elements.
final class QuantifierNode: Node {
    let iteration: Iteration
    let body: any Node
    /// The value that decides: false for `all`, true for `exists`.
    let deciding: Bool

    init(_ iteration: Iteration, body: any Node, deciding: Bool) {
        self.iteration = iteration
        self.body = body
        self.deciding = deciding
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        var isDecided = false
        // The reference's loop condition, step and result, beside the body.
        let step: UInt64 = deciding ? 4 : 3
        frame.charge(1)
        let failed = iteration.forEach(&frame) { frame in
            frame.charge(step)
            let value = body.evaluate(&frame)
            guard case .bool(let flag) = value else {
                outcome.add(value, deciding ? "_||_" : "_&&_", iteration.offset)
                return .next
            }
            guard flag == deciding else { return .next }
            isDecided = true
            return .stop
        }
        return isDecided ? .bool(deciding) : failed ?? outcome.result ?? .bool(!deciding)
    }
}

/// `existsOne`.
final class ExistsOneNode: Node {
    let iteration: Iteration
    let body: any Node

    init(_ iteration: Iteration, body: any Node) {
        self.iteration = iteration
        self.body = body
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        var count = 0
        frame.charge(2)
        let failed = iteration.forEach(&frame) { frame in
            let value = body.evaluate(&frame)
            frame.charge(1)
            guard case .bool(let flag) = value else {
                outcome.add(value, "_?:_", iteration.offset)
                return .next
            }
            guard flag else { return .next }
            frame.charge(1)
            count += 1
            return .next
        }
        return failed ?? outcome.result ?? .bool(count == 1)
    }
}

/// `filter`.
final class FilterNode: Node {
    let iteration: Iteration
    let body: any Node

    init(_ iteration: Iteration, body: any Node) {
        self.iteration = iteration
        self.body = body
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        var kept: [Value] = []
        frame.charge(11)
        let failed = iteration.forEach(&frame) { frame in
            frame.charge(1)
            let value = body.evaluate(&frame)
            guard case .bool(let flag) = value else {
                outcome.add(value, "_?:_", iteration.offset)
                return .next
            }
            guard flag else { return .next }
            frame.charge(12)
            kept.append(frame.slots[iteration.slot].value)
            return .next
        }
        return failed ?? outcome.result ?? .list(List(kept))
    }

    func elementPath(_ frame: inout Frame, at component: String) -> [String]? {
        // Which one it was before is no longer known.
        iteration.source.elementPath(&frame, at: "*")
    }
}

/// `map`, `map` with a condition, and `transformList`.
final class MapLoopNode: Node {
    let iteration: Iteration
    let filter: (any Node)?
    let body: any Node

    init(_ iteration: Iteration, filter: (any Node)?, body: any Node) {
        self.iteration = iteration
        self.filter = filter
        self.body = body
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        var results: [Value] = []
        frame.charge(11)
        let failed = iteration.forEach(&frame) { frame in
            if let filter {
                let value = filter.evaluate(&frame)
                guard case .bool(let flag) = value else {
                    outcome.add(value, "_?:_", iteration.offset)
                    return .next
                }
                guard flag else {
                    frame.charge(1)
                    return .next
                }
            }
            frame.charge(12)
            let value = body.evaluate(&frame)
            if value.isUnknownOrError { outcome.add(value, "map", iteration.offset) } else { results.append(value) }
            return .next
        }
        return failed ?? outcome.result ?? .list(List(results))
    }
}

/// `transformMap` and `transformMapEntry`.
final class TransformMapNode: Node {
    let iteration: Iteration
    let filter: (any Node)?
    let body: any Node
    /// The body gives whole entries, not values for the same keys.
    let makesEntries: Bool

    init(_ iteration: Iteration, filter: (any Node)?, body: any Node, makesEntries: Bool) {
        self.iteration = iteration
        self.filter = filter
        self.body = body
        self.makesEntries = makesEntries
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var outcome = LogicOutcome()
        var entries: [(key: Value, value: Value)] = []
        frame.charge(31)
        let failed = iteration.forEach(&frame) { frame in
            if let filter {
                let value = filter.evaluate(&frame)
                guard case .bool(let flag) = value else {
                    outcome.add(value, "_?:_", iteration.offset)
                    return .next
                }
                guard flag else { return .next }
            }
            frame.charge(2)
            let value = body.evaluate(&frame)
            switch value {
            case .unknown, .error: outcome.add(value, iteration.name, iteration.offset)
            case .map(let map) where makesEntries: entries += map.entries
            default:
                if makesEntries {
                    outcome.add(.noOverload(iteration.name, value), iteration.name, iteration.offset)
                } else {
                    entries.append((frame.slots[iteration.slot].value, value))
                }
            }
            return .next
        }
        if let result = failed ?? outcome.result { return result }
        let map = Map(entries)
        guard !map.hasDuplicates else {
            let message = "\(iteration.name)() made two entries with one key"
            return .error(EvaluationError(.duplicateKey, message, offset: iteration.offset))
        }
        return .map(map)
    }
}

/// `cel.bind` and `cel.block`: values that have names.
final class BindNode: Node {
    let values: [any Node]
    /// Of the first value; the others follow.
    let slot: Int
    let body: any Node

    init(_ values: [any Node], slot: Int, body: any Node) {
        self.values = values
        self.slot = slot
        self.body = body
    }

    func evaluate(_ frame: inout Frame) -> Value {
        for index in values.indices {
            // Errors and unknowns count where the name is used.
            frame.slots[slot + index].value = values[index].evaluate(&frame)
        }
        return body.evaluate(&frame)
    }
}

/// `optMap` and `optFlatMap`.
final class OptionalMapNode: Node {
    let operand: any Node
    let slot: Int
    let body: any Node
    let isFlat: Bool
    let offset: Int

    init(_ operand: any Node, slot: Int, body: any Node, isFlat: Bool, offset: Int) {
        self.operand = operand
        self.slot = slot
        self.body = body
        self.isFlat = isFlat
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = operand.evaluate(&frame)
        guard case .optional(let optional) = value else {
            return value.isUnknownOrError ? value : Value.noOverload("optMap", value).at(offset)
        }
        guard let content = optional.value else { return value }
        frame.charge(1)
        frame.slots[slot].value = content
        let result = body.evaluate(&frame)
        if isFlat {
            if case .optional = result { return result }
            return result.isUnknownOrError ? result : Value.noOverload("optFlatMap", result).at(offset)
        }
        return result.isUnknownOrError ? result : .optional(OptionalValue(result))
    }
}
