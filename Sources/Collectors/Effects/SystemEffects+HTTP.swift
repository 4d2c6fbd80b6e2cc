internal import AsyncHTTPClient
package import Facts
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension SystemEffects {
    package func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        try await answer(to: request, reader: nil)
    }

    package func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        try await answer(to: request, reader: reader)
    }

    private func answer(to request: HTTPRequest, reader: (any BodyReader)?) async throws(Unknown) -> HTTPResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw Unknown(.notAllowed, "only GET and HEAD are ever sent, not \(request.method)")
        }
        guard request.question.map({ request.url.hasSuffix($0.rawValue) }) ?? true else {
            throw Unknown(.notAllowed, "a question is sent to its own path only")
        }
        let target = withoutQuery(request.url)
        // The client traps on a port beyond 65535.
        guard let address = Address(url: request.url), ["http", "https"].contains(address.scheme) else {
            throw Unknown(.malformed, "'\(target)' is not a URL such as https://host:6443/path")
        }
        do {
            let place = request.isFarOnly ? try await farAddress(of: address, request) : nil
            let client = try clients.client(for: request, connectingTo: place)
            let outgoing = try clientRequest(request)
            try await hostLimits.enter(address.key, withinSeconds: request.deadlineSeconds)
            defer { hostLimits.leave(address.key) }
            return try await withDeadline(seconds: request.deadlineSeconds, what: "\(request.method) \(target)") {
                let deadline = NIODeadline.now() + .milliseconds(Int64(request.deadlineSeconds * 1000))
                // An answer as a whole may take longer.
                return try await withIdleLimit(.seconds(30), on: clock, what: "the answer of \(target)") { progress in
                    let response = try await execute(outgoing, client, deadline)
                    progress.note(0)
                    let headers = response.headers.map { (name: $0.name, value: $0.value) }
                    // What is no answer to the question is for people, and short.
                    let reader = response.status == .ok ? reader : nil
                    return HTTPResponse(
                        status: Int(response.status.code), headers: headers,
                        body: try await body(
                            response.body, limit: request.bodyLimit, target: target, to: reader, progress))
                }
            }
        } catch let unknown as Unknown {
            throw unknown
        } catch {
            let way = request.proxy.map { " through the proxy \(withoutCredentials($0))" } ?? ""
            throw Unknown(requestFailure: error, target: target + way)
        }
    }

    /// A server name that differs from the URL's host is put in the URL's place, and the client is told to connect to
    /// the host all the same: it then asks for that name's certificate, as `tls-server-name` wants.
    private func clientRequest(_ request: HTTPRequest) throws -> HTTPClientRequest {
        var url = request.url
        var headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        if let name = request.tls.serverName, let address = Address(url: request.url), address.host != name {
            url = address.url(withHost: name)
            headers.replaceOrAdd(name: "Host", value: address.authority)
        }
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        if let question = request.question {
            outgoing.method = .POST
            headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            outgoing.body = .bytes(ByteBuffer(string: question.body))
        }
        outgoing.headers = headers
        if request.url.lowercased().hasPrefix("https:") {
            var configuration = try TLSConfiguration(request.tls)
            // The chain is verified as ever; that it names the address is checked by the client (see `HTTPClients`).
            if request.addressToVerify != nil { configuration.certificateVerification = .noHostnameVerification }
            outgoing.tlsConfiguration = configuration
        }
        return outgoing
    }
}

extension SystemEffects {
    /// The address to connect to, after a look at all that the name stands for; `nil` where a proxy looks it up itself.
    private func farAddress(of address: Address, _ request: HTTPRequest) async throws(Unknown) -> String? {
        let found: [String]
        do throws(Unknown) {
            found = try await resolve(address.host, deadlineSeconds: request.deadlineSeconds)
        } catch {
            guard request.proxy == nil else { return nil }
            throw error
        }
        let own = ownAddresses()
        for place in found where Surroundings.Permissions.isNear(address: place) || own.contains(place) {
            throw Unknown(
                .notAllowed, "\(address.host) is \(place), which is this machine, its link or a cloud's metadata",
                hint: "only a host that is named so itself may be: http://\(bracketed(place)) and its port")
        }
        return request.proxy == nil ? found.first : nil
    }
}

