import Testing
import YAML

@Suite struct ParserTests {
    /// Errors as `line:column code`.
    private func errors(_ text: String, limits: Limits = .playbook) -> [String] {
        errors(Array(text.utf8), limits: limits)
    }

    private func errors(_ bytes: [UInt8], limits: Limits = .playbook) -> [String] {
        parse(bytes, limits: limits).errors.map { "\($0.mark.line):\($0.mark.column) \($0.code)" }
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\nb: 4\na: 5\n", ["3:1", "4:1", "5:1"]),
        ("x: {a: 1, a: 2}\ny:\n  - b: 1\n    b: 2\n", ["1:11", "4:5"]),
        ("0x10: a\n16: b\n", ["2:1"]), ("~: a\nnull: b\n'null': c\n", ["2:1"]),
        ("true: a\nTrue: b\n", ["2:1"]), ("1.0: a\n1.00: b\n", ["2:1"]), (".nan: a\n.NaN: b\n", ["2:1"]),
        ("a: 1\n\"a\": 2\n'a': 3\n", ["2:1", "3:1"]), ("!!str 1: a\n'1': b\n", ["2:1"]),
        ("[a, 0x1]: 1\n[a, 1]: 2\n", ["2:1"]), ("? {a: 1, b: 2}\n? {b: 2, a: 1}\n", ["2:3"]),
        ("a0: 1\na1: 1\na2: 1\na3: 1\na4: 1\na5: 1\na6: 1\na7: 1\na8: 1\n0x1: 1\na3: 2\n1: 2\n", ["11:1", "12:1"]),
        ("\u{E9}: 1\ne\u{301}: 2\n", ["2:1"]), ("&k a: 1\n*k : 2\n", ["2:1"]), ("a: 1\r\nb: 1\r\na: 2\r\n", ["3:1"]),
        ("a: 1\rb: 1\ra: 2\r", ["3:1"]),
    ])
    func `every duplicate key of a document is told`(text: String, places: [String]) {
        #expect(errors(text) == places.map { $0 + " duplicateKey" })
    }

    @Test(arguments: [
        "1: a\n'1': b\n1.0: c\n", "a: 1\nA: 2\n", "x: {a: 1}\ny: {a: 1}\n", "- a: 1\n- a: 1\n", "!x a: 1\na: 2\n",
        "~: a\n'': b\n",
    ])
    func `keys that mean different things are no duplicates`(text: String) {
        #expect(errors(text) == [])
    }

    @Test func `a duplicate key names the line of the first`() {
        #expect(
            parse("kind: a\nb: 1\nkind: c\n".utf8, limits: .playbook).errors.map(\.message) == [
                "the key 'kind' is already on line 1"
            ])
    }

    @Test(arguments: [
        ("a: b: c\n", "1:5"), ("a:\n\tb: 1\n", "2:1"), ("a: [1, 2\nb: 3\n", "2:2"), ("a: \"x\n", "2:1"),
        ("a: 1\n b: 2\n", "2:3"), ("a: @x\n", "1:4"), ("a: `x`\n", "1:4"), ("a: \"\\q\"\n", "1:5"),
        ("key\nother: x\n", "2:6"), ("é: ü: x\n", "1:5"), ("- a\nb: c\n", "2:1"), ("a: ]\n", "1:4"),
        ("%TAG ! x\n%TAG ! y\n---\n", "2:1"), ("!x!y z\n", "1:1"),
    ])
    func `a syntax error has its place`(text: String, place: String) {
        #expect(errors(text) == [place + " syntax"])
    }

    @Test(arguments: [
        ("a:\n\tb: 1\n", "a tab cannot indent YAML; use spaces"),
        (
            "server: https: //x: y\n",
            "mapping values are not allowed in this context; quote a value that holds ': ', or mend the indentation"
        ),
        (
            "a: 1\nb: 'x\n",
            "found unexpected end of stream while scanning a quoted scalar that starts on line 2; "
                + "a closing quote is missing"
        ),
    ])
    func `a syntax error says what to do`(text: String, message: String) {
        #expect(parse(text.utf8, limits: .playbook).errors.map(\.message) == [message])
    }

    @Test func `what stands before a syntax error is kept`() {
        let result = parse("a: 1\na: 2\n---\nb\n---\nc: d: e\n".utf8, limits: .playbook)
        #expect(result.documents.count == 2)
        #expect(result.errors.map(\.code) == [.duplicateKey, .syntax])
    }

    @Test(arguments: [
        ("a: *x\nb: *y\n", ["1:4 unknownAnchor", "2:4 unknownAnchor"]),
        ("a: &x 1\n---\nb: *x\n", ["3:4 unknownAnchor"]),
        ("a: &x [1, *x]\n", ["1:11 recursiveAnchor"]),
        ("&x a: {b: *x}\n", []), ("a: &x {b: {c: *x}}\n", ["1:15 recursiveAnchor"]),
    ])
    func `an alias needs a finished node before it`(text: String, expected: [String]) {
        #expect(errors(text) == expected)
    }

    @Test func `an alias stands for the latest node of its name`() throws {
        let text = "- &x 1\n- *x\n- &x {a: &x 2}\n- *x\n- &y [b]\n- *y\n"
        let root = try #require(parse(text.utf8, limits: .playbook).documents.first)
        let shown = root.fold(
            scalar: { "\($1)" }, list: { "[" + $1.joined(separator: " ") + "]" },
            map: { "{" + $1.map { $0.key + $0.value }.joined() + "}" })
        #expect(
            shown == #"[int(1) int(1) {string("a")int(2)} int(2) [string("b")] [string("b")]]"#)
    }

    @Test(arguments: [
        ("a: 1#x\nb: \"x\"#y\n", "2:7"), ("a: [1,#x\n  2]\n", "1:7"), ("a: |# x\n  b\n", "1:5"),
        ("a\n%YAML 1.2\n---\n", ""), ("\"a\"\n%YAML 1.2\n---\n", "2:1"), ("a: [b,\nc]\n", "2:1"),
        ("a: 'b\nc'\n", "2:1"), ("a: 'b\n\tc'\n", "2:1"), ("- [-]\n", "1:4"), ("a: >\n   \n # b\n", "3:2"),
        ("a:\n|\n b\n", "2:1"),
    ])
    func `what only libyaml accepts is told, and read`(text: String, place: String) {
        let result = parse(text.utf8, limits: .playbook)
        #expect(errors(text) == (place.isEmpty ? [] : [place + " nonConforming"]))
        #expect(!result.documents.isEmpty)
        #expect(errors(text, limits: .kubeconfig) == [])
    }

    @Test(arguments: [
        "a: [\n  1\n]\n", "a: {\n  b: [\n    1\n  ]\n}\n", "a: [ # why\n# here\n  1]\n", "a: 'b\n\n  c'\n",
        "[a,\nb]\n", "'a\nb'\n", "- [a,\n b]\n", "a: \"#b\" # c\n", "a: b#c\n",
        "- |\n\n  a\n", "- >\n  a\n   b\n", "a:\n- [b,\n  c]\n", "a: !!seq\n- [b,\n c]\n",
        "%YAML 1.2\n---\na\n...\n%YAML 1.2\n---\nb\n", "{? a : b}\n", "[? a, -1, a?b, ? b : c]\n",
        "a: '-'\n",
    ])
    func `what looks alike and is valid passes`(text: String) {
        #expect(errors(text) == [])
    }

    @Test(arguments: [
        ("{ ?foo: bar}\n", "1:3"), ("[?x]\n", "1:2"), ("--- |\n# x\n", "2:1"), ("!a%00b c\n", "1:3"),
        ("%TAG ! t:%00\n---\n!a b\n", "1:10"),
        ("key: &an:chor value\n", "1:9"), ("&a: key: x\n", "1:3"), ("a: b\u{2028}c\n", "1:5"),
        ("a: b # \u{85}c: d\n", "1:8"),
    ])
    func `what libyaml would misread is refused`(text: String, place: String) {
        #expect(errors(text).contains(place + " misreadByLibYAML"))
    }

    @Test(arguments: [
        ("foo: |\n  x", "x\n"), ("foo: |\n  x\n ", "x\n"), ("foo: |\n  x\n   ", "x\n \n"), ("foo: |+\n   ", "\n"),
        ("foo: |-\n  x", "x"), ("foo: >\n  x\n  y", "x y\n"), ("foo: x", "x"), ("foo: 'x'", "x"),
    ])
    func `the end of the text ends its last line`(text: String, value: String) throws {
        let result = parse(text.utf8, limits: .playbook)
        #expect(result.errors == [])
        #expect(result.documents.first?["foo"]?.resolved == .string(value))
    }

    @Test(arguments: [("a: 'x", "1:6"), ("a: [ü", "1:6"), ("a: 'x\n", "2:1"), ("a: [\r", "2:1"), ("\u{FEFF}[", "1:2")])
    func `what is missing at the end is missing there`(text: String, place: String) {
        #expect(errors(text) == [place + " syntax"])
        #expect(parse(text.utf8, limits: .playbook).errors.map(\.mark.offset) == [text.utf8.count])
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF, 0x0A], "1:4"), ([0x61, 0x0A, 0xC3], "2:1"), ([0xC0, 0x80], "1:1"),
            ([0x61, 0xED, 0xA0, 0x80], "1:2"), ([0xF4, 0x90, 0x80, 0x80], "1:1"), ([0xC3, 0xA9, 0x00], "1:2"),
            ([0x61, 0x0D, 0x0A, 0x62, 0x1B], "2:2"), ([0x61, 0x7F], "1:2"), ([0x61, 0xEF, 0xBB, 0xBF], "1:2"),
            ([0xEF, 0xBB, 0xBF, 0x61, 0x00], "1:2"), ([0xEF, 0xBF, 0xBF], "1:1"), ([0xFF, 0xFE, 0x61], "1:1"),
            ([0xFF, 0xFE, 0x00, 0xD8, 0x61, 0x00], "1:1"), ([0xFF, 0xFE, 0x00, 0x00], "1:1"),
        ] as [([UInt8], String)])
    func `a bad byte has its place`(bytes: [UInt8], place: String) {
        #expect(errors(bytes) == [place + " encoding"])
    }

    /// Eight bytes are looked at together, so that a byte may hide behind its neighbours.
    @Test(arguments: 0..<20) func `a bad byte is found wherever it stands`(place: Int) {
        for byte in UInt8(0)...0xFF {
            var text = Array(repeating: UInt8(ascii: "a"), count: 20)
            text[place] = byte
            let isControl = byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F
            let isBad = isControl || byte >= 0x80
            let found = errors(text).filter { $0.hasSuffix("encoding") }
            #expect(found == (isBad ? ["1:\(place + 1) encoding"] : []), "\(byte)")
        }
    }

    @Test(arguments: [
        ("a: 1\n", false, false), ("%YAML 1.2\n---\na: 1\n", true, false), ("a: 1\n...\n", true, false),
        ("a: !!str 1\n", false, true), ("!!map\na: 1\n", false, true), ("<<: {}\n", false, true),
        ("'<<': {}\n", false, false),
    ])
    func `what readers disagree about is noted`(text: String, mayHaveDirectives: Bool, hasTagsOrMergeKeys: Bool) {
        let result = parse(text.utf8, limits: .playbook)
        #expect(result.mayHaveDirectives == mayHaveDirectives)
        #expect(result.hasTagsOrMergeKeys == hasTagsOrMergeKeys)
    }

    @Test func `bad bytes are told together`() {
        #expect(errors([0x61, 0x00, 0x0A, 0x1B, 0x62, 0xFF]) == ["1:2 encoding", "2:1 encoding", "2:3 encoding"])
        #expect(errors(Array(repeating: 0, count: 1000)).count == 20)
    }

    @Test(arguments: [true, false])
    func `UTF-16 is read`(isBigEndian: Bool) throws {
        let units = Array("\u{FEFF}é: 🙂\nb: 1\n".utf16)
        let bytes = units.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return isBigEndian ? [high, low] : [low, high]
        }
        let result = parse(bytes, limits: .playbook)
        #expect(result.errors == [])
        #expect(result.documents.first?["é"]?.resolved == .string("🙂"))
    }

    @Test(arguments: [
        ("%FOO bar\n---\na\n", []), ("%YAML 1.3\n---\na\n", []), ("...\na\n", []), ("# x\n...\n...\n", []),
        ("%FOO bar\na\n", ["1:5 syntax"]), ("%YAML 2.0\n---\na\n", ["1:1 syntax"]), ("%YAM 1.2\n---\n", ["1:5 syntax"]),
        ("a\n...\n%FOO x\n---\nb\n", []), ("%YAML 1.2#x\n---\n", ["1:10 nonConforming"]),
        ("'\n... x\n'\n", ["2:1 syntax"]),
    ])
    func `directives are read as YAML 1.2 says`(text: String, expected: [String]) {
        #expect(errors(text) == expected)
    }
}
