internal import NIOCore
internal import NIOPosix

/// Runs the body beside a SOCKS5 proxy (RFC 1928) without passwords, and stops it afterwards.
package func withSocksProxy(to port: Int, body: (TunnelProxy) async throws -> Void) async throws {
    try await withProxy("socks5", body) { handlers, log in
        try handlers.addHandler(SocksHandler(to: port, log: log), name: "socks")
    }
}

/// Takes the greeting and the request, each of which comes in one piece from who waits for the answer to it.
private final class SocksHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: Int
    private let log: TunnelLog
    private var isGreeted = false

    init(to port: Int, log: TunnelLog) {
        self.port = port
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard isGreeted else {
            isGreeted = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [5, 0])), promise: nil)
            return
        }
        guard let target = Self.target(&bytes) else { return context.close(promise: nil) }
        log.append(target)
        let channel = context.channel
        let place = NIOLoopBound(context, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture { try far.pipeline.syncOperations.addHandler(Forwarder(to: channel)) }
            }
            .connect(host: "127.0.0.1", port: port).whenComplete { result in
                guard case .success(let far) = result else { return channel.close(promise: nil) }
                try? channel.pipeline.syncOperations.addHandler(Forwarder(to: far))
                place.value.writeAndFlush(
                    NIOAny(ByteBuffer(bytes: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0])), promise: nil)
                channel.pipeline.removeHandler(name: "socks", promise: nil)
            }
    }

    /// Of a request to connect: an IPv4 address, a name or an IPv6 address, and the port.
    private static func target(_ bytes: inout ByteBuffer) -> String? {
        guard let head = bytes.readBytes(length: 4), head[0] == 5, head[1] == 1 else { return nil }
        let host: String?
        switch head[3] {
        case 1: host = bytes.readBytes(length: 4).map { $0.map(String.init).joined(separator: ".") }
        case 3: host = bytes.readInteger(as: UInt8.self).flatMap { bytes.readString(length: Int($0)) }
        default: host = bytes.readBytes(length: 16).map { _ in "an IPv6 address" }
        }
        guard let host, let port = bytes.readInteger(as: UInt16.self) else { return nil }
        return "\(host):\(port)"
    }
}
