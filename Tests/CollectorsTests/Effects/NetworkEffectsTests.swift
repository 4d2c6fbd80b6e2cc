import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

@Suite struct HTTPEffectsTests {
    @Test func `an answer comes back with status, headers and body`() async throws {
        try await withLoopbackServer { request in
            .init(401, "no \(request.header("X-Who") ?? "")", headers: [("Date", "today")])
        } body: { server in
            let response = try await world.send(
                HTTPRequest(url: "\(server.url)/api?x=1", headers: [("X-Who", "me")]))
            #expect(response.status == 401)
            #expect(response.header("date") == "today")
            #expect(String(decoding: response.body, as: UTF8.self) == "no me")
            #expect(server.requests.map(\.uri) == ["/api?x=1"])
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433"])
    func `where any host may be asked, a name that leads here is not`(host: String) async throws {
        try await withLoopbackServer { _ in
            .init(200)
        } body: { server in
            var request = HTTPRequest(url: "http://\(host):\(server.port)/")
            request.isFarOnly = true
            let far = request
            #expect(await reason { _ = try await world.send(far) } == .notAllowed)
            #expect(server.requests.isEmpty)
            request.isFarOnly = false
            let near = request
            if host == "2130706433" { return }
            let answer = try await world.send(near)
            #expect(answer.status == 200)
        }
    }

    @Test func `this machine's other addresses lead here too`() async throws {
        let own = ownAddresses()
        #expect(own.contains("127.0.0.1"))
        for address in own {
            var request = HTTPRequest(url: "http://\(bracketed(address)):9/")
            request.isFarOnly = true
            let far = request
            #expect(await reason { _ = try await world.send(far) } == .notAllowed, "\(address)")
        }
    }

    @Test func `the server is verified against the given authorities, and its name`() async throws {
        let authority = try TestAuthority()
        let other = try TestAuthority()
        let identity = try authority.issue("kube-apiserver")
        let elsewhere = try authority.issue("kube-apiserver", names: ["kubernetes.default"])
        try await withLoopbackServer(tls: identity.serverTLS) { _ in
            .init(200)
        } body: { server in
            let trusted = TLSOptions(authoritiesPEM: authority.certificatePEM)
            let answer1 = try await world.send(HTTPRequest(url: server.url, tls: trusted))
            #expect(answer1.status == 200)
            for options in [TLSOptions(authoritiesPEM: other.certificatePEM), TLSOptions()] {
                #expect(
                    await reason {
                        _ = try await world.send(HTTPRequest(url: server.url, tls: options))
                    } == .unreachable)
            }
            let careless = TLSOptions(authoritiesPEM: other.certificatePEM, skipsVerification: true)
            let answer2 = try await world.send(HTTPRequest(url: server.url, tls: careless))
            #expect(answer2.status == 200)
        }
        try await withLoopbackServer(tls: elsewhere.serverTLS) {
            .init(200, $0.header("Host") ?? "")
        } body: { server in
            let plain = TLSOptions(authoritiesPEM: authority.certificatePEM)
            #expect(
                await reason {
                    _ = try await world.send(HTTPRequest(url: server.url, tls: plain))
                } == .unreachable)
            let named = TLSOptions(authoritiesPEM: authority.certificatePEM, serverName: "kubernetes.default")
            let response = try await world.send(HTTPRequest(url: server.url, tls: named))
            #expect(String(decoding: response.body, as: UTF8.self) == "127.0.0.1:\(server.port)")
        }
    }

    @Test func `the client certificate is presented`() async throws {
        let authority = try TestAuthority()
        let client = try authority.issue("jane", names: [])
        try await withLoopbackServer(tls: try authority.issue("server").serverTLS) { request in
            .init(request.clientCertificateDER == client.certificateDER ? 200 : 401)
        } body: { server in
            let options = TLSOptions(
                authoritiesPEM: authority.certificatePEM, certificateChainPEM: client.certificatePEM,
                privateKeyPEM: client.keyPEM)
            let answer3 = try await world.send(HTTPRequest(url: server.url, tls: options))
            #expect(answer3.status == 200)
            let without = TLSOptions(authoritiesPEM: authority.certificatePEM)
            let answer4 = try await world.send(HTTPRequest(url: server.url, tls: without))
            #expect(answer4.status == 401)
        }
    }

