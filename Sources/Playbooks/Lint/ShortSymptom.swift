extension LintRule {
    /// Shorter texts stand in most logs by chance.
    private static let leastLetters = 6

    static let shortSymptom = LintRule(.shortSymptom) { subject in
        let playbook = subject.playbook
        return zip(playbook.symptoms, playbook.symptomLocations).compactMap { symptom, location in
            guard case .text(let text) = symptom else { return nil }
            let letters = text.count { $0.isLetter || $0.isNumber }
            guard letters < leastLetters else { return nil }
            return subject.problem(
                .shortSymptom,
                "the text \(text.quotedForMessage) is so short that it matches unrelated errors; expected at least"
                    + " \(leastLetters) letters", at: location)
        }
    }
}
