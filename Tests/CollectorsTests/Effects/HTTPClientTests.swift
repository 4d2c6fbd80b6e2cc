import Facts
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Collectors

/// A real server that speaks HTTP/2 and packs its answers.
@Suite(.enabled(if: LocalNginx.program != nil, "nginx is not installed"))
struct NginxTests {
    private static let pods = Data(
        (#"{"items":["# + (0..<2000).map { #"{"metadata":{"name":"pod-\#($0)"}}"# }.joined(separator: ",") + "]}").utf8)

    @Test func `HTTP/2 is spoken, and a packed answer is unpacked`() async throws {
        let authority = try TestAuthority()
        try await withNginx(try authority.issue("server"), files: ["pods.json": Self.pods]) { nginx in
            var access = ServerAccess(nginx.url, credential: .bearer("t"))
            access.tls.authoritiesPEM = authority.certificatePEM
            for _ in 0..<3 {
                let response = try await world.send(access.request("/pods.json", deadlineSeconds: 300))
                #expect(response.status == 200)
                #expect(response.body.elementsEqual(Self.pods))
            }
            #expect(nginx.served == ["HTTP/2.0 gzip", "HTTP/2.0 gzip", "HTTP/2.0 gzip"])
        }
    }

    @Test func `what unpacks to more than the limit is truncated`() async throws {
        let authority = try TestAuthority()
        let bomb = Data(repeating: UInt8(ascii: " "), count: 32 << 20)
        try await withNginx(try authority.issue("server"), files: ["bomb.json": bomb]) { nginx in
            var access = ServerAccess(nginx.url, credential: .bearer("t"))
            access.tls.authoritiesPEM = authority.certificatePEM
            #expect(
                await reason {
                    _ = try await world.send(
                        access.request("/bomb.json", deadlineSeconds: 300, bodyLimit: 1 << 20))
                } == .truncated)
        }
    }

    @Test func `connections are used again, though each request has its own deadline`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("server").serverTLS) { _ in
            .init(200)
        } body: { server in
            for seconds in [100.0, 200, 300] {
                let options = TLSOptions(authoritiesPEM: authority.certificatePEM)
                _ = try await world.send(HTTPRequest(url: server.url, tls: options, deadlineSeconds: seconds))
            }
            #expect(server.requests.count == 3)
            #expect(server.connectionCount == 1)
        }
    }
}

