internal import Playbooks
internal import YAML

/// The text of a test file, to which cases are added without touching what stands in it.
package struct TestFileText: Sendable {
    package enum Refusal: Error, Sendable, Hashable {
        /// It is not a sound test file, or its form is one that nothing can be put behind.
        case cannotAppend(String)
        /// There is a case of that name already, in the line.
        case sameName(line: Int)
    }

    package private(set) var bytes: [UInt8]

    /// An existing file.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A new file.
    /// - Parameter cases: elements of a list in block style, each line ended.
    package init(of playbook: String, cases: String) {
        bytes = Array(Self.document(of: playbook, cases: cases, schema: "../../schemas/playbook-test.schema.json").utf8)
    }

    private static func document(of playbook: String, cases: String, schema: String?) -> String {
        (schema.map { "# yaml-language-server: $schema=\($0)\n" } ?? "---\n") + """
            apiVersion: \(Shape.apiVersion)
            kind: PlaybookTest
            playbook: \(playbook)
            cases:
            \(cases.indented(by: 2))
            """
    }

    /// Puts a document about another playbook behind.
    package mutating func addDocument(of playbook: String, cases: String) {
        bytes += Array(Self.document(of: playbook, cases: cases, schema: nil).utf8)
    }

    /// Puts a case behind those that there are.
    package mutating func append(
        _ caseText: String, named name: String, of playbook: String, file: String
    ) throws(Refusal) {
        let reading = FileReading(bytes, file: file, kind: "PlaybookTest", shape: .playbookTest)
        guard let document = reading.documents.last, document.isSound, reading.problems.isEmpty else {
            throw .cannotAppend("it is no test file without problems")
        }
        guard document.root.text("playbook") == playbook else {
            throw .cannotAppend("it is a test of another playbook")
        }
        let cases = document.root.elements("cases")
        if let twin = cases.first(where: { Mapping($0)?.text("name") == name }) {
            throw .sameName(line: twin.span.start.line)
        }
        guard document.root.entries.last?.key == "cases", let last = cases.last, let margin = margin(of: last) else {
            throw .cannotAppend("its 'cases' are not a block list at its end")
        }
        let ended = bytes.last == UInt8(ascii: "\n") ? bytes : bytes + [UInt8(ascii: "\n")]
        let longer = ended + Array(caseText.indented(by: margin).utf8)
        let result = FileReading(longer, file: file, kind: "PlaybookTest", shape: .playbookTest)
        guard result.problems.isEmpty, result.documents.count == reading.documents.count,
            result.documents.last?.root.elements("cases").count == cases.count + 1
        else { throw .cannotAppend("what stands behind its last case is in the way") }
        bytes = longer
    }

    /// How far the dash before an element stands from the margin; `nil` where there is none on its line.
    private func margin(of element: Node) -> Int? {
        let start = element.span.start.offset
        let lineStart = bytes[..<start].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let before = bytes[lineStart..<start]
        guard let dash = before.firstIndex(of: UInt8(ascii: "-")),
            before[..<dash].allSatisfy({ $0 == UInt8(ascii: " ") }),
            before[(dash + 1)...].allSatisfy({ $0 == UInt8(ascii: " ") })
        else { return nil }
        return dash - lineStart
    }
}

extension String {
    fileprivate func indented(by count: Int) -> String {
        let margin = String(repeating: " ", count: count)
        return split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
    }
}
