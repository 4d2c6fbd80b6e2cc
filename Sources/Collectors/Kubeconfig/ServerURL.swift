/// A kubeconfig's `server`, read as Go's `net/url` and `rest.DefaultServerURL` read it.
struct ServerURL: Sendable, Hashable {
    enum Problem: String, Sendable, CaseIterable {
        case none, missing, noScheme, unknownScheme, noHost, invalidPort, whitespace, malformed
    }

    var problem = Problem.none
    var scheme = ""
    var host = ""
    var port: Int?
    /// With its leading slash, without a trailing one; empty for the root.
    var path = ""
    /// As written, without a password.
    var shown = ""

    /// - Parameter usesTLS: what a server without a scheme is taken for (`rest.DefaultServerURL`'s `defaultTLS`).
    init(_ text: String, usesTLS: Bool) {
        shown = text
        guard !text.isEmpty else {
            problem = .missing
            return
        }
        let hasSpace = text.unicodeScalars.contains {
            $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F
        }
        var rest = text[...]
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
            problem = ["https", "http"].contains(scheme) ? .none : scheme.isEmpty ? .malformed : .unknownScheme
        } else {
            scheme = usesTLS ? "https" : "http"
            problem = .noScheme
        }
        read(rest)
        if hasSpace { problem = .whitespace }
    }

    private mutating func read(_ text: Substring) {
        let end = text.firstIndex { "/?#".contains($0) } ?? text.endIndex
        var authority = text[..<end]
        path = String(text[end...].prefix { $0 != "?" && $0 != "#" })
        while path.hasSuffix("/") { path.removeLast() }
        if let at = authority.lastIndex(of: "@") {
            shown = "\(scheme)://…@\(authority[authority.index(after: at)...])\(path)"
            authority = authority[authority.index(after: at)...]
        }
        // `http//host`: the scheme lost its colon.
        if problem == .noScheme, !path.isEmpty { problem = .malformed }
        readHostAndPort(authority)
        // `https://https://host`
        if path.hasPrefix("//"), ["http", "https"].contains(host.lowercased()) { problem = .malformed }
    }

    private mutating func readHostAndPort(_ authority: Substring) {
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else {
                problem = .malformed
                return
            }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            let rest = authority[authority.index(after: close)...]
            portText = rest.hasPrefix(":") ? rest.dropFirst() : nil
            if !rest.isEmpty && portText == nil || IPAddress(host) == nil { problem = .malformed }
        } else if let colon = authority.firstIndex(of: ":") {
            host = String(authority[..<colon])
            portText = authority[authority.index(after: colon)...]
        } else {
            host = String(authority)
        }
        if let portText, !portText.isEmpty {
            port = portText.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(portText) : nil
            if port.map({ !(1...65_535).contains($0) }) ?? true {
                port = nil
                if problem == .none || problem == .noScheme { problem = .invalidPort }
            }
        }
        if port == nil, problem == .none || problem == .noScheme { port = scheme == "http" ? 80 : 443 }
        if host.isEmpty, problem == .none || problem == .noScheme { problem = .noHost }
        let forbidden = host.contains { " <>\"\\^`{}|%$".contains($0) }
        if forbidden, problem == .none || problem == .noScheme { problem = .malformed }
    }

    var isUsable: Bool { problem == .none || problem == .noScheme }
    var isTLS: Bool { scheme == "https" }
    var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        return host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (IPAddress(host)?.isLoopback ?? false)
    }

    /// `scheme://host:port/path`.
    var text: String {
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(shownHost):\(port ?? (isTLS ? 443 : 80))\(path)"
    }
}

/// An IP address as bytes, for loopback and NO_PROXY.
struct IPAddress: Sendable, Hashable {
    var bytes: [UInt8]

    init?(_ text: some StringProtocol) {
        // Without an IPv6 zone such as `%eth0`.
        guard let bytes = addressBytes(String(text.prefix { $0 != "%" })) else { return nil }
        // As Go: an IPv4 address mapped into IPv6 is the IPv4 address.
        let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
        self.bytes = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }

    var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == Array(repeating: 0, count: 15) + [1] }

    func isIn(_ network: IPAddress, prefix: Int) -> Bool {
        guard bytes.count == network.bytes.count else { return false }
        for (index, pair) in zip(bytes, network.bytes).enumerated() {
            let bits = min(max(prefix - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            if pair.0 & mask != pair.1 & mask { return false }
        }
        return true
    }
}

extension String {
    /// The parts between the separators, the empty ones too.
    func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
