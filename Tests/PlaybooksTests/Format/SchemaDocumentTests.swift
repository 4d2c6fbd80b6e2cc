import Foundation
import TestSupport
import Testing

@testable import Playbooks

@Suite struct SchemaDocumentTests {
    @Test(arguments: [SchemaDocument.playbook, .playbookTest, .overlay, .suppressions])
    func `the committed schema is what the program writes`(schema: SchemaDocument) throws {
        try Golden.expect(schema.text, in: "schemas/\(schema.id)")
    }

    /// Accepts the first file, rejects each of the others; prints what it says of them otherwise.
    private static let checker = """
        import json, sys, jsonschema
        schema, good, *bad = [json.load(open(path)) for path in sys.argv[1:]]
        for kind in (jsonschema.Draft202012Validator, jsonschema.Draft7Validator):
            kind.check_schema(schema)
            for error in kind(schema).iter_errors(good): print(kind.__name__, "rejects:", error.message)
            for document in bad:
                if kind(schema).is_valid(document): print(kind.__name__, "accepts:", json.dumps(document))
        """

    private static func hasValidator() async -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "validator-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        return (try? await run(["python3", "-c", "import jsonschema"], output: file))?.status == 0
    }

    @Test(.enabled("needs python3 with jsonschema", { await hasValidator() }))
    func `readers of 2020-12 and of draft-07 agree with the loader`() async throws {
        let good = #"""
            {"apiVersion": "playbooks.triage/v1", "kind": "Playbook",
             "metadata": {"name": "a", "title": "A", "version": "1.0.0", "severity": "error"},
             "spec": {"symptoms": [{"text": "abcdef"}], "facts": {"a": "node.swap", "b": {"collector": "c", "timeout": "1m30s"}},
              "causes": [{"id": "a", "title": "A", "when": true, "explains": ["x/y", "z"]}],
              "remedies": {"r": {"title": "R", "risk": "safe", "steps": [{"run": ["a", ""]}, {"say": "b"}]}}}}
            """#
        let changes = [
            (#""name": "a""#, #""name": "A_b""#), (#""1.0.0""#, "1.0"), (#""error""#, #""bad""#),
            (#"{"text": "abcdef"}"#, "{}"), (#"{"text": "abcdef"}"#, #"{"text": "a", "regex": "b"}"#),
            (#""when": true, "#, ""), (#""kind": "Playbook""#, #""kind": "Other""#),
            (#""risk": "safe""#, #""risk": 1"#),
            (#""spec": {"#, #""spec": {"unknown": 1, "#), (#""node.swap""#, "7"), (#""1m30s""#, #""soon""#),
            (#""x/y""#, #""x/y/z""#), (#""facts": {"a""#, #""facts": {"a-b""#),
        ]
        let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var files: [String] = []
        for (index, text) in ([SchemaDocument.playbook.text, good] + changes.map { good.replacing($0.0, with: $0.1) })
            .enumerated()
        {
            let file = folder.appending(path: "\(index).json")
            try Data(text.utf8).write(to: file)
            files.append(file.path)
        }
        let result = try await Self.run(["python3", "-c", Self.checker] + files, output: folder.appending(path: "out"))
        #expect(result.output == "" && result.status == 0)
        #expect(changes.allSatisfy { good.contains($0.0) })
    }

    private static func run(_ arguments: [String], output: URL) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        (process.standardOutput, process.standardError) = (handle, handle)
        try await process.runToEnd()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }
}

@Suite struct ProblemCodeTests {
    @Test func `the reference page tells every code`() throws {
        let rows = Problem.Code.allCases.map { "| `\($0.rawValue)` | \($0) | \($0.summary) |" }
        let page = """
            # Problems

            Everything that `triage lint` can say of a file, by its code. A code never changes its meaning; what the
            message says may. Codes from `TRI0101` on are warnings of lint rules: the playbook works, and could be better.

            | code | name | what is wrong |
            |---|---|---|
            \(rows.joined(separator: "\n"))

            """
        try Golden.expect(page, in: "docs/problems.md")
    }

    @Test func `no code is used twice, and all are written alike`() {
        let codes = Problem.Code.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        #expect(codes == codes.sorted())
        #expect(codes.allSatisfy { $0.hasPrefix("TRI") && $0.count == 7 })
    }
}
