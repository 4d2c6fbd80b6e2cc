package import Playbooks

/// A problem on one line: `file:line:column: error: message [TRI0012]`.
package func problemText(_ problem: Problem) -> String {
    let place = problem.location
    var text = "\(place.file):\(place.line):\(place.column): \(problem.severity.rawValue): \(problem.message)"
    // The suggestion is part of the value for editors; a message that already names it is not told twice.
    if let suggestion = problem.suggestion, !problem.message.contains(suggestion) {
        text += "; did you mean '\(suggestion)'?"
    }
    return text + " [\(problem.code.rawValue)]"
}

/// The problem, the line it is on, and a mark under the place, as compilers print it.
package func problemText(_ problem: Problem, source: String?) -> String {
    let head = problemText(problem)
    let lines = source?.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) ?? []
    guard lines.indices.contains(problem.location.line - 1) else { return head }
    let line = lines[problem.location.line - 1]
    let number = String(problem.location.line)
    let before = line.unicodeScalars.prefix(max(0, problem.location.column - 1))
    let margin = before.map { $0 == "\t" ? "\t" : " " }.joined()
    let mark = "^" + String(repeating: "~", count: max(0, problem.location.length - 1))
    let gutter = String(repeating: " ", count: number.count)
    return "\(head)\n\(number) | \(line)\n\(gutter) | \(margin)\(mark)"
}
