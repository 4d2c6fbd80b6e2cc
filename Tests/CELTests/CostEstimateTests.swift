import Testing

@testable import CEL

@Suite struct CostEstimateTests {
    static let environment = Environment(variables: [
        "x": .int, "s": .string, "pods": .list(.object(["name": .string, "ready": .bool])), "any": .dyn,
    ])

    @Test(
        arguments: [
            ("x > 5", 2, 2), ("x > 5 && x < 9", 2, 4), ("x > 5 ? x : 0", 2, 3), ("[1, 2, 3].size()", 11, 11),
            ("'abc' + 'def'", 1, 1), ("[1, 2].map(v, v + 1)", 49, 49),
        ] as [(String, UInt64, UInt64)])
    func `is exact where everything has one size`(source: String, lowest: UInt64, highest: UInt64) throws {
        let program = try Self.environment.compile(source)
        #expect(program.estimatedCost() == CostRange(lowest, highest))
        let cost = program.evaluate(["x": .int(7), "s": .string("")]).cost
        #expect(lowest <= cost && cost <= highest)
    }

    @Test func `has no bound where a size has none`() throws {
        let program = try Self.environment.compile("pods.all(p, pods.exists(q, q.name == p.name))")
        #expect(program.estimatedCost().highest == .max)
    }

    @Test func `has a bound where sizes are told`() throws {
        let program = try Self.environment.compile("pods.all(p, p.name.matches('^a.*'))")
        let range = program.estimatedCost { path, _ in
            switch path {
            case ["pods"]: 0...100
            case ["pods", "*", "name"]: 0...60
            default: nil
            }
        }
        #expect(range.highest < 3000)
        #expect(range.highest > 1000)
    }

    @Test(arguments: [
        "s.split(',').exists(p, p.contains('a'))", "s.trim().lowerAscii().matches('[a-z]+')",
        "s.split('').map(p, p + p).all(p, p.startsWith('a'))",
        "pods.map(p, p.name).filter(n, n.endsWith(s)).size() > 3",
        "[s, 'a'].exists(p, p.contains('b'))", "s.replace('a', s).contains('x')", "pods.map(p, p.name).join(s) == s",
    ])
    func `has a bound where the parts of what functions make have one`(source: String) throws {
        let range = try Self.environment.compile(source).estimatedCost { _, type in
            if case .list = type { 0...100 } else { 0...50 }
        }
        #expect(range.highest < 100_000)
    }

    @Test(arguments: [
        "left.filter(l, right.exists(r, r.name == l.name)).size()",
        "left.exists(l, right.exists_one(r, l.name == r.name))",
        "left.map(l, right.filter(r, r.name == l.name && r.tags.exists(t, t == 'x'))).size()",
        "left.all(l, right.exists(r, r.name == l.name))",
    ])
    func `knows that an index finds the elements of a loop within a loop`(source: String) throws {
        let environment = Environment(variables: ["left": .list(.dyn), "right": .list(.dyn)])
        let program = try environment.compile(source)
        func sizes(_ path: [String], _ type: ValueType) -> ClosedRange<UInt64>? {
            path.count == 1 ? 0...200 : path.contains("tags") ? 0...3 : 0...20
        }
        let all = program.estimatedCost(sizes: sizes)
        let few = program.estimatedCost(sharing: 2, sizes: sizes)
        #expect(few.highest < all.highest / 10, "\(few) of \(all)")
        let rows = Value.list(
            List((0..<200).map { .map(["name": .string("row-\($0)"), "tags": .list([.string("y")])]) }))
        let cost = program.evaluate(["left": rows, "right": rows]).cost
        #expect(few.lowest <= cost && cost <= few.highest, "costs \(cost), \(few)")
    }

    @Test(arguments: [
        "left.filter(l, l.parts.exists(r, r.name == l.name)).size()", "right.exists(r, r.name == 'a')",
        "left.filter(l, right.exists(r, r.name != l.name)).size()",
        "left.map(l, right.all(r, r.name == l.name)).size()",
    ])
    func `an index serves no other loops`(source: String) throws {
        let environment = Environment(variables: ["left": .list(.dyn), "right": .list(.dyn)])
        let program = try environment.compile(source)
        let all = program.estimatedCost { _, _ in 0...100 }
        #expect(program.estimatedCost(sharing: 2) { _, _ in 0...100 } == all)
    }

    @Test(arguments: [
        "s.split(',').exists(p, p.contains('a'))", "s.split('').map(p, p + p).all(p, p.startsWith('a'))",
        "[s, 'a'].exists(p, p.contains('b'))", "s.replace('e', s).contains('x')", "pods.map(p, p.name).join(s) == s",
        "x > 5 && s.startsWith('a')", "pods.exists(p, p.ready)", "pods.filter(p, p.ready).map(p, p.name)",
        "cel.bind(n, pods.size(), n > x ? s + s : s)", "pods.map(p, p.name).join(',').size() > 3",
        "any.a.b == 5 || has(any.c)", "{'a': x, 'b': 2}.all(k, k in ['a', 'b'])", "s.matches('[a-z]+') && 'b' in [s]",
        "pods.exists_one(p, p.name == s)", "s.split(',').size() == 2", "any.?z.orValue(5) == x",
    ])
    func `holds what an evaluation costs`(source: String) throws {
        let program = try Self.environment.compile(source)
        let pods = Value.list(
            List((0..<20).map { .map(["name": .string("pod-\($0)"), "ready": .bool($0 % 3 == 0)]) }))
        let range = program.estimatedCost()
        for x in [Int64(0), 7] {
            for text in ["", "a,b", "some longer text, with words"] {
                let variables: [String: Value] = [
                    "x": .int(x), "s": .string(text), "pods": pods, "any": .map(["a": .map(["b": .int(5)])]),
                ]
                let result = program.evaluate(variables)
                if case .error(let error) = result.value { Issue.record("\(source): \(error.message)") }
                #expect(range.lowest <= result.cost && result.cost <= range.highest, "\(source) costs \(result.cost)")
            }
        }
    }
}
