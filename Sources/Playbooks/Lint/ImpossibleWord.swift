internal import CEL
internal import Facts

extension LintRule {
    /// A comparison with a word that the value never has is silently false for ever.
    static let impossibleWord = LintRule(.impossibleWord) { subject in
        let walk = ConditionWalk(subject.playbook)
        return subject.playbook.expressions.flatMap { condition -> [Problem] in
            walk.parts(of: condition).flatMap { part -> [Problem] in
                guard case .comparison(let sign) = part.node.operation, ["==", "!=", "in"].contains(sign) else {
                    return []
                }
                let sides = walk.children(of: part)
                guard let (path, literals) = Self.comparison(sides, sign, walk),
                    let words = subject.words(of: path)
                else { return [] }
                return literals.compactMap { literal in
                    guard let word = literal.text.literalText, !words.contains(word) else { return nil }
                    let nearest = nearestName(to: word, among: words)
                    return subject.problem(
                        .impossibleWord,
                        "\(path.filter { $0 != "*" }.joined(separator: ".")) is never \(word.quotedForMessage); expected"
                            + " one of \(words.joined(separator: ", "))" + didYouMean(nearest),
                        at: condition.location(of: literal.range), suggestion: nearest.map { "'\($0)'" })
                }
            }
        }
    }

    /// What is compared with which literals.
    private static func comparison(
        _ sides: [PlacedPart], _ sign: String, _ walk: ConditionWalk
    ) -> (path: [String], literals: [ExpressionTree.Node])? {
        guard sides.count == 2 else { return nil }
        if let path = walk.path(of: sides[0]) {
            return (path, sign == "in" ? sides[1].node.children : [sides[1].node])
        }
        guard sign != "in" else { return nil }
        return walk.path(of: sides[1]).map { ($0, [sides[0].node]) }
    }
}

extension LintSubject {
    /// The only words that the value may be; `nil` where it may be any.
    fileprivate func words(of path: [String]) -> [String]? {
        if path == ["platform"] { return Playbook.platforms + ["unknown"] }
        guard path.count > 2, path[0] == "facts", let fact = playbook.facts.first(where: { $0.name == path[1] }) else {
            return nil
        }
        return catalogue[fact.collector]?.declaration.words[path[2...].filter { $0 != "*" }.joined(separator: ".")]
    }
}
