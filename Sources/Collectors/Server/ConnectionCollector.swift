internal import CEL
internal import Facts
internal import SwiftASN1
internal import X509

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The way to the API server, rung by rung, without any credentials.
struct ConnectionCollector: Collector {
    let declaration = Declaration(
        "server.connection",
        summary: "How far a connection to the selected context's server gets: proxy, DNS, TCP, TLS, HTTP.",
        returns: .object([
            "url": .string, "scheme": .string, "host": .string, "port": .int, "isLoopback": .bool,
            "proxy": .object([
                "inForce": .bool, "url": .string, "source": .string, "refused": .bool, "error": .string,
            ]),
            "dns": .object(["resolved": .bool, "addresses": .list(.string), "error": .string]),
            "tcp": .object(["open": .bool, "error": .string]),
            "tls": .object([
                "attempted": .bool, "ok": .bool, "error": .string, "peerSpeaksHTTP": .bool, "trusted": .bool,
                "leadsToAuthority": .bool, "nameMatches": .bool, "inDate": .bool, "subject": .string,
                "issuer": .string, "notBefore": .timestamp, "notAfter": .timestamp, "peerNames": .list(.string),
            ]),
            "http": .object([
                "attempted": .bool, "answered": .bool, "status": .int, "isAPIServer": .bool, "error": .string,
            ]),
        ]),
        fields: [
            "url": "the server as the kubeconfig names it",
            "proxy.inForce": "proxy-url of the kubeconfig, or HTTPS_PROXY without a matching NO_PROXY",
            "proxy.refused": "nothing accepts connections at the proxy's own address",
            "tcp": "always tried directly, also where a proxy is in force",
            "tcp.error": "refused, timedOut, unreachable, reset, or the system's words; absent where open",
            "tls": "tried also where the URL says http, so that a peer that speaks TLS is seen",
            "tls.peerSpeaksHTTP": "the handshake failed and the port answers plain HTTP",
            "tls.trusted": "the chain leads to the kubeconfig's authority, names the host and is in date",
            "http.isAPIServer": "answers /version as a Kubernetes API server does, be it with a refusal",
        ],
        cost: .network, privileges: ["connect to the server that the kubeconfig names"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        try surroundings.requireHere()
        let access = try await ServerAccess.anonymous(in: surroundings)
        return await observe(access, in: surroundings)
    }

    func observe(
        _ access: ServerAccess, in surroundings: Surroundings, deadlineSeconds: Double = 5
    ) async -> Observation {
        let effects = surroundings.effects
        // Any chain is taken by `connect`; handshakes are tried on http:// too.
        let report = await effects.connect(
            ConnectionRequest(
                host: access.host, port: access.port, tls: access.tls, deadlineSeconds: deadlineSeconds))
        let isOpen = report.isOpen
        let handshake = isOpen ? await Handshake(report, access, effects, deadlineSeconds: deadlineSeconds) : nil
        var source = "connect to \(bracketed(access.host)):\(access.port)"
        var http: [String: Value] = ["attempted": .bool(false), "answered": .bool(false), "isAPIServer": .bool(false)]
        if access.proxy != nil || isOpen, report.wasAsked {
            let request = access.probe("/version", deadlineSeconds: deadlineSeconds)
            source += ", GET \(request.url)"
            http = await ask(request, effects)
        }
        let proxy = await proxyFields(access, effects)
        guard report.wasAsked else {
            let unknown = Unknown(.notCollected, ConnectionReport.notAsked).value
            return Observation(
                .map(
                    Map(
                        place(access).merging(["dns": unknown, "tcp": unknown, "tls": unknown, "http": unknown]) { $1 })
                ),
                source: source)
        }
        var fields = place(access)
        fields["proxy"] = .map(Map(proxy))
        fields["dns"] = .map(Map(dns(report)))
        fields["tcp"] = .map(Map(tcp(report)))
        fields["tls"] = .map(
            Map(handshake?.fields ?? ["attempted": .bool(false), "ok": .bool(false), "peerSpeaksHTTP": .bool(false)]))
        fields["http"] = .map(Map(http))
        return Observation(.map(Map(fields)), source: source)
    }

    private func place(_ access: ServerAccess) -> [String: Value] {
        [
            "url": .string(access.shownURL), "scheme": .string(access.isTLS ? "https" : "http"),
            "host": .string(access.host), "port": .int(Int64(access.port)),
            "isLoopback": .bool(isLoopback(access.host)),
        ]
    }

    private func dns(_ report: ConnectionReport) -> [String: Value] {
        var fields: [String: Value] = [
            "resolved": .bool(!report.addresses.isEmpty), "addresses": Value.texts(report.addresses),
        ]
        if case .resolving(let error) = report.failedAt { fields["error"] = .string(error) }
        return fields
    }

    private func tcp(_ report: ConnectionReport) -> [String: Value] {
        var fields: [String: Value] = ["open": .bool(report.isOpen)]
        if case .connecting(let error) = report.failedAt { fields["error"] = .string(error) }
        return fields
    }

    private func proxyFields(_ access: ServerAccess, _ effects: any Effects) async -> [String: Value] {
        guard let proxy = access.proxy else { return ["inForce": .bool(false)] }
        var fields: [String: Value] = [
            "inForce": .bool(true), "url": .string(withoutCredentials(proxy.url)), "source": .string(proxy.source),
        ]
        guard let address = Address(url: proxy.url) else {
            fields["error"] = .string("the proxy's address is no URL")
            return fields
        }
        let port = address.port ?? (address.scheme == "https" ? 443 : address.scheme == "http" ? 80 : 1080)
        let report = await effects.connect(ConnectionRequest(host: address.host, port: port))
        fields["refused"] = .bool(report.failedAt == .connecting("refused"))
        switch report.failedAt {
        case .connecting(let error), .resolving(let error), .handshaking(let error): fields["error"] = .string(error)
        case nil: break
        }
        return fields
    }

    private func ask(_ request: HTTPRequest, _ effects: any Effects) async -> [String: Value] {
        var fields: [String: Value] = ["attempted": .bool(true)]
        do throws(Unknown) {
            let response = try await effects.send(request)
            fields["answered"] = .bool(true)
            fields["status"] = .int(Int64(response.status))
            fields["isAPIServer"] = .bool(response.isAPIServersVersion)
        } catch  where error.reason == .notApplicable {
            // It was not asked: kubectl may well get an answer where triage knows no way.
            fields["attempted"] = .bool(false)
            for field in ["answered", "isAPIServer"] { fields[field] = error.value }
            fields["error"] = .string(error.detail)
        } catch {
            fields["answered"] = .bool(false)
            fields["isAPIServer"] = .bool(false)
            fields["error"] = .string(error.detail)
        }
        return fields
    }
}

extension ConnectionReport {
    /// Whether a TCP connection came about.
    var isOpen: Bool {
        switch failedAt {
        case .resolving, .connecting: false
        case .handshaking, nil: true
        }
    }

