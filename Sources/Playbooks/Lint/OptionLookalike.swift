internal import CEL

extension LintRule {
    /// A value that begins with `-` would be read as an option of the command; filling it in is refused then.
    static let optionLookalike = LintRule(.optionLookalike) { subject in
        subject.playbook.remedies.flatMap { $0.steps + $0.rollback }.flatMap { step -> [Problem] in
            guard case .run(let arguments) = step.action else { return [] }
            let end = arguments.firstIndex { $0.source == "--" } ?? arguments.count
            return arguments[..<end].dropFirst().filter(\.mayBeginWithDash).map { argument in
                subject.problem(
                    .optionLookalike,
                    "a value that begins with '-' would be taken for an option; expected it behind '--', or glued to its"
                        + " flag as in '--name={{ … }}'", at: argument.location)
            }
        }
    }
}

extension Template {
    /// Whether what it is filled with may begin with `-`, as far as the type tells.
    fileprivate var mayBeginWithDash: Bool {
        guard case .expression(let condition) = parts.first else { return false }
        return condition.program.resultType.mayBeginWithDash
    }
}

extension ValueType {
    fileprivate var mayBeginWithDash: Bool {
        switch self {
        case .bool, .uint, .timestamp, .null: false
        default: true
        }
    }
}
