internal import Facts
internal import Synchronization

/// How much of an answer has come.
final class Progress: Sendable {
    private let state = Mutex((bytes: 0, pieces: 0))

    /// In bytes.
    var count: Int { state.withLock { $0.bytes } }
    fileprivate var pieces: Int { state.withLock { $0.pieces } }

    /// Takes note of a piece; returns how many bytes there are with it.
    @discardableResult
    func note(_ bytes: Int) -> Int {
        state.withLock {
            $0.bytes += bytes
            $0.pieces += 1
            return $0.bytes
        }
    }
}

/// Runs the work, and gives up on it when nothing has come for so long.
///
/// The work is cancelled and waited for.
func withIdleLimit<Result: Sendable>(
    _ limit: Duration, on clock: any Clock<Duration>, what: String,
    _ work: @escaping @Sendable (Progress) async throws -> Result
) async throws -> Result {
    let progress = Progress()
    let looks = 6
    return try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work(progress) }
        group.addTask {
            var seen = progress.pieces
            var idle = 0
            while idle < looks {
                try await clock.sleep(for: limit / looks)
                let now = progress.pieces
                idle = now == seen ? idle + 1 : 0
                seen = now
            }
            throw Unknown(.timedOut, "\(what) stopped coming after \(progress.count) bytes")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
