import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

/// Real members, asked without etcdctl on the PATH.
@Suite struct EtcdGatewayTests {
    private static let isInstalled = LocalEtcd.program != nil

    private func surroundings(_ endpoints: String, _ environment: [String: String] = [:]) -> Surroundings {
        let environment = ["PATH": "/nonexistent", "ETCDCTL_ENDPOINTS": endpoints].merging(environment) { $1 }
        return Surroundings(
            environment: environment, now: recordedAt, effects: SystemEffects(environment: environment))
    }

    @Test(.enabled(if: isInstalled, "etcd is not installed"))
    func `state, quota, health and members of a member, and an endpoint that does not answer`() async throws {
        try await withLocalEtcd { etcd in
            let member = try await LocalEtcd.member("m1")
            try etcd.start(member, cluster: LocalEtcd.list([member]), arguments: ["--quota-backend-bytes=16777216"])
            #expect(try await etcd.waits(for: "serving client traffic insecurely", of: member))
            let gone = "127.0.0.1:\(try await unusedPort())"
            let fact = try await collect(EtcdStatusCollector(), in: surroundings("127.0.0.1:\(member.client),\(gone)"))
            #expect(fact.text("endpoints.0.endpoint") == member.clientURL)
            #expect(fact.text("endpoints.0.version")?.hasPrefix("3.") == true)
            #expect(fact.number("endpoints.0.dbSize") ?? 0 > 0)
            #expect(fact.number("endpoints.0.quota") == 16_777_216)
            #expect(fact.flag("endpoints.0.leader") == true)
            #expect(fact.flag("endpoints.0.healthy") == true)
            #expect(fact.flag("endpoints.1.healthy") == false)
            #expect(fact.texts("endpoints.1.errors")?.first?.contains("refused") == true)
            #expect(fact.reason("endpoints.1.quota") == "unreachable")
            #expect(fact.at("members")?.elements?.count == 1)
            #expect(fact.text("members.0.name") == "m1")
            #expect(fact.text("members.0.id") == fact.text("endpoints.0.memberID"))
            #expect(fact.texts("members.0.peerURLs") == [member.peerURL])
            #expect(fact.texts("alarms") == [])
        }
    }

    @Test(.enabled(if: isInstalled && FileSystem.program("etcdctl") != nil, "etcd or etcdctl is not installed"))
    func `an alarm is seen, and makes the member unhealthy`() async throws {
        try await withLocalEtcd { etcd in
            let member = try await LocalEtcd.member("m1")
            try etcd.start(member, cluster: LocalEtcd.list([member]), arguments: ["--quota-backend-bytes=1"])
            #expect(try await etcd.waits(for: "serving client traffic insecurely", of: member))
            let put = try await world.run(
                Command(
                    "etcdctl", ["--endpoints=\(member.clientURL)", "put", "a", "b"], environment: ["ETCDCTL_API": "3"],
                    deadlineSeconds: 60))
            #expect(String(decoding: put.standardError, as: UTF8.self).contains("database space exceeded"))
            let fact = try await collect(EtcdStatusCollector(), in: surroundings(member.clientURL))
            #expect(fact.text("alarms.0.alarm") == "NOSPACE")
            #expect(fact.text("alarms.0.memberID") == fact.text("members.0.id"))
            #expect(fact.flag("endpoints.0.healthy") == false)
            #expect(fact.texts("endpoints.0.errors")?.first?.contains("NOSPACE") == true)

            // etcdctl tells the same.
            var environment = ProcessInfo.processInfo.environment
            environment["ETCDCTL_ENDPOINTS"] = member.clientURL
            let told = try await collect(
                EtcdStatusCollector(),
                in: Surroundings(
                    environment: environment, now: recordedAt, effects: SystemEffects(environment: environment)))
            for path in [
                "endpoints.0.memberID", "endpoints.0.version", "members.0.name", "members.0.id", "alarms.0.alarm",
            ] { #expect(told.text(path) == fact.text(path), "\(path)") }
            #expect(told.flag("endpoints.0.healthy") == false)
        }
    }

    @Test(.enabled(if: isInstalled, "etcd is not installed"))
    func `a member that wants a client certificate gets it, and tells nothing without`() async throws {
        let authority = try TestAuthority("etcd-ca")
        let server = try authority.issue("etcd")
        let client = try authority.issue("kube-etcd-healthcheck-client")
        try await withLocalEtcd { etcd in
            let files = [
                "ca.crt": authority.certificatePEM, "server.crt": server.certificatePEM, "server.key": server.keyPEM,
                "client.crt": client.certificatePEM, "client.key": client.keyPEM,
            ]
            for (name, text) in files {
                try text.write(toFile: "\(etcd.directory)/\(name)", atomically: true, encoding: .utf8)
            }
            var member = try await LocalEtcd.member("m1")
            member.scheme = "https"
            try etcd.start(
                member, cluster: LocalEtcd.list([member]),
                arguments: [
                    "--cert-file=\(etcd.directory)/server.crt", "--key-file=\(etcd.directory)/server.key",
                    "--trusted-ca-file=\(etcd.directory)/ca.crt", "--client-cert-auth",
                ])
            #expect(try await etcd.waits(for: "serving client traffic securely", of: member))
            let certificates = [
                "ETCDCTL_CACERT": "\(etcd.directory)/ca.crt", "ETCDCTL_CERT": "\(etcd.directory)/client.crt",
                "ETCDCTL_KEY": "\(etcd.directory)/client.key",
            ]
            // Without a scheme the certificates make it https.
            let fact = try await collect(
                EtcdStatusCollector(), in: surroundings("127.0.0.1:\(member.client)", certificates))
            #expect(fact.text("members.0.name") == "m1")
            #expect(!"\(fact)".contains("PRIVATE KEY"))
            let anonymous = surroundings(member.clientURL, ["ETCDCTL_CACERT": "\(etcd.directory)/ca.crt"])
            #expect(await reason { _ = try await EtcdStatusCollector().collect([:], in: anonymous) } == .unreachable)
            let without = surroundings(member.clientURL, certificates.merging(["ETCDCTL_KEY": "/none.key"]) { $1 })
            #expect(await reason { _ = try await EtcdStatusCollector().collect([:], in: without) } == .notFound)
        }
    }

    @Test func `nothing but the three questions is ever posted`() async throws {
        try await withLoopbackServer { _ in
            .json("{}")
        } body: { server in
            for question in HTTPRequest.Question.allCases {
                _ = try await world.send(HTTPRequest(url: server.url + question.rawValue, question: question))
                #expect(
                    await reason {
                        _ = try await world.send(HTTPRequest(url: server.url + "/v3/kv/put", question: question))
                    } == .notAllowed)
            }
            #expect(server.requests.map(\.method) == ["POST", "POST", "POST"])
            #expect(
                server.requests.map(\.path) == [
                    "/v3/maintenance/status", "/v3/maintenance/alarm", "/v3/cluster/member/list",
                ])
        }
    }
}
