internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// Every connection of this target.
///
/// Redirects are followed by the caller, so that credentials never travel to another host.
enum Web {
    struct Request: Sendable {
        var method = "GET"
        var url: String
        var headers: [(name: String, value: String)] = []
        var body: [UInt8]?
        var limit = Tar.mostPacked
    }

    struct Response: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    }

    static let seconds: Int64 = 60

    static func send(_ request: Request, environment: [String: String]) async throws(LibraryError) -> Response {
        let shown = String(request.url.prefix { $0 != "?" })
        guard request.url.hasPrefix("https://") || isLoopback(request.url) else {
            throw LibraryError(.badReference, "\(shown): only https is spoken, except with this machine itself")
        }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout.connect = .seconds(15)
        configuration.connectionPool.retryConnectionEstablishment = false
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { tls.trustRoots = .file(file) }
        configuration.tlsConfiguration = tls
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Response, LibraryError>
        do {
            result = .success(try await execute(request, client))
        } catch let error as LibraryError {
            result = .failure(error)
        } catch {
            result = .failure(LibraryError(.unreachable, "\(shown) could not be asked: \(words(error))"))
        }
        try? await client.shutdown()
        return try result.get()
    }

    /// What went wrong on the way, as people would say it.
    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout: "no connection within 15 seconds"
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout].contains(error):
            "no whole answer within \(seconds) seconds"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "the connection was closed"
        case let error as IOError: Disk.words(error.errnoCode)
        default: printable("\(error)", limit: 300)
        }
    }

    private static func execute(_ request: Request, _ client: HTTPClient) async throws -> Response {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        outgoing.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        outgoing.headers.add(name: "User-Agent", value: "triage")
        if let body = request.body { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(outgoing, timeout: .seconds(seconds))
        var body: [UInt8] = []
        let announced = response.headers.first(name: "content-length").flatMap { Int($0) }
        if request.method != "HEAD" {
            for try await chunk in response.body {
                guard body.count + chunk.readableBytes <= request.limit else {
                    throw LibraryError(.tooLarge, "the answer is larger than the \(request.limit) bytes that are taken")
                }
                body += chunk.readableBytesView
            }
            if let announced, announced != body.count {
                throw LibraryError(.unreachable, "the download broke off after \(body.count) of \(announced) bytes")
            }
        }
        return Response(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) }, body: body)
    }

    /// Plain http is for registries and servers on this very machine, as container tools have it.
    static func isLoopback(_ url: String) -> Bool {
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return false }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
    }
}
