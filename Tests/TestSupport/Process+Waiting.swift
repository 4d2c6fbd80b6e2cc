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
}
