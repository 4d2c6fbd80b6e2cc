extension LintRule {
    /// A person believes an answer that shows what it rests on.
    static let causeWithoutReason = LintRule(.causeWithoutReason) { subject in
        subject.playbook.causes.filter { $0.because == nil }.map { cause in
            subject.problem(
                .causeWithoutReason,
                "'\(cause.id)' does not say what it rests on; expected 'because' with the values that decide",
                at: cause.location)
        }
    }
}
