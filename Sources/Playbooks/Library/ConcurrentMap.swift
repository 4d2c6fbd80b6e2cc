internal import Dispatch
internal import Synchronization

extension Array where Element: Sendable {
    /// What comes of each element, in their order, worked out on all processors.
    package func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        let size = 64
        guard count > size else { return map(transform) }
        let parts = (count + size - 1) / size
        let results = Mutex<[Int: [Result]]>([:])
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let result = self[part * size..<Swift.min((part + 1) * size, count)].map(transform)
            results.withLock { $0[part] = result }
        }
        return results.withLock { results in (0..<parts).flatMap { results[$0] ?? [] } }
    }
}
