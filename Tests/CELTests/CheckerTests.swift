import Testing

@testable import CEL

@Suite struct CheckerTests {
    static let environment = Environment(variables: [
        "facts": .object([
            "swap": .object(["devices": .list(.object(["name": .string, "sizeKiB": .int]))]),
            "kubelet": .object(["failSwapOn": .bool]),
            "pod": .dyn,
        ]),
        "inputs": .map(.string, .string),
        "now": .timestamp,
    ])

    @Test(arguments: [
        ("size(facts.swap.devices) > 0 && facts.kubelet.failSwapOn", "bool"),
        ("facts.swap.devices.map(d, d.name)", "list(string)"),
        ("facts.swap.devices.filter(d, d.sizeKiB > 5)[0].sizeKiB + 1", "int"),
        ("!has(facts.kubelet.failSwapOn) || facts.kubelet.failSwapOn", "bool"),
        ("facts.pod.spec.containers.exists(c, !has(c.resources.requests))", "bool"),
        ("now + duration('1h') > now ? inputs.a : 'b'", "string"),
        ("facts.?kubelet.failSwapOn.orValue(true)", "bool"),
        ("cel.bind(x, facts.swap.devices, x.all(d, d.name.startsWith('/dev')))", "bool"),
        ("{'a': [1, 2]}", "map(string, list(int))"),
        ("{'a': 1}.transformMap(k, v, v > 0)", "map(string, bool)"),
        ("optional.of(1).optMap(x, string(x))", "optional(string)"),
        ("[]", "list(dyn)"), ("{}", "map(dyn, dyn)"), ("[1, 'a']", "list(dyn)"), ("[1, dyn(2)]", "list(dyn)"),
        ("[[], [1]]", "list(list(int))"), ("{'a': 1, 'b': 'c'}", "map(string, dyn)"), ("[] + [1u]", "list(uint)"),
        ("type(1)", "type"), ("[1].map(x, [string(x)])", "list(list(string))"),
        ("google.protobuf.Int64Value{value: 1}", "int or null"), ("google.protobuf.Value{}", "dyn"),
        ("[google.protobuf.Int64Value{}, 1]", "list(int or null)"),
        ("[{'a': 1}].map(m, m.a)", "list(int)"), ("[[1], [2]].flatten()", "list(dyn)"),
        ("{1: 'a'}[?1]", "optional(string)"),
        ("cel.block([1, cel.index(0) + 1], [cel.index(1)])", "list(int)"), ("dyn(1) + 1", "int"),
        ("inputs.?a", "optional(string)"), ("[now, null][1]", "timestamp"), ("[null, now]", "list(timestamp)"),
        ("[optional.of(1), null]", "list(optional(int))"), ("[null, null]", "list(null)"),
        ("[[null], [now]]", "list(list(timestamp))"), ("true ? null : duration('1s')", "duration"),
        ("google.protobuf.FieldMask{}", "google.protobuf.FieldMask"),
    ])
    func `deduces the type`(source: String, type: String) throws {
        #expect(try Self.environment.compile(source).resultType.description == type)
    }

    @Test(arguments: [
        ("facts.kubelet.failSwpOn", "undefinedField", "failSwpOn", "failSwapOn"),
        ("facts.swap.devices.all(d, d.nam == '')", "undefinedField", "nam", "name"),
        ("has(facts.kubelet.failSwapOff)", "undefinedField", "failSwapOff", "failSwapOn"),
        ("fact.kubelet", "undeclaredReference", "fact", "facts"),
        ("sise(facts.swap.devices) > 0", "undeclaredReference", "sise", "size"),
        ("inputs.a.startWith('x')", "undeclaredReference", "startWith", "startsWith"),
        ("[1].exits(x, true)", "undeclaredReference", "exits", "exists"),
        ("[1].exists(x, 'a'.startWith('b'))", "undeclaredReference", "startWith", "startsWith"),
        ("1 + 'a' == 2", "noMatchingOverload", "+", ""),
        ("facts.swap.devices[0].sizeKiB == '5'", "noMatchingOverload", "==", ""),
        ("facts.kubelet.failSwapOn && 5", "typeMismatch", "5", ""),
        ("now.name == 1", "typeMismatch", "name", ""),
        ("1 = 2", "syntax", "=", "=="),
        ("[1, 2", "syntax", "", ""),
        ("'abc", "syntax", "'abc", ""),
        ("9223372036854775808", "invalidLiteral", "9223372036854775808", ""),
        ("1.0 + 1e400", "invalidLiteral", "1e400", ""),
        ("google.protobuf.Value{bool_value: true, bool_value: false}", "syntax", "bool_value", ""),
        ("has(facts)", "invalidMacro", "facts", ""), ("has()", "invalidMacro", "has", ""),
        ("[1].map(x)", "invalidMacro", "map", ""), ("[1].all(x, y, z, true)", "invalidMacro", "all", ""),
        ("1 + 0x", "invalidLiteral", "0x", ""),
        ("[1].all(1, true)", "invalidMacro", "1", ""),
    ])
    func `points at the mistake`(source: String, code: String, marked: String, suggestion: String) throws {
        let error = try #require(throws: CompilationError.self) { try Self.environment.compile(source) }
        let issue = try #require(error.issues.first)
        let bytes = Array(source.utf8)
        #expect(issue.code.rawValue == code)
        #expect(String(decoding: bytes[issue.offset..<issue.offset + issue.length], as: UTF8.self) == marked)
        #expect(issue.suggestion == (suggestion.isEmpty ? nil : suggestion))
    }