    var wasAsked: Bool { failedAt != .resolving(ConnectionReport.notAsked) }
}

/// What a handshake showed, in a fact's fields.
struct Handshake: Sendable {
    var fields: [String: Value]
    var isComplete: Bool
    var leadsToAuthority: Bool

    init(
        _ report: ConnectionReport, _ access: ServerAccess, _ effects: any Effects, deadlineSeconds: Double
    ) async {
        isComplete = report.failedAt == nil
        leadsToAuthority = false
        fields = ["attempted": .bool(true), "ok": .bool(isComplete), "peerSpeaksHTTP": .bool(false)]
        if case .handshaking(let error) = report.failedAt {
            fields["error"] = .string(error)
            let plain = access.probe(
                "/version", isTLS: false, usesProxy: false, deadlineSeconds: deadlineSeconds)
            let answers = await (try? effects.send(plain)) != nil
            fields["peerSpeaksHTTP"] = .bool(answers && report.peerChainDER.isEmpty)
        }
        guard let der = report.peerChainDER.first, let leaf = try? Certificate(derEncoded: der) else { return }
        fields["subject"] = .string(leaf.subject.description)
        fields["issuer"] = .string(leaf.issuer.description)
        fields["notBefore"] = .timestamp(CEL.Timestamp(leaf.notValidBefore.timeIntervalSince1970))
        fields["notAfter"] = .timestamp(CEL.Timestamp(leaf.notValidAfter.timeIntervalSince1970))
        fields["peerNames"] = Value.texts(leaf.subjectNames)
        // An http:// server has no authorities to compare with.
        guard access.isTLS else { return }
        let trust = await PeerTrust(chain: report.peerChainDER, options: access.tls, host: access.host)
        leadsToAuthority = trust.leadsToAuthority
        fields["trusted"] = .bool(trust.isTrusted)
        fields["leadsToAuthority"] = .bool(trust.leadsToAuthority)
        fields["nameMatches"] = .bool(trust.namesHost)
        fields["inDate"] = .bool(trust.isInDate)
    }
}

extension CEL.Timestamp {
    /// From the seconds since 1970.
    init(_ interval: Double) { self.init(seconds: Int64(interval.rounded(.down))) }
}

/// Whether the name or address always means this machine.
func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" || host.lowercased().hasSuffix(".localhost") { return true }
    guard let bytes = addressBytes(host) else { return false }
    return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
}