    @Test(arguments: [
        (LoopbackServer.Fault.truncated, Unknown.Reason.truncated), (.resetMidBody, .truncated), (.stall, .timedOut),
        (.silent, .timedOut),
    ])
    func `a faulty answer has its reason, and nothing outlasts the deadline`(
        fault: LoopbackServer.Fault, expected: Unknown.Reason
    ) async throws {
        try await withLoopbackServer { _ in
            .init(200, "0123456789", fault: fault)
        } body: { server in
            #expect(
                await reason {
                    // Only what waits is to meet the deadline, however busy the machine is.
                    _ = try await world.send(
                        HTTPRequest(url: server.url, deadlineSeconds: expected == .timedOut ? 0.5 : 300))
                } == expected)
        }
    }

    @Test func `a body beyond the limit is truncated`() async throws {
        try await withLoopbackServer { _ in
            .init(200, "0123456789")
        } body: { server in
            let answer5 = try await world.send(HTTPRequest(url: server.url, bodyLimit: 10))
            #expect(answer5.body.count == 10)
            #expect(
                await reason {
                    _ = try await world.send(HTTPRequest(url: server.url, bodyLimit: 9))
                } == .truncated)
        }
    }

    @Test func `a redirect is not followed, so that no credential leaves the host`() async throws {
        try await withLoopbackServer { _ in
            .init(200)
        } body: { other in
            try await withLoopbackServer { _ in
                .init(302, headers: [("Location", other.url)])
            } body: { server in
                let request = HTTPRequest(url: server.url, headers: [("Authorization", "Bearer s3cr3t")])
                let answer6 = try await world.send(request)
                #expect(answer6.status == 302)
                #expect(other.requests.isEmpty)
            }
        }
    }

    @Test func `a refusal is unreachable, at once`() async throws {
        let port = try await unusedPort()
        do {
            _ = try await world.send(HTTPRequest(url: "http://127.0.0.1:\(port)/version?token=s3cr3t"))
            Issue.record("nothing listens there")
        } catch {
            #expect(error.reason == .unreachable)
            #expect(error.detail == "http://127.0.0.1:\(port)/version: refused")
        }
    }

    @Test func `only what reads is sent`() async {
        #expect(
            await reason {
                _ = try await world.send(HTTPRequest(method: "DELETE", url: "http://127.0.0.1:1/"))
            } == .notAllowed)
    }

    @Test(arguments: ["", "no url", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://[::1"])
    func `a URL that is none is refused without a connection`(url: String) async {
        #expect(await reason { _ = try await world.send(HTTPRequest(url: url)) } == .malformed)
    }

    @Test func `what goes through a proxy asks the proxy, with its password`() async throws {
        try await withLoopbackServer { _ in
            .init(407)
        } body: { proxy in
            _ = try? await world.send(
                HTTPRequest(url: "https://10.0.0.1/", proxy: "http://me:p%40ss@127.0.0.1:\(proxy.port)"))
            let asked = try #require(proxy.requests.first)
            #expect(asked.method == "CONNECT")
            #expect(asked.header("Proxy-Authorization") == "Basic \(Data("me:p@ss".utf8).base64EncodedString())")
        }
    }
}

@Suite struct ConnectionEffectsTests {
    @Test func `a port on which nothing listens refuses`() async throws {
        let report = await world.connect(ConnectionRequest(host: "127.0.0.1", port: try await unusedPort()))
        #expect(report.failedAt == .connecting("refused"))
        #expect(report.addresses == ["127.0.0.1"])
    }

    @Test func `a name that does not exist fails where it is resolved`() async {
        let report = await world.connect(ConnectionRequest(host: "no-such-host.invalid", port: 1, deadlineSeconds: 2))
        guard case .resolving = report.failedAt else {
            Issue.record("\(String(describing: report.failedAt))")
            return
        }
    }

    @Test func `the chain is seen whether or not it is trusted`() async throws {
        let authority = try TestAuthority()
        let other = try TestAuthority()
        let identity = try authority.issue("kube-apiserver", names: ["127.0.0.1"])
        try await withLoopbackServer(tls: identity.serverTLS) { _ in
            .init(200)
        } body: { server in
            for (options, trusted) in [
                (TLSOptions(authoritiesPEM: authority.certificatePEM), true),
                (TLSOptions(authoritiesPEM: other.certificatePEM), false), (TLSOptions(), false),
                (TLSOptions(authoritiesPEM: authority.certificatePEM, serverName: "else.where"), false),
            ] {
                let report = await world.connect(
                    ConnectionRequest(host: "127.0.0.1", port: server.port, tls: options, deadlineSeconds: 300))
                #expect(report.failedAt == nil)
                #expect(report.peerChainDER == [identity.certificateDER])
                #expect(report.isTrusted == trusted)
            }
        }
    }

    @Test func `a certificate out of its dates is not trusted`() async throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("kube-apiserver", fromYear: 2020, toYear: 2021)
        try await withLoopbackServer(tls: identity.serverTLS) { _ in
            .init(200)
        } body: { server in
            let options = TLSOptions(authoritiesPEM: authority.certificatePEM)
            let report = await world.connect(
                ConnectionRequest(host: "127.0.0.1", port: server.port, tls: options, deadlineSeconds: 300))
            #expect(report.isTrusted == false)
            let trust = await PeerTrust(chain: report.peerChainDER, options: options, host: "127.0.0.1")
            #expect(trust.leadsToAuthority && trust.namesHost && !trust.isInDate)
        }
    }

    @Test func `a cancelled connection is given up at once`() async throws {
        try await withLoopbackServer { _ in
            .init(200, fault: .silent)
        } body: { server in
            let attempt = Task {
                // The peer speaks no TLS and would be waited for until the deadline.
                await world.connect(
                    ConnectionRequest(host: "127.0.0.1", port: server.port, tls: TLSOptions(), deadlineSeconds: 3600))
            }
            attempt.cancel()
            #expect(await attempt.value.failedAt != nil)
            let request = Task { try await world.send(HTTPRequest(url: server.url, deadlineSeconds: 3600)) }
            request.cancel()
            #expect(await reason { _ = try await request.value } == .timedOut)
        }
    }

    @Test func `a peer that speaks no TLS fails the handshake, not the connection`() async throws {
        try await withLoopbackServer { _ in
            .init(200)
        } body: { server in
            let report = await world.connect(
                ConnectionRequest(host: "127.0.0.1", port: server.port, tls: TLSOptions(), deadlineSeconds: 300))
            guard case .handshaking = report.failedAt else {
                Issue.record("\(String(describing: report.failedAt))")
                return
            }
            #expect(report.peerChainDER.isEmpty)
            #expect(report.isTrusted == nil)
        }
    }
}

@Suite struct AddressTests {
    @Test func `the parts of a URL`() throws {
        let address = try #require(Address(url: "HTTPS://me:p%40ss@[::1]:6443/api?x#y"))
        #expect(address.scheme == "https")
        #expect(address.user == "me")
        #expect(address.password == "p@ss")
        #expect(address.host == "::1")
        #expect(address.port == 6443)
        #expect(address.rest == "/api?x#y")
        #expect(address.url(withHost: "kubernetes") == "https://kubernetes:6443/api?x#y")
        #expect(Address(url: "http://example")?.authority == "example")
    }

    @Test(arguments: ["example:6443", "://x", "http://", "http://x:0/", "http://x:65536", "http://[::1", "http://x:y"])
    func `what is no URL`(text: String) { #expect(Address(url: text) == nil) }
}
