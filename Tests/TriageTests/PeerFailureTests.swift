import Foundation
import Playbooks
import TestSupport
import Testing

/// What users of other tools reported of them, replayed: the built command against a server must not do the same.
///
/// Each test is named after the report; the playbooks are the shipped ones.
@Suite(.serialized)
struct PeerFailureTests {
    private static let hpaPath = "/apis/autoscaling/v2/horizontalpodautoscalers"
    private static let playbook = "hpa-missing-cpu-request"

    /// All that the autoscaler's playbooks read, with one autoscaler and its workload.
    private static func server(hpa: String, deployments: [String] = [deployment]) -> APIServer {
        var server = APIServer()
        server.acceptsEverybody = true
        server.lists = [
            hpaPath: [hpa], "/apis/apps/v1/deployments": deployments, "/apis/apps/v1/statefulsets": [],
            "/apis/apps/v1/replicasets": [], "/api/v1/pods": [], "/api/v1/limitranges": [], "/api/v1/nodes": [],
            "/apis/apiregistration.k8s.io/v1/apiservices": [metricsAPI],
        ]
        return server
    }

    private static func hpa(_ type: String, _ status: String, _ reason: String, _ message: String) -> String {
        """
        {"metadata":{"name":"web","namespace":"shop"},"spec":{"minReplicas":2,"maxReplicas":5,\
        "scaleTargetRef":{"kind":"Deployment","name":"web"},"metrics":[{"type":"Resource","resource":{"name":"cpu",\
        "target":{"type":"Utilization","averageUtilization":50}}}]},"status":{"currentReplicas":2,"desiredReplicas":2,\
        "conditions":[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale","message":"recommended size"},\
        {"type":"\(type)","status":"\(status)","reason":"\(reason)","message":"\(message)"}]}}
        """
    }

    private static let broken = hpa(
        "ScalingActive", "False", "FailedGetResourceMetric",
        "failed to get cpu utilization: missing request for cpu in container proxy of Pod web-5d-x")
    private static let deployment = """
        {"metadata":{"name":"web","namespace":"shop","uid":"d1"},"spec":{"selector":{"matchLabels":{"app":"web"}},\
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[\
        {"name":"app","resources":{"requests":{"cpu":"1"}}},{"name":"proxy","resources":{}}]}}}}
        """
    private static let metricsAPI = """
        {"metadata":{"name":"v1beta1.metrics.k8s.io"},"status":{"conditions":[{"type":"Available","status":"True"}]}}
        """

    /// The command's answer about the named playbooks, against that server.
    private func run(_ playbooks: [String], against server: APIServer) async throws -> TriageCommand.Result {
        var answer: TriageCommand.Result?
        try await withLoopbackServer(tls: nil) {
            server.respond($0)
        } body: { loopback in
            let folder = try temporaryFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appending(path: "config")
            try Data(
                """
                apiVersion: v1
                kind: Config
                current-context: lab
                clusters: [{name: lab, cluster: {server: 'http://127.0.0.1:\(loopback.port)'}}]
                contexts: [{name: lab, context: {cluster: lab, user: jane}}]
                users: [{name: jane, user: {token: an-opaque-token}}]
                """.utf8
            ).write(to: path)
            answer = try await TriageCommand.run(
                ["run"] + playbooks + ["--kubeconfig", path.path(), "-o", "json", "--timeout", "20"],
                environment: TriageCommand.sharedIndex, home: folder)
        }
        return try #require(answer)
    }

    @Test func `popeye 288: nothing could be scanned, and that is no perfect score`() async throws {
        var server = Self.server(hpa: Self.broken)
        server.forbidden = Set(server.lists.keys)
        let result = try await run([Self.playbook, "hpa-metrics-unavailable", "node-not-ready"], against: server)
        #expect(result.confirmed == [])
        #expect(result.undetermined.contains("\(Self.playbook)/container-missing-cpu-request"))
        #expect(result.exitCode == 2, "\(result.notes)")
    }

    @Test func `k8sgpt 216: a target that may not be listed is not said to be missing`() async throws {
        var server = Self.server(hpa: Self.broken)
        server.forbidden = ["/apis/apps/v1/deployments"]
        let result = try await run([Self.playbook], against: server)
        #expect(result.confirmed == [])
        #expect(result.undetermined.contains("\(Self.playbook)/container-missing-cpu-request"))
        #expect(result.output.contains("denied"))
        #expect(!result.output.contains("does not exist"))
        #expect(result.exitCode == 2)
    }

