extension LintRule {
    /// What cannot be taken back needs a warning that a person reads before it runs.
    static let destructiveWithoutRollback = LintRule(.destructiveWithoutRollback) { subject in
        subject.playbook.remedies.filter { $0.risk == .destructive && $0.rollback.isEmpty && !$0.startsWithWarning }
            .map { remedy in
                subject.problem(
                    .destructiveWithoutRollback,
                    "'\(remedy.id)' is destructive; expected a 'rollback', or a first step that says what must be saved"
                        + " before", at: remedy.location)
            }
    }
}

extension Remedy {
    /// Whether a person is told something before anything runs.
    fileprivate var startsWithWarning: Bool {
        guard case .say = steps.first?.action else { return false }
        return true
    }
}
