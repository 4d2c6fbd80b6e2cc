/// `operand.field`, and a chain of them as one step: `facts.kubelet.failSwapOn`.
final class SelectNode: Node {
    struct Field: Sendable {
        let key: Key
        let offset: Int

        init(_ name: String, offset: Int) {
            key = Key(name)
            self.offset = offset
        }

        init(_ name: String, endingAt end: Int) { self.init(name, offset: max(0, end - name.utf8.count)) }

        var name: String { key.name }
    }

    let operand: any Node
    let fields: [Field]
    private let probes: ContiguousArray<Key.Probe>
    /// The same with the variable's name before them, where the operand is one: then the variable itself need not be
    /// looked at (benchmark "nested maps").
    let place: ContiguousArray<Key.Probe>

    init(_ operand: any Node, fields: [Field]) {
        self.operand = operand
        self.fields = fields
        let probes = ContiguousArray(fields.map(\.key.probe))
        self.probes = probes
        place = (operand as? VariableNode).map { $0.place + probes } ?? []
    }

    func evaluate(_ frame: inout Frame) -> Value {
        if let found = frame.look(at: place, { $0 }) {
            if case .unknown = found { return found.located(attributePath(&frame)) }
            return found
        }
        let root = operand.evaluate(&frame)
        frame.charge(UInt64(probes.count))
        guard case .map(let map) = root, let found = map.table.value(along: probes) else { return walk(root, &frame) }
        if case .unknown = found { return found.located(attributePath(&frame)) }
        return found
    }

    /// Step by step, for long names, lazy maps, messages, and what is not there.
    @inline(never)
    private func walk(_ root: Value, _ frame: inout Frame) -> Value {
        var value = root
        for (index, field) in fields.enumerated() {
            switch value.member(field) {
            case .set(let found), .unset(let found?): value = found
            case .unset(nil): return missing(field)
            case nil: return other(value, index, &frame)
            }
        }
        if case .unknown = value { return value.located(attributePath(&frame)) }
        return value
    }

    private func missing(_ field: Field) -> Value {
        .error(EvaluationError(.noSuchKey, "there is no key '\(field.name)'", offset: field.offset))
    }

    /// What has no fields: an optional, an unknown half way, an error.
    private func other(_ value: Value, _ index: Int, _ frame: inout Frame) -> Value {
        switch value {
        case .unknown: return value.located(attributePath(&frame, count: index))
        case .error: return value
        case .optional(let optional):
            guard let content = optional.value else { return value }
            return select(fields[index...], in: content, &frame)
        default: return value.withoutFields(fields[index])
        }
    }

    /// Fields of an optional's content: absent ones are none, and no error.
    private func select(_ fields: ArraySlice<Field>, in content: Value, _ frame: inout Frame) -> Value {
        var value = content
        for field in fields {
            if case .optional(let inner) = value {
                guard let unwrapped = inner.value else { return value }
                value = unwrapped
            }
            switch value.member(field) {
            case .set(let found): value = found
            case .unset: return .optional(OptionalValue(nil))
            case nil:
                return value.isUnknownOrError
                    ? value.located(attributePath(&frame)) : value.withoutFields(field)
            }
        }
        if value.isUnknownOrError { return value.located(attributePath(&frame)) }
        return .optional(OptionalValue(value))
    }

    func attributePath(_ frame: inout Frame) -> [String]? { attributePath(&frame, count: fields.count) }

    private func attributePath(_ frame: inout Frame, count: Int) -> [String]? {
        operand.attributePath(&frame).map { $0 + fields[..<count].map(\.name) }
    }
}

/// `operand.?field`.
final class OptionalSelectNode: Node {
    let operand: any Node
    let field: SelectNode.Field

    init(_ operand: any Node, field: SelectNode.Field) {
        self.operand = operand
        self.field = field
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var value = operand.evaluate(&frame)
        frame.charge(1)
        if case .optional(let optional) = value {
            guard let content = optional.value else { return value }
            value = content
        }
        switch value.member(field) {
        case .set(let found):
            guard found.isUnknownOrError else { return .optional(OptionalValue(found)) }
            return found.located(attributePath(&frame))
        case .unset: return .optional(OptionalValue(nil))
        case nil: return other(value, field, operand, &frame)
        }
    }

    func attributePath(_ frame: inout Frame) -> [String]? {
        operand.attributePath(&frame).map { $0 + [field.name] }
    }
}

/// `has(operand.field)`.
final class PresenceNode: Node {
    let operand: any Node
    let field: SelectNode.Field

