package import CEL
package import Facts
internal import Synchronization

/// One thing that a collector would do.
package enum PlannedAsk: Sendable, Hashable {
    /// A path of the cluster's API, with its query.
    case request(String)
    /// A URL that is not the cluster's.
    case url(String)
    case command([String])
    case file(String)
    case connection(String)

    /// For people: `GET /api/v1/pods?limit=500`.
    package var text: String {
        switch self {
        case .request(let path): "GET \(path)"
        case .url(let url): "GET \(withoutCredentials(url))"
        case .command(let argv): "run \(Redaction.redact(arguments: argv).joined(separator: " "))"
        case .file(let path): "read \(path)"
        case .connection(let endpoint): "connect to \(endpoint)"
        }
    }
}

extension Catalogue {
    /// What a collector would ask first, found by letting it ask a world that notes every question and holds nothing.
    ///
    /// What it would ask further depends on the answers: a server that only the kubeconfig names, a process that only
    /// /proc shows.
    package func asks(
        of name: String, _ parameters: [String: Value], in surroundings: Surroundings
    ) async -> [PlannedAsk] {
        guard let collector = self[name] else { return [] }
        let notes = AskNotes()
        var here = surroundings
        (here.effects, here.cache) = (notes, SharedResults())
        // Whatever the playbook may do is shown; nothing is done.
        here.permissions = .all
        _ = try? await collector.collect(parameters, in: here)
        if collector.declaration.cost > .file {
            // The cluster's server is named by a kubeconfig that is not read: its requests are noted as to a capture.
            here.capture = "cluster"
            here.cache = SharedResults()
            _ = try? await collector.collect(parameters, in: here)
        }
        return notes.asks
    }
}

/// Notes what it is asked, and has nothing.
private final class AskNotes: Effects, ResourceCatalogue {
    private let noted = Mutex<[PlannedAsk]>([])

    var asks: [PlannedAsk] { noted.withLock { $0 } }

    private func note(_ ask: PlannedAsk) {
        noted.withLock { if !$0.contains(ask) { $0.append(ask) } }
    }

    private static let notAsked = Unknown(.notCollected, "nothing is asked in a dry run")

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        note(.file(path))
        throw Unknown(.notFound, "nothing is read in a dry run")
    }

    func status(of path: String) async throws(Unknown) -> FileStatus {
        note(.file(path))
        throw Unknown(.notFound, "nothing is read in a dry run")
    }

    func list(_ directory: String) async throws(Unknown) -> [String] {
        note(.file(directory))
        throw Unknown(.notFound, "nothing is read in a dry run")
    }

    func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        note(.command([command.executable] + command.arguments))
        throw Self.notAsked
    }

    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        let prefix = "https://\(CaptureEffects.host):443"
        if request.url.hasPrefix(prefix) {
            note(.request(String(request.url.dropFirst(prefix.count))))
        } else {
            note(.url(request.url))
        }
        // An empty list: what asks several questions goes on to the next.
        return HTTPResponse(status: 200, headers: [], body: Array(#"{"kind":"List","items":[]}"#.utf8))
    }

    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        if endpoint.host != CaptureEffects.host { note(.connection("\(endpoint.host):\(endpoint.port)")) }
        return ConnectionReport(failedAt: .resolving(ConnectionReport.notAsked))
    }

    /// As if the server had it: where is not known, but RBAC asks for group and resource only.
    func location(of name: ResourceName) throws(Unknown) -> ResourceLocation {
        for path in ["/api", "/apis"] { note(.request(path)) }
        return ResourceLocation(group: name.group ?? "", version: "v1", plural: name.plural, isNamespaced: true)
    }
}
