internal import CEL
internal import Facts
internal import Synchronization

/// Asks an API server: again where it is busy, and in the end an answer or the reason why not.
struct APIClient: Sendable {
    let access: ServerAccess
    let effects: any Effects
    /// For the whole conversation, not for one request.
    let deadline: ContinuousClock.Instant
    /// Of the diagnosis; `nil`: nothing is asked for others too.
    let cache: SharedResults?
    private let renewed = RenewedAccess()

    init(_ access: ServerAccess, _ effects: any Effects, deadlineSeconds: Double, cache: SharedResults? = nil) {
        self.cache = cache
        self.access = access
        self.effects = effects
        deadline = .now + .seconds(deadlineSeconds)
    }

    /// Of one request, so that a server that swallows it does not use up the whole conversation; a list that goes on
    /// coming may take longer.
    private static let requestSeconds = 30.0
    /// Some servers know no pages and answer a list as a whole; of what is read in part little is kept.
    private static let mostOfList = 4 << 30
    /// How often a server is asked again that says "later" without saying when.
    private static let mostTries = 5

    /// The first answer that is not "later"; a server that stays busy is unreachable.
    ///
    /// - Parameter reader: takes the body of an answer 200.
    func get(_ path: String, to reader: (any BodyReader)? = nil) async throws(Unknown) -> HTTPResponse {
        var access = renewed.access ?? access
        var pause = 0.25
        var tries = 0
        while true {
            let left = (deadline - .now) / .seconds(1)
            guard left > 0 else { throw Unknown(.timedOut, "\(shown(path)) was not answered in time") }
            let response =
                if let reader {
                    try await effects.send(
                        access.request(path, deadlineSeconds: left, bodyLimit: Self.mostOfList), to: reader)
                } else {
                    try await effects.send(access.request(path, deadlineSeconds: min(left, Self.requestSeconds)))
                }
            if response.status == 401, let other = await access.renewal?(access) {
                access = other
                renewed.access = other
                continue
            }
            guard response.status == 429 || (500...599).contains(response.status) else { return response }
            tries += 1
            let said = response.retryAfterSeconds
            let wanted = said ?? pause
            guard wanted < (deadline - .now) / .seconds(1), said != nil || tries < Self.mostTries else {
                throw Unknown(
                    .unreachable,
                    "\(shown(path)) answers \(response.status)\(message(response))"
                        + (said.map { ", and wants \(readable(seconds: $0))" } ?? ", and does so again and again"))
            }
            do { try await Task.sleep(for: .seconds(wanted)) } catch {
                throw Unknown(.timedOut, "\(shown(path)) was not answered in time")
            }
            pause = min(pause * 2, 4)
        }
    }

    /// The body as JSON, where the answer is 200; else why not, with `verb` and `resource` for the hint.
    func json(_ path: String, verb: String, resource: String) async throws(Unknown) -> Value {
        let response = try await get(path)
        guard response.status == 200 else { throw refusal(response, path, verb: verb, resource: resource) }
        do throws(JSONError) { return try Value.parseJSON(response.body) } catch {
            throw Unknown(.malformed, "the answer of \(shown(path)) is no JSON: \(error)")
        }
    }

    func refusal(_ response: HTTPResponse, _ path: String, verb: String, resource: String) -> Unknown {
        switch response.status {
        case 401:
            Unknown(
                .denied, "the server does not accept the credentials (401)", hint: "run 'triage run unauthorized'")
        case 403:
            Unknown(
                .denied, "\(verb) \(resource) is forbidden\(message(response))",
                hint: "the verb \(verb) on \(resource) is needed: kubectl auth can-i \(verb) \(resource); "
                    + "or name one namespace with -n")
        case 404: Unknown(.notFound, "the server has no \(shown(path))\(message(response))")
        case 410: Unknown(.truncated, "the list expired while it was being read\(message(response))")
        default: Unknown(.unreachable, "\(shown(path)) answers \(response.status)\(message(response))")
        }
    }

    private func message(_ response: HTTPResponse) -> String {
        guard let message = response.statusObject?.message, !message.isEmpty else { return "" }
        return ": \(message)"
    }

    private func shown(_ path: String) -> String { String(path.prefix { $0 != "?" }) }
}

/// What took the place of an access that the server takes no more, for all that a client asks from then on.
private final class RenewedAccess: Sendable {
    private let latest = Mutex<ServerAccess?>(nil)
    var access: ServerAccess? {
        get { latest.withLock { $0 } }
        set { latest.withLock { $0 = newValue } }
    }
}

extension HTTPResponse {
    /// `Retry-After` in seconds: a number, or a time (RFC 9110, 10.2.3), seen from the answer's own `Date`.
    fileprivate var retryAfterSeconds: Double? {
        guard let text = header("Retry-After") else { return nil }
        if let seconds = Double(text), seconds.isFinite { return max(0, seconds) }
        guard let then = Timestamp(httpDate: text), let now = header("Date").flatMap(Timestamp.init(httpDate:)) else {
            return nil
        }
        return max(0, Double(then.seconds - now.seconds))
    }
}
