import Testing

@testable import Playbooks

/// What one rule says of a playbook that loads without problems.
private func lint(_ rule: LintRule, tests: ShownByTests? = nil) -> (String) -> [Problem] {
    { text in
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "test.yaml")
        #expect(problems == [])
        return playbooks.flatMap { $0.lint(catalogue: .madeUp, tests: tests, rules: [rule]) }
    }
}

private func remedy(_ rest: String) -> String {
    playbook(
        "facts: {swap: node.swap}\ncauses: [{id: a, title: A, when: platform == 'a', remedies: [r]}]\n"
            + "remedies:\n  1️⃣r: {title: R, \(rest)}")
}

/// Loops within loops, each over the same list.
private func loops(over list: String, _ depth: Int) -> String {
    (0..<depth).reduce("true") { body, _ in "\(list).all(n, n != 'x' && \(body))" }
}

private func condition(_ written: String) -> String {
    playbook("facts: {kubelet: kubelet.config}\ncauses:\n  - id: a\n    title: A\n    when: \(written)")
}

@Suite struct LintRuleTests {
    @Test func `every rule has its own code and is listed once`() {
        let codes = LintRule.all.map(\.code)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.rawValue > "TRI0100" })
        #expect(Problem.Code.allCases.filter { $0.rawValue > "TRI0100" } == codes)
    }

    @Test func `a remedy without verify is told`() {
        expectProblems(
            remedy("risk: safe, steps: [{say: Go}]"),
            [
                "1️⃣": (
                    .remedyWithoutVerify,
                    "nothing tells whether 'r' worked; expected 'verify' with a condition that holds afterwards"
                )
            ], severity: .warning, find: lint(.remedyWithoutVerify))
        expectProblems(
            remedy("risk: safe, steps: [{say: Go}], verify: platform != 'a'"), [:], find: lint(.remedyWithoutVerify))
    }

    @Test func `a cause that no test confirms is told, where tests were looked for`() {
        let text = playbook(
            "causes: [{id: 1️⃣a, title: A, when: platform == 'a'}, {id: b, title: B, when: platform == 'b'}]")
        expectProblems(
            text,
            ["1️⃣": (.untestedCause, "no test confirms 'a'; expected a case in tests/test_test.yaml")],
            severity: .warning,
            find: lint(
                .untestedCause, tests: ShownByTests(causes: ["test/b": [.confirmed], "other/a": [.confirmed]])))
        expectProblems(text, [:], find: lint(.untestedCause))
    }

    @Test func `a stable cause lacks no kind of test`() {
        let text = playbook(
            """
            causes:
              - {id: 1️⃣a, title: A, when: platform == 'a', stability: stable}
              - {id: b, title: B, when: platform == 'b'}
              - {id: c, title: C, when: platform == 'c', stability: experimental}
            """)
        let confirmed = ShownByTests(causes: ["test/a": [.confirmed], "test/b": [.confirmed]])
        expectProblems(
            text,
            [
                "1️⃣": (
                    .unprovenStability,
                    "'a' is called stable, but no test rules it out, none leaves it undetermined for want of a fact;"
                        + " expected such a case in tests/test_test.yaml"
                )
            ], severity: .warning, find: lint(.unprovenStability, tests: confirmed))
        let all = ShownByTests(causes: ["test/a": Set(ShownByTests.Status.allCases)])
        expectProblems(text, [:], find: lint(.unprovenStability, tests: all))
        expectProblems(text, [:], find: lint(.unprovenStability))
    }

    @Test func `what a playbook says of its stability holds for its causes, unless one says otherwise`() {
        let text = playbook(
            """
            causes:
              - {id: 1️⃣a, title: A, when: platform == 'a'}
              - {id: b, title: B, when: platform == 'b', stability: experimental}
            """
        ).replacing("name: test\n", with: "name: test\n  stability: stable\n")
        expectProblems(
            text, ["1️⃣": (.unprovenStability, nil)], severity: .warning,
            find: lint(.unprovenStability, tests: ShownByTests()))
    }

    @Test func `a remedy whose commands no test spells out is told, one that runs nothing is not`() {
        let text = remedy("risk: safe, steps: [{run: [swapoff, -a]}]")
        expectProblems(
            text,
            [
                "1️⃣": (
                    .unexpectedCommands,
                    "no test says what 'r' runs; expected it under 'commands' of a case in tests/test_test.yaml"
                )
            ], severity: .warning, find: lint(.unexpectedCommands, tests: ShownByTests()))
        expectProblems(text, [:], find: lint(.unexpectedCommands, tests: ShownByTests(commands: ["test/r"])))
        expectProblems(
            remedy("risk: safe, steps: [{say: Go}]"), [:], find: lint(.unexpectedCommands, tests: ShownByTests()))
    }

    @Test(arguments: [
        ("1️⃣1 == 1 && facts.kubelet.failSwapOn", "'1 == 1' is always true"),
        ("facts.kubelet.failSwapOn || 1️⃣size('a') > 1", "'size('a') > 1' is always false"),
        ("\"facts.kubelet.path == 'a' && 1️⃣'a' in ['a']\"", "''a' in ['a']' is always true"),
    ])
    func `a part that is the same in every world is told`(written: String, message: String) {
        expectProblems(
            condition(written), ["1️⃣": (.constantComparison, message)], severity: .warning,
            find: lint(.constantComparison))
    }

    @Test(arguments: ["true", "has(facts.kubelet.path)", "facts.kubelet.names.exists(n, n == 'a')", "platform == 'a'"])
    func `what depends on facts is not constant, and true alone is meant`(written: String) {
        expectProblems(condition(written), [:], find: lint(.constantComparison))
    }

    @Test func `a comparison with null is told, the word in a text is not`() {
        expectProblems(
            playbook(
                "facts: {c: {collector: command, with: {run: [a]}}}\ncauses:\n"
                    + "  - {id: a, title: A, when: \"facts.c.output.a 1️⃣!= null && facts.c.output.b != ' == null'\"}"),
            [
                "1️⃣": (
                    .comparisonWithNull, "an absent field is not null, reading it fails; expected has(…) or !has(…)"
                )
            ], severity: .warning, find: lint(.comparisonWithNull))
    }

    @Test func `a field asked for by in is told, a key of a map and an element of a list are not`() {
        expectProblems(
            condition(
                "\"1️⃣'failSwpOn' in facts.kubelet && 'a' in facts.kubelet.featureGates && 'a' in facts.kubelet.names\""),
            [
                "1️⃣": (
                    .uncheckedField,
                    "'in' does not check that there is a field 'failSwpOn'; expected has(facts.kubelet.failSwpOn)"
                )
            ], severity: .warning, find: lint(.uncheckedField))
    }

    @Test(arguments: [
        "facts.swap.devices.exists(d, 1️⃣'nam' in d)", "named.exists(d, 1️⃣'nam' in d)",
        "facts.swap.devices.filter(d, d.sizeKiB > 1).all(d, 1️⃣'nam' in d)", "1️⃣'nam' in facts.swap.devices[0]",
    ])
    func `a field is found missing through loops, definitions and indices too`(written: String) {
        // What an index gives has no path; that is for the type check of a later reader.
        let expected: [Character: Expected] = written.contains("[0]") ? [:] : ["1️⃣": (.uncheckedField, nil)]
        expectProblems(
            playbook(
                "facts: {swap: node.swap}\ndefine: {named: \"facts.swap.devices.filter(d, has(d.name))\"}\n"
                    + "causes:\n  - id: a\n    title: A\n    when: \"\(written)\""), expected, severity: .warning,
            find: lint(.uncheckedField))
    }

    @Test(arguments: [
        ("platform == 1️⃣'kubeadmin'", "platform is never 'kubeadmin'", "; did you mean 'kubeadm'?"),
        ("1️⃣'ecs' != platform", "platform is never 'ecs'", "; did you mean 'eks'?"),
        ("platform in ['kind', 1️⃣'nothing-like-it']", "platform is never 'nothing-like-it'", ""),
        (
            "facts.swap.devices.exists(d, d.name == 1️⃣'zarm')", "facts.swap.devices.name is never 'zarm'",
            "; did you mean 'zram'?"
        ),
    ])
    func `a word that the value never is, is told`(written: String, found: String, nearest: String) {
        let words =
            found.hasPrefix("platform")
            ? (Playbook.platforms + ["unknown"]).joined(separator: ", ") : "partition, zram"
        expectProblems(
            playbook("facts: {swap: node.swap}\ncauses:\n  - id: a\n    title: A\n    when: \"\(written)\""),
            ["1️⃣": (.impossibleWord, "\(found); expected one of \(words)\(nearest)")], severity: .warning,
            find: lint(.impossibleWord))
    }

    @Test(arguments: [
        "platform == 'unknown' || platform in ['kind', 'rke2']", "platform == facts.kubelet.path",
        "facts.kubelet.path == 'anything'", "facts.swap.devices.all(d, d.name != 'zram')",
        "facts.swap.devices.map(d, d.name).exists(platform, platform == 'x')",
    ])
    func `words that may be, and texts of which nothing is known, are not`(written: String) {
        expectProblems(
            playbook(
                "facts: {swap: node.swap, kubelet: kubelet.config}\ncauses:\n  - id: a\n    title: A\n"
                    + "    when: \"\(written)\""), [:], find: lint(.impossibleWord))
    }

    @Test(arguments: [
        "1️⃣facts.kubelet.failSwapOn", "platform == 'a' && 1️⃣facts.kubelet.failSwapOn",
        "asked || 1️⃣facts.kubelet.failSwapOn", "asked ? platform == 'a' : 1️⃣facts.kubelet.failSwapOn", "1️⃣careless",
    ])
    func `a field that is asked for elsewhere and read here without asking is told`(written: String) {
        expectProblems(
            condition("\"\(written)\"").replacing(
                "causes:",
                with: "define: {asked: has(facts.kubelet.failSwapOn), careless: facts.kubelet.failSwapOn}\n  causes:"),
            [
                "1️⃣": (
                    .unguardedField,
                    "facts.kubelet.failSwapOn may be absent, as has() elsewhere in this playbook says, and reading it fails"
                        + " then; expected has(facts.kubelet.failSwapOn) && before it"
                )
            ], severity: .warning, find: lint(.unguardedField))
    }

    @Test(arguments: [
        "asked && facts.kubelet.failSwapOn", "facts.kubelet.failSwapOn && has(facts.kubelet.failSwapOn)",
        "!asked || facts.kubelet.failSwapOn", "asked ? facts.kubelet.failSwapOn : true", "facts.kubelet.path == 'a'",
        "(asked && platform == 'a') && !facts.kubelet.failSwapOn", "guarded", "asked && careless",
        "(asked ? platform == 'a' : false) && facts.kubelet.failSwapOn",
    ])
    func `what is asked for first is not, nor what nobody takes for absent`(written: String) {
        expectProblems(
            condition("\"\(written)\"").replacing(
                "causes:",
                with: "define: {asked: has(facts.kubelet.failSwapOn), careless: facts.kubelet.failSwapOn,"
                    + " guarded: \"!asked || facts.kubelet.failSwapOn\"}\n  causes:"), [:],
            find: lint(.unguardedField))
    }

    @Test func `a symptom that matches the text of another playbook's test is told`() {
        let text = playbook("symptoms: [{text: one of many}, {text: 1️⃣two of many}]\n\(someCause)")
        let place = Location(file: "tests/other_test.yaml", line: 7, column: 5)
        let stray = ShownByTests.Stray(playbook: "test", symptom: 1, testCase: "a case", place: place)
        expectProblems(
            text,
            [
                "1️⃣": (
                    .strayMatch,
                    "this matches the text of 'a case' (tests/other_test.yaml:7); expected something narrower, or a cause"
                        + " of the two playbooks that explains the other's, or the case to say what it expects of 'test'"
                )
            ], severity: .warning, find: lint(.strayMatch, tests: ShownByTests(strays: [stray])))
        expectProblems(text, [:], find: lint(.strayMatch, tests: ShownByTests()))
    }

    @Test func `a text that is too short is told`() {
        expectProblems(
            playbook("symptoms: [{text: 1️⃣'401: !'}, {text: Unauthorized}]\n\(someCause)"),
            [
                "1️⃣": (
                    .shortSymptom,
                    "the text '401: !' is so short that it matches unrelated errors; expected at least 6 letters"
                )
            ], severity: .warning, find: lint(.shortSymptom))
    }

    @Test func `a destructive remedy has a rollback or starts with a word of warning`() {
        expectProblems(
            remedy("risk: destructive, steps: [{run: [rm, a]}]"), ["1️⃣": (.destructiveWithoutRollback, nil)],
            severity: .warning, find: lint(.destructiveWithoutRollback))
        for text in [
            "risk: destructive, steps: [{say: Save it}, {run: [rm, a]}]",
            "risk: destructive, steps: [{run: [mv, a, b]}], rollback: [{run: [mv, b, a]}]",
            "risk: disruptive, steps: [{run: [rm, a]}]",
        ] { expectProblems(remedy(text), [:], find: lint(.destructiveWithoutRollback)) }
    }

    @Test func `a playbook without references is told`() {
        expectProblems(
            playbook(someCause).replacing("name: test", with: "name: 1️⃣test"), ["1️⃣": (.missingReferences, nil)],
            severity: .warning, find: lint(.missingReferences))
    }

    @Test func `a filled-in argument that could be an option is told`() {
        let arguments =
            "kubectl, -n, 1️⃣'{{ platform }}', '--name={{ platform }}', '{{ now }}', 2️⃣'{{ platform }}/x', --, '{{ platform }}'"
        expectProblems(
            remedy("risk: safe, steps: [{run: [\(arguments)]}]").replacing("  1️⃣r:", with: "  r:"),
            ["1️⃣": (.optionLookalike, nil), "2️⃣": (.optionLookalike, nil)], severity: .warning,
            find: lint(.optionLookalike))
    }

    @Test func `what nothing reads is told`() {
        expectProblems(
            playbook(
                """
                inputs: {used: {title: U}, 1️⃣unused: {title: N}}
                facts: {read: {collector: kubelet.config, with: {path: '{{ inputs.used }}'}}, 2️⃣unread: node.swap}
                define: {a: facts.read.failSwapOn, b: 3️⃣'1'}
                causes: [{id: a, title: A, when: a}]
                """),
            [
                "1️⃣": (.unusedDeclaration, "nothing reads the input 'unused'"),
                "2️⃣": (.unusedDeclaration, "nothing reads the fact 'unread'"),
                "3️⃣": (.unusedDeclaration, "nothing reads the definition 'b'"),
            ], severity: .warning, find: lint(.unusedDeclaration))
    }

    @Test func `a cause that gives no reason is told`() {
        expectProblems(
            playbook("causes: [{id: 1️⃣a, title: A, when: platform == 'a'}]"), ["1️⃣": (.causeWithoutReason, nil)],
            severity: .warning, find: lint(.causeWithoutReason))
    }

    @Test(arguments: [
        "\"1️⃣\(loops(over: "facts.kubelet.names", 5))\"", "\"1️⃣lists.range(1000000).all(n, n != 3)\"",
    ])
    func `a condition that large facts make costly is told`(written: String) {
        expectProblems(
            condition(written), ["1️⃣": (.costlyCondition, nil)], severity: .warning, find: lint(.costlyCondition))
    }

    @Test(arguments: [
        loops(over: "facts.kubelet.names", 2), "facts.kubelet.path.split('/').exists(p, p.contains('kube'))",
        "facts.kubelet.path.matches('^/[a-z]+/(a|b|c)+')",
        "facts.kubelet.names.filter(n, n != '').map(n, n + '!').size() > 3",
    ])
    func `what loops over a fact or two is not costly`(written: String) {
        expectProblems(condition("\"\(written)\""), [:], find: lint(.costlyCondition))
    }
}
