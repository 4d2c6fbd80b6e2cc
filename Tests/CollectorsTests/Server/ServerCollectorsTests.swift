import CEL
import Facts
import Foundation
import TestSupport
import Synchronization
import Testing

@testable import Collectors

/// 2026-11-24T00:10:00Z, as the test server's clock has it.
let recordedAt = CEL.Timestamp(seconds: 1_795_479_000)

func surroundings(_ effects: any Effects = world) -> Surroundings {
    Surroundings(now: recordedAt, effects: effects)
}

extension ServerAccess {
    /// What a kubeconfig for that server would come to.
    init(
        _ url: String, authorities: String? = nil, credential: Credential = .none,
        client: TestAuthority.Identity? = nil, proxy: String? = nil
    ) {
        let address = Address(url: url)
        self.init(
            url: url, host: address?.host ?? "", port: address?.port ?? 443, isTLS: url.hasPrefix("https"),
            tls: TLSOptions(
                authoritiesPEM: authorities, certificateChainPEM: client?.certificatePEM,
                privateKeyPEM: client?.keyPEM),
            proxy: proxy.map { ($0, "HTTPS_PROXY") }, credential: credential, extraHeaders: [])
    }
}

extension Value {
    func number(_ path: String) -> Int64? { at(path)?.number }
}

@Suite struct ConnectionCollectorTests {
    @Test func `every rung of a healthy server holds`() async throws {
        let authority = try TestAuthority()
        let server = try authority.issue("kube-apiserver")
        try await withLoopbackServer(tls: server.serverTLS) {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess(server.url, authorities: authority.certificatePEM)
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            #expect(fact.text("url") == server.url)
            #expect(fact.flag("isLoopback") == true)
            #expect(fact.flag("proxy.inForce") == false)
            #expect(fact.flag("dns.resolved") == true)
            #expect(fact.flag("tcp.open") == true)
            #expect(fact.flag("tls.ok") == true)
            #expect(fact.flag("tls.trusted") == true)
            #expect(fact.flag("tls.nameMatches") == true)
            #expect(fact.text("tls.subject") == "CN=kube-apiserver")
            #expect(fact.text("tls.issuer") == "CN=kubernetes")
            #expect(fact.flag("http.isAPIServer") == true)
            #expect(fact.number("http.status") == 200)
            // Nobody's credentials are sent.
            #expect(server.requests.allSatisfy { $0.header("Authorization") == nil && $0.clientCertificateDER == nil })
        }
    }

    @Test func `a refusal stops the ladder there`() async throws {
        let access = ServerAccess("https://127.0.0.1:\(try await unusedPort())")
        let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
        #expect(fact.flag("tcp.open") == false)
        #expect(fact.text("tcp.error") == "refused")
        #expect(fact.flag("tls.attempted") == false)
        #expect(fact.flag("http.attempted") == false)
    }

    @Test func `a certificate of another authority is seen and told`() async throws {
        let other = try TestAuthority("minikubeCA")
        try await withLoopbackServer(tls: try other.issue("kube-apiserver").serverTLS) {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess(server.url, authorities: try TestAuthority().certificatePEM)
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            #expect(fact.flag("tls.ok") == true)
            #expect(fact.flag("tls.trusted") == false)
            #expect(fact.flag("tls.leadsToAuthority") == false)
            #expect(fact.flag("tls.nameMatches") == true)
            #expect(fact.text("tls.issuer") == "CN=minikubeCA")
            #expect(fact.flag("http.isAPIServer") == true)
        }
    }

    @Test func `TLS to a port that speaks plain HTTP`() async throws {
        try await withLoopbackServer {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess("https://127.0.0.1:\(server.port)")
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            #expect(fact.flag("tcp.open") == true)
            #expect(fact.flag("tls.ok") == false)
            #expect(fact.flag("tls.peerSpeaksHTTP") == true)
            #expect(fact.flag("http.answered") == false)
        }
    }

