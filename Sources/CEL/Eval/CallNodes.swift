/// A function of one argument whose overload is known.
final class UnaryCallNode: Node {
    let argument: any Node
    let function: @Sendable (Value) -> Value
    let cost: CallCost
    let offset: Int

    init(_ argument: any Node, _ overload: Overload, offset: Int, _ function: @escaping @Sendable (Value) -> Value) {
        self.argument = argument
        self.function = function
        self.offset = offset
        cost = CallCost(overload)
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = argument.evaluate(&frame)
        if value.isUnknownOrError { return value }
        let result = function(value)
        frame.charge(cost.units(value, result))
        guard frame.mayKeep(result, madeFrom: value) else { return frame.exhaustion }
        return result.isUnknownOrError ? result.settled([value], of: [argument], offset, &frame) : result
    }
}

/// A function of two arguments whose overload is known.
final class BinaryCallNode: Node {
    let first: any Node
    let second: any Node
    let function: @Sendable (Value, Value) -> Value
    let cost: CallCost
    let offset: Int
    let isSplit: Bool

    init(
        _ first: any Node, _ second: any Node, _ overload: Overload, offset: Int,
        _ function: @escaping @Sendable (Value, Value) -> Value
    ) {
        self.first = first
        self.second = second
        self.function = function
        self.offset = offset
        cost = CallCost(overload)
        isSplit = overload.id == "string_split_string"
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = first.evaluate(&frame)
        let two = second.evaluate(&frame)
        if let result = Value.strict(one, two) { return result }
        guard !frame.isExhausted else { return frame.exhaustion }
        let result = function(one, two)
        frame.charge(cost.units(one, two, result))
        guard frame.mayKeep(result, madeFrom: one) else { return frame.exhaustion }
        return result.isUnknownOrError ? result.settled([one, two], of: [first, second], offset, &frame) : result
    }
}

/// A function of any number of arguments, or one whose overload hangs on what the arguments turn out to be.
final class CallNode: Node {
    struct Candidate: Sendable {
        let overload: Overload
        let cost: CallCost

        init(_ overload: Overload) {
            self.overload = overload
            cost = CallCost(overload)
        }
    }

    let name: String
    let arguments: [any Node]
    let candidates: [Candidate]
    let offset: Int

    init(_ name: String, _ arguments: [any Node], _ overloads: [Overload], offset: Int) {
        self.name = name
        self.arguments = arguments
        candidates = overloads.map(Candidate.init)
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(argument.evaluate(&frame)) }
        if let result = Value.strict(values) { return result }
        guard !frame.isExhausted else { return frame.exhaustion }
        guard mayAmplify(values, &frame) else { return frame.exhaustion }
        for candidate in candidates where candidate.overload.accepts(values) {
            let result = candidate.overload.call(values)
            frame.charge(candidate.cost.units(values, result))
            guard frame.mayKeep(result, madeFrom: values.first ?? .null) else { return frame.exhaustion }
            return result.isUnknownOrError ? result.settled(values, of: arguments, offset, &frame) : result
        }
        return Value.noOverload(name, values).at(offset)
    }

    /// Whether the result cannot be too large: `replace` may make the product of its arguments.
    private func mayAmplify(_ values: [Value], _ frame: inout Frame) -> Bool {
        guard name == "replace", values.count >= 3 else { return true }
        let (product, overflow) = (values[0].costSize + 1).multipliedReportingOverflow(by: values[2].costSize + 1)
        return !overflow && (product < 1 << 16 || frame.mayAllocate(product))
    }
}

extension Overload {
    func accepts(_ arguments: [Value]) -> Bool {
        guard arguments.count == parameters.count else { return false }
        for index in arguments.indices where !parameters[index].accepts(arguments[index]) { return false }
        return true
    }

    func call(_ arguments: [Value]) -> Value {
        switch implementation {
        case .nullary(let function): function()
        case .unary(let function): function(arguments[0])
        case .binary(let function): function(arguments[0], arguments[1])
        case .variadic(let function): function(arguments)
        }
    }
}

extension ValueType {
    /// Whether a value is of this kind; what is in a list or map is not looked at.
    func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (.dyn, _), (.parameter, _), (.error, _): true
        case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string),
            (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration), (.list, .list), (.map, .map),
            (.object, .map), (.optional, .optional), (.type, .type):
            true
        case (.nullable, .null): true
        case (.nullable(let inner), _): inner.accepts(value)
        case (.opaque(let name, _), .opaque(let opaque)): opaque.typeName == name
        default: false
        }
    }
}

