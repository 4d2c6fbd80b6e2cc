import Foundation
import Testing

/// `--ask`: only on a terminal, only what is needed, and every answer is looked at again.
struct AskingTests {
    private static let playbook = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: odd-disk, title: The disk is odd, version: 1.0.0, severity: error}
        spec:
          symptoms: [{text: the odd disk has failed}]
          inputs:
            size: {type: int, title: How many GiB has the disk}
            restarted: {type: bool, title: Did the machine restart today}
            spare: {type: string, title: Never needed}
          causes:
            - id: too-small
              title: The disk is too small
              when: inputs.size < 10 && inputs.restarted
              because: "it has {{ inputs.size }} GiB"
              remedies: [buy]
          remedies:
            buy:
              title: Buy another
              risk: safe
              steps:
                - {say: "Order it", when: "platform == 'kind'"}
                - {say: "Order it for {{ inputs.spare }}", when: "platform == 'eks'"}
              verify: inputs.size >= 10
        """

    private func withPlaybook(_ body: (String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "odd-disk.yaml")
        try Data(Self.playbook.utf8).write(to: file)
        try await body(file.path(percentEncoded: false))
    }

    @Test func `what is asked decides, and nothing is asked that cannot`() async throws {
        try await withPlaybook { file in
            let result = try await PseudoTerminal.run(
                ["run", "odd-disk", "--playbooks", file, "--ask", "-o", "json"],
                replies: [
                    .init("How many GiB has the disk?", "many"), .init("expected a value of type int", "5"),
                    .init("Did the machine restart today? [y/n", "perhaps"), .init("expected y or n", "y"),
                    .init("Which platform is this?", "knd"), .init("did you mean 'kind'", "kind"),
                ])
            #expect(result.exitCode == 1, "\(result.shown)\n\(result.output)")
            #expect(result.output.contains("it has 5 GiB"))
            #expect(result.output.contains("\"Order it\""), "\(result.output)")
            #expect(!result.shown.contains("Never needed"))
        }
    }

    @Test func `an empty answer leaves it open`() async throws {
        try await withPlaybook { file in
            let result = try await PseudoTerminal.run(
                ["run", "odd-disk", "--playbooks", file, "--ask"],
                replies: [.init("GiB has the disk?", ""), .init("restart today?", "")])
            #expect(result.exitCode == 2, "\(result.shown)\n\(result.output)")
            #expect(result.output.contains("What next"))
            #expect(result.output.contains("$ triage run odd-disk --input"))
        }
    }

    @Test func `one answer that decides ends the questions`() async throws {
        try await withPlaybook { file in
            let result = try await PseudoTerminal.run(
                ["run", "odd-disk", "--playbooks", file, "--ask"], replies: [.init("GiB has the disk?", "50")])
            #expect(result.exitCode == 0, "\(result.shown)\n\(result.output)")
            #expect(!result.shown.contains("restart"))
        }
    }

    @Test func `in a pipe it refuses, and says what to give instead`() async throws {
        let result = try await TriageCommand.run(["run", "swap-enabled", "--ask"])
        #expect(result.exitCode == 64)
        #expect(result.notes.contains("--ask needs a terminal"))
        #expect(result.notes.contains("--input NAME=VALUE"))
    }

    @Test func `a platform that there is not is wrong usage`() async throws {
        let result = try await TriageCommand.run(["run", "swap-enabled", "--platform", "eksx"])
        #expect(result.exitCode == 64)
        #expect(result.notes.contains("did you mean 'eks'?"))
    }
}
