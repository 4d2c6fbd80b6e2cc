import CEL
import Facts
import Testing

@testable import Playbooks

/// The marks that tests put in front of the places that problems must name.
private let marks: [Character] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣"]

/// A text whose marks have been taken out, and where they stood.
struct MarkedText {
    var text = ""
    var places: [Character: (line: Int, column: Int)] = [:]

    init(_ marked: String) {
        var line = 1
        var column = 1
        for character in marked {
            if marks.contains(character) {
                places[character] = (line, column)
                continue
            }
            text.append(character)
            if character == "\n" || character == "\r\n" {
                line += 1
                column = 1
            } else {
                column += character.unicodeScalars.count
            }
        }
    }
}

/// What a problem must be: a code and its message; the message may be left out.
typealias Expected = (code: Problem.Code, message: String?)

/// Compares the problems of a marked text with what is expected at its marks: those, and no others.
func expectProblems(
    _ marked: String, _ expected: [Character: Expected], severity: Problem.Severity = .error,
    sourceLocation: SourceLocation = #_sourceLocation, find: (_ text: String) -> [Problem] = load
) {
    let text = MarkedText(marked)
    let problems = find(text.text)
    for (mark, wanted) in expected.sorted(by: { $0.key < $1.key }) {
        guard let place = text.places[mark] else {
            Issue.record("the text has no mark \(mark)", sourceLocation: sourceLocation)
            continue
        }
        let here = problems.filter { $0.location.line == place.line && $0.location.column == place.column }
        let found = here.first { $0.code == wanted.code && (wanted.message == nil || $0.message == wanted.message) }
        #expect(found != nil, "\(mark) \(wanted), found \(describe(problems))", sourceLocation: sourceLocation)
        if let found { #expect(found.severity == severity, sourceLocation: sourceLocation) }
    }
    #expect(problems.count == expected.count, "found \(describe(problems))", sourceLocation: sourceLocation)
}

private func describe(_ problems: [Problem]) -> String {
    problems.map { problem in
        "\(problem.location.line):\(problem.location.column)+\(problem.location.length) \(problem.code) \(problem.message)"
    }.joined(separator: "\n")
}

func load(_ text: String) -> [Problem] {
    Loader(catalogue: .madeUp).load(Array(text.utf8), file: "test.yaml").problems
}

/// A collector that only declares.
struct DeclaredCollector: Collector {
    let declaration: Declaration

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "made up")
    }
}

extension Catalogue {
    /// Collectors with every kind of parameter and field.
    static let madeUp = Catalogue(
        [
            Declaration(
                "node.swap", summary: "Swap.",
                returns: .object(["devices": .list(.object(["name": .string, "sizeKiB": .int]))]),
                words: ["devices.name": ["partition", "zram"]], cost: .file),
            Declaration(
                "kubelet.config", summary: "The kubelet.",
                parameters: [Declaration.Parameter("path", .string, "Where it is.")],
                returns: .object([
                    "failSwapOn": .bool, "path": .string, "featureGates": .map(.string, .bool), "names": .list(.string),
                ]), cost: .file),
            Declaration(
                "command", summary: "A command.",
                parameters: [
                    Declaration.Parameter("run", .list(.string), "The arguments.", isRequired: true),
                    Declaration.Parameter("limit", .int, "Bytes."),
                    Declaration.Parameter("parser", .object(["kind": .string, "strict": .bool]), "How it is read."),
                    Declaration.Parameter("every", .duration, "How often."),
                ],
                returns: .object(["exitCode": .int, "output": .dyn]), cost: .command),
        ].map(DeclaredCollector.init))
}

/// A playbook around a `spec`, which starts at the margin.
func playbook(_ specification: String) -> String {
    let lines = specification.split(separator: "\n", omittingEmptySubsequences: false)
    return """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata:
          name: test
          title: A test
          version: 1.0.0
          severity: error
        spec:

        """ + lines.map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n") + "\n"
}

/// A cause for playbooks that are about something else.
let someCause = "causes: [{id: some-cause, title: Some cause, when: platform == 'kind'}]"
