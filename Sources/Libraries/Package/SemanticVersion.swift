/// A semantic version (semver.org 2.0.0); build parts are not ours to compare and not taken.
package struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let numbers: [Int]
    package let prerelease: [String]

    package init?(_ text: String) {
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Self.number($0) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.numbers = numbers
        let identifiers = halves.count == 2 ? halves[1].split(separator: ".", omittingEmptySubsequences: false) : []
        let areSound = identifiers.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 == UInt8(ascii: "-") || Self.isAlphanumeric($0) }
        }
        guard areSound else { return nil }
        prerelease = identifiers.map(String.init)
    }

    private init(numbers: [Int]) {
        self.numbers = numbers
        prerelease = []
    }

    package var description: String {
        numbers.map(String.init).joined(separator: ".")
            + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
    }

    package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (one, other) in zip(left.prerelease, right.prerelease) where one != other {
            switch (number(Substring(one)), number(Substring(other))) {
            case (let one?, let other?): return one < other
            case (.some, nil): return true
            case (nil, .some): return false
            case (nil, nil): return one.utf8.lexicographicallyPrecedes(other.utf8)
            }
        }
        return left.prerelease.count < right.prerelease.count
    }

    /// Digits without a leading zero.
    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
            text == "0" || text.first != "0"
        else { return nil }
        return Int(text)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// `1`, `1.2` and `1.2.3`, with how many numbers were written.
    fileprivate static func partial(_ text: Substring) -> (version: SemanticVersion, count: Int)? {
        if let full = SemanticVersion(String(text)) { return (full, 3) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { number($0) }
        guard (1...2).contains(parts.count), numbers.count == parts.count else { return nil }
        return (SemanticVersion(numbers: numbers + Array(repeating: 0, count: 3 - numbers.count)), numbers.count)
    }

    fileprivate func raised(at index: Int) -> SemanticVersion {
        SemanticVersion(
            numbers: numbers.enumerated().map { $0 < index ? $1 : $0 == index ? $1 + 1 : 0 })
    }
}

/// Which versions will do: `>=1.2 <2`, `^1.4`, `~1.2`, `1.2.3`, `*`; what stands side by side must all hold.
package struct VersionRange: Sendable, Hashable, CustomStringConvertible {
    private struct Bound: Sendable, Hashable {
        var from: SemanticVersion?
        var below: SemanticVersion?
    }

    package let description: String
    private let bounds: [Bound]

    package init?(_ text: String) {
        description = text
        var bounds: [Bound] = []
        for word in text.split(separator: " ") where word != "*" {
            guard let bound = Self.bound(word) else { return nil }
            bounds.append(bound)
        }
        guard !text.split(separator: " ").isEmpty else { return nil }
        self.bounds = bounds
    }

    package func contains(_ version: SemanticVersion) -> Bool {
        bounds.allSatisfy { bound in
            (bound.from.map { $0 <= version } ?? true) && (bound.below.map { version < $0 } ?? true)
        }
    }

    private static func bound(_ word: Substring) -> Bound? {
        for sign in [">=", "<", "^", "~"] where word.hasPrefix(sign) {
            guard let (version, count) = SemanticVersion.partial(word.dropFirst(sign.count)) else { return nil }
            switch sign {
            case ">=": return Bound(from: version)
            case "<": return Bound(below: version)
            case "~": return Bound(from: version, below: version.raised(at: count == 1 ? 0 : 1))
            // The first number that is not zero must stay.
            default: return Bound(from: version, below: version.raised(at: version.numbers.firstIndex { $0 > 0 } ?? 2))
            }
        }
        guard let (version, count) = SemanticVersion.partial(word) else { return nil }
        return Bound(from: version, below: count == 3 ? nextAfter(version) : version.raised(at: count - 1))
    }

    private static func nextAfter(_ version: SemanticVersion) -> SemanticVersion { version.raised(at: 2) }
}
