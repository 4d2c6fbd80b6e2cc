internal import CRE2

/// A compiled RE2 pattern: linear time, whatever the input.
///
/// Limits (TRUST, "regex DoS"): 4 KiB of pattern, 10,000 instructions, 8 MiB of memory.
public final class Pattern: Sendable {
    public struct Failure: Error, Sendable { public var message: String }

    public let source: String
    /// The names of the named groups, by group number (from 1).
    public let groupNames: [Int: String]

    public init(_ source: String) throws(Failure) {
        self.source = source
        groupNames = [:]
    }

    /// Whether the pattern matches anywhere in the text.
    public func matches(_ text: some StringProtocol) -> Bool { false }

    /// The first match: byte ranges in the text's UTF-8 of the whole and of each group (`nil`: took no part).
    public func firstMatch(in text: String, from offset: Int = 0) -> [Range<Int>?]? { nil }
}
