import Foundation
import Testing

@testable import CEL

/// The project's own cases: one a line, `EXPRESSION => VALUE`, in `Cases/`; a line that does not hold `=>` goes on.
@Suite struct EvaluationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var source: String
        var expected: String
        var testDescription: String { source }
    }

    static let cases: [Case] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.sorted().filter { $0.hasSuffix(".txt") }.flatMap { file -> [Case] in
            let text = (try? String(contentsOf: folder.appending(path: file), encoding: .utf8)) ?? ""
            var cases: [Case] = []
            var source = ""
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                let parts = line.components(separatedBy: " => ")
                source += (source.isEmpty ? "" : "\n") + parts[0]
                guard parts.count == 2 else { continue }
                cases.append(Case(source: source.trimmingCharacters(in: .whitespaces), expected: parts[1]))
                source = ""
            }
            return cases
        }
    }()

    static let unknown = Value.unknown(UnknownSet(UnknownAttribute(reason: "denied")))

    static let variables: [String: Value] = [
        "u": .map(["x": unknown, "y": unknown, "n": unknown, "m": unknown, "list": unknown, "known": .int(5)]),
        "whole": unknown,
        "zero": .int(0),
        "names": .list([.string("a"), .string("b")]),
        "mixed": .list([.int(1), unknown, .int(3)]),
        "rows": .list([
            .map(["name": .string("a"), "size": .int(10)]), .map(["name": .string("b"), "size": unknown]),
            .map(["name": .string("c"), "size": .int(30)]),
        ]),
        "left": .list(
            List(
                (0..<10).map {
                    .map(["key": .string("k\($0)"), "number": $0 % 2 == 0 ? .uint(UInt64($0)) : .double(Double($0))])
                })),
        "right": .list(
            List((0..<20).map { .map(["key": .string($0 % 2 == 0 ? "even\($0)" : "k\($0 % 10)"), "n": .int($0)]) })),
        "odd": .list(List((0..<9).map { .map($0 == 4 ? ["other": .int(1)] : ["key": .string("k\($0)")]) })),
    ]

    static let environment = Environment(
        variables: variables.mapValues { _ in ValueType.dyn }.merging(["missing": .bool]) { first, _ in first })

    @Test(arguments: cases)
    func `gives what the case says`(test: Case) throws {
        let program: Program
        do { program = try Self.environment.compile(test.source) } catch {
            Issue.record("\(test.source) does not compile: \(error.issues.map(\.message))")
            return
        }
        let value = program.evaluate(Self.variables).value
        #expect(try Self.matches(value, test.expected), "\(test.source) is \(value)")
        // Whatever it is, the explanation comes to the same.
        let explained = try #require(program.explain(Self.variables).parts.first?.value)
        #expect(try Self.matches(explained, test.expected), "\(test.source) is explained as \(explained)")
        let reads = Reads(of: [program])
        let partly = program.evaluate(reads.projected(Self.variables)).value
        #expect(try Self.matches(partly, test.expected), "\(test.source) is \(partly) of what it reads")
    }

    static func matches(_ value: Value, _ expected: String) throws -> Bool {
        if expected.hasPrefix("error: ") {
            guard case .error(let error) = value else { return false }
            return error.code.rawValue == expected.dropFirst("error: ".count)
        }
        if expected.hasPrefix("unknown: ") {
            guard case .unknown(let set) = value else { return false }
            let paths = set.attributes.map { $0.path.joined(separator: ".") }.sorted().joined(separator: ", ")
            return paths == expected.dropFirst("unknown: ".count)
        }
        let wanted = try Environment().compile(expected).evaluate([:] as [String: Value]).value
        return value.isEqual(to: wanted) && value.typeName == wanted.typeName
    }

    // MARK: Budget

    @Test(arguments: [
        ("1 + 1 == 2", 2), ("x", 1), ("x == 'abc'", 2), ("x.y.z", 3), ("[1, 2]", 10), ("{'a': 1}", 30),
        ("[1, 2, 3].all(v, v > 0)", 26), ("x.matches('abcd')", 2), ("x + x", 3),
        ("string(x).split('b').size()", 4), ("string(x).startsWith('abcdefghijk')", 4), ("string(x).contains('b')", 3),
    ])
    func `costs what Kubernetes says`(source: String, cost: UInt64) throws {
        let program = try Environment(variables: ["x": .dyn]).compile(source)
        let x: Value =
            source.contains(".y") ? .map(["y": .map(["z": .int(1)])]) : .string("abc")
        #expect(program.evaluate(["x": x]).cost == cost)
    }

    @Test(arguments: [
        "l.map(a, l.map(b, l.map(c, a + b + c)))", "l.all(a, l.all(b, l.all(c, l.all(d, true)))) || true",
        "l.exists(a, l.exists(b, l.exists(c, false)))",
    ])
    func `a budget ends the evaluation, and nothing absorbs that`(source: String) throws {
        let program = try Environment(variables: ["l": .list(.int)]).compile(source)
        let list = Value.list(List((0..<1000).map { .int($0) }))
        let result = program.evaluate(["l": list], budget: 10_000)
        guard case .error(let error) = result.value else {
            Issue.record("\(source) is \(result.value)")
            return
        }
        #expect(error.code == .budgetExceeded)
        #expect(result.cost < 20_000)
    }

    @Test(arguments: ["a + a", "b + b", "'%s%s'.format([a, a])", "a.replace('', a)", "[a, a].join(a)"])
    func `memory has a bound`(step: String) throws {
        var source = "size(a)"
        for _ in 0..<60 { source = "cel.bind(a, \(step.replacing("b", with: "a")), \(source))" }
        let seed = step.contains("b +") ? "[1, 2]" : "'ab'"
        let program = try Environment(variables: ["a": .dyn]).compile("cel.bind(a, dyn(\(seed)), \(source))")
        guard case .error = program.evaluate([:] as [String: Value], budget: .max).value else {
            Issue.record("\(step) went on")
            return
        }
    }

    // MARK: Explanations

    @Test func `an explanation has the value of every part in the order of the text`() throws {
        let source = "x > 1 && y == 'a' || z"
        let program = try Environment(variables: ["x": .int, "y": .string, "z": .bool]).compile(source)
        let explanation = program.explain(["x": .int(5), "y": .string("a"), "z": .bool(false)] as [String: Value])
        let bytes = Array(source.utf8)
        let lines = explanation.parts.map { part in
            "\(part.depth) \(String(decoding: bytes[part.range], as: UTF8.self)) = \(part.value.map { "\($0)" } ?? "-")"
        }
        #expect(
            lines == [
                "0 x > 1 && y == 'a' || z = true", "1 x > 1 && y == 'a' = true", "2 x > 1 = true", "3 x = 5",
                "3 1 = 1", "2 y == 'a' = true", "3 y = \"a\"", "3 'a' = \"a\"", "1 z = -",
            ])
    }

    // MARK: Lazy values

    @Test func `a lazy tree is made only where it is looked at`() throws {
        let program = try Environment(variables: ["t": .dyn]).compile("t.a.b == 1 && t.list[1] == 2")
        let tree = Value.map(
            Map(lazily: {
                [
                    (.string("a"), .map(Map(lazily: { [(.string("b"), .int(1))] }))),
                    (.string("list"), .list(List(lazily: { [.int(1), .int(2)] }))),
                    (.string("never"), .map(Map(lazily: { fatalError("looked at") }))),
                ]
            }))
        #expect("\(program.evaluate(["t": tree]).value)" == "true")
    }

    @Test func `many tasks can evaluate one program`() async throws {
        let program = try Environment(variables: ["n": .int]).compile("[1, 2, 3].map(x, x * n).exists(x, x == n * 3)")
        let results = await withTaskGroup(of: String.self) { group in
            for number in 0..<100 { group.addTask { "\(program.evaluate(["n": .int(Int64(number))]).value)" } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == Array(repeating: "true", count: 100))
    }

    @Test func `own functions are added in one place`() throws {
        let library = Library(
            "own",
            functions: [
                Function(
                    "shout", "In capitals.",
                    overloads: [
                        Overload(
                            "string_shout", member: true, [.string], .string,
                            .unary { value in
                                guard case .string(let text) = value else { return value }
                                return .string(text.uppercased())
                            })
                    ])
            ])
        let program = try Environment(adding: [library]).compile("'a'.shout()")
        #expect("\(program.evaluate([:] as [String: Value]).value)" == "\"A\"")
        #expect(program.resultType == .string)
    }
}
