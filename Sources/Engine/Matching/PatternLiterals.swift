/// Text that must occur wherever a regular expression matches, so that the expression need only be tried there.
struct PatternLiterals {
    /// One of these must occur; `nil`: nothing can be said.
    let needles: [[UInt8]]?
    /// How many characters the pattern spells out: how specific it is.
    let specificity: Int

    init(_ pattern: String) {
        var parser = Parser(pattern: Array(pattern.utf8))
        let alternatives = parser.alternatives()
        guard !parser.isBeyondUs, parser.isAtEnd else {
            (needles, specificity) = (nil, pattern.utf8.count / 2)
            return
        }
        specificity = alternatives.map(\.length).min() ?? 0
        needles = Self.needles(of: alternatives)
    }

    /// What is longest of each alternative, a run or every branch of a choice; `nil` where nothing is worth looking for.
    ///
    /// The `http` of an address stands on many lines, what went wrong with it on few.
    private static func needles(of alternatives: [Branch]) -> [[UInt8]]? {
        var needles: [[UInt8]] = []
        for branch in alternatives {
            let runs = branch.runs.map { [Skeleton(String(decoding: $0, as: UTF8.self)).bytes] }
            let ways = runs.filter { shortest($0) >= 4 } + branch.choices.compactMap { Self.needles(of: $0) }
            guard let best = ways.max(by: { shortest($0) < shortest($1) }) else { return nil }
            needles += best
        }
        return needles
    }

    private static func shortest(_ needles: [[UInt8]]) -> Int { needles.map(\.count).min() ?? 0 }

    /// A sequence: runs of literal text that all must occur, and groups of which one alternative must.
    struct Branch {
        var runs: [[UInt8]] = [[]]
        var choices: [[Branch]] = []

        var length: Int { runs.map(\.count).reduce(0, +) + choices.map { $0.map(\.length).min() ?? 0 }.reduce(0, +) }

        mutating func append(_ byte: UInt8) { runs[runs.count - 1].append(byte) }
        mutating func interrupt() { if runs.last?.isEmpty == false { runs.append([]) } }
        /// What was read last may be absent.
        mutating func dropLast() {
            // A character of several bytes is dropped whole.
            while let last = runs[runs.count - 1].popLast(), last & 0xC0 == 0x80 {}
            interrupt()
        }
    }

    /// Reads as much of RE2's syntax as it needs; what it does not know makes it give up.
    private struct Parser {
        let pattern: [UInt8]
        var index = 0
        var depth = 0
        var isBeyondUs = false
        var isAtEnd: Bool { index >= pattern.count }

        init(pattern: [UInt8]) { self.pattern = pattern }

        private var next: UInt8? { index < pattern.count ? pattern[index] : nil }

        private mutating func take(_ character: Character) -> Bool {
            guard next == character.asciiValue else { return false }
            index += 1
            return true
        }

        mutating func alternatives() -> [Branch] {
            var all = [Branch()]
            while let byte = next, !isBeyondUs {
                switch byte {
                case UInt8(ascii: "|"):
                    index += 1
                    all.append(Branch())
                case UInt8(ascii: ")"):
                    return all
                default: item(byte, into: &all[all.count - 1])
                }
            }
            return all
        }

        private mutating func item(_ byte: UInt8, into branch: inout Branch) {
            index += 1
            switch byte {
            case UInt8(ascii: "^"), UInt8(ascii: "$"): return
            case UInt8(ascii: "("): group(into: &branch)
            case UInt8(ascii: "["): bracket(into: &branch)
            case UInt8(ascii: "."):
                branch.interrupt()
                _ = quantifier()
            case UInt8(ascii: "\\"): escape(into: &branch)
            default: literal(byte, into: &branch)
            }
        }

        private mutating func literal(_ byte: UInt8, into branch: inout Branch) {
            branch.append(byte)
            switch quantifier() {
            case .none: break
            case .required: branch.interrupt()
            case .optional: branch.dropLast()
            }
        }

        private enum Quantifier { case none, required, optional }

        private mutating func quantifier() -> Quantifier {
            let result: Quantifier
            if take("?") || take("*") {
                result = .optional
            } else if take("+") {
                result = .required
            } else if next == UInt8(ascii: "{"), let end = pattern[index...].firstIndex(of: UInt8(ascii: "}")) {
                let text = pattern[(index + 1)..<end]
                guard text.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ",") }) else { return .none }
                result = text.first == UInt8(ascii: "0") || text.isEmpty ? .optional : .required
                index = end + 1
            } else {
                return .none
            }
            _ = take("?")
            return result
        }

        private mutating func group(into branch: inout Branch) {
            depth += 1
            defer { depth -= 1 }
            guard depth < 100 else { return isBeyondUs = true }
            if take("?") {
                if take("P") || next == UInt8(ascii: "<") {
                    guard let end = pattern[index...].firstIndex(of: UInt8(ascii: ">")) else {
                        return isBeyondUs = true
                    }
                    index = end + 1
                } else if !take(":") {
                    // Flags: case does not matter to a skeleton, the others do not change what is spelled out.
                    guard
                        let end = pattern[index...].firstIndex(where: {
                            $0 == UInt8(ascii: ")") || $0 == UInt8(ascii: ":")
                        })
                    else { return isBeyondUs = true }
                    let closes = pattern[end] == UInt8(ascii: ")")
                    index = end + 1
                    if closes { return }
                }
            }
            let inner = alternatives()
            guard take(")") else { return isBeyondUs = true }
            branch.interrupt()
            guard quantifier() != .optional else { return }
            if inner.count == 1 {
                branch.runs += inner[0].runs
                branch.choices += inner[0].choices
            } else {
                branch.choices.append(inner)
            }
            branch.interrupt()
        }

        private mutating func bracket(into branch: inout Branch) {
            branch.interrupt()
            _ = take("^")
            _ = take("]")
            while let byte = next, byte != UInt8(ascii: "]") {
                index += byte == UInt8(ascii: "\\") ? 2 : 1
                // [[:alpha:]]
                if byte == UInt8(ascii: "["), take(":") {
                    while let other = next, other != UInt8(ascii: "]") {
                        _ = other
                        index += 1
                    }
                    index += 1
                }
            }
            guard take("]") else { return isBeyondUs = true }
            _ = quantifier()
        }

        private mutating func escape(into branch: inout Branch) {
            guard let byte = next else { return isBeyondUs = true }
            index += 1
            switch byte {
            case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "A"), UInt8(ascii: "z"): return
            case UInt8(ascii: "s"):
                // White space is not in the skeleton: the run goes on.
                branch.append(UInt8(ascii: " "))
                _ = quantifier()
            case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "S"):
                branch.interrupt()
                _ = quantifier()
            case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "f"), UInt8(ascii: "v"):
                branch.append(UInt8(ascii: " "))
                _ = quantifier()
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: isBeyondUs = true
            default: literal(byte, into: &branch)
            }
        }
    }
}
