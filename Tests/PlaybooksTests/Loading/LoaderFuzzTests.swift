import Foundation
import Testing

@testable import Playbooks

/// The generator of SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

@Suite struct LoaderFuzzTests {
    private static let snippets = [
        "{{", "}}", "{{ ", "'", "\"", "\\", "|", ">", "&a ", "*a ", "<<: ", "- ", ": ", "\n", "\r\n", "\t", "\0", "%",
        "!!",
        "[", "]", "{", "}", "#", "\u{FEFF}", "(?P<", "facts.", "has(", "9223372036854775808", "\u{202E}", "  ",
    ].map { Array($0.utf8) }

    private static func mutated(_ original: [UInt8], with generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: snippets.randomElement(using: &generator) ?? [], at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
            case 4:
                let end = min(bytes.count, place + Int.random(in: 1...60, using: &generator))
                let target = Int.random(in: 0...bytes.count, using: &generator)
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: target)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    /// Playbooks that ship with triage; collectors that the test does not know make no difference here.
    private static let originals = [
        LoaderTests.whole, text(of: "swap-enabled"), text(of: "forbidden"), text(of: "hpa-metrics-unavailable"),
    ]

    private static func text(of name: String) -> String {
        (try? String(contentsOf: Golden.root.appending(path: "playbooks/\(name).yaml"), encoding: .utf8)) ?? ""
    }

    @Test func `what is mutated is there`() {
        #expect(Self.originals.allSatisfy { $0.contains("apiVersion") })
    }

    @Test(arguments: originals.indices)
    func `a mutated playbook never crashes, and every problem has a place in the file`(index: Int) {
        var generator = SeededGenerator(state: UInt64(index))
        let original = Array(Self.originals[index].utf8)
        let loader = Loader(catalogue: .madeUp)
        for _ in 0..<(index == 0 ? 2000 : 150) {
            let bytes = Self.mutated(original, with: &generator)
            let (playbooks, problems) = loader.load(bytes, file: "fuzz.yaml")
            let lines = bytes.count { $0.isLineBreak } + 1
            for problem in problems {
                let place = problem.location
                #expect(place.line >= 1 && place.line <= lines && place.column >= 1 && place.length >= 0, "\(problem)")
                #expect(!problem.message.isEmpty)
            }
            for playbook in playbooks { _ = playbook.lint(catalogue: .madeUp, tests: ShownByTests()) }
        }
    }

    /// Texts within the limits of YAML that would take for ever if something compared each with each.
    @Test(arguments: [
        playbook("define: {" + (0..<20000).map { "a\($0): a\($0 + 1)" }.joined(separator: ", ") + "}\n" + someCause),
        playbook(
            "causes: [" + (0..<9000).map { "{id: a\($0), title: A, when: facts.b\($0)}" }.joined(separator: ", ") + "]"),
        playbook(
            "causes: [{id: a, title: A, when: true, because: '" + String(repeating: "{{ now }}", count: 20000) + "'}]"),
    ])
    func `a file that is out of all proportion is told to be too large`(text: String) {
        #expect(load(text).map(\.code).allSatisfy { $0 == .tooLarge })
    }

    @Test func `names that are wrong by the thousand are told without end but not compared without end`() {
        let remedies = (0..<400).map { "remedy-number-\($0): {title: A, risk: safe, steps: [{say: Go}]}" }
        let wrong = (0..<400).map { "remedy-numbre-\($0)" }.joined(separator: ", ")
        let causes = (0..<20).map { "{id: a\($0), title: A, when: platform == '\($0)', remedies: [\(wrong)]}" }
        let problems = load(
            playbook("causes: [\(causes.joined(separator: ", "))]\nremedies: {\(remedies.joined(separator: ", "))}"))
        #expect(problems.count { $0.code == .unknownRemedy } == 20 * 400)
        #expect(problems.count { $0.suggestion != nil } <= 100)
    }

    @Test func `a condition that takes too long is not evaluated at load`() {
        let numbers = (0..<200).map(String.init).joined(separator: ", ")
        let condition = "[\(numbers)].all(a, [\(numbers)].all(b, [\(numbers)].all(c, a + b + c < 0 || true)))"
        #expect(load(playbook("causes: [{id: a, title: A, when: '\(condition)'}]")) == [])
    }

    @Test func `a chain is followed without a stack`() {
        let names = (0..<200_000).map { "n\($0)" }
        let needs = Dictionary(uniqueKeysWithValues: (0..<199_999).map { ("n\($0)", Set(["n\($0 + 1)"])) })
        let order = DependencyOrder(names, needs: needs)
        #expect(order.names.first == "n199999" && order.names.count == 200_000 && order.circles.isEmpty)
    }
}
