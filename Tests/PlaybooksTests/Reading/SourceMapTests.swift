import Testing
import YAML

@testable import Playbooks

@Suite struct SourceMapTests {
    /// `X` stands once in the value of `a`; its place in the file must be found through the value's style.
    @Test(arguments: [
        "a: one 1️⃣X two\n",
        "a: 'it''s ''quoted'' 1️⃣X'\n",
        "a: \"tab\\t new\\n quote\\\" \\u00e4 \\x41 1️⃣X\"\n",
        "a: one\n  two\n    1️⃣X three\n",
        "a: 'one\n\n  two''s\n    1️⃣X'\n",
        "a: \"one \\\n    two\\\n  \\  three\n  1️⃣X\"\n",
        "a: |\n  one\n  two && 1️⃣X\n",
        "a: |2-\n    indented\n  1️⃣X\n",
        "a: >-\n  one\n  two\n\n    kept\n    1️⃣X\n  three\n",
        "a: > # a comment\n\n  one\n  1️⃣X\n",
        "a: !!str 'tagged 1️⃣X'\n",
        "a: &anchor 'anchored 1️⃣X'\n",
        "a: ä€😀 1️⃣X\n",
        "\u{FEFF}a: after a mark of byte order 1️⃣X\n",
        "a: |\r\n  one\r\n  1️⃣X\r\n",
        "[1, {b: c, a: in flow 1️⃣X}]\n",
        "a: |\n  1️⃣X\n\n  tail\n",
    ])
    func `a character of a scalar is found where the file has it`(marked: String) throws {
        let text = MarkedText(marked)
        let place = try #require(text.places["1️⃣"])
        let bytes = Array(text.text.utf8)
        let parsed = YAML.parse(bytes, limits: .playbook)
        #expect(parsed.errors == [])
        let document = try #require(parsed.documents.first)
        let node = try #require(scalarWithX(in: document))
        let scalar = try #require(node.scalar)
        let offset = try #require(scalar.text.utf8.firstIndex(of: UInt8(ascii: "X")))
        let start = scalar.text.utf8.distance(from: scalar.text.startIndex, to: offset)
        let map = SourceMap(of: scalar, at: node.span, in: SourceText(bytes, file: "f"))
        let location = map.location(of: start..<start + 1, in: scalar.text)
        let isAfterMark = text.text.hasPrefix("\u{FEFF}")
        #expect(location.line == place.line)
        #expect(location.column == place.column - (isAfterMark ? 1 : 0))
        #expect(location.length == 1)
    }

    @Test func `what stands on one line is marked whole, what goes on only to the end of its first line`() throws {
        let bytes = Array("a: 'b''c d\n  e'\n".utf8)
        let node = try #require(YAML.parse(bytes, limits: .playbook).documents.first?["a"])
        let scalar = try #require(node.scalar)
        let map = SourceMap(of: scalar, at: node.span, in: SourceText(bytes, file: "f"))
        #expect(map.location(of: 0..<3, in: "b'c d e") == Location(file: "f", line: 1, column: 5, length: 4))
        #expect(map.location(of: 4..<7, in: "b'c d e") == Location(file: "f", line: 1, column: 10, length: 2))
    }

    private func scalarWithX(in node: Node) -> Node? {
        switch node.content {
        case .scalar(let scalar): scalar.text.contains("X") ? node : nil
        case .sequence(let nodes): nodes.lazy.compactMap { scalarWithX(in: $0) }.first
        case .mapping(let entries): entries.lazy.compactMap { scalarWithX(in: $0.value) }.first
        }
    }
}
