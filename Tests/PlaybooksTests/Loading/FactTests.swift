import CEL
import Facts
import Testing

@testable import Playbooks

@Suite struct FactDeclarationTests {
    private func facts(_ written: String) -> String { playbook("\(written)\n\(someCause)") }

    @Test func `a misspelt collector is found where it stands, with a suggestion`() {
        expectProblems(
            facts("facts: {a: 1️⃣node.swp, b: {collector: 2️⃣nothing.like.it}}"),
            [
                "1️⃣": (.unknownCollector, "there is no collector 'node.swp'; did you mean 'node.swap'?"),
                "2️⃣": (
                    .unknownCollector, "there is no collector 'nothing.like.it'; 'triage facts list' lists them"
                ),
            ])
    }

    @Test func `what reads a fact of an unknown collector is not wrong for that`() {
        #expect(
            load(playbook("facts: {a: nothing.like.it}\ncauses: [{id: a, title: A, when: facts.a.b > 1}]")).count == 1)
    }

    @Test func `parameters are those of the collector`() {
        expectProblems(
            facts("facts: {a: {collector: 1️⃣command, with: {2️⃣runn: [a]}}, b: {collector: node.swap, with: {3️⃣x: 1}}}"),
            [
                "1️⃣": (.missingParameter, "the collector 'command' needs 'run': The arguments"),
                "2️⃣": (.unknownParameter, "the collector 'command' has no parameter 'runn'; did you mean 'run'?"),
                "3️⃣": (.unknownParameter, "the collector 'node.swap' has no parameter 'x'; expected none"),
            ])
    }

    @Test(arguments: [
        ("limit: 1️⃣ten", "'limit' must be a whole number, not text"),
        ("limit: 1️⃣'{{ platform }}'", "'limit' must be a whole number, but this is text"),
        ("run: 1️⃣ls", "'run' must be a list (each text), not text"),
        ("run: [a, 1️⃣7]", "an element of 'run' must be text, not a number; write \"7\""),
        ("parser: 1️⃣json", "'parser' must be a mapping, not text"),
        ("parser: {strict: 1️⃣maybe}", "'strict' must be true or false, not text"),
        ("every: 1️⃣often", "'every' must be a duration, not text"),
    ])
    func `a parameter has the type that the collector declares`(parameter: String, message: String) {
        let run = parameter.hasPrefix("run") ? "" : "run: [a], "
        expectProblems(
            facts("facts: {a: {collector: command, with: {\(run)\(parameter)}}}"),
            ["1️⃣": (.wrongParameterType, message)])
    }

    @Test func `a field of a parameter exists`() {
        expectProblems(
            facts("facts: {a: {collector: command, with: {run: [a], parser: {1️⃣knd: json}}}}"),
            ["1️⃣": (.unknownParameter, "'parser' has no field 'knd'; did you mean 'kind'?")])
    }

    @Test func `parameters keep their types, and those with holes read facts, inputs and symptoms`() throws {
        let text = playbook(
            """
            symptoms: [{regex: 'pod (?P<pod>[a-z]+)'}]
            inputs: {limit: {type: int, title: Limit, default: 7}}
            facts:
              kubelet: kubelet.config
              ps:
                collector: command
                with:
                  run: [ps, "{{ facts.symptom.pod }}", "--config={{ facts.kubelet.path }}"]
                  limit: "{{ inputs.limit }}"
                  parser: {kind: json, strict: true}
                  every: 1m30s
            \(someCause)
            """)
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "a.yaml")
        #expect(problems == [])
        let parameters = try #require(playbooks.first?.facts.last?.parameters)
        guard case .list(let run) = parameters["run"], case .constant(.string("ps")) = run.first,
            case .template(let glued) = run.last, case .template(let limit) = parameters["limit"],
            case .constant(.map(let parser)) = parameters["parser"], case .constant(let every) = parameters["every"]
        else {
            Issue.record("\(parameters)")
            return
        }
        #expect(glued.parts.count == 2 && limit.parts.count == 1)
        #expect(parser.count == 2)
        #expect("\(every)" == "\(Value.duration(CEL.Duration(seconds: 90, nanoseconds: 0)))")
        #expect(playbooks.first?.inputs.first?.kind == .int)
    }

    @Test func `facts that need each other are an error`() {
        expectProblems(
            facts(
                """
                facts:
                  1️⃣a: {collector: kubelet.config, with: {path: "{{ facts.b.path }}"}}
                  b: {collector: kubelet.config, with: {path: "{{ facts.a.path }}"}}
                """), ["1️⃣": (.factCycle, "a fact cannot need itself: 'a' needs 'b' needs 'a'")])
    }

    @Test func `the name of the symptoms' groups is taken`() {
        expectProblems(
            facts("facts: {1️⃣symptom: node.swap}"),
            ["1️⃣": (.reservedName, "'symptom' holds the groups of the symptoms' patterns; expected another name")])
    }

    @Test func `the default of an input is of the input's type`() {
        expectProblems(
            facts("inputs: {a: {type: int, title: A, default: 1️⃣x}, b: {title: B, default: 2️⃣8080}}"),
            [
                "1️⃣": (.wrongType, "the default must be a whole number, as the input's type says, not text"),
                "2️⃣": (.wrongType, "the default must be text, as the input's type says, not a number; write \"8080\""),
            ])
    }
}

@Suite struct SymptomTests {
    @Test func `a pattern is RE2 and needs something to match`() {
        expectProblems(
            playbook("symptoms: [{regex: 1️⃣'a(b'}, {regex: 2️⃣'a*'}, {regex: 3️⃣'(?=a)b'}]\n\(someCause)"),
            [
                "1️⃣": (.invalidPattern, nil),
                "2️⃣": (
                    .matchesEverything,
                    "the pattern 'a*' matches the empty text, and so every text; expected something that must be there"
                ), "3️⃣": (.invalidPattern, nil),
            ])
    }
}
