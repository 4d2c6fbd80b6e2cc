internal import CEL

extension LintRule {
    /// Evaluates every condition in a world of which nothing is known: what is true or false there always is.
    static let constantComparison = LintRule(.constantComparison) { subject in
        var world = EverythingUnknown()
        var found: [Problem] = []
        for definition in subject.playbook.definitions {
            let program = definition.condition.program
            found += constantParts(of: definition.condition, in: world, subject)
            world.definitions[definition.name] = world.value(of: program)
        }
        for condition in subject.playbook.conditions {
            found += constantParts(of: condition, in: world, subject)
        }
        return found
    }

    /// The outermost parts that have a value and are more than a literal.
    private static func constantParts(
        of condition: Condition, in world: EverythingUnknown, _ subject: LintSubject
    ) -> [Problem] {
        let source = Array(condition.program.source.utf8)
        var covered: [Range<Int>] = []
        var found: [Problem] = []
        for part in world.explanation(of: condition.program).parts {
            guard case .bool(let flag) = part.value, part.range.upperBound <= source.count,
                !covered.contains(where: {
                    $0.contains(part.range.lowerBound) && $0.upperBound >= part.range.upperBound
                })
            else { continue }
            let text = String(decoding: source[part.range], as: UTF8.self)
            guard text != "true", text != "false" else { continue }
            covered.append(part.range)
            found.append(
                subject.problem(
                    .constantComparison, "\(text.quotedForMessage) is always \(flag)",
                    at: condition.location(of: part.range)))
        }
        return found
    }
}
