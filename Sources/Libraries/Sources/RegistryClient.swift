internal import CEL
internal import FoundationEssentials

/// The parts of a registry's API (OCI distribution-spec 1.1) that an artifact needs.
struct RegistryClient {
    /// `registry.example:5000`.
    let host: String
    let repository: String
    let environment: [String: String]
    private var authorization: String?

    init(host: String, repository: String, environment: [String: String]) {
        self.host = host
        self.repository = repository
        self.environment = environment
    }

    private var base: String {
        let isLoopback = Web.isLoopback("http://\(host)/")
        return "\(isLoopback ? "http" : "https")://\(host)"
    }

    /// - Parameter path: behind `/v2/<repository>/`, or a whole URL of an upload.
    mutating func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) async throws(LibraryError) -> Web.Response {
        var url = path.hasPrefix("/") ? base + path : path.contains("://") ? path : "\(base)/v2/\(repository)/\(path)"
        var hasAsked = false
        for _ in 0..<5 {
            // What was given to this registry goes to no other.
            let isOurs = url.hasPrefix(base + "/")
            var all = headers
            if isOurs, let authorization { all.append(("Authorization", authorization)) }
            let response = try await Web.send(
                Web.Request(method: method, url: url, headers: all, body: body), environment: environment)
            // A token to pull is none to push: each request may ask once for what it needs.
            if response.status == 401, isOurs, !hasAsked {
                hasAsked = true
                authorization = try await authorize(response.header("www-authenticate") ?? "")
                continue
            }
            if method == "GET", [301, 302, 303, 307, 308].contains(response.status),
                let location = response.header("location")
            {
                url = location.hasPrefix("/") ? base + location : location
                continue
            }
            if response.status == 401 || response.status == 403 {
                throw LibraryError(
                    .unauthorized, "\(host) refuses \(method) of \(repository)",
                    hint: "'docker login \(host)' keeps a login")
            }
            return response
        }
        throw LibraryError(.unreachable, "\(host) sends requests from one place to the next")
    }

    // MARK: Blobs and manifests

    mutating func blob(_ digest: String) async throws(LibraryError) -> [UInt8] {
        let response = try await send("GET", "blobs/\(digest)")
        guard response.status == 200 else {
            throw LibraryError(.notFound, "\(host)/\(repository) has no blob \(digest): it answered \(response.status)")
        }
        guard "sha256:" + sha256(response.body) == digest else {
            throw LibraryError(.digestMismatch, "the blob that \(host) sent is not \(digest)")
        }
        return response.body
    }

    mutating func manifest(_ reference: String) async throws(LibraryError) -> (digest: String, document: Value)? {
        let types = [OCI.manifest, OCI.index].joined(separator: ", ")
        let response = try await send("GET", "manifests/\(reference)", headers: [("Accept", types)])
        if response.status == 404 { return nil }
        guard response.status == 200 else {
            throw LibraryError(.unreachable, "\(host)/\(repository):\(reference) was answered with \(response.status)")
        }
        let digest = "sha256:" + sha256(response.body)
        guard !reference.hasPrefix("sha256:") || reference == digest else {
            throw LibraryError(.digestMismatch, "the manifest that \(host) sent is not \(reference)")
        }
        return (digest, try OCI.read(response.body))
    }

    /// Page by page, as the registry divides them.
    mutating func tags() async throws(LibraryError) -> [String] {
        var tags: [String] = []
        var next: String? = "tags/list?n=1000"
        var pages = 0
        while let page = next, pages < 50 {
            let response = try await send("GET", page)
            guard response.status == 200 else {
                throw LibraryError(.notFound, "\(host)/\(repository) tells no tags: it answered \(response.status)")
            }
            tags += try OCI.read(response.body)["tags"]?.elements.compactMap(\.text) ?? []
            // `</v2/acme/tags/list?n=1000&last=1.0.0>; rel="next"`
            next = response.header("link").flatMap { link in
                link.firstMatch(of: #/<([^>]+)>;\s*rel="?next"?/#).map { String($0.1) }
            }
            // What other hosts say is no tag of this one's.
            if let next, !next.hasPrefix("/"), !next.hasPrefix(base + "/"), next.contains("://") {
                throw LibraryError(
                    .unreachable, "\(host)/\(repository) tells its tags elsewhere, at \(printable(next))")
            }
            pages += 1
        }
        return tags
    }

    mutating func push(blob bytes: [UInt8]) async throws(LibraryError) {
        let digest = "sha256:" + sha256(bytes)
        if try await send("HEAD", "blobs/\(digest)").status == 200 { return }
        let start = try await send("POST", "blobs/uploads/", body: [])
        guard start.status == 202, let location = start.header("location") else {
            throw LibraryError(.unreachable, "\(host) takes no upload: it answered \(start.status)")
        }
        let target = location + (location.contains("?") ? "&" : "?") + "digest=" + digest
        let end = try await send(
            "PUT", target, headers: [("Content-Type", "application/octet-stream")], body: bytes)
        guard end.status == 201 else {
            throw LibraryError(.unreachable, "\(host) did not keep a blob: it answered \(end.status)")
        }
    }

    /// - Returns: whether the registry says that it keeps track of the manifest's subject.
    @discardableResult
    mutating func push(
        manifest bytes: [UInt8], as reference: String, type: String = OCI.manifest
    ) async throws(LibraryError) -> Bool {
        let response = try await send("PUT", "manifests/\(reference)", headers: [("Content-Type", type)], body: bytes)
        guard response.status == 201 else {
            throw LibraryError(.unreachable, "\(host) did not keep a manifest: it answered \(response.status)")
        }
        return response.header("oci-subject") != nil
    }

    // MARK: Logins

    private func authorize(_ challenge: String) async throws(LibraryError) -> String {
        let login = try await DockerLogin(environment: environment).basic(for: host)
        if challenge.lowercased().hasPrefix("basic") {
            guard let login else {
                throw LibraryError(.unauthorized, "\(host) wants a login", hint: "'docker login \(host)' keeps one")
            }
            return "Basic \(login)"
        }
        let fields = Self.fields(of: challenge)
        guard challenge.lowercased().hasPrefix("bearer"), let realm = fields["realm"] else {
            throw LibraryError(.unauthorized, "\(host) wants a login of an unknown kind")
        }
        let query = ["service", "scope"].compactMap { name in fields[name].map { "\(name)=\($0)" } }
        let response = try await Web.send(
            Web.Request(
                url: realm + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
                headers: login.map { [("Authorization", "Basic \($0)")] } ?? []), environment: environment)
        guard response.status == 200, let document = try? OCI.read(response.body),
            let token = (document["token"] ?? document["access_token"])?.text
        else {
            throw LibraryError(
                .unauthorized, "\(host) gave no token: \(realm) answered \(response.status)",
                hint: "'docker login \(host)' keeps a login")
        }
        return "Bearer \(token)"
    }

    /// `Bearer realm="…",service="…"`.
    private static func fields(of challenge: String) -> [String: String] {
        var fields: [String: String] = [:]
        for match in challenge.matches(of: #/([a-zA-Z_]+)="([^"]*)"/#) {
            fields[match.1.lowercased()] = String(match.2)
        }
        return fields
    }
}