extension Value {
    /// What a function that gave no value comes to: it is unknown too where it failed on a list or map with an unknown
    /// in it.
    fileprivate func settled(
        _ arguments: [Value], of nodes: [any Node], _ offset: Int, _ frame: inout Frame
    ) -> Value {
        var unknowns: UnknownSet?
        for (argument, node) in zip(arguments, nodes) {
            var nested: UnknownSet?
            argument.collectUnknowns(&nested, depth: 0)
            guard let nested else { continue }
            let located = Value.unknown(nested).located(node.attributePath(&frame))
            if case .unknown(let set) = located { unknowns.add(set) }
        }
        if case .unknown = self, unknowns == nil { return self }
        return unknowns.map(Value.unknown) ?? at(offset)
    }

    private func collectUnknowns(_ unknowns: inout UnknownSet?, depth: Int) {
        guard depth < 64 else { return }
        switch self {
        case .unknown(let set): unknowns.add(set)
        case .list(let list): for element in list.elements { element.collectUnknowns(&unknowns, depth: depth + 1) }
        case .map(let map): for entry in map.entries { entry.value.collectUnknowns(&unknowns, depth: depth + 1) }
        case .optional(let optional): optional.value?.collectUnknowns(&unknowns, depth: depth + 1)
        default: return
        }
    }
}

/// `startsWith`, `endsWith` and `contains` (benchmark "split").
final class TextTestNode: Node {
    enum Test: String {
        case starts = "starts_with_string", ends = "ends_with_string", contains = "contains_string"
    }

    /// For what are no strings.
    let call: BinaryCallNode
    let text: any Node
    let part: any Node
    let test: Test

    init(_ call: BinaryCallNode, _ test: Test) {
        self.call = call
        self.test = test
        text = call.first
        part = call.second
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = text.evaluate(&frame)
        let two = part.evaluate(&frame)
        guard case .string(let text) = one, case .string(let part) = two else {
            return Value.strict(one, two) ?? Value.noOverload(test.rawValue, one, two).at(call.offset)
        }
        switch test {
        case .starts:
            frame.charge(CallCost.traversal(part.utf8.count))
            return .bool(text.startsWithText(part))
        case .ends:
            frame.charge(CallCost.traversal(part.utf8.count))
            return .bool(text.endsWithText(part))
        case .contains:
            frame.charge(CallCost.traversal(text.utf8.count) * CallCost.traversal(part.utf8.count))
            return frame.isExhausted ? frame.exhaustion : .bool(text.containsText(part))
        }
    }
}

/// `text.split(separator).size()`: counts the parts instead of making them (benchmark "split").
final class SplitCountNode: Node {
    /// For what are no strings, and for the error that this is then.
    let call: BinaryCallNode
    let text: any Node
    let separator: any Node

    init(_ call: BinaryCallNode) {
        self.call = call
        text = call.first
        separator = call.second
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = text.evaluate(&frame)
        let two = separator.evaluate(&frame)
        guard case .string(let text) = one, case .string(let separator) = two else {
            return Value.strict(one, two) ?? Value.noOverload("split", one, two).at(call.offset)
        }
        // As `Cost.rewriting` for the split, without an array of the arguments; and the size.
        frame.charge(CallCost.traversal(2 * text.utf8.count) + 1)
        return .int(Int64(text.countOfParts(separator: separator)))
    }
}

/// `matches` with a pattern that was compiled with the expression.
final class MatchNode: Node {
    let text: any Node
    let pattern: Pattern
    let offset: Int

    init(_ text: any Node, _ pattern: Pattern, offset: Int) {
        self.text = text
        self.pattern = pattern
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = text.evaluate(&frame)
        guard case .string(let text) = value else {
            return value.isUnknownOrError ? value : Value.noOverload("matches", value).at(offset)
        }
        frame.charge(CallCost.match(text: text.utf8.count, pattern: pattern.source.utf8.count))
        return .bool(pattern.matches(text))
    }
}

/// `matches` with a pattern that is only known when it is evaluated.
final class DynamicMatchNode: Node {
    let text: any Node
    let pattern: any Node
    let offset: Int

    init(_ text: any Node, _ pattern: any Node, offset: Int) {
        self.text = text
        self.pattern = pattern
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let one = text.evaluate(&frame)
        let two = pattern.evaluate(&frame)
        if let result = Value.strict(one, two) { return result }
        guard case .string(let text) = one, case .string(let source) = two else {
            return Value.noOverload("matches", one, two).at(offset)
        }
        frame.charge(CallCost.match(text: text.utf8.count, pattern: source.utf8.count))
        guard !frame.isExhausted else { return frame.exhaustion }
        if let known = frame.extras.patterns[source] { return .bool(known.matches(text)) }
        do throws(Pattern.Failure) {
            let made = try Pattern(source)
            if frame.extras.patterns.count < 100 { frame.extras.patterns[source] = made }
            return .bool(made.matches(text))
        } catch {
            return .error(EvaluationError(.invalidArgument, error.message, offset: offset))
        }
    }
}