    @Test func `plain HTTP to a port that speaks TLS`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess("http://127.0.0.1:\(server.port)")
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            #expect(fact.text("scheme") == "http")
            #expect(fact.flag("tls.ok") == true)
            #expect(fact.at("tls.trusted") == nil)
            #expect(fact.number("http.status") == 400)
            #expect(fact.flag("http.isAPIServer") == false)
        }
    }

    @Test(arguments: ["https", "quic"])
    func `a proxy that cannot be used leaves unknown what only it leads to`(scheme: String) async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess(
                server.url, authorities: authority.certificatePEM,
                proxy: "\(scheme)://me:s3cr3t@127.0.0.1:\(server.port)")
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            expectFits(fact, ConnectionCollector().declaration.returns, "server.connection")
            #expect(fact.flag("proxy.inForce") == true)
            #expect(fact.flag("proxy.refused") == false)
            #expect(fact.flag("tcp.open") == true)
            #expect(fact.flag("tls.trusted") == true)
            #expect(fact.flag("http.attempted") == false)
            #expect(fact.reason("http.answered") == "notApplicable")
            #expect(fact.reason("http.isAPIServer") == "notApplicable")
            #expect(fact.text("http.error")?.contains("\(scheme)://127.0.0.1") == true)
            #expect(!"\(fact)".contains("s3cr3t"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a proxy that refuses is told apart from the server`() async throws {
        try await withLoopbackServer {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess(server.url, proxy: "http://me:s3cr3t@127.0.0.1:\(try await unusedPort())")
            let fact = await ConnectionCollector().observe(access, in: surroundings(), deadlineSeconds: 300).value
            #expect(fact.flag("proxy.inForce") == true)
            #expect(fact.flag("proxy.refused") == true)
            #expect(fact.text("proxy.source") == "HTTPS_PROXY")
            let said = try #require(fact.text("http.error"))
            #expect(said.contains("through the proxy http://127.0.0.1:") && !said.contains("s3cr3t"), "\(said)")
            #expect(fact.text("proxy.url")?.contains("s3cr3t") == false)
            #expect(fact.flag("tcp.open") == true)
        }
    }

    @Test func `offline nothing is claimed`() async {
        let offline = surroundings(OfflineEffects(files: MadeUpWorld()))
        let fact = await ConnectionCollector().observe(ServerAccess("https://10.0.0.1"), in: offline).value
        #expect(fact.reason("tcp") == "notCollected")
        #expect(fact.reason("tls") == "notCollected")
        #expect(fact.text("host") == "10.0.0.1")
    }
}

@Suite struct VersionCollectorTests {
    @Test func `version and failed checks`() async throws {
        try await withLoopbackServer { request in
            var server = APIServer()
            server.checks = [("ping", true), ("etcd", false)]
            return server.respond(request)
        } body: { server in
            let fact = try await VersionCollector().observe(
                ServerAccess(server.url), in: surroundings(), deadlineSeconds: 300
            ).value
            #expect(fact.text("gitVersion") == "v1.36.2")
            #expect(fact.flag("isAPIServer") == true)
            #expect(fact.flag("ready") == false)
            #expect(fact.number("readyStatus") == 500)
            #expect(fact.at("failedChecks")?.elements?.compactMap(\.text) == ["etcd"])
        }
    }

    @Test func `a server that is ready without etcd tells of it under livez`() async throws {
        try await withLoopbackServer { request in
            var server = APIServer()
            server.checks = [("ping", true)]
            if request.path == "/livez" { server.checks.append(("etcd", false)) }
            return server.respond(request)
        } body: { server in
            let fact = try await VersionCollector().observe(
                ServerAccess(server.url), in: surroundings(), deadlineSeconds: 300
            ).value
            #expect(fact.flag("ready") == true)
            #expect(fact.at("failedChecks")?.elements?.compactMap(\.text) == ["etcd"])
        }
    }

