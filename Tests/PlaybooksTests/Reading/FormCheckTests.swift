import Testing

@testable import Playbooks

/// Only the text and its form: no expression is compiled.
private func form(_ text: String) -> [Problem] {
    FileReading(Array(text.utf8), file: "test.yaml", kind: "Playbook", shape: .playbook).problems.inOrderOfPlace
}

@Suite struct FormCheckTests {
    @Test(arguments: [
        ("1️⃣symptoms_: []\n" + someCause, "spec has no key 'symptoms_'; did you mean 'symptoms'?"),
        (
            "1️⃣zzz: []\n" + someCause,
            "spec has no key 'zzz'; expected 'symptoms', 'asks', 'use', 'inputs', 'facts', 'define',"
                + " 'causes', 'remedies'"
        ),
        ("inputs: {x: {title: X, 1️⃣tpye: int}}\n" + someCause, "an input has no key 'tpye'; did you mean 'type'?"),
    ])
    func `a key that the format does not have is an error with a suggestion`(specification: String, message: String) {
        expectProblems(playbook(specification), ["1️⃣": (.unknownKey, message)], find: form)
    }

    @Test func `an unknown key suggests only keys that are still free`() {
        expectProblems(
            playbook("causes: [{id: a, title: A, when: 'true', 1️⃣titel: B}]"),
            [
                "1️⃣": (
                    .unknownKey,
                    "a cause has no key 'titel'; expected 'id', 'title', 'severity', 'stability', 'when', 'because', 'explains', 'remedies'"
                )
            ], find: form)
    }

    @Test func `a missing key is told at the mapping that lacks it`() {
        expectProblems(
            "1️⃣apiVersion: playbooks.triage/v1\nkind: Playbook\nmetadata: 2️⃣{name: a, title: A, version: 1.0.0}\n",
            [
                "1️⃣": (.missingKey, "a playbook needs 'spec': What the playbook knows"),
                "2️⃣": (
                    .missingKey, "metadata needs 'severity': How bad it is; a cause may say otherwise"
                ),
            ], find: form)
    }

    @Test(arguments: [
        ("define: 1️⃣7\n", "'define' must be a mapping of names, not a number"),
        ("define: 1️⃣[]\n", "'define' must be a mapping of names, not a list"),
        ("symptoms: 1️⃣{text: abc}\n", "'symptoms' must be a list, not a mapping"),
        ("symptoms: [1️⃣abc]\n", "an element of 'symptoms' must be a mapping, not text"),
        ("symptoms: [{text: 1️⃣404}]\n", "'text' must be text, but '404' is read as a number; write \"404\""),
        ("symptoms: [{text: 1️⃣true}]\n", "'text' must be text, but 'true' is read as true or false; write \"true\""),
        ("facts: {swap: {collector: 1️⃣[a]}}\n", "'collector' must be text, not a list"),
        ("facts: {swap: 1️⃣[a]}\n", "'swap' must be text or a fact (a mapping), not a list"),
        (
            "remedies: {a: {title: A, risk: safe, steps: [{run: 1️⃣ls -l}]}}\n",
            "'run' must be a list, not 'ls -l'"
        ),
        (
            "remedies: {a: {title: A, risk: safe, steps: [{say: Go, privileged: 1️⃣yes}]}}\n",
            "'privileged' must be true or false, not 'yes'; did you mean 'true'?"
        ),
        (
            "remedies: {a: {title: A, risk: safe, steps: [{say: 1️⃣{{ platform }}}]}}\n",
            "'say' must be text (with {{ }} for values); put quotes around text that starts with {{"
        ),
    ])
    func `a value of a wrong kind says what it is and what is expected`(specification: String, message: String) {
        expectProblems(playbook(specification + someCause), ["1️⃣": (.wrongType, message)], find: form)
    }

    @Test func `a key without a value is not the same as an absent key`() {
        let problems = form(playbook("define:\n" + someCause))
        #expect(problems.map(\.message) == ["'define' has no value; expected a mapping of names"])
    }

    @Test(arguments: [
        ("Swap_Enabled", "swap-enabled"), ("swap enabled", "swap-enabled"), ("-swap", "swap"), ("swap-", "swap"),
    ])
    func `a name that is not kebab-case is an error and offers the one that is`(written: String, offered: String) {
        let text = playbook(someCause).replacing("name: test", with: "name: \"\(written)\"")
        let problems = form(text)
        #expect(problems.map(\.code) == [.invalidName])
        #expect(problems.map(\.suggestion) == [offered])
        #expect(problems.map(\.location.line) == [4])
    }

