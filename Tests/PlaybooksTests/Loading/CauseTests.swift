import Testing

@testable import Playbooks

@Suite struct CauseTests {
    private func causes(_ written: String) -> String {
        playbook(
            "facts: {swap: node.swap}\ndefine: {never: 1 > 2, some: size(facts.swap.devices) > 0}\ncauses:\n\(written)")
    }

    @Test(arguments: ["1️⃣false", "1️⃣never", "1️⃣never && some", "1️⃣1 == 2", "1️⃣some && !true"])
    func `a cause whose condition is false in every world is an error`(condition: String) {
        expectProblems(
            causes("- {id: a, title: A, when: \(condition)}"),
            ["1️⃣": (.unreachableCause, "the condition is false whatever the facts are")])
    }

    @Test func `a condition that fails in every world is an error`() {
        let problems = load(causes("- {id: a, title: A, when: 1 / 0 == 1}"))
        #expect(problems.map(\.code) == [.alwaysFails])
    }

    @Test func `a condition that an earlier cause has cannot be told apart from it`() {
        expectProblems(
            causes(
                """
                - {id: a, title: A, when: "some && platform == 'a b'"}
                - {id: b, title: B, when: "1️⃣some&&platform  ==  'a b'"}
                - {id: c, title: C, when: "some && platform == 'a  b'"}
                """),
            ["1️⃣": (.unreachableCause, "the condition is that of 'a', so that the two causes cannot be told apart")])
    }

    @Test func `an id is given once`() {
        expectProblems(
            causes("- {id: a, title: A, when: some}\n- {id: 1️⃣a, title: B, when: '!some'}"),
            ["1️⃣": (.duplicateName, "there is a cause 'a' already, in line 12; expected another id")])
    }

    @Test func `what a cause explains in its own playbook exists, and is not itself`() {
        expectProblems(
            causes(
                """
                - {id: cause-one, title: A, when: some, explains: [1️⃣cause-tow, 2️⃣test/cause-tree, 3️⃣cause-one]}
                - {id: cause-two, title: B, when: '!some', explains: [other/x, 4️⃣other/x]}
                """),
            [
                "1️⃣": (.unknownCause, "this playbook has no cause 'cause-tow'; did you mean 'cause-two'?"),
                "2️⃣": (.unknownCause, nil), "3️⃣": (.explainsCycle, "a cause cannot explain itself"),
                "4️⃣": (.duplicateName, "'other/x' is named twice"),
            ])
    }

    @Test func `remedies and causes name each other`() {
        let remedy = "{title: R, risk: safe, steps: [{say: Go}]}"
        expectProblems(
            causes("- {id: a, title: A, when: some, remedies: [turn-of, 1️⃣nothing-like-it]}")
                .replacing("turn-of", with: "2️⃣turn-of") + "  remedies: {3️⃣turn-off: \(remedy)}",
            [
                "1️⃣": (.unknownRemedy, "there is no remedy 'nothing-like-it'"),
                "2️⃣": (.unknownRemedy, "there is no remedy 'turn-of'; did you mean 'turn-off'?"),
                "3️⃣": (
                    .unusedRemedy,
                    "no cause names the remedy 'turn-off'; expected it in the 'remedies' of a cause"
                ),
            ])
    }
}

@Suite struct RemedyTests {
    private func remedy(_ steps: String) -> String {
        playbook(
            "causes: [{id: a, title: A, when: platform == 'a', remedies: [r]}]\n"
                + "remedies: {r: {title: R, risk: safe, verify: platform != 'a', steps: [\(steps)]}}")
    }

    @Test func `what is run is written out`() {
        expectProblems(
            remedy("{run: [1️⃣'{{ platform }}', a]}, {run: [2️⃣ls -l]}, {run: [3️⃣'']}, {run: [4️⃣-a]}"),
            [
                "1️⃣": (.executableNotLiteral, "the command itself must be written out, not filled in with {{ }}"),
                "2️⃣": (
                    .invalidValue,
                    "there is no shell: 'ls -l' would be the name of one command; expected the arguments one by one"
                ), "3️⃣": (.invalidValue, "'' is not a command; expected its name or path"),
                "4️⃣": (.invalidValue, "'-a' is not a command; expected its name or path"),
            ])
    }

    @Test(arguments: [
        "sh, -c, 1️⃣'echo {{ platform }}'", "/bin/bash, -xec, 1️⃣'{{ platform }}'",
        "ssh, node, --, sudo, sh, -c, 1️⃣'echo {{ platform }}'",
    ])
    func `a value is never filled into a script`(arguments: String) {
        expectProblems(remedy("{run: [\(arguments)]}"), ["1️⃣": (.shellInjection, nil)])
    }

    @Test(arguments: ["sh, -c, 'echo \"$1\"', sh, '{{ platform }}'", "grep, -c, '{{ platform }}'"])
    func `a value may be an argument of a script, and other programs may have a -c`(arguments: String) {
        #expect(load(remedy("{run: [\(arguments)]}")) == [])
    }

    @Test func `the conditions of a remedy are checked like any other`() {
        expectProblems(
            playbook(
                """
                causes: [{id: a, title: A, when: platform == 'a', remedies: [r]}]
                remedies:
                  r:
                    title: R
                    risk: safe
                    when: 1️⃣platform
                    steps: [{say: Go, when: 2️⃣nothing}]
                    verify: facts.3️⃣swap
                    rollback: [{say: '{{ 4️⃣nothing }}'}]
                """),
            [
                "1️⃣": (.conditionNotBool, nil), "2️⃣": (.undeclaredName, nil), "3️⃣": (.unknownField, nil),
                "4️⃣": (.undeclaredName, nil),
            ])
    }
}
