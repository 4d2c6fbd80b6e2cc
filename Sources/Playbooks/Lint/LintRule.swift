internal import CEL
package import Facts

/// Something that a playbook may do and probably should not.
///
/// Rules look at playbooks that loaded; all they say are warnings.
package struct LintRule: Sendable {
    package let code: Problem.Code
    let check: @Sendable (LintSubject) -> [Problem]

    init(_ code: Problem.Code, check: @escaping @Sendable (LintSubject) -> [Problem]) {
        self.code = code
        self.check = check
    }

    /// Every rule, in the order of the codes; a new one is a file of its own and one line here.
    package static let all: [LintRule] = [
        remedyWithoutVerify,
        untestedCause,
        constantComparison,
        comparisonWithNull,
        uncheckedField,
        shortSymptom,
        destructiveWithoutRollback,
        missingReferences,
        optionLookalike,
        unusedDeclaration,
        causeWithoutReason,
        costlyCondition,
        unprovenStability,
        unexpectedCommands,
        impossibleWord,
        unguardedField,
        strayMatch,
    ]
}

/// A playbook under the eyes of the rules.
struct LintSubject {
    let playbook: Playbook
    let catalogue: Catalogue
    /// `nil` where no tests were looked for.
    let tests: ShownByTests?

    /// The type of what stands at `facts.name.field…`, `*` being any element, as far as it is declared.
    func type(ofFact path: [String]) -> ValueType? {
        guard path.count > 1, path[0] == "facts",
            let fact = playbook.facts.first(where: { $0.name == path[1] }),
            let declaration = catalogue[fact.collector]?.declaration
        else { return nil }
        return path.dropFirst(2).reduce(Optional(declaration.returns)) { type, field in
            switch type {
            case .object(let fields): return fields[field]
            case .list(let element) where field == "*": return element
            default: return nil
            }
        }
    }

    func problem(_ code: Problem.Code, _ message: String, at location: Location, suggestion: String? = nil) -> Problem {
        Problem(code, message, at: location, severity: .warning, suggestion: suggestion)
    }
}

extension Playbook {
    /// What the rules say of the playbook.
    /// - Parameter tests: what the library's tests show; `nil` where none were looked for.
    package func lint(
        catalogue: Catalogue, tests: ShownByTests? = nil, rules: [LintRule] = LintRule.all
    ) -> [Problem] {
        let subject = LintSubject(playbook: self, catalogue: catalogue, tests: tests)
        return rules.flatMap { $0.check(subject) }.inOrderOfPlace
    }
}
