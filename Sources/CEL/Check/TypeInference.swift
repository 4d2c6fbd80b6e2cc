/// What is known about type parameters so far, and which types go where.
///
/// The rules are the reference's (cel-go, `checker/types.go`), with closed objects added.
struct TypeInference {
    private var known: [String: ValueType] = [:]
    private var count = 0

    mutating func fresh() -> ValueType {
        count += 1
        return .parameter("#\(count)")
    }

    /// A signature with parameters of its own, so that two calls do not share what is learnt.
    mutating func instantiate(_ types: [ValueType]) -> [ValueType] {
        var fresh: [String: ValueType] = [:]
        return types.map { type in
            type.replacingParameters { name in
                if let made = fresh[name] { return made }
                let made = self.fresh()
                fresh[name] = made
                return made
            }
        }
    }

    /// The type with all that is known put in.
    func resolve(_ type: ValueType) -> ValueType {
        guard !known.isEmpty, type.hasParameters else { return type }
        return type.replacingParameters { name in known[name].map(resolve) ?? .parameter(name) }
    }

    /// The same, where nothing more will be learnt.
    func finish(_ type: ValueType) -> ValueType {
        type.replacingParameters { name in known[name].map(finish) ?? .dyn }
    }

    /// Whether all go where they should; learns nothing unless all do.
    mutating func assign(_ types: [ValueType], to targets: [ValueType]) -> Bool {
        guard types.count == targets.count else { return false }
        let before = known
        for (type, target) in zip(types, targets) where !isAssignable(type, target) {
            known = before
            return false
        }
        return true
    }

    mutating func assign(_ type: ValueType, to target: ValueType) -> Bool { assign([type], to: [target]) }

    /// The type of something that is one or the other, or `nil` where only `dyn` is both.
    mutating func join(_ first: ValueType, _ second: ValueType) -> ValueType? {
        if first == second { return first }
        return assign(first, to: second) ? moreGeneral(resolve(first), resolve(second)) : nil
    }

    // MARK: Rules

    private mutating func isAssignable(_ type: ValueType, _ target: ValueType) -> Bool {
        if case .parameter(let name) = target {
            switch substitutes(type, for: name) {
            case .yes: return true
            case .contradiction: return false
            case .no: break
            }
        }
        if case .parameter(let name) = type { return substitutes(target, for: name) == .yes }
        if type.isDynamic || target.isDynamic { return true }
        if case .nullable(let inner) = type { return target == .null || isAssignable(inner, target.withoutNull) }
        if case .nullable(let inner) = target { return type == .null || isAssignable(type, inner) }
        switch (type, target) {
        case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string),
            (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration), (.type, .type):
            return true
        // As in the reference, which lets null stand for messages.
        case (.null, .timestamp), (.null, .duration), (.null, .opaque), (.null, .object), (.null, .optional),
            (.timestamp, .null), (.duration, .null), (.opaque, .null), (.object, .null), (.optional, .null):
            return true
        case (.list(let element), .list(let targetElement)): return isAssignable(element, targetElement)
        case (.optional(let value), .optional(let targetValue)): return isAssignable(value, targetValue)
        case (.map(let key, let value), .map(let targetKey, let targetValue)):
            return isAssignable(key, targetKey) && isAssignable(value, targetValue)
        case (.opaque(let name, let parameters), .opaque(let targetName, let targetParameters)):
            guard name == targetName, parameters.count == targetParameters.count else { return false }
            return zip(parameters, targetParameters).allSatisfy { isAssignable($0, $1) }
        case (.object(let fields), .map(let key, let value)): return isAssignable(fields, key: key, value: value)
        case (.map(let key, let value), .object(let fields)): return isAssignable(fields, key: key, value: value)
        case (.object(let fields), .object(let targetFields)):
            return fields.allSatisfy { name, type in targetFields[name].map { isAssignable(type, $0) } ?? true }
        default: return false
        }
    }

    private mutating func isAssignable(_ fields: [String: ValueType], key: ValueType, value: ValueType) -> Bool {
        guard isAssignable(.string, key) else { return false }
        let types = Set(fields.values)
        if types.count == 1, let only = types.first { return isAssignable(only, value) }
        return isAssignable(.dyn, value)
    }

    private enum Substitution { case yes, no, contradiction }

    /// Whether the type can be what the parameter stands for.
    private mutating func substitutes(_ type: ValueType, for name: String) -> Substitution {
        if case .parameter(name) = type { return .yes }
        if let current = known[name] {
            if type == current { return .yes }
            guard isAssignable(type, current) else { return .contradiction }
            let general = moreGeneral(type, current)
            if !occurs(name, in: general) { known[name] = general }
            return .yes
        }
        guard !occurs(name, in: type) else { return .no }
        known[name] = type
        return .yes
    }

    private func occurs(_ name: String, in type: ValueType) -> Bool {
        switch type {
        case .parameter(let other): other == name || (known[other].map { occurs(name, in: $0) } ?? false)
        case .list(let element): occurs(name, in: element)
        case .map(let key, let value): occurs(name, in: key) || occurs(name, in: value)
        case .nullable(let inner), .optional(let inner), .type(let inner): occurs(name, in: inner)
        case .opaque(_, let parameters): parameters.contains { occurs(name, in: $0) }
        case .object(let fields): fields.values.contains { occurs(name, in: $0) }
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .error: false
        }
    }

    private func moreGeneral(_ first: ValueType, _ second: ValueType) -> ValueType {
        isEqualOrMoreGeneral(first, than: second) ? first : second
    }

    private func isEqualOrMoreGeneral(_ first: ValueType, than second: ValueType) -> Bool {
        if first.isDynamic { return true }
        if case .parameter = first { return true }
        if second.isDynamic { return false }
        if case .parameter = second { return false }
        // Where null may stand for it, the type says more than that it may be null.
        if second == .null { return true }
        switch (first, second) {
        case (.nullable(let inner), _): return inner == second.withoutNull
        case (.list(let element), .list(let other)): return isEqualOrMoreGeneral(element, than: other)
        case (.optional(let value), .optional(let other)): return isEqualOrMoreGeneral(value, than: other)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return isEqualOrMoreGeneral(key, than: otherKey) && isEqualOrMoreGeneral(value, than: otherValue)
        case (.opaque(let name, let parameters), .opaque(let otherName, let others)):
            return name == otherName && parameters.count == others.count
                && zip(parameters, others).allSatisfy { isEqualOrMoreGeneral($0, than: $1) }
        case (.map, .object): return true
        case (.object, .object): return first == second
        case (.type, .type): return true
        default: return first == second
        }
    }
}

extension ValueType {
    var withoutNull: ValueType { if case .nullable(let inner) = self { inner } else { self } }
}
