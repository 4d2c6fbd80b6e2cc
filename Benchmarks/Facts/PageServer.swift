internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Answers GET on a port of 127.0.0.1 from memory, as fast as the system takes it.
final class PageServer: Sendable {
    private let channel: any Channel
    let port: Int

    /// - Parameter answer: to a path with its query; `nil`: there is no such thing.
    init(_ answer: @escaping @Sendable (String) -> ByteBuffer?) throws {
        channel = try ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try child.pipeline.syncOperations.addHandler(Answerer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = channel.localAddress?.port ?? 0
    }
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (String) -> ByteBuffer?
    private var uri = ""

    init(_ answer: @escaping @Sendable (String) -> ByteBuffer?) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): uri = head.uri
        case .body: break
        case .end:
            let body = answer(uri)
            let headers = HTTPHeaders([
                ("Content-Type", "application/json"), ("Content-Length", "\(body?.readableBytes ?? 0)"),
            ])
            let head = HTTPResponseHead(version: .http1_1, status: body == nil ? .notFound : .ok, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
