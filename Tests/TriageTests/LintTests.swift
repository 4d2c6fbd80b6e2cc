import Foundation
import Testing

/// `triage lint` of one file among others.
@Suite struct LintTests {
    private func playbook(_ name: String, _ spec: String) -> String {
        """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: \(name), title: A \(name), version: 1.0.0, severity: error, tags: [test], references: [https://example.com]}
        spec:
          symptoms: [{text: something is wrong with the \(name)}]
        \(spec)

        """
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "tests"), withIntermediateDirectories: true)
        let files = [
            "lender.yaml": playbook(
                "lender",
                "  define: {busy: platform == 'kind'}\n  causes: [{id: a, title: A, when: busy, because: it is, remedies: [r]}]\n"
                    + "  remedies: {r: {title: R, risk: safe, steps: [{say: Do it}], verify: \"!busy\"}}"),
            "borrower.yaml": playbook(
                "borrower",
                "  use: {lender: [busy, r]}\n  causes: [{id: b, title: B, when: busy, because: it is so, remedies: [r]}]"
            ),
            "broken.yaml": playbook("broken", "  causes: [{id: c, title: C, when: nothing.of.the.kind}]"),
            "tests/borrower_test.yaml": """
            apiVersion: playbooks.triage/v1
            kind: PlaybookTest
            playbook: borrower
            cases:
              - {name: on kind, platform: kind, facts: {}, expect: {confirmed: [b]}}
              - {name: elsewhere, platform: eks, facts: {}, expect: {confirmed: []}}

            """,
        ]
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        try await body(folder)
    }

    @Test func `a file may use what stands beside it, whose own faults are not told`() async throws {
        try await withFolder { folder in
            let path = folder.path(percentEncoded: false)
            let one = try await TriageCommand.run(["lint", "--strict", path + "/borrower.yaml"])
            #expect(one.output == "1 playbooks, 0 errors, 0 warnings\n", "\(one.output)\(one.notes)")
            #expect(one.exitCode == 0)
            let all = try await TriageCommand.run(["lint", path])
            #expect(all.exitCode == 3 && all.output.contains("broken.yaml:6"), "\(all.output)")
            let broken = try await TriageCommand.run(["lint", path + "/broken.yaml"])
            #expect(broken.exitCode == 3 && broken.output.contains("1 error"), "\(broken.output)")
        }
    }

    @Test func `a file that is not there is told`() async throws {
        try await withFolder { folder in
            let result = try await TriageCommand.run(["lint", folder.path(percentEncoded: false) + "/none.yaml"])
            #expect(result.exitCode == 3 && result.output.contains("none.yaml"), "\(result.output)")
        }
    }
}
