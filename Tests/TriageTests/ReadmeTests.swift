import Foundation
import Testing

@Suite struct ReadmeTests {
    /// The first thing that anybody reads of triage is what it really says.
    @Test func `the example is what the command prints`() async throws {
        let readme = try String(contentsOf: TriageCommand.root.appending(path: "README.md"), encoding: .utf8)
        let block = try #require(readme.split(separator: "```console\n").dropFirst().first)
        let shown = try #require(block.split(separator: "```").first).split(separator: "\n", maxSplits: 1)
        func path(_ name: String) -> String {
            TriageCommand.root.appending(path: "docs/example/\(name)").path(percentEncoded: false)
        }
        let result = try await TriageCommand.run([
            "diagnose", "--file", path("output.txt"), "--snapshot", path("snapshot.json"),
        ])
        #expect(shown[0] == "$ kubectl get nodes 2>&1 | triage")
        #expect(result.exitCode == 1)
        #expect(result.output == String(shown[1]))
    }
}
