internal import CEL
internal import Facts

/// A capture in the place of the world: collectors ask it as they ask a cluster and a node.
///
/// It answers the requests that the objects it holds can answer, and reads files of the node that it is of; everything
/// else is unknown. Nothing is run and nobody is asked.
struct CaptureEffects: Effects, ResourceCatalogue {
    let contents: CaptureContents

    /// Where requests to a capture are sent; no such host exists (RFC 6761).
    static let host = "capture.invalid"

    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        let prefix = "https://\(Self.host):443"
        guard request.url.hasPrefix(prefix) else { throw contents.notHeld("what other servers answer") }
        let target = request.url.dropFirst(prefix.count)
        let path = String(target.prefix { $0 != "?" })
        if path == "/version" { return try answer(try contents.version()) }
        guard let query = CapturedQuery(path, query(target)) else { throw contents.notHeld("the answer to \(path)") }
        if query.isLog { return try log(query) }
        let location = try location(query)
        guard query.name.isEmpty else { return try one(query, location) }
        let items = try contents.objects(
            of: location, namespace: query.namespace, reading: .whole, where: try query.selectors)
        return try answer(
            .map([
                "kind": .string("List"), "apiVersion": .string("v1"), "metadata": .map([:]),
                "items": .list(List(items)),
            ]))
    }

    /// Objects go to who reads them in part as they come out of the files.
    func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        let prefix = "https://\(Self.host):443"
        guard let pages = reader as? ObjectPages, request.url.hasPrefix(prefix) else {
            return try await sendAtOnce(request, to: reader)
        }
        let target = request.url.dropFirst(prefix.count)
        guard let query = CapturedQuery(String(target.prefix { $0 != "?" }), query(target)), !query.isLog,
            query.name.isEmpty
        else { return try await sendAtOnce(request, to: reader) }
        let selectors = try query.selectors
        let location = try location(query)
        for object in try contents.objects(
            of: location, namespace: query.namespace, reading: pages.needed, where: selectors)
        {
            try pages.give(object)
        }
        pages.endGiving()
        return HTTPResponse(status: 200, headers: [("Content-Type", "application/json")], body: [])
    }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        guard let node = contents.node else { throw contents.notHeld("files of a node (\(path))") }
        guard let bytes = try node.read(path, limit: limit) else { throw contents.notHeld(path) }
        return bytes
    }

    func status(of path: String) async throws(Unknown) -> FileStatus {
        guard let node = contents.node else { throw contents.notHeld("files of a node (\(path))") }
        guard let kind = node.kind(of: path) else { throw contents.notHeld(path) }
        return FileStatus(kind: kind.kind, size: kind.size, mode: 0, owner: 0, isReadable: true)
    }

    func list(_ directory: String) async throws(Unknown) -> [String] {
        guard let node = contents.node else { throw contents.notHeld("files of a node (\(directory))") }
        guard let names = node.names(in: directory) else { throw contents.notHeld(directory) }
        return names
    }

    func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        let line = ([lastPathComponent(command.executable)] + command.arguments).joined(separator: " ")
        guard let output = try contents.node?.output(of: line) else {
            throw contents.notHeld("what '\(Redaction.redact(line))' prints")
        }
        return CommandOutput(exitCode: 0, standardOutput: output, standardError: [])
    }

    func location(of name: ResourceName) throws(Unknown) -> ResourceLocation { try contents.location(of: name) }

    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        ConnectionReport(failedAt: .resolving(ConnectionReport.notAsked))
    }
}

extension CaptureEffects {
    private func query(_ target: Substring) -> [String: String] {
        guard let mark = target.firstIndex(of: "?") else { return [:] }
        let pairs = target[target.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map { percentDecoded($0) }
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private func location(_ query: CapturedQuery) throws(Unknown) -> ResourceLocation {
        guard let name = ResourceName("\(query.plural).\(query.group)") else {
            throw contents.notHeld(query.plural)
        }
        if let known = ResourceLocation.wellKnown(name) { return known }
        return try contents.location(of: name)
    }

    private func one(_ query: CapturedQuery, _ location: ResourceLocation) throws(Unknown) -> HTTPResponse {
        if let object = try contents.object(of: location, namespace: query.namespace, name: query.name) {
            return try answer(object)
        }
        return try answer(
            .map([
                "kind": .string("Status"), "reason": .string("NotFound"),
                "message": .string("\(location.fullName) \"\(query.name)\" not found"),
            ]), status: 404)
    }

    private func log(_ query: CapturedQuery) throws(Unknown) -> HTTPResponse {
        let bytes = try contents.log(
            namespace: query.namespace, pod: query.name, container: query.parameters["container"],
            isPrevious: query.parameters["previous"] == "true")
        return HTTPResponse(status: 200, headers: [("Content-Type", "text/plain")], body: bytes)
    }

    private func answer(_ value: Value, status: Int = 200) throws(Unknown) -> HTTPResponse {
        do throws(JSONWriter.Refusal) {
            return HTTPResponse(
                status: status, headers: [("Content-Type", "application/json")], body: try JSONWriter().bytes(value))
        } catch {
            throw Unknown(.malformed, "the objects cannot be written as JSON: \(error)")
        }
    }
}

/// A path of the Kubernetes API taken apart: `/api/v1/namespaces/NS/pods/NAME/log`.
struct CapturedQuery: Sendable {
    var group = ""
    var namespace = ""
    var plural = ""
    var name = ""
    var isLog = false
    var parameters: [String: String]

    init?(_ path: String, _ parameters: [String: String]) {
        self.parameters = parameters
        var parts = path.split(separator: "/").map(String.init)[...]
        switch parts.popFirst() {
        case "api": break
        case "apis":
            guard let group = parts.popFirst() else { return nil }
            self.group = group
        default: return nil
        }
        guard parts.popFirst() != nil else { return nil }
        if parts.count > 2, parts.first == "namespaces" {
            parts.removeFirst()
            namespace = parts.removeFirst()
        }
        guard let plural = parts.popFirst() else { return nil }
        self.plural = plural
        name = parts.popFirst() ?? ""
        isLog = plural == "pods" && parts.first == "log"
        guard parts.isEmpty || isLog else { return nil }
    }

    var selectors: ObjectSelectors {
        get throws(Unknown) {
            try ObjectSelectors(
                labels: parameters["labelSelector"] ?? "", fields: parameters["fieldSelector"] ?? "")
        }
    }
}

extension ServerAccess {
    /// What a capture answers in the place of a cluster.
    init(capture: String) {
        self.init(
            url: "https://\(CaptureEffects.host):443", host: CaptureEffects.host, port: 443, isTLS: true,
            tls: TLSOptions(), proxy: nil, credential: .none, extraHeaders: [])
        shownName = "[\(capture)] "
    }
}

private func percentDecoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
            bytes.append(code)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
