/// Expressions that name values for a part of the text.
extension Checker {
    mutating func comprehension(_ loop: Expression.Comprehension) -> ValueType {
        let source = check(loop.source)
        let (key, element) = iteration(source, at: loop.source.range)
        var variables: [(name: String, type: ValueType)] = []
        if let second = loop.secondVariable {
            variables = [(loop.variable, key), (second, element)]
        } else {
            // Over a map, one variable takes the keys.
            let isList = if case .list = source { true } else { source.isDynamic }
            variables = [(loop.variable, isList ? element : key)]
        }
        let first = variables[0].type
        return with(variables) { checker in
            if let filter = loop.filter { checker.expect(filter, .bool, "the condition of \(loop.kind.rawValue)()") }
            switch loop.kind {
            case .all, .exists, .existsOne:
                checker.expect(loop.body, .bool, "the condition of \(loop.kind.rawValue)()")
                return .bool
            case .filter:
                checker.expect(loop.body, .bool, "the condition of filter()")
                return .list(first)
            case .map, .transformList: return .list(checker.check(loop.body))
            case .transformMap: return .map(key, checker.check(loop.body))
            case .transformMapEntry:
                let body = checker.check(loop.body)
                switch body {
                case .map, .dyn, .error: return body
                default:
                    let message = "transformMapEntry() gives maps of one entry, this is \(body)"
                    checker.fail(.typeMismatch, message, at: loop.body.range)
                    return .error
                }
            }
        }
    }

    /// Types of the index or key, and of the element or value.
    private mutating func iteration(_ type: ValueType, at range: Range<Int>) -> (key: ValueType, element: ValueType) {
        switch type {
        case .list(let element): return (.int, element)
        case .map(let key, let value): return (key, value)
        case .object: return (.string, .dyn)
        case .dyn, .error, .parameter: return (.dyn, .dyn)
        case .nullable(let inner): return iteration(inner, at: range)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .optional, .type, .opaque:
            fail(.typeMismatch, "a loop goes over a list or a map, this is \(type)", at: range)
            return (.error, .error)
        }
    }

    mutating func block(_ values: [Expression], _ body: Expression) -> ValueType {
        var variables: [(name: String, type: ValueType)] = []
        for (index, value) in values.enumerated() {
            let type = with(variables) { $0.check(value) }
            variables.append(("@index\(index)", type))
        }
        return with(variables) { $0.check(body) }
    }

    mutating func optionalMap(_ operand: Expression, _ name: String, _ body: Expression, isFlat: Bool) -> ValueType {
        let type = check(operand)
        let content: ValueType
        switch type {
        case .optional(let inner): content = inner
        case .dyn, .error, .parameter: content = .dyn
        default:
            let function = isFlat ? "optFlatMap" : "optMap"
            fail(.noMatchingOverload, "\(function)() takes an optional, this is \(type)", at: operand.range)
            content = .error
        }
        return with([(name, content)]) { checker in
            let result = checker.check(body)
            guard isFlat else { return .optional(result) }
            switch result {
            case .optional: return result
            case .dyn, .error, .parameter: return .optional(.dyn)
            default:
                checker.fail(.typeMismatch, "optFlatMap() gives an optional, this is \(result)", at: body.range)
                return .error
            }
        }
    }
}