    @Test(arguments: ["", String(repeating: "a", count: 64), "sw\u{0430}p", "a/b"])
    func `names are short and of plain ASCII`(written: String) {
        let text = playbook(someCause).replacing("name: test", with: "name: \"\(written)\"")
        #expect(form(text).map(\.code) == [.invalidName])
    }

    @Test func `names in conditions are identifiers`() {
        expectProblems(
            playbook("facts: {1️⃣my-swap: node.swap}\ndefine: {2️⃣1st: 'true'}\n" + someCause),
            [
                "1️⃣": (
                    .invalidName,
                    "'my-swap' is not a name here; expected letters, digits and '_', such as 'fails_on_swap', not starting"
                        + " with a digit (at most 63); did you mean 'my_swap'?"
                ), "2️⃣": (.invalidName, nil),
            ], find: form)
    }

    @Test(arguments: ["1.0.0", "0.1.0-rc.1", "1.2.3+build.5", "10.20.30-alpha-x.7+001"])
    func `semantic versions are versions`(version: String) {
        #expect(form(playbook(someCause).replacing("version: 1.0.0", with: "version: \(version)")) == [])
    }

    @Test(arguments: [
        ("1.30", "1.30.0"), ("'1.30'", "1.30.0"), ("2", "2.0.0"), ("1.0.0.0", nil), ("01.0.0", nil), ("v1.0.0", nil),
        ("1.0.0-", nil), ("1.0.0-01", nil),
    ])
    func `what is no semantic version is an error`(version: String, offered: String?) {
        let problems = form(playbook(someCause).replacing("version: 1.0.0", with: "version: \(version)"))
        #expect(problems.map(\.code) == [.invalidVersion])
        #expect(problems.map(\.suggestion) == [offered])
    }

    @Test func `words are taken from their lists`() {
        let text = playbook(
            "causes: [{id: a, title: A, when: 'true', severity: 1️⃣fatal}]\n"
                + "remedies: {b: {title: B, risk: 2️⃣disruptiv, steps: [{say: Go}]}}")
        expectProblems(
            text,
            [
                "1️⃣": (
                    .invalidChoice, "'severity' cannot be 'fatal'; expected 'info', 'warning', 'error', 'critical'"
                ),
                "2️⃣": (
                    .invalidChoice,
                    "'risk' cannot be 'disruptiv'; expected 'safe', 'disruptive', 'destructive'; did you mean"
                        + " 'disruptive'?"
                ),
            ], find: form)
    }

    @Test(arguments: [
        ("causes: 1️⃣[]\n", "'causes' must not be empty"),
        ("causes: [{id: a, title: 1️⃣'', when: 'true'}]\n", "'title' is empty; expected text"),
        ("causes: [{id: a, title: A, when: 1️⃣' '}]\n", "'when' is empty; expected a CEL expression"),
        (
            "facts: {a: {collector: node.swap, timeout: 1️⃣10}}\n\(someCause)".replacing("10", with: "0"),
            "'timeout' cannot be '0'; expected more than 0 and at most 10m, such as 10s"
        ),
        (
            "facts: {a: {collector: node.swap, timeout: 1️⃣soon}}\n\(someCause)",
            "'timeout' cannot be 'soon'; expected more than 0 and at most 10m, such as 10s"
        ),
    ])
    func `a value that cannot be used is an error`(specification: String, message: String) {
        expectProblems(playbook(specification), ["1️⃣": (.invalidValue, message)], find: form)
    }

    @Test func `a reference is a web address`() {
        let text = playbook(someCause).replacing(
            "severity: error", with: "severity: error\n  references: [1️⃣man kubelet]")
        expectProblems(
            text, ["1️⃣": (.invalidValue, "'man kubelet' is not a web address (https://…)")], find: form)
    }

    @Test func `of text and regex a symptom has exactly one, of run and say a step`() {
        expectProblems(
            playbook(
                """
                symptoms: [1️⃣{}, {text: a text, 2️⃣regex: a pattern}]
                causes: [{id: a, title: A, when: 'true', remedies: [b]}]
                remedies: {b: {title: B, risk: safe, steps: [3️⃣{privileged: true}]}}
                """),
            [
                "1️⃣": (.notExactlyOne, "a symptom needs 'text' or 'regex'"),
                "2️⃣": (.notExactlyOne, "a symptom has 'text' or 'regex', not both"),
                "3️⃣": (.notExactlyOne, "a step needs 'run' or 'say'"),
            ], find: form)
    }
}

