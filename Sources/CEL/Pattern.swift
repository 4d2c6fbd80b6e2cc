internal import CRE2
internal import Synchronization

/// A compiled RE2 pattern: linear time, whatever the input.
///
/// Limits (TRUST, "regex DoS"): 4 KiB of pattern, 10,000 instructions, 8 MiB of memory.
@safe public final class Pattern: Sendable {
    /// Why a pattern cannot be used.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Lower case, no full stop.
        public var message: String

        public init(message: String) { self.message = message }
        public var description: String { message }
    }

    static let maximumLength = 4096
    static let maximumProgramSize: Int32 = 10_000
    static let maximumMemory: Int64 = 8 << 20

    public let source: String
    /// How many groups the pattern has, named or not.
    public let groupCount: Int
    /// The names of the named groups, by group number (from 1).
    public let groupNames: [Int: String]

    // RE2's const methods may be called from several threads at once (re2.h, "thread-safe"); the handle is set once
    // here and freed in deinit, when nobody else can hold it.
    private nonisolated(unsafe) let handle: OpaquePointer

    public init(_ source: String) throws(Failure) {
        guard source.utf8.count <= Self.maximumLength else {
            throw Failure(
                message: "the pattern has \(source.utf8.count) bytes, the limit is \(Self.maximumLength)")
        }
        let made: OpaquePointer?
        let reason: String
        unsafe (made, reason) = unsafe withErrorText { error, capacity in
            unsafe source.withUTF8Bytes { bytes in
                unsafe cre2_pattern_create(
                    bytes.baseAddress, bytes.count, Self.maximumMemory, Self.maximumProgramSize, error, capacity)
            }
        }
        guard let handle = unsafe made else { throw Failure(message: reason) }
        self.source = source
        unsafe self.handle = unsafe handle
        groupCount = Int(unsafe cre2_pattern_group_count(handle))
        groupNames = unsafe names(of: handle, count: groupCount)
    }

    deinit { unsafe cre2_pattern_destroy(handle) }

    /// Whether the pattern matches anywhere in the text.
    public func matches(_ text: some StringProtocol) -> Bool {
        unsafe text.withUTF8Bytes { unsafe cre2_pattern_match(handle, $0.baseAddress, $0.count, 0, nil, 0) }
    }

    /// Whether the pattern matches anywhere in the bytes, which need not be valid UTF-8.
    public func matches(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe cre2_pattern_match(handle, $0.baseAddress, $0.count, 0, nil, 0)
        }
    }

    /// The first match: byte ranges in the text's UTF-8 of the whole and of each group (`nil`: took no part).
    public func firstMatch(in text: String, from offset: Int = 0) -> [Range<Int>?]? {
        guard offset >= 0 else { return nil }
        return unsafe text.withUTF8Bytes { unsafe firstMatch(in: $0, from: offset) }
    }

    /// Every match that does not overlap the one before, from left to right.
    ///
    /// An empty match right behind the one before does not count, as in Go's `FindAll`.
    public func allMatches(in text: String, limit: Int = .max) -> [[Range<Int>?]] {
        unsafe text.withUTF8Bytes { bytes in
            var found: [[Range<Int>?]] = []
            var position = 0
            var lastEnd = -1
            while found.count < limit, position <= bytes.count,
                let match = unsafe firstMatch(in: bytes, from: position), let whole = match[0]
            {
                if !whole.isEmpty || whole.lowerBound != lastEnd { found.append(match) }
                lastEnd = whole.upperBound
                position = whole.upperBound
                if whole.isEmpty { unsafe position += scalarLength(bytes, at: position) }
            }
            return found
        }
    }

    private func firstMatch(in bytes: UnsafeBufferPointer<UInt8>, from offset: Int) -> [Range<Int>?]? {
        let count = groupCount + 1
        return unsafe withUnsafeTemporaryAllocation(of: cre2_span.self, capacity: count) { spans in
            guard
                unsafe cre2_pattern_match(
                    handle, bytes.baseAddress, bytes.count, offset, spans.baseAddress, Int32(count))
            else { return nil }
            return (0..<count).map { index in
                let span = unsafe spans[index]
                return span.start < 0 ? nil : span.start..<span.end
            }
        }
    }
}

extension Pattern {
    private static let recent = Mutex<[String: Pattern]>([:])

    /// Compiles, or takes what an earlier call compiled, for patterns that are only known when an expression runs.
    static func cached(_ source: String) throws(Failure) -> Pattern {
        if let known = recent.withLock({ $0[source] }) { return known }
        let made = try Pattern(source)
        recent.withLock { recent in
            if recent.count >= 64 { recent.removeAll(keepingCapacity: true) }
            recent[source] = made
        }
        return made
    }
}

private func names(of handle: OpaquePointer, count: Int) -> [Int: String] {
    var names: [Int: String] = [:]
    for group in 0..<count {
        if let name = unsafe cre2_pattern_group_name(handle, Int32(group + 1)) {
            names[group + 1] = unsafe String(cString: name)
        }
    }
    return names
}

/// How many bytes the character at the offset has, at least one.
private func scalarLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
    var length = 1
    while unsafe offset + length < bytes.count && bytes[offset + length] & 0xC0 == 0x80 { length += 1 }
    return length
}

/// Lends the C functions room for their reason.
func withErrorText<Result>(
    _ body: (_ error: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Result
) -> (Result, String) {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        unsafe buffer.initialize(repeating: 0)
        let result = unsafe body(buffer.baseAddress, buffer.count)
        let text = unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
        return (result, text)
    }
}

extension StringProtocol {
    /// The UTF-8 text in place where it is contiguous, which native strings are.
    @inline(__always)
    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        if let result = try utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = String(self)
        return try copy.withUTF8(body)
    }
}
