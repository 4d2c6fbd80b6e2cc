private import Synchronization

/// Results shared by the facts of one diagnosis, each made once however many ask at the same time.
package final class SharedResults: Sendable {
    private let tasks = Mutex<[String: Task<any Sendable, any Error>]>([:])

    package init() {}

    /// The result kept under the key; the first to ask makes it.
    package func value<Result: Sendable>(
        _ key: String, make: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = tasks.withLock { tasks in
            if let task = tasks[key] { return task }
            let task = Task<any Sendable, any Error> { try await make() }
            tasks[key] = task
            return task
        }
        let result = try await task.value
        guard let typed = result as? Result else { preconditionFailure("two types under one key: \(key)") }
        return typed
    }
}
