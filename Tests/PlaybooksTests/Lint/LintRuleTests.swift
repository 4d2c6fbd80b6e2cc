import Testing

@testable import Playbooks

/// What one rule says of a playbook that loads without problems.
private func lint(_ rule: LintRule, tested: Set<String>? = nil) -> (String) -> [Problem] {
    { text in
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "test.yaml")
        #expect(problems == [])
        return playbooks.flatMap { $0.lint(catalogue: .madeUp, testedCauses: tested, rules: [rule]) }
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
            severity: .warning, find: lint(.untestedCause, tested: ["test/b", "other/a"]))
        expectProblems(text, [:], find: lint(.untestedCause))
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
