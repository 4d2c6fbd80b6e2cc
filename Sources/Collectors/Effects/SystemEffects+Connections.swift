package import Facts
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension SystemEffects {
    package func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        let key = "\(endpoint.host.lowercased()) \(endpoint.port)"
        do throws(Unknown) { try await hostLimits.enter(key, withinSeconds: endpoint.deadlineSeconds) } catch {
            return ConnectionReport(failedAt: .connecting(error.reason.rawValue))
        }
        defer { hostLimits.leave(key) }
        return await connected(endpoint)
    }

    private func connected(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        let deadline = NIODeadline.now() + .milliseconds(Int64(endpoint.deadlineSeconds * 1000))
        var report = ConnectionReport()
        guard (1...65535).contains(endpoint.port) else {
            report.failedAt = .connecting("there is no port \(endpoint.port)")
            return report
        }
        let addresses: [SocketAddress]
        do {
            addresses = try await resolve(endpoint.host, port: endpoint.port, deadline: deadline)
        } catch {
            report.failedAt = .resolving((error as? Unknown)?.detail ?? words(for: error))
            return report
        }
        report.addresses = addresses.compactMap(\.ipAddress)

        var failure = "no address"
        for address in addresses {
            do {
                let channel = try await open(address, deadline: deadline)
                if let options = endpoint.tls {
                    await shakeHands(on: channel, endpoint, options, deadline: deadline, report: &report)
                }
                channel.close(promise: nil)
                return report
            } catch {
                failure = connectWords(for: error)
            }
        }
        report.failedAt = .connecting(failure)
        return report
    }

    private func open(_ address: SocketAddress, deadline: NIODeadline) async throws -> any Channel {
        let connecting = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(max(deadline - .now(), .milliseconds(1)))
            .connect(to: address)
        do {
            return try await value(of: connecting)
        } catch {
            // Whoever waited may be gone by the time that it succeeds.
            connecting.whenSuccess { $0.close(promise: nil) }
            throw error
        }
    }

    package func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        let deadline = NIODeadline.now() + .milliseconds(Int64(deadlineSeconds * 1000))
        do {
            return try await resolve(host, port: 0, deadline: deadline).compactMap(\.ipAddress)
        } catch {
            throw error as? Unknown ?? Unknown(.notFound, "\(host): \(words(for: error))")
        }
    }

    /// The system's resolver cannot be interrupted, so it is left behind when the time is over.
    private func resolve(_ host: String, port: Int, deadline: NIODeadline) async throws -> [SocketAddress] {
        if let address = try? SocketAddress(ipAddress: host, port: port) { return [address] }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [SocketAddress].self)
        let lookup = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            try addresses(of: host, port: port)
        }
        let timeout = loop.scheduleTask(deadline: deadline) {
            promise.fail(Unknown(.timedOut, "the name \(host) was not resolved in time"))
        }
        lookup.cascade(to: promise)
        defer { timeout.cancel() }
        return try await value(of: promise.futureResult)
    }

    /// Takes any certificate, so that what the peer presents can be seen; whether it is to be trusted is told apart.
    private func shakeHands(
        on channel: any Channel, _ endpoint: ConnectionRequest, _ options: TLSOptions, deadline: NIODeadline,
        report: inout ConnectionReport
    ) async {
        let presented = channel.eventLoop.makePromise(of: [[UInt8]].self)
        let finished = channel.eventLoop.makePromise(of: Void.self)
        let timeout = channel.eventLoop.scheduleTask(deadline: deadline) {
            finished.fail(Unknown(.timedOut, "no TLS handshake within the time"))
        }
        defer { timeout.cancel() }
        let name = options.serverName ?? endpoint.host
        do {
            var configuration = try TLSConfiguration(options)
            configuration.certificateVerification = .noHostnameVerification
            let context = try NIOSSLContext(configuration: configuration)
            try await channel.eventLoop.submit {
                let handler = try NIOSSLClientHandler(
                    context: context, serverHostname: isAddress(name) ? nil : name,
                    customVerificationCallback: { chain, verdict in
                        presented.succeed(chain.compactMap { try? $0.toDERBytes() })
                        verdict.succeed(.certificateVerified)
                    })
                let waiter = HandshakeWaiter(finished)
                try channel.pipeline.syncOperations.addHandlers([handler, waiter])
            }.get()
            try await value(of: finished.futureResult)
        } catch {
            finished.fail(error)
            report.failedAt = .handshaking((error as? Unknown)?.detail ?? words(for: error))
        }
        presented.succeed([])
        report.peerChainDER = (try? await presented.futureResult.get()) ?? []
        guard !report.peerChainDER.isEmpty else { return }
        let trust = await PeerTrust(chain: report.peerChainDER, options: options, host: endpoint.host)
        report.isTrusted = trust.isTrusted
    }
}

/// What the future comes to; a cancelled task waits no longer.
private func value<Success: Sendable>(of future: EventLoopFuture<Success>) async throws -> Success {
    let promise = future.eventLoop.makePromise(of: Success.self)
    future.cascade(to: promise)
    return try await withTaskCancellationHandler {
        try await promise.futureResult.get()
    } onCancel: {
        promise.fail(Unknown(.timedOut, "given up"))
    }
}

/// Tells whether the handshake went through.
private final class HandshakeWaiter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let finished: EventLoopPromise<Void>

    init(_ finished: EventLoopPromise<Void>) { self.finished = finished }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { finished.succeed() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finished.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finished.fail(Unknown(.unreachable, "the peer closed the connection during the handshake"))
    }
}

private func addresses(of host: String, port: Int) throws -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>? = nil
    let status = unsafe getaddrinfo(host, "\(port)", &hints, &first)
    guard status == 0 else {
        throw Unknown(.notFound, "\(host): \(unsafe String(cString: gai_strerror(status)))")
    }
    defer { unsafe freeaddrinfo(first) }
    var found: [SocketAddress] = []
    var next = unsafe first
    while let entry = unsafe next {
        if let address = unsafe entry.pointee.ai_addr {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(text.count)
            if unsafe getnameinfo(address, entry.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0,
                let resolved = try? SocketAddress(
                    ipAddress: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
                    port: port),
                !found.contains(resolved)
            {
                found.append(resolved)
            }
        }
        unsafe next = entry.pointee.ai_next
    }
    return found
}

private func connectWords(for error: any Error) -> String {
    switch error {
    case let error as IOError: error.errnoCode.connectWords ?? "\(error)"
    case ChannelError.connectTimeout: "timedOut"
    case let error as Unknown: error.reason.rawValue
    default: words(for: error)
    }
}

extension CInt {
    /// The words that a report uses for the usual failures of connect(2).
    var connectWords: String? {
        switch self {
        case ECONNREFUSED: "refused"
        case ETIMEDOUT: "timedOut"
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN: "unreachable"
        case ECONNRESET: "reset"
        default: nil
        }
    }
}