    @Test func `a check of livez that fails once is none`() async throws {
        let asked = Mutex(0)
        try await withLoopbackServer { request in
            var server = APIServer()
            server.checks = [("ping", true)]
            if request.path == "/livez" {
                server.checks.append(
                    (
                        "etcd",
                        asked.withLock {
                            $0 += 1; return $0
                        } > 1
                    ))
            }
            return server.respond(request)
        } body: { server in
            let fact = try await VersionCollector().observe(
                ServerAccess(server.url), in: surroundings(), deadlineSeconds: 300
            ).value
            #expect(fact.at("failedChecks")?.elements?.isEmpty == true)
        }
        #expect(asked.withLock(\.self) == 2)
    }

    @Test func `a server that tells nobody is still an API server, and its checks are unknown`() async throws {
        try await withLoopbackServer { request in
            var server = APIServer()
            server.allowsAnonymous = false
            return server.respond(request)
        } body: { server in
            let fact = try await VersionCollector().observe(
                ServerAccess(server.url), in: surroundings(), deadlineSeconds: 300
            ).value
            #expect(fact.flag("isAPIServer") == true)
            #expect(fact.number("status") == 401)
            #expect(fact.at("gitVersion") == nil)
            #expect(fact.reason("failedChecks") == "denied")
        }
    }

    @Test func `a server that tells nobody tells who is known`() async throws {
        try await withLoopbackServer { request in
            var server = APIServer()
            server.allowsAnonymous = false
            server.tokens = ["good": "jo"]
            server.checks = [("etcd", false)]
            return server.respond(request)
        } body: { server in
            let url = server.url
            let fact = try await VersionCollector().observe(
                ServerAccess(url), in: surroundings(), deadlineSeconds: 300
            ) {
                var known = ServerAccess(url)
                known.credential = .bearer("good")
                return known
            }.value
            #expect(fact.flag("ready") == false)
            #expect(fact.at("failedChecks")?.elements?.compactMap(\.text) == ["etcd"])
        }
    }

    @Test func `another program is no API server`() async throws {
        try await withLoopbackServer { _ in
            .init(200, "<html>")
        } body: { server in
            let fact = try await VersionCollector().observe(
                ServerAccess(server.url), in: surroundings(), deadlineSeconds: 300
            ).value
            #expect(fact.flag("isAPIServer") == false)
        }
    }

    @Test func `a server that is away is unreachable`() async throws {
        let access = ServerAccess("http://127.0.0.1:\(try await unusedPort())")
        #expect(
            await reason { _ = try await VersionCollector().observe(access, in: surroundings(), deadlineSeconds: 300) }
                == .unreachable)
    }
}

@Suite struct AuthenticationCollectorTests {
    private func ask(
        _ credential: ServerAccess.Credential, server api: APIServer = APIServer()
    ) async throws -> Value {
        let server = try await LoopbackServer { api.respond($0) }
        do {
            let fact = try await AuthenticationCollector().observe(
                ServerAccess(server.url, credential: credential), in: surroundings())
            await server.stop()
            return fact.value
        } catch {
            await server.stop()
            throw error
        }
    }

    @Test func `an accepted token authenticates`() async throws {
        var api = APIServer()
        api.tokens = ["good": "jane"]
        let fact = try await ask(.bearer("good"), server: api)
        #expect(fact.number("status") == 200)
        #expect(fact.flag("authenticated") == true)
        #expect(fact.flag("anonymous") == false)
        #expect(fact.text("sentCredential") == "bearer")
    }

    @Test func `a rejected token is a 401 with the Status body read`() async throws {
        let fact = try await ask(.bearer("bad"))
        #expect(fact.number("status") == 401)
        #expect(fact.text("reason") == "Unauthorized")
        #expect(fact.text("message") == "Unauthorized")
        #expect(fact.flag("authenticated") == false)
        #expect(fact.flag("anonymous") == false)
    }

    @Test func `no credential is nobody, where nobody may ask, and names its user`() async throws {
        let fact = try await ask(.none)
        #expect(fact.number("status") == 403)
        #expect(fact.flag("anonymous") == true)
        #expect(fact.text("user") == "system:anonymous")
        #expect(fact.flag("authenticated") == false)
    }

