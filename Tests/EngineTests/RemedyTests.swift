import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

@Suite struct RemedyTests {
    private func remedy(
        steps: String, when: String? = nil, name: Answer = .value(.string("web"))
    ) async throws -> ProposedRemedy? {
        let world = MadeUp().adding("yes", .bool, .bool(true)).adding("name", .string, name)
            .adding("dark", .bool, .unknown(Unknown(.denied, "may not look")))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "yes: yes\nname: name\ndark: dark",
                causes: "- {id: a, title: T, when: facts.yes, remedies: [r]}",
                remedies: """
                    r:
                      title: R
                      risk: safe
                      \(when.map { "when: \($0)" } ?? "when: facts.yes")
                      steps: \(steps)
                      verify: "!facts.yes"
                    """))
        return await world.diagnose(playbooks).findings.first?.remedies.first
    }

    @Test func `values are filled in as single arguments`() async throws {
        let remedy = try #require(
            try await remedy(
                steps:
                    #"[{run: [kubectl, delete, pod, "{{ facts.name }}", "--namespace={{ facts.name }}"]}, {say: "see {{ facts.name }}"}]"#,
                name: .value(.string("a b; rm -rf / `x` $(y) {{ facts.yes }}"))))
        let value = "a b; rm -rf / `x` $(y) {{ facts.yes }}"
        #expect(
            remedy.steps == [
                .run(["kubectl", "delete", "pod", value, "--namespace=" + value], isPrivileged: false),
                .say("see " + value),
            ])
    }

    @Test(arguments: ["-o", "--all", "-", "-rf /", "a\nb", "a\u{0}b", "a\rb", "\u{1B}[2J"])
    func `a value that would change what the command means is refused`(value: String) async throws {
        let remedy = try #require(
            try await remedy(
                steps: #"[{run: [kubectl, delete, pod, "{{ facts.name }}"]}]"#, name: .value(.string(value))))
        #expect(!remedy.isRunnable)
        guard case .say(let text) = try #require(remedy.steps.first) else {
            Issue.record("the command must not be offered")
            return
        }
        #expect(text.hasPrefix("Not offered as a command, since"))
        #expect(remedy.notes.count == 1)
    }

    @Test(arguments: [
        #"[{run: [rm, --, "{{ facts.name }}"]}]"#, #"[{run: [x, "--name={{ facts.name }}"]}]"#,
        #"[{run: [x, "-n{{ facts.name }}"]}]"#,
    ])
    func `after two dashes or glued to its flag a leading dash is harmless`(steps: String) async throws {
        let remedy = try #require(try await remedy(steps: steps, name: .value(.string("-x"))))
        #expect(remedy.isRunnable)
    }

    @Test(arguments: [Answer.unknown(Unknown(.denied, "may not look")), .value(.string(""))])
    func `a value that is missing is named and never empty`(name: Answer) async throws {
        let remedy = try #require(
            try await remedy(steps: #"[{run: [kubectl, get, "{{ facts.name }}"]}]"#, name: name))
        #expect(remedy.steps == [.run(["kubectl", "get", "<facts.name>"], isPrivileged: false)])
        #expect(!remedy.isRunnable)
        #expect(remedy.notes.count == 1)
        #expect(remedy.notes.first?.hasPrefix("<facts.name> must be filled in: ") == true)
    }

    @Test func `a remedy is offered where its precondition holds, and with a note where that cannot be seen`()
        async throws
    {
        let steps = "[{say: do it}]"
        let fitting = try await remedy(steps: steps, when: "facts.yes")
        #expect(fitting?.notes.isEmpty == true)
        let other = try await remedy(steps: steps, when: "'!facts.yes'")
        #expect(other == nil)
        let unsure = try #require(try await remedy(steps: steps, when: "facts.dark"))
        #expect(unsure.notes == ["it could not be seen whether this applies here: dark not known"])
    }

    @Test func `a step that does not apply is left out`() async throws {
        let remedy = try #require(
            try await remedy(steps: "[{say: one, when: facts.yes}, {say: two, when: '!facts.yes'}]"))
        #expect(remedy.steps == [.say("one")])
    }
}