/// Sends it once more where the connection ended before the first byte of an answer.
///
/// The peer may have closed one that was kept for the next request, just as the request was on its way. Go's client does
/// so too; nothing is asked for that could not be asked twice.
private func execute(
    _ request: HTTPClientRequest, _ client: HTTPClient, _ deadline: NIODeadline
) async throws -> HTTPClientResponse {
    do {
        return try await client.execute(request, deadline: deadline)
    } catch let error as HTTPClientError where error == .remoteConnectionClosed {
        return try await client.execute(request, deadline: deadline)
    } catch let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode) {
        return try await client.execute(request, deadline: deadline)
    }
}

/// The body, unless a reader takes it: then only so much of it is asked for as the reader has taken.
private func body(
    _ body: HTTPClientResponse.Body, limit: Int, target: String, to reader: (any BodyReader)?, _ progress: Progress
) async throws -> [UInt8] {
    var content: [UInt8] = []
    do {
        for try await chunk in body {
            guard progress.note(chunk.readableBytes) <= limit else {
                throw Unknown(.truncated, "the answer of \(target) is longer than the limit of \(limit) bytes")
            }
            if let reader {
                try unsafe chunk.withUnsafeReadableBytes { unsafe try reader.take($0) }
            } else {
                content.append(contentsOf: chunk.readableBytesView)
            }
        }
        // A cancelled body ends without an error.
        try Task.checkCancellation()
    } catch let error as HTTPClientError where HTTPClientError.timeouts.contains(error) {
        throw Unknown(.timedOut, "the answer of \(target) stopped coming after \(progress.count) bytes")
    } catch let error where !(error is Unknown || error is CancellationError) {
        throw Unknown(
            .truncated, "the answer of \(target) broke off after \(progress.count) bytes: \(words(for: error))")
    }
    return content
}

/// URLs may carry secrets in their query; they never reach an error message.
private func withoutQuery(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }

/// The clients by what only a whole client can be told: the proxy, the name that stands for a host, and the most that a
/// compressed answer may become.
final class HTTPClients: Sendable {
    private let clients = Mutex<[String: HTTPClient]>([:])

    deinit {
        for client in clients.withLock({ Array($0.values) }) {
            client.shutdown { _ in withExtendedLifetime(client) {} }
        }
    }

    /// - Parameter place: the address to connect to, whatever the name of the URL stands for by then.
    func client(for request: HTTPRequest, connectingTo place: String? = nil) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, decompression: .enabled(limit: .size(request.bodyLimit)))
        // A refusal is an answer; the client would otherwise try again until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Each request has its own deadline, which ends earlier; a client for each would never reuse a connection.
        configuration.timeout.connect = .seconds(30)
        var key = "\(request.proxy ?? "") \(request.bodyLimit)"
        if let proxy = request.proxy { configuration.proxy = try HTTPClient.Configuration.Proxy(url: proxy) }
        if let name = request.tls.serverName, let host = Address(url: request.url)?.host, host != name {
            configuration.dnsOverride = [name: host]
            key += " \(name) \(host)"
        }
        if let place, let host = Address(url: request.url)?.host, host != place {
            configuration.dnsOverride = [host: place]
            key += " \(host) \(place)"
        }
        if let address = request.addressToVerify {
            configuration.verifyPeer(names: address)
            key += " verified as \(address)"
        }
        return clients.withLock { clients in
            if let client = clients[key] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[key] = client
            return client
        }
    }
}

extension HTTPRequest {
    /// The IP address that the server's certificate must name, where the TLS library would look for another: it takes
    /// the connection's far end for the server, which behind a proxy is the proxy.
    fileprivate var addressToVerify: String? {
        guard !tls.skipsVerification, let host = Address(url: url)?.host else { return nil }
        let name = tls.serverName ?? host
        guard isAddress(name), proxy != nil || name != host, url.lowercased().hasPrefix("https:") else { return nil }
        return name
    }
}

