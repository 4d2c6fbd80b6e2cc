internal import CEL

extension LintRule {
    /// What nothing reads is collected or asked for in vain, or was meant to be read.
    static let unusedDeclaration = LintRule(.unusedDeclaration) { subject in
        let playbook = subject.playbook
        let read = Set(playbook.expressions.flatMap(\.program.references))
        let readsAll = { (root: String) in read.contains([root]) }
        let names = { (root: String) in Set(read.filter { $0.count > 1 && $0[0] == root }.map { $0[1] }) }
        let facts = names("facts")
        let inputs = names("inputs")
        var found: [Problem] = []
        for fact in playbook.facts where !facts.contains(fact.name) && !readsAll("facts") {
            found.append(subject.unused("fact", fact.name, at: fact.location))
        }
        for input in playbook.inputs where !inputs.contains(input.name) && !readsAll("inputs") {
            found.append(subject.unused("input", input.name, at: input.location ?? playbook.location))
        }
        let roots = Set(read.compactMap(\.first))
        for definition in playbook.definitions where !roots.contains(definition.name) {
            found.append(subject.unused("definition", definition.name, at: definition.condition.location))
        }
        return found
    }
}

extension LintSubject {
    fileprivate func unused(_ kind: String, _ name: String, at location: Location) -> Problem {
        problem(.unusedDeclaration, "nothing reads the \(kind) '\(name)'", at: location)
    }
}
