internal import Facts

/// The real world: every open, spawn and connect of a collector happens in this folder and nowhere else.
///
/// Nothing is set up before it is used, so that a run that only reads files starts no event loop.
package struct SystemEffects: Effects {
    /// What commands may inherit is chosen from this.
    let environment: [String: String]
    let clients = HTTPClients()
    let hostLimits: HostLimits
    /// By which it is told that nothing comes any more.
    let clock: any Clock<Duration>

    /// `perHost`: how many requests and connections may be under way to one host and port.
    package init(
        environment: [String: String], perHost: Int = 4, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.environment = environment
        self.clock = clock
        hostLimits = HostLimits(perHost)
    }
}

/// Runs the work, and gives up on it when the time is over.
///
/// The work is cancelled and waited for.
func withDeadline<Result: Sendable>(
    seconds: Double, what: String, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw Unknown(.timedOut, "\(what) took longer than \(readable(seconds: seconds))")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}

/// `10 s`, `0.5 s`.
func readable(seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e15 ? "\(Int64(seconds)) s" : "\(seconds) s"
}
