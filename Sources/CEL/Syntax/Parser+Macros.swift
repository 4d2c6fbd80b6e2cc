/// Calls that are more than a function: they test presence, loop, or name a value.
extension Parser {
    /// How they are written, for those who misspell one or give it something else.
    static let macros = [
        "has": "has(value.field)", "all": "list.all(x, condition)", "exists": "list.exists(x, condition)",
        "exists_one": "list.exists_one(x, condition)", "existsOne": "list.existsOne(x, condition)",
        "filter": "list.filter(x, condition)", "map": "list.map(x, value) or list.map(x, condition, value)",
        "transformList": "map.transformList(k, v, value)", "transformMap": "map.transformMap(k, v, value)",
        "transformMapEntry": "map.transformMapEntry(k, v, {key: value})", "optMap": "optional.optMap(x, value)",
        "optFlatMap": "optional.optFlatMap(x, optional)", "sortBy": "list.sortBy(x, key)",
    ]

    mutating func macroOrCall(
        _ name: String, nameRange: Range<Int>, target: Expression?, _ arguments: [Expression], range: Range<Int>
    ) -> Expression {
        if expandsMacros {
            let expanded =
                target.map { memberMacro(name, nameRange: nameRange, target: $0, arguments, range: range) }
                ?? globalMacro(name, nameRange: nameRange, arguments, range: range)
            if let expanded { return expanded }
        }
        return makeCall(name, nameRange: nameRange, target: target, arguments, range: range)
    }

    // MARK: has

    private mutating func globalMacro(
        _ name: String, nameRange: Range<Int>, _ arguments: [Expression], range: Range<Int>
    ) -> Expression? {
        guard name == "has", arguments.count == 1 else { return nil }
        switch arguments[0].kind {
        case .select(let operand, let field, isOptional: false):
            return make(.presence(operand, field: field), range, depth: operand.depth + 1)
        case .invalid: return make(.invalid, range)
        default:
            let message = "has() takes a field, such as has(a.b)"
            return invalid(message, at: arguments[0].range, range)
        }
    }

    // MARK: Members

    private mutating func memberMacro(
        _ name: String, nameRange: Range<Int>, target: Expression, _ arguments: [Expression], range: Range<Int>
    ) -> Expression? {
        if case .identifier(let namespace, _) = target.kind {
            switch (namespace, name) {
            case ("cel", _): if let made = celMacro(name, nameRange: nameRange, arguments, range: range) { return made }
            case ("math", "greatest"), ("math", "least"):
                return extremum(name == "greatest" ? "math.@max" : "math.@min", nameRange, arguments, range)
            default: break
            }
        }
        if name == "optMap" || name == "optFlatMap", arguments.count == 2 {
            guard let variable = variable(arguments[0], macro: name) else { return make(.invalid, range) }
            let body = arguments[1]
            return make(
                .optionalMap(target, variable, body, isFlat: name == "optFlatMap"), range,
                depth: max(target.depth, body.depth) + 1)
        }
        if name == "sortBy", arguments.count == 2 {
            return sortBy(target, nameRange: nameRange, arguments, range: range)
        }
        return loop(name, target: target, arguments, range: range)
    }

    /// As cel-go: the list is named, so that it is evaluated once, and sorted by the list of its keys.
    private mutating func sortBy(
        _ target: Expression, nameRange: Range<Int>, _ arguments: [Expression], range: Range<Int>
    ) -> Expression? {
        let list = "@sortBy"
        let source = make(.identifier(list, isAbsolute: false), target.range)
        guard let keys = loop("map", target: source, arguments, range: range) else { return nil }
        if case .invalid = keys.kind { return keys }
        let receiver = make(.identifier(list, isAbsolute: false), target.range)
        let sorted = makeCall("@sortByAssociatedKeys", nameRange: nameRange, target: receiver, [keys], range: range)
        return make(.bind(list, target, sorted), range, depth: max(target.depth, sorted.depth) + 1)
    }

