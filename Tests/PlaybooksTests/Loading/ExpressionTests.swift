import Testing

@testable import Playbooks

/// A playbook with a condition that is written in some style of YAML, and facts to read.
private func condition(_ written: String) -> String {
    playbook(
        "facts: {swap: node.swap, kubelet: kubelet.config}\ncauses:\n  - id: a\n    title: A\n    when: \(written)")
}

@Suite struct ConditionTests {
    /// The misspelt field is found at its place whatever stands around it.
    @Test(arguments: [
        "facts.kubelet.1️⃣failSwpOn",
        "'facts.kubelet.path == ''it'' && facts.kubelet.1️⃣failSwpOn'",
        "\"facts.kubelet.path == \\\"\\u00e4\\\" && facts.kubelet.1️⃣failSwpOn\"",
        "|\n      facts.kubelet.path == 'ä' &&\n      facts.kubelet.1️⃣failSwpOn",
        ">-\n      facts.kubelet.path == 'a'\n      &&\n        facts.kubelet.1️⃣failSwpOn",
        "facts.kubelet.path == 'a'\n      && facts.kubelet.1️⃣failSwpOn",
        "\"facts.kubelet.path == 'a' \\\n      && facts.kubelet.1️⃣failSwpOn\"",
    ])
    func `a field that does not exist is found where it stands, with a suggestion`(written: String) {
        let text = MarkedText(condition(written))
        let problems = load(text.text)
        #expect(problems.map(\.code) == [.unknownField])
        #expect(problems.first?.suggestion == "failSwapOn")
        #expect(problems.first?.message.hasSuffix("did you mean 'failSwapOn'?") == true)
        // The mark is the name's, or that of the '.' before it.
        let place = text.places["1️⃣"]
        #expect(problems.first?.location.line == place?.line)
        #expect(problems.first.map { place?.column == $0.location.column } == true)
        #expect(problems.first?.location.length == "failSwpOn".count)
    }

    @Test(arguments: [
        ("fact.swap.devices == []", Problem.Code.undeclaredName), ("facts.swp.devices == []", .unknownField),
        ("size(facts.swap.devices) >", .invalidExpression), ("size(facts.swap.devices) > 'a'", .typeMismatch),
        ("facts.kubelet.failSwapOn + 1 == 2", .typeMismatch), ("nosuch(facts.swap)", .undeclaredName),
        ("facts.kubelet.path.matches('(')", .invalidPattern), ("facts.symptom.level == 'a'", .unknownField),
        ("inputs.path == 'a'", .unknownField), ("'\\z' == facts.kubelet.path", .invalidLiteral),
    ])
    func `what is wrong with an expression has a code`(expression: String, code: Problem.Code) {
        let problems = load(condition("\"" + expression.replacing("\\", with: "\\\\") + "\""))
        #expect(problems.map(\.code).first == code, "\(problems)")
        #expect(problems.allSatisfy { $0.location.line == 13 && $0.location.column >= 12 })
    }

    @Test func `an expression that is too long is an error`() {
        let expression = Array(repeating: "facts.kubelet.failSwapOn", count: 5000).joined(separator: " && ")
        #expect(load(condition(expression)).map(\.code) == [.expressionTooLarge])
    }

    @Test(arguments: [
        ("1️⃣size(facts.swap.devices)", "a whole number"), ("1️⃣facts.kubelet.path", "text"),
        ("'1️⃣[true]'", "a list (each true or false)"),
    ])
    func `a condition is true or false`(written: String, type: String) {
        expectProblems(
            condition(written), ["1️⃣": (.conditionNotBool, "a condition must be true or false, but this is \(type)")])
    }

    @Test func `open data may be a condition, and so may true itself`() {
        #expect(
            load(
                playbook(
                    "facts: {c: {collector: command, with: {run: [a]}}}\n"
                        + "causes: [{id: a, title: A, when: facts.c.output.ok}, {id: b, title: B, when: true}]")) == [])
    }
}

@Suite struct DefinitionTests {
    @Test func `definitions may stand in any order and have the types that they come to`() {
        expectProblems(
            playbook(
                """
                define: {b: a + 1, a: '1', c: "1️⃣b + 'x'"}
                \(someCause)
                """.replacing("1️⃣b + 'x'", with: "b 1️⃣+ 'x'")), ["1️⃣": (.typeMismatch, nil)])
    }

    @Test func `definitions that need each other are an error, once for the circle`() {
        expectProblems(
            playbook("define: {1️⃣a: b, b: c, c: a, d: 'c == 1', 2️⃣e: e}\n\(someCause)"),
            [
                "1️⃣": (.definitionCycle, "a definition cannot need itself: 'a' needs 'b' needs 'c' needs 'a'"),
                "2️⃣": (.definitionCycle, "a definition cannot need itself: 'e' needs 'e'"),
            ])
    }

    @Test(arguments: ["facts", "now", "true", "int", "math", "size"])
    func `a definition cannot take a name that means something`(name: String) {
        expectProblems(
            playbook("define: {1️⃣\(name): '1'}\n\(someCause)"),
            ["1️⃣": (.reservedName, "'\(name)' already has a meaning in conditions; expected another name")])
    }

    @Test func `an error in a definition is told once, not where it is used`() {
        expectProblems(
            playbook("define: {a: facts.1️⃣nothing}\ncauses: [{id: a, title: A, when: a == 1}]"),
            ["1️⃣": (.unknownField, nil)])
    }
}

@Suite struct TemplateTests {
    private func because(_ text: String) -> String {
        playbook("facts: {swap: node.swap}\ncauses: [{id: a, title: A, when: platform == 'a', because: \(text)}]")
    }

    @Test(
        arguments: [
            ("'{{ platform }}'", []), ("'{{ {\"a\": {\"b\": 1}}.a.b }} is }} {'", []),
            ("'{{ \"}}\" }} {{ \"{{\" }}'", []),
            ("'{{ r\"\\\" }}'", []), ("'{{ size(facts.swap.devices) }} {{ now }} {{ 1.5 }} {{ true }}'", []),
        ] as [(String, [Problem.Code])])
    func `what stands between braces is CEL, with its own strings and braces`(text: String, codes: [Problem.Code]) {
        #expect(load(because(text)).map(\.code) == codes)
    }

    @Test(arguments: [
        ("'a 1️⃣{{ platform'", "'{{' without '}}'; a literal '{{' is written {{ \"{{\" }}"),
        ("'a 1️⃣{{ \"}} '", "'{{' without '}}'; a literal '{{' is written {{ \"{{\" }}"),
        ("'a 1️⃣{{ }}'", "nothing stands in {{ }}; expected a CEL expression"),
    ])
    func `braces have their ends and something between them`(text: String, message: String) {
        expectProblems(because(text), ["1️⃣": (.unterminatedTemplate, message)])
    }

    @Test func `a list is not text`() {
        expectProblems(
            because("'it''s {{ 1️⃣facts.swap.devices.map(d, d.name) }}'"),
            [
                "1️⃣": (
                    .templateType,
                    "{{ }} must give text, a number or a time, but this is a list (each text); join(', ') makes text of a"
                        + " list of texts"
                )
            ])
    }

    @Test func `an error in a hole is found where it stands`() {
        expectProblems(because("\"\\u00e4 {{ platform }} {{  facts.1️⃣swp }}\""), ["1️⃣": (.unknownField, nil)])
    }
}
