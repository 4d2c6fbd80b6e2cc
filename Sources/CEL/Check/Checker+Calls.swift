/// Calls: which overload is meant, and what it gives.
extension Checker {
    mutating func call(_ call: Expression.Call, _ expression: Expression) -> ValueType {
        switch call.function {
        case "_[_]", "_[?_]": return index(call)
        case "_==_", "_!=_": return equality(call)
        default: break
        }
        if let target = call.target {
            if let (namespace, isAbsolute) = target.qualifiedName, isAbsolute || !isLocal(target) {
                let name = "\(namespace).\(call.function)"
                for candidate in candidates(name, isAbsolute: isAbsolute) where declarations.entries[candidate] != nil {
                    return resolve(candidate, call, target: nil, expression)
                }
                if declarations.namespaces.contains(namespace), environment.variables[namespace] == nil {
                    return unknownFunction(call, namespace: namespace, expression)
                }
            }
            guard declarations.entries[call.function] != nil else {
                _ = check(target)
                return unknownFunction(call, namespace: nil, expression)
            }
            return resolve(call.function, call, target: target, expression)
        }
        let isAbsolute = call.function.hasPrefix(".")
        let name = isAbsolute ? String(call.function.dropFirst()) : call.function
        for candidate in candidates(name, isAbsolute: isAbsolute) where declarations.entries[candidate] != nil {
            return resolve(candidate, call, target: nil, expression)
        }
        return unknownFunction(call, namespace: nil, expression)
    }

    private mutating func unknownFunction(
        _ call: Expression.Call, namespace: String?, _ expression: Expression
    ) -> ValueType {
        resolutions[expression.id] = .call([], isMember: call.target != nil)
        let macros = environment.expandsMacros && namespace == nil ? Parser.macros : [:]
        if isStrict, let usage = macros[call.function] {
            fail(.invalidMacro, "'\(call.function)' is written as \(usage)", at: call.nameRange)
            return .error
        }
        for argument in call.arguments { _ = check(argument) }
        let prefix = namespace.map { $0 + "." } ?? ""
        let known = declarations.entries.keys.lazy
            .filter { $0.hasPrefix(prefix) && $0.utf8.first?.isIdentifierStart == true }
            .map { String($0.dropFirst(prefix.count)) }
        fail(
            .undeclaredReference, "there is no function '\(prefix)\(call.function)'", at: call.nameRange,
            suggestion: nearestName(to: call.function, among: (Array(macros.keys) + known).sorted()))
        return .error
    }

    private mutating func resolve(
        _ name: String, _ call: Expression.Call, target: Expression?, _ expression: Expression
    ) -> ValueType {
        var arguments: [ValueType] = []
        if let target { arguments.append(check(target)) }
        for argument in call.arguments { arguments.append(check(argument)) }
        let candidates = (declarations.entries[name] ?? []).filter {
            $0.overload.isMember == (target != nil) && $0.overload.parameters.count == arguments.count
        }
        var matching: [Declarations.Entry] = []
        var result: ValueType?
        for candidate in candidates {
            let overload = candidate.overload
            var signature = overload.parameters + [overload.result]
            if candidate.isGeneric { signature = inference.instantiate(signature) }
            let resultType = signature.removeLast()
            guard inference.assign(arguments, to: signature) else { continue }
            matching.append(candidate)
            let found = inference.resolve(resultType)
            if let known = result, known != found { result = .dyn } else { result = found }
        }
        resolutions[expression.id] = .call(isStrict ? matching : candidates, isMember: target != nil)
        if let result { return result }
        noOverload(name, call, arguments, isMember: target != nil)
        return .error
    }

