package import Foundation

extension Process {
    /// Runs to the end without holding a thread: on two cores there are two for all tests together, and a test that
    /// waits on one of them makes the deadlines of the others pass.
    package func runToEnd() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            terminationHandler = { _ in continuation.resume() }
            do {
                try run()
            } catch {
                terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }

    /// Ends it at once, and comes back when it is gone: `SIGTERM` may be blocked in it, inherited from a thread here.
    package func kill() async {
        guard isRunning else { return }
        _ = Foundation.kill(processIdentifier, SIGKILL)
        while isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }
}