@Suite struct KeptConnectionTests {
    @Test func `a connection that was closed while it was kept is no failure`() async throws {
        let count = Mutex(0)
        try await withLoopbackServer { _ in
            let number = count.withLock { number in
                number += 1
                return number
            }
            return number == 2 ? .init(200, fault: .gone) : .init(200, "ok")
        } body: { server in
            let effects = SystemEffects(environment: [:])
            for _ in 0..<2 {
                let answer = try await effects.send(HTTPRequest(url: server.url, deadlineSeconds: 300))
                #expect(String(decoding: answer.body, as: UTF8.self) == "ok")
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test func `a server that never answers is asked twice, not for ever`() async throws {
        try await withLoopbackServer { _ in
            .init(200, fault: .gone)
        } body: { server in
            #expect(
                await reason { _ = try await world.send(HTTPRequest(url: server.url, deadlineSeconds: 300)) }
                    == .unreachable)
            #expect(server.requests.count == 2)
        }
    }
}

@Suite struct IdleLimitTests {
    @Test(arguments: [LoopbackServer.Fault.stall, .silent])
    func `an answer that stops coming is given up`(fault: LoopbackServer.Fault) async throws {
        try await withLoopbackServer { _ in
            .init(200, "half and half", fault: fault)
        } body: { server in
            let clock = ManualClock()
            let effects = SystemEffects(environment: [:], clock: clock)
            let request = HTTPRequest(url: server.url, deadlineSeconds: 3600)
            let (why, duration) = await clock.run(stepping: .seconds(1)) {
                await reason { _ = try await effects.send(request) }
            }
            #expect(why == .timedOut)
            #expect(duration >= .seconds(30))
        }
    }

    @Test func `what goes on coming may take as long as it likes`() async throws {
        let clock = ManualClock()
        // It sleeps short of the limit each time, and fifty times of it in all; the other one that sleeps looks.
        let (count, duration) = await clock.run(stepping: .seconds(5), whenever: 2) {
            try? await withIdleLimit(.seconds(30), on: clock, what: "it") { progress in
                for _ in 0..<100 {
                    progress.note(1)
                    try await clock.sleep(for: .seconds(15))
                }
                return progress.count
            }
        }
        #expect(count == 100)
        #expect(duration == .seconds(1500))
    }

    @Test func `what came counts, and the limit begins anew with each piece`() async throws {
        let clock = ManualClock()
        let (error, duration) = await clock.run(stepping: .seconds(5), whenever: 2) { () async -> Unknown? in
            do {
                try await withIdleLimit(.seconds(30), on: clock, what: "it") { progress in
                    progress.note(3)
                    try await clock.sleep(for: .seconds(20))
                    progress.note(4)
                    try await clock.sleep(for: .seconds(3600))
                }
                return nil
            } catch {
                return error as? Unknown
            }
        }
        #expect(error?.reason == .timedOut)
        #expect(error?.detail == "it stopped coming after 7 bytes")
        // Looked at every five seconds.
        #expect((Duration.seconds(50)...Duration.seconds(60)).contains(duration))
    }
}

@Suite struct ProxyTests {
    @Test func `a proxy that is spoken to by TLS is not asked, and what could not be had says why`() async throws {
        let proxy = "https://jane:s3cr3t@proxy.example:3128"
        do throws(Unknown) {
            _ = try await world.send(HTTPRequest(url: "https://10.1.2.3:6443/", proxy: proxy))
            Issue.record("nobody answers there")
        } catch {
            #expect(error.reason == .notApplicable)
            #expect(error.detail.contains("https://proxy.example:3128"), "\(error.detail)")
            #expect(!error.detail.contains("s3cr3t"))
            #expect(error.hint.contains("NO_PROXY"))
        }
    }

    /// The server's certificate names 10.1.2.3, which only the proxy leads to.
    @Test func `a server that is named by its address is verified as such behind a proxy`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver", names: ["10.1.2.3"]).serverTLS) { _ in
            .init(200, "ok")
        } body: { server in
            try await withTunnelProxy(to: server.port) { proxy in
                let options = TLSOptions(authoritiesPEM: authority.certificatePEM)
                let answer = try await world.send(
                    HTTPRequest(url: "https://10.1.2.3:6443/version", tls: options, proxy: proxy.url))
                #expect(answer.status == 200)
                #expect(proxy.targets == ["10.1.2.3:6443"])
            }
        }
    }

    /// The library alone would compare the certificate with the address of the proxy, which is 127.0.0.1.
    @Test func `a certificate for the proxy's own address is refused before anything is sent`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("elsewhere", names: ["127.0.0.1"]).serverTLS) { _ in
            .init(200)
        } body: { server in
            try await withTunnelProxy(to: server.port) { proxy in
                var request = HTTPRequest(
                    url: "https://10.1.2.3:6443/", headers: [("Authorization", "Bearer s3cr3t")],
                    tls: TLSOptions(authoritiesPEM: authority.certificatePEM), proxy: proxy.url)
                do throws(Unknown) {
                    _ = try await world.send(request)
                    Issue.record("the certificate does not name 10.1.2.3")
                } catch {
                    #expect(error.reason == .unreachable)
                    #expect(error.detail.contains("not valid for 10.1.2.3"), "\(error.detail)")
                }
                #expect(server.requests.isEmpty)
                request.tls.skipsVerification = true
                let answer = try await world.send(request)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `an authority that is not given is refused behind a proxy as well`() async throws {
        let identity = try TestAuthority().issue("kube-apiserver", names: ["10.1.2.3"])
        let other = try TestAuthority()
        try await withLoopbackServer(tls: identity.serverTLS) { _ in
            .init(200)
        } body: { server in
            try await withTunnelProxy(to: server.port) { proxy in
                let options = TLSOptions(authoritiesPEM: other.certificatePEM)
                #expect(
                    await reason {
                        _ = try await world.send(
                            HTTPRequest(url: "https://10.1.2.3:6443/", tls: options, proxy: proxy.url))
                    } == .unreachable)
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test func `names and tls-server-name work through a proxy`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("api", names: ["api.example"]).serverTLS) { request in
            .init(200, request.header("Host") ?? "")
        } body: { server in
            try await withTunnelProxy(to: server.port) { proxy in
                for (host, name) in [
                    ("api.example", nil), ("10.1.2.3", "api.example"), ("other.example", "api.example"),
                ] {
                    let options = TLSOptions(authoritiesPEM: authority.certificatePEM, serverName: name)
                    let answer = try await world.send(
                        HTTPRequest(url: "https://\(host):6443/", tls: options, proxy: proxy.url))
                    #expect(String(decoding: answer.body, as: UTF8.self) == "\(host):6443")
                }
                #expect(proxy.targets == ["api.example:6443", "10.1.2.3:6443", "other.example:6443"])
            }
        }
    }

    @Test func `a SOCKS proxy is told the name, and the server behind it is verified`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("api", names: ["api.example"]).serverTLS) { _ in
            .init(200, "ok")
        } body: { server in
            try await withSocksProxy(to: server.port) { proxy in
                let options = TLSOptions(authoritiesPEM: authority.certificatePEM)
                let answer = try await world.send(
                    HTTPRequest(url: "https://api.example:6443/", tls: options, proxy: proxy.url))
                #expect(answer.status == 200)
                #expect(
                    await reason {
                        _ = try await world.send(
                            HTTPRequest(url: "https://other.example:6443/", tls: options, proxy: proxy.url))
                    } == .unreachable)
                #expect(proxy.targets == ["api.example:6443", "other.example:6443"])
                let withPassword = proxy.url.replacing("socks5://", with: "socks5://jane:pw@")
                #expect(
                    await reason {
                        _ = try await world.send(
                            HTTPRequest(url: "https://api.example:6443/", tls: options, proxy: withPassword))
                    } == .notApplicable)
            }
        }
    }

    @Test func `a tls-server-name that is an address is what the certificate must name`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("api", names: ["10.9.9.9"]).serverTLS) { _ in
            .init(200)
        } body: { server in
            for (name, expected) in [("10.9.9.9", nil), ("10.9.9.8", Unknown.Reason.unreachable)] {
                let options = TLSOptions(authoritiesPEM: authority.certificatePEM, serverName: name)
                #expect(
                    await reason { _ = try await world.send(HTTPRequest(url: server.url, tls: options)) } == expected)
            }
        }
    }
}