@Suite struct FileReadingTests {
    @Test func `what is not YAML is an error at its place`() {
        let problems = form("apiVersion: [\n")
        #expect(problems.map(\.code).contains(.syntax))
    }

    @Test func `a key given twice is an error at the second`() {
        expectProblems(playbook("\(someCause)\n1️⃣causes: []"), ["1️⃣": (.duplicateKey, nil)]) { text in
            form(text).filter { $0.code == .duplicateKey }
        }
    }

    @Test func `bytes that are not UTF-8 are an error, not a crash`() {
        let reading = FileReading([0x61, 0x3A, 0x20, 0xFF], file: "a", kind: "Playbook", shape: .playbook)
        #expect(reading.problems.map(\.code).contains(.encoding))
    }

    @Test func `a file that is too large or too deep is an error`() {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(form("a: \(deep)\n").map(\.code).contains(.tooLarge))
        #expect(form("a: " + String(repeating: "x", count: 1 << 20)).map(\.code).contains(.tooLarge))
    }

    @Test func `an alias needs its anchor`() {
        #expect(form("kind: *nowhere\n").map(\.code).contains(.unknownAnchor))
    }

    @Test func `merge keys, tags of other schemas and directives are refused`() {
        let merge = playbook("causes: [{id: a, title: A, when: 'true'}]\ndefine: {<<: {a: '1'}}")
        #expect(form(merge).map(\.code).contains(.mergeKey))
        expectProblems(playbook("define: {a: 1️⃣!custom b}\n" + someCause), ["1️⃣": (.customTag, nil)], find: form)
        expectProblems(
            "1️⃣%YAML 1.2\n---\n" + playbook(someCause),
            ["1️⃣": (.directive, "a YAML directive is not allowed; remove the line")], find: form)
    }

    @Test func `YAML that libyaml would misread is refused`() {
        #expect(form("{ ?foo: bar, bar: 42}\n").map(\.code).contains(.misreadYAML))
    }

    @Test func `a document of another kind is told and left alone`() {
        expectProblems(
            "apiVersion: playbooks.triage/v1\nkind: 1️⃣PlaybookTest\nplaybook: a\ncases: []\n",
            ["1️⃣": (.otherKind, "a document of kind 'PlaybookTest' is ignored where a Playbook is expected")],
            severity: .warning, find: form)
        expectProblems(
            "apiVersion: playbooks.triage/v1\nkind: 1️⃣Playbok\n",
            [
                "1️⃣": (
                    .otherKind,
                    "'Playbok' is not a kind that can be read here; expected 'Playbook'; did you mean 'Playbook'?"
                )
            ], find: form)
    }

    @Test func `the version of the format must be one that is known`() {
        expectProblems(
            playbook(someCause).replacing("apiVersion: playbooks.triage/v1", with: "apiVersion: 1️⃣playbooks.triage/v2"),
            [
                "1️⃣": (
                    .unknownAPIVersion,
                    "'apiVersion' cannot be 'playbooks.triage/v2'; expected 'playbooks.triage/v1'; did you mean"
                        + " 'playbooks.triage/v1'?"
                )
            ], find: form)
    }

    @Test func `an empty file and one of comments hold nothing and are not wrong`() {
        #expect(form("") == [])
        #expect(form("# nothing\n---\n# still nothing\n") == [])
    }

    @Test func `a test file is read by the same reader`() {
        let text = """
            apiVersion: playbooks.triage/v1
            kind: PlaybookTest
            playbook: swap-enabled
            cases:
              - name: swap is on
                now: 2026-11-24T00:00:00Z
                facts: {swap: {devices: [{name: /dev/sda2}]}}
                unknown: {kubelet.failSwapOn: denied}
                expect: {confirmed: [swap-active], missing: {a: [kubelet.failSwapOn]}, commands: {b: [[swapoff, -a]]}}
            """
        let reading = FileReading(Array(text.utf8), file: "a", kind: "PlaybookTest", shape: .playbookTest)
        #expect(reading.problems == [])
        #expect(reading.documents.map(\.isSound) == [true])
        #expect(reading.documents.first?.root.text("playbook") == "swap-enabled")
    }
}
