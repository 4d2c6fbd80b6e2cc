extension LintRule {
    /// `facts.x.y == null` fails where y is absent, and absent is what is mostly meant.
    static let comparisonWithNull = LintRule(.comparisonWithNull) { subject in
        subject.playbook.expressions.flatMap { condition -> [Problem] in
            let words = ExpressionWords(condition).words
            return words.indices.dropFirst().compactMap { index in
                guard words[index].text == "null", ["==", "!="].contains(words[index - 1].text) else { return nil }
                return subject.problem(
                    .comparisonWithNull,
                    "an absent field is not null, reading it fails; expected has(…) or !has(…)",
                    at: condition.location(of: words[index - 1].range.lowerBound..<words[index].range.upperBound))
            }
        }
    }
}