extension HTTPClient.Configuration {
    /// Closes a connection whose peer's certificate does not name the address, before anything is sent on it.
    fileprivate mutating func verifyPeer(names address: String) {
        let verify: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
            channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
                let der = try certificate?.toDERBytes() ?? []
                guard CertificateFields.certificate(der)?.names(address) == true else {
                    channel.close(promise: nil)
                    throw Unknown(.unreachable, "the server's certificate is not valid for \(address)")
                }
            }
        }
        http1_1ConnectionDebugInitializer = verify
        http2ConnectionDebugInitializer = verify
    }
}

extension HTTPClient.Configuration.Proxy {
    init(url: String) throws {
        guard let address = Address(url: url) else {
            throw Unknown(.malformed, "the proxy's address is not a URL such as http://proxy:3128")
        }
        switch address.scheme {
        case "http":
            let credentials = address.user.map { user in
                HTTPClient.Authorization.basic(username: user, password: address.password ?? "")
            }
            self = .server(host: address.host, port: address.port ?? 80, authorization: credentials)
        case "socks5", "socks5h":
            guard address.user == nil else {
                throw Unknown(.notApplicable, "SOCKS proxies that want a password cannot be used by triage")
            }
            self = .socksServer(host: address.host, port: address.port ?? 1080)
        default:
            throw Unknown(
                .notApplicable,
                "the proxy \(withoutCredentials(url)) is spoken to by '\(address.scheme)', which triage cannot do: "
                    + "it was not asked",
                hint: "name the proxy by http:// or socks5://, or the server in NO_PROXY")
        }
    }
}

extension TLSConfiguration {
    /// Reads the PEM texts.
    init(_ options: TLSOptions) throws {
        self = .makeClientConfiguration()
        if options.skipsVerification { certificateVerification = .none }
        if let authorities = options.authoritiesPEM {
            do {
                trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8)))
            } catch {
                throw Unknown(.malformed, "the certificate authority's PEM cannot be read")
            }
        }
        guard let chain = options.certificateChainPEM, let key = options.privateKeyPEM else { return }
        do {
            certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) }
        } catch {
            throw Unknown(.malformed, "the client certificate's PEM cannot be read")
        }
        do {
            privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        } catch {
            throw Unknown(.malformed, "the client key's PEM cannot be read")
        }
    }
}

extension Unknown {
    /// What went wrong before an answer came.
    init(requestFailure error: any Error, target: String) {
        let reason: Reason =
            switch error {
            case let error as HTTPClientError:
                HTTPClientError.timeouts.contains(error)
                    ? .timedOut : HTTPClientError.malformed.contains(error) ? .malformed : .unreachable
            case let error as NIOConnectionError
            where !error.connectionErrors.isEmpty
                && error.connectionErrors.allSatisfy { $0.error is ChannelError }:
                .timedOut
            case is CancellationError: .timedOut
            default: .unreachable
            }
        self.init(reason, "\(target): \(words(for: error))")
    }
}

extension HTTPClientError {
    fileprivate static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .tlsHandshakeTimeout,
        .httpProxyHandshakeTimeout, .socksHandshakeTimeout, .getConnectionFromPoolTimeout,
    ]
    fileprivate static let malformed: [HTTPClientError] = [.invalidURL, .emptyHost, .emptyScheme]
}

/// The libraries' errors in words; never holds a header or a body.
func words(for error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
        if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
            return "the name \(error.host) cannot be resolved"
        }
        guard let first = error.connectionErrors.first else { return "no connection" }
        return words(for: first.error)
    case let error as IOError: return error.errnoCode.connectWords ?? "\(error)"
    case ChannelError.connectTimeout: return "no answer to the attempt to connect"
    case let error as HTTPClientError:
        if error == .remoteConnectionClosed { return "the peer closed the connection" }
        return error.description
    case NIOSSLError.handshakeFailed(let cause): return "TLS handshake: \(cause)"
    case let error as NIOSSLExtraError: return "TLS: \(error)"
    case is NIOSSLError, is BoringSSLError: return "TLS: \(error)"
    case let error as Unknown: return error.detail
    default: return "\(error)"
    }
}
