import Facts
import Synchronization
import Testing

@Suite struct SharedResultsTests {
    /// Counts how often it is made.
    private final class Maker: Sendable {
        let count = Mutex(0)
        func make() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test func `what many ask for is made once`() async throws {
        let shared = SharedResults()
        let maker = Maker()
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await shared.value("key") { maker.make() } } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(results == [1])
        #expect(try await shared.value("other") { maker.make() } == 2)
    }

    @Test func `a failure is shared too`() async {
        let shared = SharedResults()
        for _ in 0..<2 {
            await #expect(throws: Unknown(.denied, "no")) {
                _ = try await shared.value("key") { () async throws -> Int in throw Unknown(.denied, "no") }
            }
        }
    }

    @Test func `who is cancelled waits no longer, and the making ends when nobody waits`() async throws {
        let shared = SharedResults()
        let (ended, signal) = AsyncStream.makeStream(of: Void.self)
        let waiting = Task {
            try await shared.value("key") { () async throws -> Int in
                while !Task.isCancelled { await Task.yield() }
                signal.yield()
                throw CancellationError()
            }
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        for await _ in ended { break }
        #expect(try await shared.value("key") { 7 } == 7)
    }
}
