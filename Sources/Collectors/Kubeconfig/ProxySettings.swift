/// Which proxy is in force for a server, by Go's rules (`golang.org/x/net/http/httpproxy`).
enum ProxySettings {
    /// The proxy's URL and where it is set; `nil` where the connection is direct.
    static func proxy(
        for server: ServerURL, proxyURL: String, environment: [String: String]
    ) -> (url: String, source: String)? {
        if !proxyURL.isEmpty { return (proxyURL, "proxy-url of the kubeconfig") }
        let names = server.isTLS ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"]
        guard let name = names.first(where: { !(environment[$0] ?? "").isEmpty }), let value = environment[name],
            usesProxy(host: server.host, port: server.port ?? 443, environment: environment)
        else { return nil }
        return (value.contains("://") ? value : "http://" + value, name)
    }

    /// Whether NO_PROXY leaves this host to a proxy.
    ///
    /// Loopback never goes through one.
    static func usesProxy(host: String, port: Int, environment: [String: String]) -> Bool {
        let host = host.lowercased()
        let address = IPAddress(host)
        if host == "localhost" || address?.isLoopback ?? false { return false }
        let list = [environment["NO_PROXY"], environment["no_proxy"]].compactMap { $0 }.first { !$0.isEmpty } ?? ""
        for entry in list.split(separator: ",") {
            let entry = entry.trimmingPrefix(while: \.isWhitespace).lowercased()
                .reversed().drop { $0.isWhitespace }.reversed()
            if matches(String(entry), host: host, address: address, port: port) { return false }
        }
        return true
    }

    private static func matches(_ entry: String, host: String, address: IPAddress?, port: Int) -> Bool {
        if entry.isEmpty { return false }
        if entry == "*" { return true }
        if let (network, prefix) = network(entry) { return address?.isIn(network, prefix: prefix) ?? false }
        let (name, entryPort) = hostAndPort(entry)
        guard !name.isEmpty, entryPort == nil || entryPort == port else { return false }
        if let listed = IPAddress(name) { return listed == address }
        // `foo.com` means itself and what is below it, `.foo.com` and `*.foo.com` only what is below.
        if address != nil { return false }
        if name.hasPrefix("*.") { return host.hasSuffix(name.dropFirst()) }
        if name.hasPrefix(".") { return host.hasSuffix(name) }
        return host == name || host.hasSuffix("." + name)
    }

    private static func network(_ entry: String) -> (IPAddress, Int)? {
        let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), let prefix = Int(parts[1]),
            (0...address.bytes.count * 8).contains(prefix)
        else { return nil }
        return (address, prefix)
    }

    private static func hostAndPort(_ entry: String) -> (host: String, port: Int?) {
        if entry.hasPrefix("["), let close = entry.firstIndex(of: "]") {
            let host = String(entry[entry.index(after: entry.startIndex)..<close])
            return (host, Int(entry[entry.index(after: close)...].dropFirst()))
        }
        guard entry.filter({ $0 == ":" }).count == 1, let colon = entry.firstIndex(of: ":") else { return (entry, nil) }
        return (String(entry[..<colon]), Int(entry[entry.index(after: colon)...]) ?? 0)
    }
}
