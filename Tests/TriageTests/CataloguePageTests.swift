import Collectors
import Facts
import Foundation
import Reports
import TestSupport
import Testing

@Suite struct CataloguePageTests {
    private static let file = TriageCommand.root.appending(path: "docs/facts.md")

    @Test func `the committed page is what the program writes`() throws {
        let page = CataloguePage(.builtIn).text
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(page.utf8).write(to: Self.file) }
        let committed = try? String(contentsOf: Self.file, encoding: .utf8)
        #expect(committed == page, "docs/facts.md is not what `triage facts docs` writes; run `make golden`")
    }

    @Test func `the command prints it`() async throws {
        let result = try await TriageCommand.run(["facts", "docs"])
        #expect(result.exitCode == 0)
        #expect(result.output == CataloguePage(.builtIn).text)
    }

    @Test func `every collector has a section, and no table is torn by what a declaration says`() {
        let page = CataloguePage(.builtIn).text
        for name in Catalogue.builtIn.names { #expect(page.contains("\n## \(name)\n")) }
        for line in page.split(separator: "\n") where line.hasPrefix("|") {
            let columns = line.replacing("\\|", with: "").count(where: { $0 == "|" })
            #expect(columns == 4 || columns == 3, "\(line)")
        }
    }
}
