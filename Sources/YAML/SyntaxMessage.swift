/// libyaml's words for a syntax error, with what to do about the frequent ones.
enum SyntaxMessage {
    static func message(problem: String, context: String?, contextLine: Int, line: Int, isAtTab: Bool) -> String {
        if isAtTab { return "a tab cannot indent YAML; use spaces" }
        let place = context.map { contextLine == line ? " \($0)" : " \($0) that starts on line \(contextLine)" } ?? ""
        return problem + place + (advice[problem].map { "; " + $0 } ?? "")
    }

    private static let advice = [
        "mapping values are not allowed in this context":
            "quote a value that holds ': ', or mend the indentation",
        "could not find expected ':'": "a key needs ':' and a space behind it",
        "did not find expected key": "look at the indentation and for a missing quote",
        "did not find expected '-' indicator": "look at the indentation",
        "found unexpected end of stream": "a closing quote is missing",
        "found unknown escape character": "in double quotes, write '\\\\' for a backslash, or use single quotes",
        "did not find expected <document start>": "write '---' before a further document",
        "found character that cannot start any token": "quote the value",
    ]
}
