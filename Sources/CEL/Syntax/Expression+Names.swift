extension Environment {
    /// The names that an expression reads from outside, without a look at their types; `nil` where it cannot be parsed.
    public static func names(in source: String) -> Set<String>? {
        let (expression, _, issues) = Parser.parse(source, expandsMacros: true)
        guard issues.isEmpty else { return nil }
        var names: Set<String> = []
        expression.addNames(to: &names, except: [])
        return names
    }
}

extension Expression {
    /// Those that no loop and no binding around it has made.
    fileprivate func addNames(to names: inout Set<String>, except bound: Set<String>) {
        switch kind {
        case .identifier(let name, _):
            if !bound.contains(name) { names.insert(name) }
        case .comprehension(let loop):
            loop.source.addNames(to: &names, except: bound)
            let inside = bound.union([loop.variable]).union(loop.secondVariable.map { [$0] } ?? [])
            loop.filter?.addNames(to: &names, except: inside)
            loop.body.addNames(to: &names, except: inside)
        case .bind(let name, let value, let body):
            value.addNames(to: &names, except: bound)
            body.addNames(to: &names, except: bound.union([name]))
        case .optionalMap(let operand, let name, let body, _):
            operand.addNames(to: &names, except: bound)
            body.addNames(to: &names, except: bound.union([name]))
        default:
            for child in children { child.addNames(to: &names, except: bound) }
        }
    }
}
