extension LintRule {
    /// A pattern that is too wide claims other people's errors.
    static let strayMatch = LintRule(.strayMatch) { subject in
        let playbook = subject.playbook
        return playbook.symptomLocations.indices.compactMap { symptom in
            let strays = (subject.tests?.strays ?? []).filter { $0.playbook == playbook.name && $0.symptom == symptom }
            guard let first = strays.min(by: { ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line) }) else {
                return nil
            }
            let more = strays.count > 1 ? " and of \(strays.count - 1) more" : ""
            return subject.problem(
                .strayMatch,
                "this matches the text of \(first.testCase.quotedForMessage) (\(first.place.file):\(first.place.line))\(more);"
                    + " expected something narrower, or a cause of the two playbooks that explains the other's, or the"
                    + " case to say what it expects of '\(playbook.name)'",
                at: playbook.symptomLocations[symptom])
        }
    }
}
