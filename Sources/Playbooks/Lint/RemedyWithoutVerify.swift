extension LintRule {
    /// A remedy that is not checked afterwards may have changed nothing.
    static let remedyWithoutVerify = LintRule(.remedyWithoutVerify) { subject in
        subject.playbook.remedies.filter { $0.verify == nil }.map { remedy in
            subject.problem(
                .remedyWithoutVerify,
                "nothing tells whether '\(remedy.id)' worked; expected 'verify' with a condition that holds afterwards",
                at: remedy.location)
        }
    }
}
