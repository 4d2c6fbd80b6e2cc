/// The parts of a URL that say where to connect; nothing is decoded but the user's name and password.
struct Address: Sendable, Hashable {
    var scheme: String
    var user: String?
    var password: String?
    /// Without the brackets of an IPv6 address.
    var host: String
    var port: Int?
    /// From the first `/` on.
    var rest: String

    init?(url: String) {
        guard let colon = url.firstRange(of: "://"), colon.lowerBound > url.startIndex else { return nil }
        scheme = url[..<colon.lowerBound].lowercased()
        let afterScheme = url[colon.upperBound...]
        let end = afterScheme.firstIndex { "/?#".contains($0) } ?? afterScheme.endIndex
        rest = String(afterScheme[end...])
        var authority = afterScheme[..<end]
        if let at = authority.lastIndex(of: "@") {
            let credentials = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = decoded(credentials[0])
            password = credentials.count > 1 ? decoded(credentials[1]) : nil
            authority = authority[authority.index(after: at)...]
        }
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            authority = authority[authority.index(after: bracket)...]
            guard authority.isEmpty || authority.hasPrefix(":") else { return nil }
        } else {
            let name = authority.prefix { $0 != ":" }
            host = String(name)
            authority = authority[name.endIndex...]
        }
        guard !host.isEmpty else { return nil }
        guard authority.count > 1 else { return }
        guard let number = Int(authority.dropFirst()), (1...65535).contains(number) else { return nil }
        port = number
    }

    /// `host`, `host:port`, `[::1]:port`.
    var authority: String { port.map { "\(bracketed(host)):\($0)" } ?? bracketed(host) }

    /// The place that it leads to, however it is written.
    var key: String { "\(host.lowercased()) \(port ?? (scheme == "https" ? 443 : 80))" }

    /// The same place under another name; without user and password.
    func url(withHost name: String) -> String {
        "\(scheme)://\(bracketed(name))\(port.map { ":\($0)" } ?? "")\(rest)"
    }
}

/// IPv6 addresses stand in brackets.
func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

/// Percent-decoded; as it stands where it is not properly encoded.
private func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