    init(_ operand: any Node, field: SelectNode.Field) {
        self.operand = operand
        self.field = field
    }

    func evaluate(_ frame: inout Frame) -> Value {
        var value = operand.evaluate(&frame)
        if case .optional(let optional) = value {
            guard let content = optional.value else { return .bool(false) }
            value = content
        }
        switch value.member(field) {
        case .set(let found):
            // Whether a field is there is as unknown as the field.
            guard found.isUnknownOrError else { return .bool(true) }
            return found.located(operand.attributePath(&frame).map { $0 + [field.name] })
        case .unset: return .bool(false)
        case nil: return other(value, field, operand, &frame)
        }
    }
}

/// What asking an unknown, an error, or what has no fields for a field comes to.
private func other(_ value: Value, _ field: SelectNode.Field, _ operand: any Node, _ frame: inout Frame) -> Value {
    switch value {
    case .unknown: value.located(operand.attributePath(&frame))
    case .error: value
    default: value.withoutFields(field)
    }
}

/// What stands under a name.
private enum Member {
    case set(Value)
    /// With what it reads as; `nil` where nothing does.
    case unset(Value?)
}

extension Value {
    /// `nil` for what has no fields.
    fileprivate func member(_ field: SelectNode.Field) -> Member? {
        switch self {
        case .map(let map): map.table.value(for: field.key).map(Member.set) ?? .unset(nil)
        case .opaque(let message as MessageValue):
            message[field.name].map { message.has(field.name) ? .set($0) : .unset($0) }
                ?? .set(
                    .error(
                        EvaluationError(
                            .noSuchField, "\(message.typeName) has no field '\(field.name)'", offset: field.offset)))
        default: nil
        }
    }

    fileprivate func withoutFields(_ field: SelectNode.Field) -> Value {
        let message = "'\(field.name)' is asked of \(typeName), which has no fields"
        return .error(EvaluationError(.noSuchOverload, message, offset: field.offset))
    }
}

/// `operand[index]` and `operand[?index]`.
final class IndexNode: Node {
    let operand: any Node
    let index: any Node
    let isOptional: Bool
    let offset: Int

    init(_ operand: any Node, _ index: any Node, isOptional: Bool, offset: Int) {
        self.operand = operand
        self.index = index
        self.isOptional = isOptional
        self.offset = offset
    }

    func evaluate(_ frame: inout Frame) -> Value {
        let container = operand.evaluate(&frame)
        let key = index.evaluate(&frame)
        frame.charge(1)
        if container.isUnknownOrError || key.isUnknownOrError {
            let located = container.located(operand.attributePath(&frame))
            return Value.strict(located, key) ?? located
        }
        var content = container
        var isOptional = isOptional
        if case .optional(let optional) = container {
            guard let value = optional.value else { return container }
            content = value
            isOptional = true
        }
        let found = Self.element(of: content, at: key)
        if case .unknown = found { return found.located(attributePath(&frame)) }
        guard isOptional else { return found.at(offset) }
        if case .error(let error) = found {
            let isAbsent = error.code == .noSuchKey || error.code == .indexOutOfBounds
            return isAbsent ? .optional(OptionalValue(nil)) : found.at(offset)
        }
        return .optional(OptionalValue(found))
    }

    static func element(of container: Value, at key: Value) -> Value {
        switch container {
        case .list(let list):
            guard let position = key.wholeNumber else {
                return .error(EvaluationError(.invalidArgument, "a list has no index \(key)"))
            }
            let elements = list.elements
            guard elements.indices.contains(position) else {
                let message = "there is no index \(position) in a list of \(elements.count)"
                return .error(EvaluationError(.indexOutOfBounds, message))
            }
            return elements[position]
        case .map(let map):
            return map[key] ?? .error(EvaluationError(.noSuchKey, "there is no key \(key.shortDescription)"))
        default: return .noOverload("_[_]", container, key)
        }
    }

    func attributePath(_ frame: inout Frame) -> [String]? {
        let component = index.evaluate(&frame).pathComponent
        return operand.elementPath(&frame, at: component)
    }
}

extension Value {
    /// A whole number of whatever type.
    var wholeNumber: Int? {
        switch self {
        case .int(let number): Int(number)
        case .uint(let number): Int(exactly: number)
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    /// Short enough for a message.
    var shortDescription: String {
        let text = description
        return text.utf8.count <= 80 ? text : "of type \(typeName)"
    }
}
