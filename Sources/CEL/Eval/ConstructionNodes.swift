/// `[a, ?b]`.
final class ListNode: Node {
    let elements: [any Node]
    /// Empty where none is.
    let optional: Set<Int>

    init(_ elements: [any Node], optional: Set<Int>) {
        self.elements = elements
        self.optional = optional
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        var outcome = LogicOutcome()
        for index in elements.indices {
            let value = elements[index].evaluate(&frame)
            if value.isUnknownOrError {
                outcome.add(value, "[_]", 0)
            } else if optional.isEmpty || !optional.contains(index) {
                values.append(value)
            } else if case .optional(let optional) = value {
                if let content = optional.value { values.append(content) }
            } else {
                outcome.add(.noOverload("[?_]", value), "[?_]", 0)
            }
        }
        frame.charge(10)
        return outcome.result ?? .list(List(values))
    }
}

/// `{k: v, ?k: v}`.
final class MapNode: Node {
    struct Entry: Sendable {
        let key: any Node
        let value: any Node
        let isOptional: Bool
        let offset: Int
    }

    let entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    func evaluate(_ frame: inout Frame) -> Value {
        var pairs: [(key: Value, value: Value)] = []
        pairs.reserveCapacity(entries.count)
        var outcome = LogicOutcome()
        for entry in entries {
            let key = entry.key.evaluate(&frame)
            let value = entry.value.evaluate(&frame)
            if let failed = Value.strict(key, value) {
                outcome.add(failed, "{_}", entry.offset)
                continue
            }
            guard key.isMapKey else {
                let message = "a key must be bool, int, uint or string, this is \(key.typeName)"
                outcome.add(.error(EvaluationError(.invalidArgument, message, offset: entry.offset)), "{_}", 0)
                continue
            }
            guard entry.isOptional else {
                pairs.append((key, value))
                continue
            }
            guard case .optional(let optional) = value else {
                outcome.add(.noOverload("{?_}", value).at(entry.offset), "{?_}", entry.offset)
                continue
            }
            if let content = optional.value { pairs.append((key, content)) }
        }
        frame.charge(30)
        if let result = outcome.result { return result }
        let map = Map(pairs)
        guard !map.hasDuplicates else {
            let offset = entries.first?.offset
            return .error(EvaluationError(.duplicateKey, "the map has two entries with one key", offset: offset))
        }
        return .map(map)
    }
}

extension Value {
    var isMapKey: Bool {
        switch self {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }
}

/// `google.protobuf.Duration{seconds: 5}`, or a type of one's own.
final class MessageNode: Node {
    struct Field: Sendable {
        let name: String
        let value: any Node
        let isOptional: Bool
    }

    let message: any Constructible
    let fields: [Field]
    let offset: Int

    init(_ message: any Constructible, _ fields: [Field], offset: Int) {
        self.message = message
        self.fields = fields
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var values: [String: Value] = [:]
        var outcome = LogicOutcome()
        for field in fields {
            let value = field.value.evaluate(&frame)
            if value.isUnknownOrError {
                outcome.add(value, field.name, offset)
            } else if field.isOptional {
                guard case .optional(let optional) = value else {
                    outcome.add(.noOverload("{?_}", value), field.name, offset)
                    continue
                }
                values[field.name] = optional.value
            } else {
                values[field.name] = value
            }
        }
        frame.charge(40)
        return outcome.result ?? message.make(values).at(offset)
    }
}

/// What an expression that cannot have a value gives, where checking is off.
final class FailureNode: Node {
    let error: EvaluationError

    init(_ error: EvaluationError) { self.error = error }

    func evaluate(_ frame: inout Frame) -> Value { .error(error) }
}

/// Notes the value of a part for an explanation.
final class RecordingNode: Node {
    let node: any Node
    let id: Int

    init(_ node: any Node, id: Int) {
        self.node = node
        self.id = id
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let value = node.evaluate(&frame)
        frame.extras.recorded[id] = value
        return value
    }

    func attributePath(_ frame: inout Frame) -> [String]? { node.attributePath(&frame) }
    func elementPath(_ frame: inout Frame, at component: String) -> [String]? {
        node.elementPath(&frame, at: component)
    }
}
