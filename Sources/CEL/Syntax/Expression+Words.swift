extension Program {
    /// The expression as a person would say it; what has no words of its own stands as it is written.
    public var words: String { ExpressionWords(source: Array(source.utf8)).words(of: checked.expression) }
}

/// Puts an expression into words: its operators, its loops and the calls that conditions are mostly made of.
private struct ExpressionWords {
    let source: [UInt8]

    private static let comparisons = [
        "_==_": "is", "_!=_": "is not", "_<_": "is less than", "_<=_": "is at most", "_>_": "is more than",
        "_>=_": "is at least", "@in": "is in",
    ]
    private static let verbs = [
        "contains": "contains", "startsWith": "begins with", "endsWith": "ends with", "matches": "matches",
    ]

    func words(of expression: Expression) -> String {
        switch expression.kind {
        case .and(let operands): operands.map { nested($0) }.joined(separator: " and ")
        case .or(let operands): operands.map { nested($0) }.joined(separator: " or ")
        case .conditional(let condition, let then, let otherwise):
            "if \(nested(condition)) then \(nested(then)), else \(nested(otherwise))"
        case .presence(let operand, let field): "\(name(operand)).\(field) is there"
        case .comprehension(let loop): words(of: loop, expression)
        case .call(let call): words(of: call, expression)
        case .identifier, .select: name(expression)
        default: written(expression)
        }
    }

    /// What binds more loosely than its surroundings stands in parentheses.
    private func nested(_ expression: Expression) -> String {
        switch expression.kind {
        case .and, .or, .conditional: "(\(words(of: expression)))"
        case .identifier: name(expression)
        default: words(of: expression)
        }
    }

    private func words(of call: Expression.Call, _ whole: Expression) -> String {
        if call.function == "!_", let operand = call.arguments.first { return negated(operand) }
        if call.arguments.count == 2, call.target == nil, let verb = Self.comparisons[call.function] {
            return comparison(call.function, verb, call.arguments[0], call.arguments[1])
        }
        if let target = call.target, call.arguments.count == 1, let verb = Self.verbs[call.function] {
            return "\(nested(target)) \(verb) \(nested(call.arguments[0]))"
        }
        if let counted = counted(whole) { return "the number of \(counted)" }
        return written(whole)
    }

    /// `size(x) == 0` and its like speak of what is counted.
    private func comparison(_ function: String, _ verb: String, _ left: Expression, _ right: Expression) -> String {
        if let counted = counted(left), case .literal(.int(let number)) = right.kind {
            switch (function, number) {
            case ("_==_", 0), ("_<_", 1): return "there are no \(counted)"
            case ("_>_", 0), ("_!=_", 0), ("_>=_", 1): return "there are \(counted)"
            default: break
            }
        }
        return "\(nested(left)) \(verb) \(nested(right))"
    }

    private func counted(_ expression: Expression) -> String? {
        guard case .call(let call) = expression.kind, call.function == "size" else { return nil }
        return (call.target ?? call.arguments.first).map(nested)
    }

    private func negated(_ operand: Expression) -> String {
        switch operand.kind {
        case .presence(let operand, let field): "\(name(operand)).\(field) is not there"
        case .identifier, .select: "not \(name(operand))"
        case .comprehension(let loop) where loop.kind == .exists && loop.secondVariable == nil:
            "no \(loop.variable) of \(nested(loop.source)) has \(nested(loop.body))"
        default: "not (\(words(of: operand)))"
        }
    }

    private func words(of loop: Expression.Comprehension, _ whole: Expression) -> String {
        guard loop.secondVariable == nil else { return written(whole) }
        let (variable, source, body) = (loop.variable, nested(loop.source), nested(loop.body))
        return switch loop.kind {
        case .exists: "some \(variable) of \(source) has \(body)"
        case .existsOne: "exactly one \(variable) of \(source) has \(body)"
        case .all: "every \(variable) of \(source) has \(body)"
        case .filter: "each \(variable) of \(source) that has \(body)"
        case .map where loop.filter == nil: "\(body) for each \(variable) of \(source)"
        default: written(whole)
        }
    }

    /// Facts by their own name; a name's underscores are spaces.
    private func name(_ expression: Expression) -> String {
        guard let qualified = expression.qualifiedName?.name else { return written(expression) }
        let name = qualified.hasPrefix("facts.") ? String(qualified.dropFirst("facts.".count)) : qualified
        return name.contains(".") ? name : String(name.map { $0 == "_" ? " " : $0 })
    }

    /// On one line.
    private func written(_ expression: Expression) -> String {
        guard expression.range.lowerBound >= 0, expression.range.upperBound <= source.count else { return "" }
        let text = String(decoding: source[expression.range], as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