    private mutating func noOverload(
        _ name: String, _ call: Expression.Call, _ arguments: [ValueType], isMember: Bool
    ) {
        guard !arguments.contains(.error) else { return }
        let overloads = declarations.entries[name]?.map(\.overload) ?? []
        if let symbol = Self.symbol(of: name) {
            let types = arguments.map(\.description).joined(separator: " and ")
            fail(.noMatchingOverload, "'\(symbol)' does not apply to \(types)", at: call.nameRange)
            return
        }
        let sameStyle = overloads.filter { $0.isMember == isMember }
        guard let example = sameStyle.first ?? overloads.first else { return }
        if sameStyle.isEmpty {
            let usage = Self.signature(name, example)
            fail(.noMatchingOverload, "'\(name)' is written as \(usage)", at: call.nameRange)
            return
        }
        let given = arguments.map(\.description)
        let types = (isMember ? given.dropFirst() : given[...]).joined(separator: ", ")
        let usages = sameStyle.prefix(3).map { Self.signature(name, $0) }.joined(separator: " or ")
        let receiver = isMember ? " of \(given[0])" : ""
        let message = "there is no '\(name)'\(receiver) for (\(types)); there is \(usages)"
        fail(.noMatchingOverload, message, at: call.nameRange)
    }

    private static func signature(_ name: String, _ overload: Overload) -> String {
        let parameters = overload.parameters.map(\.description)
        return overload.isMember
            ? "\(parameters[0]).\(name)(\(parameters.dropFirst().joined(separator: ", ")))"
            : "\(name)(\(parameters.joined(separator: ", ")))"
    }

    /// `+` of `_+_`.
    static func symbol(of function: String) -> String? {
        if function == "@in" { return "in" }
        guard function.contains("_"), function.utf8.allSatisfy({ !$0.isDigit && ($0 == 0x5F || !$0.isIdentifierStart) })
        else { return nil }
        return function.replacing("_", with: "")
    }

    // MARK: Operators that are checked by rule

    private mutating func equality(_ call: Expression.Call) -> ValueType {
        let left = check(call.arguments[0])
        let right = check(call.arguments[1])
        if !inference.assign(left, to: right), !inference.assign(right, to: left) {
            let symbol = call.function == "_==_" ? "==" : "!="
            let numbers: [ValueType] = [.int, .uint, .double]
            fail(
                .noMatchingOverload,
                numbers.contains(left) && numbers.contains(right)
                    ? "'\(symbol)' compares \(left) with \(right); convert one of them, as in '\(left)(…)'"
                    : "'\(symbol)' compares \(left) with \(right), which are never equal",
                at: call.nameRange)
        }
        return .bool
    }

    private mutating func index(_ call: Expression.Call) -> ValueType {
        let type = check(call.arguments[0])
        let index = call.arguments[1]
        let found = element(of: type, at: index, check(index), call)
        guard call.function == "_[?_]" else { return found }
        if case .optional = found { return found }
        return .optional(found)
    }

    private mutating func element(
        of type: ValueType, at index: Expression, _ indexType: ValueType, _ call: Expression.Call
    ) -> ValueType {
        switch type {
        case .dyn, .error, .parameter: return .dyn
        case .list(let element):
            if !inference.assign(indexType, to: .int) {
                fail(.noMatchingOverload, "a list's index must be int, this is \(indexType)", at: index.range)
            }
            return element
        case .map(let key, let value):
            if !inference.assign(indexType, to: key) {
                fail(.noMatchingOverload, "the keys of this map are \(key), this is \(indexType)", at: index.range)
            }
            return value
        case .object:
            if case .literal(.string(let field)) = index.kind { return fieldType(field, of: type, at: index.range) }
            if !inference.assign(indexType, to: .string) {
                fail(.noMatchingOverload, "an object's index must be string, this is \(indexType)", at: index.range)
            }
            return .dyn
        case .optional(let inner): return .optional(element(of: inner, at: index, indexType, call))
        case .nullable(let inner): return element(of: inner, at: index, indexType, call)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .opaque:
            fail(.noMatchingOverload, "\(type.article) has no index", at: call.nameRange)
            return .error
        }
    }
}