    private mutating func loop(
        _ name: String, target: Expression, _ arguments: [Expression], range: Range<Int>
    ) -> Expression? {
        let kind: Expression.Comprehension.Kind
        let variables: Int
        switch (name, arguments.count) {
        case ("all", 2...3): (kind, variables) = (.all, arguments.count - 1)
        case ("exists", 2...3): (kind, variables) = (.exists, arguments.count - 1)
        case ("exists_one", 2...3), ("existsOne", 2...3): (kind, variables) = (.existsOne, arguments.count - 1)
        case ("map", 2...3): (kind, variables) = (.map, 1)
        case ("filter", 2): (kind, variables) = (.filter, 1)
        case ("transformList", 3...4): (kind, variables) = (.transformList, 2)
        case ("transformMap", 3...4): (kind, variables) = (.transformMap, 2)
        case ("transformMapEntry", 3...4): (kind, variables) = (.transformMapEntry, 2)
        default: return nil
        }
        guard let first = variable(arguments[0], macro: name) else { return make(.invalid, range) }
        var second: String?
        if variables == 2 {
            second = variable(arguments[1], macro: name)
            guard let second else { return make(.invalid, range) }
            guard second != first else {
                return invalid("\(name)() needs two different names", at: arguments[1].range, range)
            }
        }
        let rest = arguments[variables...]
        let filter = rest.count == 2 ? rest.first : nil
        let body = rest[rest.endIndex - 1]
        let depth = max(target.depth, filter?.depth ?? 0, body.depth) + 1
        let comprehension = Expression.Comprehension(
            kind: kind, source: target, variable: first, secondVariable: second, filter: filter, body: body)
        return make(.comprehension(comprehension), range, depth: depth)
    }

    private mutating func variable(_ argument: Expression, macro: String) -> String? {
        switch argument.kind {
        case .identifier(let name, isAbsolute: false): return name
        case .invalid: return nil
        default:
            let message = "\(macro)() takes a name for its variable here"
            fail(.invalidMacro, message, at: argument.range)
            return nil
        }
    }

    private mutating func invalid(_ message: String, at place: Range<Int>, _ range: Range<Int>) -> Expression {
        fail(.invalidMacro, message, at: place)
        return make(.invalid, range)
    }

    // MARK: cel.bind, cel.block, math.greatest

    private mutating func celMacro(
        _ name: String, nameRange: Range<Int>, _ arguments: [Expression], range: Range<Int>
    ) -> Expression? {
        switch (name, arguments.count) {
        case ("bind", 3):
            guard let variable = variable(arguments[0], macro: "cel.bind") else { return make(.invalid, range) }
            let depth = max(arguments[1].depth, arguments[2].depth) + 1
            return make(.bind(variable, arguments[1], arguments[2]), range, depth: depth)
        case ("block", 2):
            guard case .list(let elements) = arguments[0].kind, !elements.contains(where: \.isOptional) else {
                return invalid("cel.block() takes a list of expressions first", at: arguments[0].range, range)
            }
            let values = elements.map(\.value)
            let depth = values.reduce(arguments[1].depth) { max($0, $1.depth) } + 1
            return make(.block(values, arguments[1]), range, depth: depth)
        case ("index", 1):
            guard let index = constant(arguments[0]) else {
                return invalid("cel.index() takes a number", at: arguments[0].range, range)
            }
            return make(.identifier("@index\(index)", isAbsolute: false), range)
        case ("iterVar", 2), ("accuVar", 2):
            guard let depth = constant(arguments[0]), let unique = constant(arguments[1]) else {
                return invalid("cel.\(name)() takes two numbers", at: range, range)
            }
            let prefix = name == "iterVar" ? "@it" : "@ac"
            return make(.identifier("\(prefix):\(depth):\(unique)", isAbsolute: false), range)
        default: return nil
        }
    }

    private func constant(_ argument: Expression) -> Int64? {
        if case .literal(.int(let number)) = argument.kind, number >= 0 { number } else { nil }
    }

    /// As cel-go: one or two arguments as they are, more as a list.
    private mutating func extremum(
        _ function: String, _ nameRange: Range<Int>, _ arguments: [Expression], _ range: Range<Int>
    ) -> Expression? {
        let name = function == "math.@max" ? "math.greatest" : "math.least"
        guard !arguments.isEmpty else {
            return invalid("\(name)() takes at least one argument", at: range, range)
        }
        for argument in arguments {
            switch argument.kind {
            case .literal(.int), .literal(.uint), .literal(.double): continue
            case .literal, .map, .message:
                return invalid("\(name)() takes numbers", at: argument.range, range)
            case .list(let elements):
                guard arguments.count == 1 else {
                    return invalid("\(name)() takes numbers or one list of them", at: argument.range, range)
                }
                guard !elements.isEmpty else {
                    return invalid("\(name)() takes a list that is not empty", at: argument.range, range)
                }
            default: continue
            }
        }
        guard arguments.count > 2 else { return makeCall(function, nameRange: nameRange, arguments, range: range) }
        let depth = arguments.reduce(0) { max($0, $1.depth) } + 1
        let list = make(
            .list(arguments.map { Expression.Element(value: $0, isOptional: false) }), range, depth: depth)
        return makeCall(function, nameRange: nameRange, [list], range: range)
    }
}
