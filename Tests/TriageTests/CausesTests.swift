import Collectors
import Engine
import Foundation
import Playbooks
import Testing

/// The knowledge itself: every cause that was promised is there, tested in its three answers.
struct CausesTests {
    /// The list of causes that the project was given, where it lies beside the package.
    static let listed: String? = try? String(
        contentsOf: TriageCommand.root.appending(path: "../shared/CAUSES.md").standardizedFileURL, encoding: .utf8)

    /// `playbook/cause` of each row of a table, and of each name of a paragraph that begins with "Causes:".
    static func causes(in text: String) -> [String] {
        var playbook = ""
        var isParagraph = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            if line.hasPrefix("## ") { playbook = String(line.dropFirst(3)).trimmingCharacters(in: .whitespaces) }
            if line.isEmpty { isParagraph = false }
            if line.hasPrefix("Causes:") { isParagraph = true }
            guard isParagraph || line.hasPrefix("| `") else { return [] }
            // The first column of a table, and what stands in no brackets of a paragraph.
            let part = isParagraph ? line : line.dropFirst().prefix { $0 != "|" }
            return part.matches(of: /`([a-z0-9-]+)`/).map { "\(playbook)/\($0.output.1)" }
        }
    }

    /// What came of all tests beside the playbooks.
    private func report() async -> PlaybookTestRunner.Report {
        let folder = TriageCommand.root.appending(path: "playbooks/tests")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
        let runner = PlaybookTestRunner(playbooks: PasteTests.library.playbooks, catalogue: .builtIn)
        var report = PlaybookTestRunner.Report()
        for name in names.sorted() {
            guard let data = try? Data(contentsOf: folder.appending(path: name)) else { continue }
            let part = await runner.run(Array(data), file: "playbooks/tests/\(name)")
            report.results += part.results
            report.problems += part.problems
        }
        return report
    }

    @Test(.enabled(if: listed != nil, "there is no ../shared/CAUSES.md beside the package"))
    func `every listed cause is in its playbook`() throws {
        let listed = Self.causes(in: try #require(Self.listed))
        #expect(listed.count > 70)
        let known = Set(PasteTests.library.playbooks.flatMap { p in p.causes.map { "\(p.name)/\($0.id)" } })
        // "belong to invalid-configuration": told so in the table itself.
        let elsewhere: Set = ["unauthorized/certificate-data-invalid", "unauthorized/credential-file-missing"]
        #expect(Set(listed).subtracting(known).subtracting(elsewhere) == [])
        #expect(known.contains("invalid-configuration/certificate-data-invalid"))
        #expect(known.contains("invalid-configuration/credential-file-missing"))
    }

    @Test func `each cause is confirmed, ruled out and left open by a test`()
        async
    {
        let report = await report()
        #expect(report.problems.isEmpty)
        #expect(report.results.allSatisfy { $0.failures.isEmpty })
        // What the text alone tells lacks no fact.
        let textual: Set = [
            "connection-refused/terraform-provider-unconfigured", "forbidden/service-account-lacks-role",
            "forbidden/node-restricted", "forbidden/user-lacks-role", "forbidden/bound-role-missing",
        ]
        let rows = TestCoverage(of: PasteTests.library.playbooks, by: report.results).rows
        #expect(rows.count > 210)
        let incomplete = rows.filter { !$0.isComplete }.map { "\($0.playbook)/\($0.cause)" }
        #expect(Set(incomplete).subtracting(textual) == [])
    }

    @Test func `each cause has a reason, a remedy with a check, and its playbook a reference`() {
        for playbook in PasteTests.library.playbooks {
            #expect(!playbook.references.isEmpty, "\(playbook.name)")
            for cause in playbook.causes {
                #expect(cause.because != nil, "\(playbook.name)/\(cause.id)")
                #expect(!cause.remedies.isEmpty, "\(playbook.name)/\(cause.id)")
            }
            for remedy in playbook.remedies {
                #expect(remedy.verify != nil, "\(playbook.name)/\(remedy.id)")
            }
        }
    }
}
