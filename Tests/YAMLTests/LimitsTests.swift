import Testing
import YAML

@Suite struct LimitsTests {
    private let small = Limits(bytes: 1000, depth: 4, nodes: 50, aliases: 3, scalarBytes: 10)

    private func errors(_ text: String, _ limits: Limits) -> [String] {
        parse(text.utf8, limits: limits).errors.map { "\($0.mark.line):\($0.mark.column) \($0.code)" }
    }

    @Test func `a text that is too large is not read`() {
        let text = String(repeating: "a\n", count: 501)
        #expect(errors(text, small) == ["1:1 tooLarge"])
        #expect(parse(text.utf8, limits: small).documents.isEmpty)
    }

    @Test(arguments: [
        ("[[[[[a]]]]]", "1:5"), ("{a: {a: {a: {a: {a: b}}}}}", "1:17"), ("- - - - - a\n", "1:9"),
        ("a:\n b:\n  c:\n   d:\n    e: f\n", "5:5"), ("? ? ? ? ? a\n", "1:9"),
    ])
    func `depth is counted whatever the style`(text: String, place: String) {
        #expect(errors(text, small) == [place + " tooDeep"])
    }

    @Test func `the depth that is allowed is allowed`() {
        #expect(errors("[[[[a]]]]", small) == [])
    }

    @Test func `an alias cannot get around the limit of depth`() {
        #expect(errors("- &a [[a]]\n- [[*a]]\n", small) == ["2:5 tooDeep"])
        #expect(errors("- &a [[a]]\n- [*a]\n", small) == [])
    }

    @Test func `an alias bomb is counted, not built`() {
        let bomb = "- &a [x, x, x, x, x, x, x, x, x]\n- &b [*a, *a]\n- [*b, *b]\n"
        #expect(
            errors(bomb, Limits(bytes: 1000, depth: 4, nodes: 50, aliases: 10, scalarBytes: 10)) == ["3:4 tooManyNodes"]
        )
        let laughs = zip("bcdefghij", "abcdefghi").map { name, last in
            "\(name): &\(name) [\(Array(repeating: "*\(last)", count: 9).joined(separator: ", "))]\n"
        }
        #expect(
            errors("a: &a [x]\n" + laughs.joined(), .playbook).map { $0.split(separator: " ")[1] } == ["tooManyNodes"])
    }

    @Test func `aliases are limited, in each document anew`() {
        #expect(errors("- &a 1\n- *a\n- *a\n- *a\n- *a\n", small) == ["5:3 tooManyAliases"])
        #expect(errors("- &a 1\n- *a\n- *a\n---\n- &a 1\n- *a\n- *a\n", small) == [])
    }

    @Test func `many small documents cannot get around the limit of nodes`() {
        let text = String(repeating: "---\n- &a [1, 2, 3, 4]\n- *a\n", count: 20)
        #expect(errors(text, small).map { $0.split(separator: " ")[1] } == ["tooManyNodes"])
        #expect(
            errors(String(repeating: "---\n", count: 200), small).map { $0.split(separator: " ")[1] } == [
                "tooManyNodes"
            ])
    }

    @Test(arguments: ["a: 12345678901\n", "a: '12345678901'\n", "a: |\n  12345678901\n", "12345678901: a\n"])
    func `a scalar that is too large ends the reading`(text: String) {
        #expect(parse(text.utf8, limits: small).errors.map(\.code) == [.tooLarge])
    }

    @Test(arguments: ["[", "{", "- ", "? ", "[a, ", "{a: ", "[{", "&a [", "!x {", "[? "])
    func `forty thousand levels are refused at once`(opening: String) {
        let text = String(repeating: opening, count: 40_000)
        #expect(parse(text.utf8, limits: .playbook).errors.map(\.code) == [.tooDeep])
        #expect(parse(text.utf8, limits: .kubeconfig).errors.map(\.code) == [.tooDeep])
    }

    @Test func `directives whose check would take the square of their number are refused`() {
        let text = (0..<50_000).map { "%TAG !a\($0)! x\n" }.joined() + "---\na\n"
        #expect(errors(text, .kubeconfig) == ["65:1 tooLarge"])
    }
}