    @Test func `nuclei 4299: a server that errs is neither fine nor broken`() async throws {
        var server = Self.server(hpa: Self.broken)
        for path in server.lists.keys {
            server.answers[path] = server.status(500, "InternalError", "etcdserver: request timed out")
        }
        let result = try await run([Self.playbook], against: server)
        #expect(result.confirmed == [])
        #expect(result.exitCode == 2)
    }

    @Test func `troubleshoot 1596: a cause that nothing decided is still in the answer`() async throws {
        var server = Self.server(hpa: Self.broken)
        server.forbidden = ["/apis/apps/v1/deployments"]
        let result = try await run([Self.playbook], against: server)
        let findings = try #require(result.json["findings"] as? [[String: Any]])
        let causes = PasteTests.library[Self.playbook]?.causes.map(\.id) ?? []
        #expect(Set(causes).isSubset(of: findings.compactMap { $0["cause"] as? String }))
        #expect(!causes.isEmpty)
    }

    @Test func `troubleshoot 239: what may not be read does not matter where nobody needs it`() async throws {
        var server = Self.server(hpa: Self.broken)
        server.forbidden = ["/api/v1/limitranges", "/api/v1/nodes", "/api/v1/events"]
        let result = try await run([Self.playbook], against: server)
        #expect(result.confirmed.first == "\(Self.playbook)/container-missing-cpu-request", "\(result.notes)")
        #expect(result.undetermined.contains("\(Self.playbook)/limit-range-absent"))
    }

    @Test func `k8sgpt's exit code: a found cause is not success`() async throws {
        let result = try await run([Self.playbook], against: Self.server(hpa: Self.broken))
        #expect(result.confirmed == ["\(Self.playbook)/container-missing-cpu-request"])
        #expect(result.exitCode == 1)
    }

    @Test func `k8sgpt 1667: an autoscaler at minReplicas is no fault`() async throws {
        let hpa = Self.hpa(
            "ScalingLimited", "True", "TooFewReplicas",
            "the desired replica count is less than the minimum replica count")
        let result = try await run([Self.playbook, "hpa-metrics-unavailable"], against: Self.server(hpa: hpa))
        #expect(result.confirmed == [])
        #expect(result.undetermined == [])
        #expect(result.exitCode == 0, "\(result.notes)")
    }

    @Test func `k8sgpt 1366: one whose target is scaled to zero is none either`() async throws {
        let hpa = Self.hpa(
            "ScalingActive", "False", "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero")
        let result = try await run([Self.playbook, "hpa-metrics-unavailable"], against: Self.server(hpa: hpa))
        #expect(result.confirmed == [])
        #expect(result.exitCode == 0, "\(result.notes)")
    }

    @Test func `k8sgpt-operator 768: conditions that are well when False are well`() async throws {
        var server = Self.server(hpa: Self.broken)
        let conditions = [
            ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"),
            ("NetworkUnavailable", "False"), ("Ready", "True"),
        ].map { #"{"type":"\#($0)","status":"\#($1)","reason":"x","message":"x"}"# }.joined(separator: ",")
        server.lists["/api/v1/nodes"] = [
            #"{"metadata":{"name":"n1"},"spec":{},"status":{"conditions":[\#(conditions)]}}"#
        ]
        let result = try await run(["node-not-ready"], against: server)
        #expect(result.confirmed == [])
    }

    @Test func `popeye 578: absence is claimed only over a whole list`() async throws {
        let hpa = Self.hpa(
            "ScalingActive", "False", "FailedGetResourceMetric",
            "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: not found")
        var server = Self.server(hpa: hpa)
        server.lists["/apis/apiregistration.k8s.io/v1/apiservices"] = (0..<1200).map {
            #"{"metadata":{"name":"v1.group-\#($0)"},"status":{"conditions":[{"type":"Available","status":"True"}]}}"#
        }
        let whole = try await run(["hpa-metrics-unavailable"], against: server)
        #expect(whole.confirmed == ["hpa-metrics-unavailable/metrics-api-not-registered"])
        // Begun anew, in one piece, it is whole.
        server.expiresContinueTokens = true
        let anew = try await run(["hpa-metrics-unavailable"], against: server)
        #expect(anew.confirmed == whole.confirmed)
        // The list ends before its end.
        server.expiresWholeLists = true
        let part = try await run(["hpa-metrics-unavailable"], against: server)
        #expect(part.confirmed == [])
        #expect(part.undetermined.contains("hpa-metrics-unavailable/metrics-api-not-registered"))
        #expect(part.exitCode == 2)
    }
}
