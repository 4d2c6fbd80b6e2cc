internal import NIOCore
internal import NIOHTTP1
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

/// An HTTP server on a free port of 127.0.0.1, with or without TLS, that answers as a test tells it to.
///
/// Keep it inside `withLoopbackServer`, which always stops it.
package final class LoopbackServer: Sendable {
    package struct Request: Sendable {
        package var method: String
        /// With the query.
        package var uri: String
        package var headers: [(name: String, value: String)]
        /// What the client presented, verified by nobody; `nil` where it presented none.
        package var clientCertificateDER: [UInt8]?

        package var path: String { String(uri.prefix { $0 != "?" }) }
        /// As written: nothing is decoded.
        package var query: [String: String] {
            guard let mark = uri.firstIndex(of: "?") else { return [:] }
            let pairs = uri[uri.index(after: mark)...].split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
            return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }

        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// How an answer goes wrong.
    package enum Fault: Sendable, Hashable {
        case none
        /// Half of the body, then a TCP reset.
        case resetMidBody
        /// Half of the announced body, then the end.
        case truncated
        /// Half of the body, then nothing more, and no end.
        case stall
        /// Never an answer.
        case silent
        /// The end, before a single byte.
        case gone
    }

    package struct Response: Sendable {
        package var status: Int
        package var headers: [(name: String, value: String)]
        package var body: String
        package var fault: Fault

        package init(
            _ status: Int, _ body: String = "", headers: [(name: String, value: String)] = [], fault: Fault = .none
        ) {
            self.status = status
            self.body = body
            self.headers = headers
            self.fault = fault
        }

        package static func json(_ body: String, status: Int = 200, fault: Fault = .none) -> Response {
            Response(status, body, headers: [("Content-Type", "application/json")], fault: fault)
        }
    }

    /// A certificate to show; client certificates are asked for and taken as they are, as the API server does.
    package struct TLS: Sendable {
        package var certificatePEM: String
        package var keyPEM: String

        package init(certificatePEM: String, keyPEM: String) {
            self.certificatePEM = certificatePEM
            self.keyPEM = keyPEM
        }
    }

    package let port: Int
    package let url: String
    private let channel: any Channel
    private let connections: Connections
    private let log: RequestLog

    /// What was asked so far, in order.
    package var requests: [Request] { log.requests }
    /// How many connections were opened so far.
    package var connectionCount: Int { connections.count }

    /// - Parameter later: the certificate of a new connection, in the place of `tls`.
    package init(
        tls: TLS? = nil, port: Int = 0, later: @escaping @Sendable () -> TLS? = { nil },
        respond: @escaping @Sendable (Request) -> Response
    ) async throws {
        let context = try tls.map(serverContext)
        let connections = Connections()
        let log = RequestLog()
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    connections.add(child)
                    let identity = ClientIdentity()
                    if let context = try later().map(serverContext) ?? context {
                        let secure = NIOSSLServerHandler(
                            context: context,
                            customVerificationCallback: { chain, verdict in
                                identity.leafDER = chain.first.flatMap { try? $0.toDERBytes() }
                                verdict.succeed(.certificateVerified)
                            }, configuration: .init())
                        try child.pipeline.syncOperations.addHandlers([PlainHTTPRefuser(), secure])
                    }
                    try child.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try child.pipeline.syncOperations.addHandler(
                        Responder(identity: identity, log: log, respond: respond))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.connections = connections
        self.log = log
        self.port = channel.localAddress?.port ?? 0
        url = "\(tls == nil ? "http" : "https")://127.0.0.1:\(self.port)"
    }

    /// Nothing listens any more and every connection is closed.
    package func stop() async {
        try? await channel.close()
        connections.closeAll()
    }
}

/// Runs the body beside a server and stops it afterwards.
package func withLoopbackServer(
    tls: LoopbackServer.TLS? = nil, later: @escaping @Sendable () -> LoopbackServer.TLS? = { nil },
    respond: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Response,
    body: (LoopbackServer) async throws -> Void
) async throws {
    let server = try await LoopbackServer(tls: tls, later: later, respond: respond)
    do {
        try await body(server)
        await server.stop()
    } catch {
        await server.stop()
        throw error
    }
}

/// A port of 127.0.0.1 on which nothing listens: it was free a moment ago.
package func unusedPort() async throws -> Int {
    let server = try await LoopbackServer { _ in .init(200) }
    await server.stop()
    return server.port
}

private func serverContext(_ tls: LoopbackServer.TLS) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(tls.certificatePEM.utf8)).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(tls.keyPEM.utf8), format: .pem)))
    configuration.certificateVerification = .optionalVerification
    configuration.applicationProtocols = ["http/1.1"]
    return try NIOSSLContext(configuration: configuration)
}

private final class RequestLog: Sendable {
    private let entries = Mutex<[LoopbackServer.Request]>([])
    var requests: [LoopbackServer.Request] { entries.withLock { $0 } }
    func append(_ request: LoopbackServer.Request) { entries.withLock { $0.append(request) } }
}

private final class Connections: Sendable {
    private let channels = Mutex<[any Channel]>([])
    var count: Int { channels.withLock { $0.count } }
    func add(_ channel: any Channel) { channels.withLock { $0.append(channel) } }
    func closeAll() { for channel in channels.withLock({ $0 }) { channel.close(promise: nil) } }
}

/// Used on one event loop only; the lock is for the compiler.
private final class ClientIdentity: Sendable {
    private let leaf = Mutex<[UInt8]?>(nil)
    var leafDER: [UInt8]? {
        get { leaf.withLock { $0 } }
        set { leaf.withLock { $0 = newValue } }
    }
}

/// As Go's server does where a client speaks no TLS to it.
private final class PlainHTTPRefuser: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        let handshake: UInt8 = 0x16
        guard bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) != handshake else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
        let answer =
            "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
            loopBound.value.close(promise: nil)
        }
    }
}

private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let identity: ClientIdentity
    private let log: RequestLog
    private let respond: @Sendable (LoopbackServer.Request) -> LoopbackServer.Response
    private var head: HTTPRequestHead?

    init(
        identity: ClientIdentity, log: RequestLog,
        respond: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Response
    ) {
        self.identity = identity
        self.log = log
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            let request = LoopbackServer.Request(
                method: head.method.rawValue, uri: head.uri,
                headers: head.headers.map { (name: $0.name, value: $0.value) },
                clientCertificateDER: identity.leafDER)
            log.append(request)
            answer(respond(request), to: head, in: context)
        }
    }

    private func answer(
        _ response: LoopbackServer.Response, to head: HTTPRequestHead, in context: ChannelHandlerContext
    ) {
        guard response.fault != .silent else { return }
        guard response.fault != .gone else { return context.close(promise: nil) }
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.utf8.count)")
        let status = HTTPResponseStatus(statusCode: response.status)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        let bytes = Array(response.body.utf8)
        let sent = response.fault == .none ? bytes[...] : bytes[..<(bytes.count / 2)]
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: sent)))), promise: nil)
        }
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        switch response.fault {
        case .none: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .silent, .gone: break
        case .stall: context.flush()
        case .truncated:
            context.flush()
            context.close(promise: nil)
        case .resetMidBody:
            context.flush()
            // Closing without lingering sends a reset instead of an orderly end.
            (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in loopBound.value.channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
