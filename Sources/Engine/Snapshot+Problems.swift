package import Facts
package import Playbooks

extension Snapshot {
    /// Reads a saved snapshot; what is wrong with it is told as problems of its file.
    package static func load(
        _ bytes: [UInt8], file: String, catalogue: Catalogue
    ) -> (snapshot: Snapshot?, problems: [Problem]) {
        let (snapshot, issues) = read(bytes, catalogue: catalogue)
        return (snapshot, issues.map { $0.problem(file: file) })
    }
}

extension Snapshot.Issue {
    package func problem(file: String) -> Problem {
        let code: Problem.Code =
            switch kind {
            case .invalid: .invalidSnapshot
            case .truncated: .truncatedSnapshot
            case .damaged: .damagedSnapshot
            case .tooLarge: .oversizedSnapshot
            case .unsafe: .unsafeSnapshot
            }
        return Problem(
            code, message, at: Location(file: file, line: line, column: column),
            severity: isFatal ? .error : .warning)
    }
}
