internal import CEL
internal import Facts

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension ServerAccess {
    /// A request as kubectl would send it: with the credentials that this access holds, and none where it holds none.
    func request(_ path: String, deadlineSeconds: Double = 10, bodyLimit: Int = 64 << 20) -> HTTPRequest {
        var headers = extraHeaders
        headers.append(("Accept", accept))
        headers.append(("Accept-Encoding", "gzip"))
        headers.append(("User-Agent", "triage"))
        switch credential {
        case .none, .clientCertificate: break
        case .bearer(let token): headers.append(("Authorization", "Bearer \(token)"))
        case .basic(let user, let password):
            let pair = Data("\(user):\(password)".utf8).base64EncodedString()
            headers.append(("Authorization", "Basic \(pair)"))
        }
        return HTTPRequest(
            url: url + path, headers: headers, tls: tls, proxy: proxy?.url, deadlineSeconds: deadlineSeconds,
            bodyLimit: bodyLimit)
    }

    /// A look at who answers: nobody's credentials, any certificate.
    func probe(
        _ path: String, port: Int? = nil, isTLS: Bool? = nil, usesProxy: Bool = true, deadlineSeconds: Double = 5
    ) -> HTTPRequest {
        var options = tls
        options.certificateChainPEM = nil
        options.privateKeyPEM = nil
        options.skipsVerification = true
        let scheme = (isTLS ?? self.isTLS) ? "https" : "http"
        let prefix = Address(url: url)?.rest ?? ""
        return HTTPRequest(
            url: "\(scheme)://\(bracketed(host)):\(port ?? self.port)\(prefix)\(path)",
            headers: [("Accept", "application/json"), ("User-Agent", "triage")], tls: options,
            proxy: usesProxy ? proxy?.url : nil, deadlineSeconds: deadlineSeconds, bodyLimit: 1 << 20)
    }

    /// Without user and password, as far as a URL carries them.
    var shownURL: String { shownName ?? withoutCredentials(url) }
}

/// The URL without a user and a password.
func withoutCredentials(_ url: String) -> String {
    guard let address = Address(url: url), address.user != nil else { return url }
    return address.url(withHost: address.host)
}