    @Test(arguments: [
        ("x", 3), ("b.x", 3), (".x", 1), ("a.x", 2), (".a.x", 2), ("x + .a.b.x", 6), ("y", 4), ("[9].map(x, x)[0]", 9),
        ("[9].map(x, .x)[0]", 1),
    ])
    func `a name is looked for in the innermost namespace first`(source: String, number: Int64) throws {
        var environment = Environment(variables: ["x": .int, "a.x": .int, "a.b.x": .int, "a.y": .int])
        environment.container = "a.b"
        let value = try environment.compile(source)
            .evaluate(["x": .int(1), "a.x": .int(2), "a.b.x": .int(3), "a.y": .int(4)]).value
        #expect(value.isEqual(to: .int(number)), "\(source) is \(value)")
    }

    /// `dyn(1.0) == 1` is true: numbers of two types are not unequal, they are not compared without a conversion.
    @Test func `numbers of two types are to be converted`() throws {
        let error = try #require(throws: CompilationError.self) { try Self.environment.compile("1.0 == 1") }
        #expect(
            error.issues.map(\.message) == ["'==' compares double with int; convert one of them, as in 'double(…)'"])
    }

    @Test func `tells all mistakes of one expression`() throws {
        let error = try #require(throws: CompilationError.self) {
            try Self.environment.compile("facts.swp.devices.size() > 1 && nwo > now")
        }
        #expect(error.issues.map(\.suggestion) == ["swap", "now"])
    }

    @Test(
        arguments: [
            (
                "size(facts.swap.devices) > 0 && facts.kubelet.failSwapOn",
                [["facts", "swap", "devices"], ["facts", "kubelet", "failSwapOn"]]
            ),
            (
                "facts.swap.devices.all(d, d.name == inputs['name'])",
                [["facts", "swap", "devices"], ["inputs", "name"]]
            ),
            (
                "has(facts.pod.spec) ? facts.pod[inputs.x].y : 1",
                [["facts", "pod", "spec"], ["facts", "pod"], ["inputs", "x"]]
            ),
            ("math.greatest(1, 2) > 1", []),
        ] as [(String, [[String]])])
    func `knows what it reads`(source: String, paths: [[String]]) throws {
        let environment = Environment(variables: Self.environment.variables)
        guard !source.contains("math") || environment.declarations.entries["math.@max"] != nil else { return }
        #expect(try environment.compile(source).references == Set(paths))
    }

    @Test func `nesting has a limit and does not exhaust the stack`() {
        for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("1+", ""), ("a.", "a"), ("true?1:", "")] {
            for count in [1000, 4000] {
                let source =
                    String(repeating: open, count: count) + (close == "a" ? "" : "1")
                    + String(repeating: close, count: close == "a" ? 1 : count)
                _ = try? Environment(variables: ["a": .dyn]).compile(source)
            }
        }
        #expect(throws: CompilationError.self) {
            try Environment().compile(String(repeating: "[", count: 300) + String(repeating: "]", count: 300))
        }
        #expect(throws: CompilationError.self) { try Environment().compile(String(repeating: " ", count: 20_000)) }
    }
}
