internal import Dispatch

extension Array where Element: Sendable {
    /// What comes of each element, in their order, worked out on all processors.
    package func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        let size = 64
        guard count > size else { return map(transform) }
        let parts = (count + size - 1) / size
        return unsafe [Result](unsafeUninitializedCapacity: count) { results, initialized in
            // Safe: each part initializes places of its own, and all of them have ended before anyone reads.
            nonisolated(unsafe) let places = unsafe results
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                for index in part * size..<Swift.min((part + 1) * size, count) {
                    unsafe places.initializeElement(at: index, to: transform(self[index]))
                }
            }
            initialized = count
        }
    }
}
