import Foundation
import Testing

/// `triage fmt` on files of this project and on untidy ones.
@Suite struct FmtTests {
    private static let untidy = """
        kind: PlaybookTest
        apiVersion: playbooks.triage/v1
        playbook: swap-enabled
        cases:
        - expect: {confirmed: []}   
          name: one
        """

    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "swap-enabled_test.yaml")
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o664], ofItemAtPath: file.path)
        try await body(file.path(percentEncoded: false))
    }

    @Test func `the built-in playbooks are in form`() async throws {
        let folder = TriageCommand.root.appending(path: "playbooks")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count > 20)
        let result = try await TriageCommand.run(
            ["fmt", "--check"] + files.map { folder.appending(path: $0).path(percentEncoded: false) })
        #expect(result.exitCode == 0, "\(result.output)\(result.notes)")
    }

    @Test func `check names a file and leaves it; without it the file is written, and keeps its permissions`()
        async throws
    {
        try await withFile(Self.untidy) { path in
            let checked = try await TriageCommand.run(["fmt", "--check", path])
            #expect(checked.exitCode == 1 && checked.output == path + "\n", "\(checked.output)\(checked.notes)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.untidy)
            let written = try await TriageCommand.run(["fmt", path])
            #expect(written.exitCode == 0 && written.output == path + "\n", "\(written.notes)")
            #expect(
                try String(contentsOfFile: path, encoding: .utf8) == """
                    apiVersion: playbooks.triage/v1
                    kind: PlaybookTest
                    playbook: swap-enabled
                    cases:
                      - name: one
                        expect: {confirmed: []}

                    """)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o664)
            #expect(try await TriageCommand.run(["fmt", "--check", path]).exitCode == 0)
        }
    }

    @Test func `what cannot be read is told and stays as it is`() async throws {
        let broken = "kind: Playbook\napiVersion: playbooks.triage/v1\nmetadata: {name: x\n"
        try await withFile(broken) { path in
            let result = try await TriageCommand.run(["fmt", path])
            #expect(result.exitCode == 3 && result.notes.contains("TRI0001"), "\(result.notes)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == broken)
        }
        #expect(try await TriageCommand.run(["fmt", "/nonexistent"]).exitCode == 3)
    }
}
