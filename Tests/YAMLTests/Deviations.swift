import FoundationEssentials
import Testing

/// The tables of `docs/yaml-deviations.md`.
enum Deviations {
    struct Row {
        var id: String
        var verdict: Suite.Verdict
    }

    static func read() throws -> [Row] {
        let file = Suite.root.appending(path: "docs/yaml-deviations.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        return try page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
            try #require(cells.count >= 3, "a row has a case, a verdict and a reason")
            return Row(id: cells[0], verdict: try #require(Suite.Verdict(rawValue: cells[1]), "\(line)"))
        }
    }
}
