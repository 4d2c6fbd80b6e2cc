internal import Facts
internal import Synchronization

/// How much may be under way to one host at a time: facts are collected together, and a server in trouble is not to be
/// pushed further by who looks into it.
final class HostLimits: Sendable {
    private struct Waiting {
        var ticket: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Host {
        var running = 0
        var waiting: [Waiting] = []
    }

    private struct State {
        var nextTicket = 0
        var hosts: [String: Host] = [:]
    }

    private let most: Int
    private let state = Mutex(State())

    init(_ most: Int) { self.most = max(1, most) }

    /// Returns when it is the caller's turn, who must `leave` afterwards; who comes first is served first.
    ///
    /// Waits no longer than the caller would wait for an answer.
    func enter(_ host: String, withinSeconds seconds: Double) async throws(Unknown) {
        guard !enterAtOnce(host) else { return }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    let late = Unknown(
                        .timedOut, "other requests to the host were under way for \(readable(seconds: seconds))")
                    self.giveUp(ticket, for: host, late)
                }
                defer { group.cancelAll() }
                // Not a child of the group: a turn that comes at the last moment must not get lost.
                try await wait(ticket, for: host)
            }
        } catch {
            throw error as? Unknown ?? Unknown(.timedOut, "given up while other requests to the host were under way")
        }
    }

    func leave(_ host: String) {
        let next = state.withLock { state -> Waiting? in
            guard var entry = state.hosts[host] else { return nil }
            let next = entry.waiting.isEmpty ? nil : entry.waiting.removeFirst()
            if next == nil { entry.running -= 1 }
            state.hosts[host] = entry.running == 0 ? nil : entry
            return next
        }
        next?.continuation.resume()
    }

    private func enterAtOnce(_ host: String) -> Bool {
        state.withLock { state in
            guard !Task.isCancelled, state.hosts[host, default: Host()].running < most else { return false }
            state.hosts[host, default: Host()].running += 1
            return true
        }
    }

    private func wait(_ ticket: Int, for host: String) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(Waiting(ticket: ticket, continuation: continuation), for: host)
            }
        } onCancel: {
            giveUp(ticket, for: host, CancellationError())
        }
    }

    private func giveUp(_ ticket: Int, for host: String, _ error: any Error) {
        let waiting = state.withLock { state -> Waiting? in
            guard let place = state.hosts[host]?.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.hosts[host]?.waiting.remove(at: place)
        }
        waiting?.continuation.resume(throwing: error)
    }

    /// A task that is cancelled is so before its handler runs, so it is seen either here or there.
    private func enqueue(_ waiting: Waiting, for host: String) {
        let verdict = state.withLock { state -> Result<Void, any Error>? in
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.hosts[host, default: Host()].running < most {
                state.hosts[host, default: Host()].running += 1
                return .success(())
            }
            state.hosts[host]?.waiting.append(waiting)
            return nil
        }
        if let verdict { waiting.continuation.resume(with: verdict) }
    }
}
