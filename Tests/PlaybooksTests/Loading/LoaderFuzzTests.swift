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

    @Test(arguments: 0..<8)
    func `a mutated playbook never crashes, and every problem has a place in the file`(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        let original = Array(LoaderTests.whole.utf8)
        let loader = Loader(catalogue: .madeUp)
        for _ in 0..<500 {
            let bytes = Self.mutated(original, with: &generator)
            let (playbooks, problems) = loader.load(bytes, file: "fuzz.yaml")
            let lines = bytes.count { $0.isLineBreak } + 1
            for problem in problems {
                let place = problem.location
                #expect(place.line >= 1 && place.line <= lines && place.column >= 1 && place.length >= 0, "\(problem)")
                #expect(!problem.message.isEmpty)
            }
            for playbook in playbooks { _ = playbook.lint(catalogue: .madeUp, testedCauses: []) }
        }
    }
}
