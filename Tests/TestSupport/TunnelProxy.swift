internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A proxy on a free port of 127.0.0.1 that opens every tunnel it is asked for.
///
/// Wherever a tunnel is to lead, it leads to the given port of 127.0.0.1, so that tests can name hosts that do not
/// exist.
package final class TunnelProxy: Sendable {
    package let url: String
    private let channel: any Channel
    private let log: TunnelLog

    /// `host:port` of each tunnel so far.
    package var targets: [String] { log.targets }

    /// - Parameter prepare: gives a connection the handlers that understand the scheme.
    fileprivate init(
        scheme: String, prepare: @escaping @Sendable (ChannelPipeline.SynchronousOperations, TunnelLog) throws -> Void
    ) async throws {
        let log = TunnelLog()
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture { try prepare(child.pipeline.syncOperations, log) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.log = log
        url = "\(scheme)://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    fileprivate func stop() async { try? await channel.close() }
}

/// Runs the body beside a proxy that speaks HTTP's CONNECT, and stops it afterwards.
package func withTunnelProxy(to port: Int, body: (TunnelProxy) async throws -> Void) async throws {
    try await withProxy("http", body) { handlers, log in
        try handlers.addHandler(HTTPResponseEncoder(), name: "encoder")
        try handlers.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)), name: "decoder")
        try handlers.addHandler(ConnectHandler(to: port, log: log), name: "connect")
    }
}

/// Runs the body beside a proxy of the scheme and stops it afterwards.
func withProxy(
    _ scheme: String, _ body: (TunnelProxy) async throws -> Void,
    prepare: @escaping @Sendable (ChannelPipeline.SynchronousOperations, TunnelLog) throws -> Void
) async throws {
    let proxy = try await TunnelProxy(scheme: scheme, prepare: prepare)
    do {
        try await body(proxy)
        await proxy.stop()
    } catch {
        await proxy.stop()
        throw error
    }
}

final class TunnelLog: Sendable {
    private let entries = Mutex<[String]>([])
    var targets: [String] { entries.withLock { $0 } }
    func append(_ target: String) { entries.withLock { $0.append(target) } }
}

/// Answers CONNECT, then steps aside and joins the two connections.
private final class ConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let port: Int
    private let log: TunnelLog

    init(to port: Int, log: TunnelLog) {
        self.port = port
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        guard head.method == .CONNECT else {
            context.close(promise: nil)
            return
        }
        log.append(head.uri)
        let channel = context.channel
        let here = NIOLoopBound(self, eventLoop: context.eventLoop)
        let place = NIOLoopBound(context, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture { try far.pipeline.syncOperations.addHandler(Forwarder(to: channel)) }
            }
            .connect(host: "127.0.0.1", port: port).whenComplete { result in
                guard case .success(let far) = result else {
                    channel.close(promise: nil)
                    return
                }
                here.value.establish(place.value, far)
            }
    }

    private func establish(_ context: ChannelHandlerContext, _ far: any Channel) {
        let head = HTTPResponseHead(version: .http1_1, status: .ok)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        let channel = context.channel
        try? channel.pipeline.syncOperations.addHandler(Forwarder(to: far))
        for name in ["encoder", "decoder", "connect"] {
            channel.pipeline.removeHandler(name: name, promise: nil)
        }
    }
}

/// Hands every byte to the other connection, and closes it with its own.
final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