/// Logins where docker keeps them: its configuration and credential helpers.
private struct DockerLogin {
    let environment: [String: String]

    /// `user:password` in base64.
    func basic(for host: String) async throws(LibraryError) -> String? {
        let folder = environment["DOCKER_CONFIG"] ?? (environment["HOME"].map { $0 + "/.docker" } ?? "")
        guard !folder.isEmpty, let bytes = try Disk.contentsIfPresent(of: folder + "/config.json", limit: 1 << 20)
        else {
            return nil
        }
        let configuration = try OCI.read(bytes)
        let keys = [host, "https://\(host)", "https://\(host)/v1/", "https://\(host)/v2/"]
        let helper = configuration["credHelpers"]?[host]?.text ?? configuration["credsStore"]?.text
        if let helper, let login = try await ask(helper, for: host) { return login }
        return keys.lazy.compactMap { configuration["auths"]?[$0]?["auth"]?.text }.first { !$0.isEmpty }
    }

    private func ask(_ helper: String, for host: String) async throws(LibraryError) -> String? {
        guard
            helper.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- 48 < 10 }
            )
        else { throw LibraryError(.unauthorized, "the credential helper '\(printable(helper))' has no plain name") }
        let output = try await Programs.run(
            "docker-credential-\(helper)", ["get"], input: Array(host.utf8), environment: environment, seconds: 30)
        guard output.exitCode == 0, let document = try? OCI.read(output.output), let user = document["Username"]?.text,
            let secret = document["Secret"]?.text
        else { return nil }
        return Data("\(user):\(secret)".utf8).base64EncodedString()
    }
}