@Suite struct HostLimitsTests {
    @Test func `never more than the limit at once, and everybody's turn comes`() async throws {
        let limits = HostLimits(3)
        let running = Running()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    guard (try? await limits.enter("h 1", withinSeconds: 3600)) != nil else { return }
                    running.begin()
                    for _ in 0..<20 { await Task.yield() }
                    running.end()
                    limits.leave("h 1")
                }
            }
        }
        #expect(running.done == 60)
        #expect((2...3).contains(running.most))
    }

    /// How many were under way at once.
    private final class Running: Sendable {
        private let counts = Mutex((now: 0, most: 0, done: 0))
        var most: Int { counts.withLock { $0.most } }
        var done: Int { counts.withLock { $0.done } }

        func begin() {
            counts.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
        }

        func end() {
            counts.withLock {
                $0.now -= 1
                $0.done += 1
            }
        }
    }

    @Test func `one host's limit is not another's`() async throws {
        let limits = HostLimits(1)
        try await limits.enter("a 1", withinSeconds: 1)
        try await limits.enter("b 1", withinSeconds: 1)
        #expect(await reason { try await limits.enter("a 1", withinSeconds: 0.01) } == .timedOut)
        limits.leave("a 1")
        try await limits.enter("a 1", withinSeconds: 1)
    }

    @Test func `who gives up takes nobody's turn`() async throws {
        let limits = HostLimits(1)
        try await limits.enter("a 1", withinSeconds: 1)
        let waiting = (0..<10).map { _ in
            Task { () -> Bool in (try? await limits.enter("a 1", withinSeconds: 3600)) != nil }
        }
        for task in waiting { task.cancel() }
        for task in waiting { #expect(await task.value == false) }
        limits.leave("a 1")
        try await limits.enter("a 1", withinSeconds: 1)
        #expect(await reason { try await limits.enter("a 1", withinSeconds: 0.01) } == .timedOut)
    }

    @Test func `a request waits for the one before it, and the server never sees two`() async throws {
        try await withLoopbackServer { _ in
            .init(200, fault: .silent)
        } body: { server in
            let narrow = SystemEffects(environment: [:], perHost: 1)
            let first = Task { try await narrow.send(HTTPRequest(url: server.url, deadlineSeconds: 3600)) }
            while server.requests.isEmpty { await Task.yield() }
            do throws(Unknown) {
                _ = try await narrow.send(HTTPRequest(url: server.url, deadlineSeconds: 0.1))
                Issue.record("the first is still under way")
            } catch {
                #expect(error.reason == .timedOut)
                #expect(error.detail.contains("other requests"), "\(error.detail)")
            }
            first.cancel()
            _ = await first.result
            #expect(server.requests.count == 1)
        }
    }
}
