package import Facts
package import Playbooks

extension Snapshot {
    /// Reads a saved snapshot; what is wrong with it is told as problems of its file.
    package static func load(
        _ bytes: [UInt8], file: String, catalogue: Catalogue
    ) -> (snapshot: Snapshot?, problems: [Problem]) {
        let (snapshot, issues) = read(bytes, catalogue: catalogue)
        return (
            snapshot,
            issues.map {
                Problem(
                    .invalidSnapshot, $0.message, at: Location(file: file, line: $0.line, column: $0.column),
                    severity: $0.isFatal ? .error : .warning)
            }
        )
    }
}
