/// A `tar.gz` behind an https URL.
struct ArchiveSource {
    let reference: LibraryReference

    init(_ reference: LibraryReference) { self.reference = reference }

    private static let mostRedirects = 3

    func fetch(environment: [String: String]) async throws(LibraryError) -> FetchedTree {
        let body = try await download(environment: environment)
        let digest = sha256(body)
        if let wanted = reference.parameters["sha256"], wanted != digest {
            throw LibraryError(.digestMismatch, "\(reference.location) has the SHA-256 \(digest), not \(wanted)")
        }
        let tree = try Tar.unpacked(body).subfolder(reference.parameters["path"] ?? "")
        return FetchedTree(tree: try tree.withoutSingleFolder(), transport: "sha256:" + digest)
    }

    /// The file that is there, whatever it is.
    func download(environment: [String: String]) async throws(LibraryError) -> [UInt8] {
        var url = reference.location
        for _ in 0...Self.mostRedirects {
            let response = try await Web.send(Web.Request(url: url), environment: environment)
            if [301, 302, 303, 307, 308].contains(response.status) {
                url = try redirect(response.header("location"), from: url)
                continue
            }
            return try read(response, url)
        }
        throw LibraryError(.unreachable, "\(reference.location) redirects more than \(Self.mostRedirects) times")
    }

    private func redirect(_ location: String?, from url: String) throws(LibraryError) -> String {
        guard let location, let slashes = url.firstRange(of: "://") else {
            throw LibraryError(.unreachable, "\(url) redirects to nowhere")
        }
        if location.hasPrefix("/"), !location.hasPrefix("//") {
            let authority = url[slashes.upperBound...].prefix { $0 != "/" }
            return url[..<slashes.upperBound] + authority + location
        }
        guard location.hasPrefix("https://") || url.hasPrefix("http://") && Web.isLoopback(location) else {
            throw LibraryError(.unreachable, "\(url) redirects away from https")
        }
        return location
    }

    private func read(_ response: Web.Response, _ url: String) throws(LibraryError) -> [UInt8] {
        guard response.status == 200 else {
            let code: LibraryError.Code =
                switch response.status {
                case 401, 403: .unauthorized
                case 404, 410: .notFound
                default: .unreachable
                }
            throw LibraryError(code, "\(url) answered \(response.status)")
        }
        // A login page is not a damaged archive.
        if response.header("content-type")?.lowercased().hasPrefix("text/html") == true {
            throw LibraryError(.unauthorized, "\(url) answered with a web page: does it want a login?")
        }
        return response.body
    }
}
