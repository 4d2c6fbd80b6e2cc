extension LintRule {
    /// A misspelt field in `has(facts.x.fiel)` is an error at load; `'fiel' in facts.x` is silently false.
    static let uncheckedField = LintRule(.uncheckedField) { subject in
        subject.playbook.expressions.flatMap { condition -> [Problem] in
            let words = ExpressionWords(condition).words
            return words.indices.dropLast(2).compactMap { index in
                guard words[index].isString, words[index + 1].text == "in", words[index + 2].text == "facts" else {
                    return nil
                }
                let field = String(words[index].text.dropFirst().dropLast())
                guard let path = factPath(words[(index + 2)...]), subject.type(ofFact: path)?.isObject == true else {
                    return nil
                }
                let better = "has(\((path + [field]).joined(separator: ".")))"
                let end = words[index + 2 * path.count].range.upperBound
                return subject.problem(
                    .uncheckedField, "'in' does not check that there is a field '\(field)'; expected \(better)",
                    at: condition.location(of: words[index].range.lowerBound..<end), suggestion: better)
            }
        }
    }

    /// `facts.x.y` as its names; `nil` where a call or an index follows.
    private static func factPath(_ words: ArraySlice<ExpressionWords.Word>) -> [String]? {
        var path: [String] = []
        var rest = words
        while let word = rest.first, !word.isString, word.text.utf8.first?.isNameByte ?? false {
            path.append(word.text)
            rest = rest.dropFirst()
            guard rest.first?.text == "." else { break }
            rest = rest.dropFirst()
        }
        return ["(", "["].contains(rest.first?.text) ? nil : path
    }
}
