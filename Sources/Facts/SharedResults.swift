private import Synchronization

/// Results shared by the facts of one diagnosis, each made once however many ask at the same time.
///
/// Who is cancelled while waiting waits no longer; when nobody waits any more, the making is cancelled too, and the
/// next to ask begins anew.
package final class SharedResults: Sendable {
    private struct Entry {
        var task: Task<any Sendable, any Error>
        var waiting = 0
        var isDone = false
    }

    private let entries = Mutex<[String: Entry]>([:])

    package init() {}

    /// The result kept under the key; the first to ask makes it.
    package func value<Result: Sendable>(
        _ key: String, make: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = join(key, make: make)
        let waiter = Waiter()
        let result = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiter.begin(continuation)
                Task {
                    let result = await task.result
                    self.entries.withLock { if $0[key]?.task == task { $0[key]?.isDone = true } }
                    waiter.end(result)
                }
            }
        } onCancel: {
            if waiter.end(.failure(CancellationError())) { leave(key) }
        }
        guard let typed = result as? Result else { preconditionFailure("two types under one key: \(key)") }
        return typed
    }

    private func join(
        _ key: String, make: @escaping @Sendable () async throws -> any Sendable
    ) -> Task<any Sendable, any Error> {
        entries.withLock { entries in
            var entry = entries[key] ?? Entry(task: Task { try await make() })
            entry.waiting += 1
            entries[key] = entry
            return entry.task
        }
    }

    private func leave(_ key: String) {
        entries.withLock { entries in
            guard var entry = entries[key], !entry.isDone else { return }
            entry.waiting -= 1
            if entry.waiting == 0 { entry.task.cancel() }
            entries[key] = entry.waiting == 0 ? nil : entry
        }
    }
}

/// Ends a wait once: with the result, or with the cancellation, whichever comes first.
private final class Waiter: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<any Sendable, any Error>)
        case ended(Result<any Sendable, any Error>)
    }

    private let state = Mutex(State.idle)

    func begin(_ continuation: CheckedContinuation<any Sendable, any Error>) {
        let early = state.withLock { state -> Result<any Sendable, any Error>? in
            if case .ended(let result) = state { return result }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    /// Whether this was the end; `false` where it had ended before.
    @discardableResult
    func end(_ result: Result<any Sendable, any Error>) -> Bool {
        let (isFirst, continuation) = state.withLock {
            state -> (Bool, CheckedContinuation<any Sendable, any Error>?) in
            switch state {
            case .ended: return (false, nil)
            case .idle:
                state = .ended(result)
                return (true, nil)
            case .waiting(let continuation):
                state = .ended(result)
                return (true, continuation)
            }
        }
        continuation?.resume(with: result)
        return isFirst
    }
}