/// Media types and documents.
enum OCI {
    static let manifest = "application/vnd.oci.image.manifest.v1+json"
    static let index = "application/vnd.oci.image.index.v1+json"
    static let empty = "application/vnd.oci.empty.v1+json"
    static let imageConfiguration = "application/vnd.oci.image.config.v1+json"
    static let imageLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
    static let library = "application/vnd.triage.library.v1"
    static let configuration = "application/vnd.triage.library.config.v1+json"
    static let content = "application/vnd.triage.library.content.v1.tar+gzip"
    static let signature = "application/vnd.triage.signature.v1"
    static let sshSignature = "application/vnd.triage.signature.ssh"
    static let minisignSignature = "application/vnd.triage.signature.minisign"

    static func read(_ bytes: [UInt8]) throws(LibraryError) -> Value {
        do throws(JSONError) {
            return try Value.parseJSON(bytes, limits: JSONLimits(depth: 32, bytes: 4 << 20))
        } catch {
            throw LibraryError(.unreachable, "the answer is not JSON: \(error)")
        }
    }

    static func write(_ value: Value) -> [UInt8] { (try? JSONWriter.canonical.bytes(value)) ?? [] }

    static func descriptor(_ type: String, _ bytes: [UInt8], artifactType: String? = nil) -> Value {
        var fields: [String: Value] = [
            "mediaType": .string(type), "digest": .string("sha256:" + sha256(bytes)), "size": .int(Int64(bytes.count)),
        ]
        if let artifactType { fields["artifactType"] = .string(artifactType) }
        return .map(Map(fields))
    }

    static func manifest(
        artifactType: String? = nil, configuration: Value, layer: Value, subject: Value? = nil,
        annotations: [String: String] = [:]
    ) -> [UInt8] {
        var fields: [String: Value] = [
            "schemaVersion": .int(2), "mediaType": .string(manifest), "config": configuration,
            "layers": .list([layer]),
        ]
        if let artifactType { fields["artifactType"] = .string(artifactType) }
        if let subject { fields["subject"] = subject }
        if !annotations.isEmpty { fields["annotations"] = .map(Map(annotations.mapValues { .string($0) })) }
        return write(.map(Map(fields)))
    }
}

extension Value {
    subscript(key: String) -> Value? { if case .map(let map) = self { map[key] } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    /// A map with one field more.
    func adding(_ key: String, _ value: Value) -> Value {
        guard case .map(let map) = self else { return self }
        var fields = Dictionary(
            map.entries.compactMap { entry in
                if case .string(let name) = entry.key { (name, entry.value) } else { nil }
            }, uniquingKeysWith: { first, _ in first })
        fields[key] = value
        return .map(Map(fields))
    }
    var elements: [Value] { if case .list(let list) = self { list.elements } else { [] } }
}
