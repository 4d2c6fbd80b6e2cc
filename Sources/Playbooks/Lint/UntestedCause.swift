extension LintRule {
    /// What no test confirms breaks without anybody noticing.
    static let untestedCause = LintRule(.untestedCause) { subject in
        guard let tests = subject.tests else { return [] }
        let playbook = subject.playbook
        return playbook.causes.filter { cause in
            tests.causes["\(playbook.name)/\(cause.id)"]?.contains(.confirmed) != true
        }.map { cause in
            subject.problem(
                .untestedCause,
                "no test confirms '\(cause.id)'; expected a case in tests/\(playbook.name)_test.yaml",
                at: cause.location)
        }
    }
}
