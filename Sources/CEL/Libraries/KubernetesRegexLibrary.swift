extension Library {
    /// Kubernetes' regex functions.
    static let kubernetesRegex = Library(
        "kubernetes.regex",
        functions: [
            Function(
                "find", "The text of the pattern's first match; empty for none.",
                overloads: [
                    Overload(
                        "string_find_string", member: true, [.string, .string], .string, cost: Cost.matching,
                        .function(find))
                ],
                examples: [
                    .init("'abc 123'.find('[0-9]+')", equals: "'123'"), .init("'abc 123'.find('xyz')", equals: "''"),
                ]),
            Function(
                "findAll", "The texts of all of the pattern's matches, or of the first so many.",
                overloads: [
                    Overload(
                        "string_find_all_string", member: true, [.string, .string], .list(.string), cost: Cost.matching,
                        .function { (text: String, pattern: String) throws(EvaluationError) in
                            try findAll(text, pattern, -1)
                        }),
                    Overload(
                        "string_find_all_string_int", member: true, [.string, .string, .int], .list(.string),
                        cost: Cost.matching, .function(findAll)),
                ],
                examples: [
                    .init("'123 abc 456'.findAll('[0-9]+')", equals: "['123', '456']"),
                    .init("'123 abc 456'.findAll('[0-9]+', 1)", equals: "['123']"),
                    .init("'123 abc 456'.findAll('xyz')", equals: "[]"),
                ]),
        ])
}

private func find(_ text: String, _ pattern: String) throws(EvaluationError) -> String {
    guard let range = try compiled(pattern).firstMatch(in: text)?[0] else { return "" }
    return text.part(range)
}

private func findAll(_ text: String, _ pattern: String, _ limit: Int64) throws(EvaluationError) -> List {
    let matches = try compiled(pattern).allMatches(in: text, limit: limit < 0 ? .max : Int(limit))
    return List(matches.compactMap { $0[0] }.map { .string(text.part($0)) })
}