    @Test func `a forbidden user is authenticated`() async throws {
        var api = APIServer()
        api.tokens = ["good": "jane"]
        api.forbidden = ["/api"]
        let fact = try await ask(.bearer("good"), server: api)
        #expect(fact.number("status") == 403)
        #expect(fact.flag("authenticated") == true)
        #expect(fact.text("user") == "jane")
    }

    @Test func `the clocks are compared`() async throws {
        var api = APIServer()
        api.date = "Tue, 24 Nov 2026 01:10:00 GMT"
        let fact = try await ask(.none, server: api)
        guard case .duration(let skew) = fact.at("clockSkew"), case .timestamp(let date) = fact.at("date") else {
            Issue.record("no clock")
            return
        }
        #expect(skew.seconds == 3600)
        #expect("\(date)" == "2026-11-24T01:10:00Z")
        api.date = "yesterday"
        #expect(try await ask(.none, server: api).at("clockSkew") == nil)
    }

    @Test(
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Fri, 31 Dec 2027 23:59:59 GMT", 1_830_297_599),
        ] as [(String, Int64)])
    func `HTTP dates`(text: String, seconds: Int64) {
        #expect(CEL.Timestamp(httpDate: text)?.seconds == seconds)
    }

    @Test func `a client certificate authenticates, another authority's does not`() async throws {
        let authority = try TestAuthority()
        let jane = try authority.issue("jane", names: [])
        let stranger = try TestAuthority("other").issue("jane", names: [])
        var api = APIServer()
        api.certificates = [jane.certificateDER: "jane"]
        try await withLoopbackServer(tls: try authority.issue("server").serverTLS) { [api] in
            api.respond($0)
        } body: { server in
            for (identity, status) in [(jane, 200), (stranger, 401)] as [(TestAuthority.Identity, Int64)] {
                let access = ServerAccess(
                    server.url, authorities: authority.certificatePEM, credential: .clientCertificate, client: identity)
                let fact = try await AuthenticationCollector().observe(access, in: surroundings()).value
                #expect(fact.number("status") == status)
            }
        }
    }

    @Test func `credentials never go to a server that is not trusted`() async throws {
        let other = try TestAuthority("other")
        try await withLoopbackServer(tls: try other.issue("server").serverTLS) {
            APIServer().respond($0)
        } body: { server in
            let access = ServerAccess(
                server.url, authorities: try TestAuthority().certificatePEM, credential: .bearer("s3cr3t"))
            #expect(
                await reason { _ = try await AuthenticationCollector().observe(access, in: surroundings()) }
                    == .unreachable)
            #expect(server.requests.isEmpty)
        }
    }
}

@Suite struct PortsCollectorTests {
    @Test func `the API server is found on another port, and whose cluster it is`() async throws {
        let authority = try TestAuthority()
        try await withLoopbackServer(tls: try authority.issue("kube-apiserver").serverTLS) {
            APIServer().respond($0)
        } body: { right in
            try await withLoopbackServer(tls: try TestAuthority("other").issue("kube-apiserver").serverTLS) {
                APIServer().respond($0)
            } body: { other in
                let closed = try await unusedPort()
                let access = ServerAccess(
                    "https://127.0.0.1:\(try await unusedPort())", authorities: authority.certificatePEM)
                let fact = await PortsCollector().observe(
                    access, named: [other.port: "other"], usual: [right.port, closed, access.port],
                    in: surroundings(), deadlineSeconds: 300
                ).value
                let entries = fact.elements ?? []
                let byPort = Dictionary(uniqueKeysWithValues: entries.map { (Int($0.number("port") ?? 0), $0) })
                #expect(byPort.keys.sorted() == [right.port, other.port, closed].sorted())
                #expect(byPort[right.port]?.flag("isAPIServer") == true)
                #expect(byPort[right.port]?.flag("clusterMatches") == true)
                #expect(byPort[other.port]?.flag("isAPIServer") == true)
                #expect(byPort[other.port]?.flag("clusterMatches") == false)
                #expect(byPort[other.port]?.text("context") == "other")
                #expect(byPort[closed]?.flag("open") == false)
            }
        }
    }
}
