internal import CRE2

/// Many patterns that are looked for in one pass over the text.
@safe public final class PatternSet: Sendable {
    /// All patterns together may take this much; a search needs at most as much again.
    private static let maximumMemory: Int64 = 64 << 20

    public let patterns: [Pattern]

    // `nil` where the patterns together are too large for one automaton: then each is looked for by itself.
    // RE2::Set::Match is const and may be called from several threads at once; the set is compiled once in `init`
    // and freed in deinit, when nobody else can hold it.
    private nonisolated(unsafe) let handle: OpaquePointer?

    /// Never fails: what the set cannot hold together is looked for one by one.
    public init(_ patterns: [Pattern]) {
        self.patterns = patterns
        unsafe handle = unsafe Self.compile(patterns)
    }

    deinit { if let handle = unsafe handle { unsafe cre2_set_destroy(handle) } }

    /// The indices of the patterns that match anywhere in the text, in ascending order.
    public func matches(_ text: some StringProtocol) -> [Int] {
        if patterns.isEmpty { return [] }
        if let handle = unsafe handle,
            let found = unsafe text.withUTF8Bytes({ unsafe search(handle, in: $0) })
        {
            return found.sorted()
        }
        return patterns.indices.filter { patterns[$0].matches(text) }
    }

    /// `nil` when the search ran out of memory.
    private func search(_ handle: OpaquePointer, in text: UnsafeBufferPointer<UInt8>) -> [Int]? {
        unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: patterns.count) { indices in
            let count = unsafe cre2_set_match(
                handle, text.baseAddress, text.count, indices.baseAddress, Int32(patterns.count))
            guard count >= 0 else { return nil }
            return unsafe indices[0..<Int(count)].map { Int($0) }
        }
    }

    private static func compile(_ patterns: [Pattern]) -> OpaquePointer? {
        guard !patterns.isEmpty, let set = unsafe cre2_set_create(maximumMemory) else { return nil }
        for pattern in patterns {
            let index = unsafe pattern.source.withUTF8Bytes {
                unsafe cre2_set_add(set, $0.baseAddress, $0.count, nil, 0)
            }
            guard index >= 0 else {
                unsafe cre2_set_destroy(set)
                return nil
            }
        }
        guard unsafe cre2_set_compile(set) else {
            unsafe cre2_set_destroy(set)
            return nil
        }
        return unsafe set
    }
}
