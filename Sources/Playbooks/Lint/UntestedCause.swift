extension LintRule {
    /// What no test confirms breaks without anybody noticing.
    static let untestedCause = LintRule(.untestedCause) { subject in
        guard let tested = subject.testedCauses else { return [] }
        let playbook = subject.playbook
        return playbook.causes.filter { !tested.contains("\(playbook.name)/\($0.id)") }.map { cause in
            subject.problem(
                .untestedCause,
                "no test confirms '\(cause.id)'; expected a case in tests/\(playbook.name)_test.yaml",
                at: cause.location)
        }
    }
}
