import Testing

@testable import Collectors

@Suite struct `A server's URL` {
    @Test(arguments: [
        ("https://10.0.0.1:6443", "none", "10.0.0.1", 6443), ("https://h", "none", "h", 443),
        ("http://h", "none", "h", 80),
        ("https://[::1]:6443/k8s/clusters/c-1/", "none", "::1", 6443), ("10.0.0.1:6443", "noScheme", "10.0.0.1", 6443),
        ("htps://h:1", "unknownScheme", "h", 1), ("https//h:1", "malformed", "https", nil),
        ("https://h:99999", "invalidPort", "h", nil), ("https://h:x", "invalidPort", "h", nil),
        ("https://:6443", "noHost", "", 6443), (" https://h", "whitespace", "h", nil),
        ("https://h:6443 ", "whitespace", "h", nil), ("", "missing", "", nil), ("https://[::1", "malformed", "", nil),
        ("https://", "noHost", "", 443), ("://x", "malformed", "x", nil),
        ("https://<host>:6443", "malformed", "<host>", 6443), ("https://$HOST:6443", "malformed", "$HOST", 6443),
        ("https://https://h:6443", "malformed", "https", 443), ("https://[h]:6443", "malformed", "h", 6443),
    ])
    func `is read as Go reads it`(text: String, problem: String, host: String, port: Int?) {
        let url = ServerURL(text, usesTLS: true)
        #expect(url.problem.rawValue == problem)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test func `a password in it is not shown`() {
        let url = ServerURL("https://jo:hunter2@h:6443/x", usesTLS: true)
        #expect(url.shown == "https://…@h:6443/x")
        #expect(url.host == "h")
    }

    @Test(arguments: [
        ("localhost", true), ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("10.0.0.1", false),
        ("localhost.example", false), ("kubernetes.docker.internal", false),
    ])
    func `loopback is known`(host: String, isLoopback: Bool) { #expect(ServerURL.isLoopback(host) == isLoopback) }
}

@Suite struct `The proxy in force` {
    @Test(arguments: [
        ("", true), ("*", false), ("example.com", false), ("api.example.com", false), (".example.com", false),
        ("*.example.com", false), ("example.org", true), ("ample.com", true), ("api.example.com:6443", false),
        ("api.example.com:443", true), (" other , EXAMPLE.COM ", false), ("10.0.0.0/8", true),
    ])
    func `NO_PROXY follows Go's rules for names`(noProxy: String, usesProxy: Bool) {
        let result = ProxySettings.usesProxy(
            host: "api.example.com", port: 6443, environment: ["NO_PROXY": noProxy])
        #expect(result == usesProxy)
    }

    @Test(arguments: [
        ("10.1.2.3", "10.0.0.0/8", false), ("10.1.2.3", "10.1.2.3", false), ("10.1.2.3", "10.1.2.4", true),
        ("10.1.2.3", "10.1.2.3:6443", false), ("10.1.2.3", "10.1.2.3:1", true), ("fd00::1", "fd00::/8", false),
        ("fd00::1", "[fd00::1]:6443", false), ("127.0.0.1", "", false), ("localhost", "", false), ("::1", "", false),
        ("11.1.2.3", "10.0.0.0/7", false), ("12.1.2.3", "10.0.0.0/7", true), ("10.1.2.3", "10.0.0.0/99", true),
    ])
    func `NO_PROXY follows Go's rules for addresses`(host: String, noProxy: String, usesProxy: Bool) {
        #expect(ProxySettings.usesProxy(host: host, port: 6443, environment: ["no_proxy": noProxy]) == usesProxy)
    }

    @Test func `proxy-url wins, then the variable of the scheme`() {
        let server = ServerURL("https://api.example.com", usesTLS: true)
        let environment = ["HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "other:1", "https_proxy": "lower:1"]
        #expect(
            ProxySettings.proxy(for: server, proxyURL: "socks5://p:1", environment: environment)?.url == "socks5://p:1")
        let found = ProxySettings.proxy(for: server, proxyURL: "", environment: environment)
        #expect(found?.url == "http://proxy:3128")
        #expect(found?.source == "HTTPS_PROXY")
        #expect(ProxySettings.proxy(for: server, proxyURL: "", environment: [:]) == nil)
    }
}

@Suite struct `Paths as Go has them` {
    @Test(arguments: [
        ("/a/../b", "/b"), ("a/./b//c/", "a/b/c"), ("", "."), ("../x", "../x"), ("/..", "/"), ("a/..", "."),
        ("./x", "x"),
    ])
    func `are cleaned by their text`(path: String, expected: String) { #expect(GoPath.clean(path) == expected) }
}
