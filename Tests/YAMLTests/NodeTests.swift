import Testing
import YAML

@Suite struct NodeTests {
    /// Where each node stands: `line:column-line:column text`.
    private func places(_ text: String) throws -> [String] {
        let result = parse(text.utf8, limits: .playbook)
        #expect(result.errors == [])
        func place(_ node: Node, _ what: String) -> [String] {
            let (start, end) = (node.span.start, node.span.end)
            return ["\(start.line):\(start.column)-\(end.line):\(end.column) \(what)"]
        }
        return try #require(result.documents.first).fold(
            scalar: { node, value in place(node, "\(value)") },
            list: { place($0, "list") + $1.flatMap { $0 } },
            map: { place($0, "map") + $1.flatMap { $0.key + $0.value } })
    }

    @Test func `every key and value knows where it starts and ends`() throws {
        #expect(
            try places("a: 1\nlist:\n  - \"x y\"  # why\n  - é: 'ü'\nempty:\n\n")
                == [
                    "1:1-5:7 map", "1:1-1:2 string(\"a\")", "1:4-1:5 int(1)", "2:1-2:5 string(\"list\")",
                    "3:3-4:11 list", "3:5-3:10 string(\"x y\")", "4:5-4:11 map", "4:5-4:6 string(\"é\")",
                    "4:8-4:11 string(\"ü\")", "5:1-5:6 string(\"empty\")", "5:7-5:7 null",
                ])
    }

    @Test func `a flow collection ends behind its bracket`() throws {
        #expect(
            try places("a: [1,\n  {b: c} ]\n") == [
                "1:1-2:11 map", "1:1-1:2 string(\"a\")", "1:4-2:11 list", "1:5-1:6 int(1)", "2:3-2:9 map",
                "2:4-2:5 string(\"b\")", "2:7-2:8 string(\"c\")",
            ])
    }

    @Test func `a pair without braces ends behind its value`() throws {
        #expect(
            try places("[a: b  , {} ]\n") == [
                "1:1-1:14 list", "1:2-1:6 map", "1:2-1:3 string(\"a\")", "1:5-1:6 string(\"b\")", "1:10-1:12 map",
            ])
    }

    @Test func `a block scalar ends behind what is visible of it`() throws {
        #expect(
            try places("a: |\n  líne\n  two  \n\n\nb: >-\n") == [
                "1:1-6:6 map", "1:1-1:2 string(\"a\")", "1:4-3:6 string(\"líne\\ntwo  \\n\")",
                "6:1-6:2 string(\"b\")", "6:4-6:6 string(\"\")",
            ])
    }

    @Test func `an anchor and a tag belong to their node`() throws {
        #expect(
            try places("a: &x !!str 1\nb: *x\n") == [
                "1:1-2:6 map", "1:1-1:2 string(\"a\")", "1:4-1:14 string(\"1\")", "2:1-2:2 string(\"b\")",
                "2:4-2:6 string(\"1\")",
            ])
    }

    @Test(arguments: ["", "\u{FEFF}"])
    func `offsets count bytes of UTF-8 and columns characters`(mark: String) throws {
        let text = mark + "ключ: ü\r\nb: \"é\"\rc: 🙂 x\n"
        let root = try #require(parse(text.utf8, limits: .playbook).documents.first)
        guard case .mapping(let entries) = root.content else {
            Issue.record("no mapping")
            return
        }
        let bytes = Array(text.utf8)
        let slices = entries.flatMap { [$0.key, $0.value] }.map {
            String(decoding: bytes[$0.span.start.offset..<$0.span.end.offset], as: UTF8.self)
        }
        #expect(slices == ["ключ", "ü", "b", "\"é\"", "c", "🙂 x"])
        #expect(entries.map(\.value.span.start.column) == [7, 4, 4])
        #expect(entries.map(\.key.span.start.line) == [1, 2, 3])
    }

    @Test func `a fold sees keys and values, leaves first`() throws {
        let root = try #require(parse("a: [1, x]\nb: {2: ~}\n".utf8, limits: .playbook).documents.first)
        let text = root.fold(
            scalar: { "\($1)" }, list: { "[" + $1.joined(separator: ",") + "]" },
            map: { "{" + $1.map { "\($0.key)=\($0.value)" }.joined(separator: ",") + "}" })
        #expect(text == #"{string("a")=[int(1),string("x")],string("b")={int(2)=null}}"#)
    }

    @Test func `a fold hands on what its steps throw`() throws {
        struct Refused: Error, Equatable { var line: Int }
        let root = try #require(parse("a: 1\nb: [x]\n".utf8, limits: .playbook).documents.first)
        #expect(throws: Refused(line: 2)) {
            try root.fold(
                scalar: { node, value throws(Refused) in
                    if case .string("x") = value { throw Refused(line: node.span.start.line) }
                }, list: { _, _ throws(Refused) in }, map: { _, _ throws(Refused) in })
        }
    }

    @Test func `a mapping is read by the text of its keys, the first of that text`() throws {
        let root = try #require(parse("1: a\n'1': b\n\"k\": c\n".utf8, limits: .playbook).documents.first)
        #expect(root["1"]?.resolved == .string("a"))
        #expect(root.entry("1")?.key.span.start == Mark(line: 1, column: 1, offset: 0))
        #expect(root["k"]?.resolved == .string("c"))
        #expect(root["x"] == nil)
        #expect(root["k"]?["k"] == nil)
    }

    @Test func `every document is read`() {
        let result = parse("a\n--- # second\n- b\n...\n---\n".utf8, limits: .playbook)
        #expect(result.errors == [])
        #expect(result.documents.count == 3)
        #expect(result.documents.last?.resolved == .null)
        #expect(parse("".utf8, limits: .playbook).documents.isEmpty)
        #expect(parse("# nothing\n\n".utf8, limits: .playbook).documents.isEmpty)
    }
}
