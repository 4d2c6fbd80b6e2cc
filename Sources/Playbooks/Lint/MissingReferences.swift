extension LintRule {
    /// A claim without a source cannot be checked when the next release changes it.
    static let missingReferences = LintRule(.missingReferences) { subject in
        guard subject.playbook.references.isEmpty else { return [] }
        return [
            subject.problem(
                .missingReferences,
                "the playbook names no source; expected 'references' with the pages that its claims rest on",
                at: subject.playbook.location)
        ]
    }
}
