import Foundation
import Testing

@testable import CEL

/// Random and mutated expressions through parser, checker and evaluator: whatever comes, there is an answer.
///
/// `CEL_FUZZ_SECONDS` lets it run longer than the fixed number of rounds, `CEL_FUZZ_SEED` from another start.
@Suite struct FuzzTests {
    /// splitmix64, so that a run can be repeated.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return bits ^ (bits >> 31)
        }

        mutating func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int.random(in: 0..<choices.count, using: &self)]
        }
    }

    static let environment = Environment(
        variables: EvaluationTests.variables.mapValues { _ in ValueType.dyn }.merging(["i": .int, "s": .string]) {
            first, _ in first
        }, adding: [MessageTypeTests.library])
    static let variables = EvaluationTests.variables.merging(["i": .int(3), "s": .string("text")]) { first, _ in first }

    static func expression(_ random: inout Random, depth: Int) -> String {
        guard depth > 0 else {
            return random.pick([
                "1", "2u", "1.5", "'a'", "b'x'", "true", "false", "null", "[]", "{}", "i", "s", "u.x", "u.known",
                "whole",
                "mixed", "rows", "left", "right", "names", "zero", "v", "w", "9223372036854775807", "'%s'", "'[a-z]+'",
                "timestamp('2026-11-24T00:00:00Z')", "duration('1h')", "optional.none()", "quantity('1Gi')", "int",
                "-1",
            ])
        }
        func part() -> String {
            expression(&random, depth: depth - 1 - Int.random(in: 0...1, using: &random) * (depth > 1 ? 1 : 0))
        }
        switch Int.random(in: 0..<18, using: &random) {
        case 0...3:
            let symbol = random.pick(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"])
            return "(\(part()) \(symbol) \(part()))"
        case 4: return "(\(part()) ? \(part()) : \(part()))"
        case 5: return "\(part()).\(random.pick(["name", "x", "key", "?a", "size"]))"
        case 6: return "\(part())[\(random.pick(["", "?"]))\(part())]"
        case 7: return "[\(part()), \(part())]"
        case 8: return "{\(part()): \(part())}"
        case 9: return "has(\(part()).\(random.pick(["name", "x", "key"])))"
        case 10, 11:
            let macro = random.pick(["all", "exists", "exists_one", "filter", "map", "sortBy"])
            return "\(part()).\(macro)(\(random.pick(["v", "w"])), \(part()))"
        case 12:
            let macro = random.pick(["all", "exists", "transformList", "transformMap", "transformMapEntry"])
            return "\(part()).\(macro)(v, w, \(part()))"
        case 14, 15:
            let (type, fields) = random.pick([
                ("example.Rule", ["name", "weight", "limit", "tags", "labels", "data", "options", "payload", "next"]),
                ("google.protobuf.Value", ["number_value", "struct_value", "list_value"]),
                ("google.protobuf.Struct", ["fields"]), ("google.protobuf.UInt32Value", ["value"]),
                ("google.protobuf.Timestamp", ["seconds", "nanos"]),
            ])
            return "\(type){\(random.pick(["", "?"]))\(random.pick(fields)): \(part())}"
        case 13: return "cel.bind(v, \(part()), \(part()))"
        default:
            let functions = environment.declarations.entries.keys.filter { $0.utf8.first?.isIdentifierStart == true }
                .sorted()
            let name = random.pick(functions)
            let isMember = environment.declarations.entries[name]?.first?.overload.isMember == true
            let count =
                environment.declarations.entries[name]?.randomElement(using: &random)?.overload.parameters.count ?? 0
            var arguments = (0..<count).map { _ in part() }
            guard isMember, !arguments.isEmpty else { return "\(name)(\(arguments.joined(separator: ", ")))" }
            let receiver = arguments.removeFirst()
            return "\(receiver).\(name)(\(arguments.joined(separator: ", ")))"
        }
    }

    static func mutated(_ source: String, _ random: inout Random) -> String {
        var bytes = Array(source.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1:
                bytes.insert(
                    contentsOf: Array(random.pick(["(", ")", "[", "]", "'", "\\", ".", "?", "\u{0}", "é", "{"]).utf8),
                    at: place)
            case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            default:
                let end = min(bytes.count, place + Int.random(in: 0...20, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `any text has an answer, within its budget`() {
        let settings = ProcessInfo.processInfo.environment
        var random = Random(state: settings["CEL_FUZZ_SEED"].flatMap(UInt64.init) ?? 2026)
        let end = settings["CEL_FUZZ_SECONDS"].flatMap(Double.init).map { Date().addingTimeInterval($0) }
        var unchecked = Self.environment
        unchecked.isChecked = false
        var rounds = 0
        var evaluated = 0
        while end.map({ Date() < $0 }) ?? (rounds < 3000) {
            rounds += 1
            var source = Self.expression(&random, depth: Int.random(in: 1...5, using: &random))
            if rounds % 3 == 0 { source = Self.mutated(source, &random) }
            if rounds % 1000 == 0, end != nil { print("CEL fuzz: \(rounds) rounds, \(evaluated) evaluated") }
            for environment in [Self.environment, unchecked] {
                do throws(CompilationError) {
                    let program = try environment.compile(source)
                    let result = program.evaluate(Self.variables, budget: 20_000)
                    evaluated += 1
                    _ = "\(result.value)"
                    _ = program.estimatedCost()
                    let partly = program.evaluate(Reads(of: [program]).projected(Self.variables), budget: 20_000)
                    // What is left out costs nothing, which counts only where the budget ends.
                    if result.cost < 2000 {
                        #expect(
                            Self.kind(partly.value) == Self.kind(result.value),
                            "\(source): \(result.value), of what it reads \(partly.value)")
                    }
                    let explanation = program.explain(Self.variables, budget: 20_000)
                    // An index may spare work, never change what comes out.
                    if result.cost < 2000, let explained = explanation.parts.first?.value {
                        #expect(
                            Self.kind(explained) == Self.kind(result.value),
                            "\(source): \(result.value), explained as \(explained)")
                    }
                } catch {
                    #expect(!error.issues.isEmpty)
                    for issue in error.issues {
                        #expect(issue.offset >= 0 && issue.length >= 0, "\(source): \(issue)")
                        #expect(issue.offset + issue.length <= source.utf8.count, "\(source): \(issue)")
                    }
                }
            }
        }
        #expect(evaluated > 100)
    }

    private static func kind(_ value: Value) -> String {
        if case .error(let error) = value { "error \(error.code)" } else { "\(value)" }
    }
}
