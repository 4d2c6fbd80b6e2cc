extension Checked {
    /// The paths that the expression reads, as far as they are constant: `["facts", "swap", "devices"]`.
    var references: Set<[String]> {
        var paths: Set<[String]> = []
        collect(expression, into: &paths)
        return paths
    }

    private func collect(_ expression: Expression, into paths: inout Set<[String]>) {
        if let path = path(of: expression) {
            paths.insert(path)
            return
        }
        if case .call(let call) = expression.kind, case .call(_, isMember: false)? = resolution(of: expression) {
            // The target, if there is one, is the function's namespace.
            for argument in call.arguments { collect(argument, into: &paths) }
            return
        }
        for child in expression.children { collect(child, into: &paths) }
    }

    /// The path that this expression is, if it is one of a variable of the environment.
    private func path(of expression: Expression) -> [String]? {
        if case .variable(let name)? = resolution(of: expression) { return [name] }
        switch expression.kind {
        case .select(let operand, let field, _), .presence(let operand, let field):
            return path(of: operand).map { $0 + [field] }
        case .call(let call) where call.function == "_[_]" || call.function == "_[?_]":
            guard case .literal(.string(let key)) = call.arguments[1].kind else { return nil }
            return path(of: call.arguments[0]).map { $0 + [key] }
        default: return nil
        }
    }
}
