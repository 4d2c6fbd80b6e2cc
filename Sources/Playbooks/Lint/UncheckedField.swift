internal import CEL

extension LintRule {
    /// A misspelt field in `has(facts.x.fiel)` is an error at load; `'fiel' in facts.x` is silently false.
    static let uncheckedField = LintRule(.uncheckedField) { subject in
        let walk = ConditionWalk(subject.playbook)
        return subject.playbook.expressions.flatMap { condition -> [Problem] in
            walk.parts(of: condition).compactMap { part in
                guard case .comparison("in") = part.node.operation, let field = part.node.children[0].text.literalText,
                    let path = walk.path(of: walk.children(of: part)[1]), subject.type(ofFact: path)?.isObject == true
                else { return nil }
                let map = part.node.children[1].text
                let better = "has(\(map).\(field))"
                return subject.problem(
                    .uncheckedField, "'in' does not check that there is a field '\(field)'; expected \(better)",
                    at: condition.location(of: part.node.range), suggestion: better)
            }
        }
    }
}
