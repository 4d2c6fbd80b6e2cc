import Foundation
import Synchronization
import TestSupport
import Testing

/// A server that fails while a long list is read, through a whole diagnosis: the list is unknown with the right reason,
/// what the other lists decide is decided, and nothing waits past its deadline.
@Suite(.serialized)
struct ServerFaultTests {
    /// What the pods' list answers, one request after the other; the last answer comes again and again.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var answers: [Answer]
        /// Why the pods are unknown; `nil`: they are known.
        var reason: String?
        /// Where the clock decides which of the two it is.
        var otherReason: String?
        var timeout = 60
        /// How often the list is asked for, where that is sure.
        var requests: Int?
        var testDescription: String { name }
    }

    enum Answer: Sendable {
        /// What is asked for, going wrong.
        case page(LoopbackServer.Fault = .none)
        case busy(retryAfter: Int)
        case expired
        /// The first half of a page, as a whole answer.
        case half
    }

    static let faults = [
        Fault(name: "healthy", answers: [.page()], requests: 2),
        Fault(name: "a reset in the first page", answers: [.page(.resetMidBody)], reason: "truncated"),
        Fault(name: "a reset in the second page", answers: [.page(), .page(.resetMidBody)], reason: "truncated"),
        Fault(name: "an answer that is cut off", answers: [.page(), .page(.truncated)], reason: "truncated"),
        Fault(name: "half a JSON text", answers: [.page(), .half], reason: "malformed"),
        Fault(name: "a body that stops coming", answers: [.page(), .page(.stall)], reason: "timedOut", timeout: 3),
        Fault(name: "no answer", answers: [.page(.silent)], reason: "timedOut", timeout: 3),
        Fault(
            name: "busy, then not", answers: [.busy(retryAfter: 1), .page(), .busy(retryAfter: 0), .page()], requests: 4
        ),
        // What it asks to wait for goes past the deadline in the end, which may come first.
        Fault(
            name: "busy for ever", answers: [.page(), .busy(retryAfter: 1)], reason: "unreachable",
            otherReason: "timedOut", timeout: 3),
        Fault(name: "busy for an hour", answers: [.busy(retryAfter: 3600)], reason: "unreachable"),
        // Begun anew: the first page, the refusal, and all of it in one piece.
        Fault(name: "expired once", answers: [.page(), .expired, .page()], requests: 3),
        Fault(name: "expired again and again", answers: [.page(), .expired], reason: "truncated", requests: 3),
        Fault(name: "gone between two requests", answers: [.page(), .page(.gone)], reason: "unreachable"),
    ]

    @Test(arguments: faults)
    func `a list that fails is unknown, and the others decide what they can`(fault: Fault) async throws {
        let asked = Mutex(0)
        let api = Self.api
        var answer: TriageCommand.Result?
        try await withLoopbackServer { request in
            guard request.path == "/api/v1/pods" else { return api.respond(request) }
            let number = asked.withLock { number in
                defer { number += 1 }
                return number
            }
            return Self.answer(fault.answers[min(number, fault.answers.count - 1)], to: request, api)
        } body: { server in
            answer = try await Self.diagnose(server, timeout: fault.timeout)
        }
        let result = try #require(answer)
        try Self.check(result, reason: fault.reason, or: fault.otherReason)
        if let requests = fault.requests { #expect(asked.withLock { $0 } == requests) }
    }

    @Test func `a certificate that expires on the way ends the list, not what was read before`() async throws {
        let authority = try TestAuthority()
        let good = try authority.issue("kube-apiserver").serverTLS
        let expired = try authority.issue("kube-apiserver", toYear: 2021).serverTLS
        let api = Self.api
        let others = Mutex<Set<String>>([])
        let hasExpired = Mutex(false)
        var answer: TriageCommand.Result?
        try await withLoopbackServer(tls: good, later: { hasExpired.withLock { $0 } ? expired : nil }) { request in
            var response: LoopbackServer.Response
            if request.path == "/api/v1/pods" {
                // The lists that decide come first.
                if others.withLock({ $0.isSuperset(of: Self.decidingLists) }) {
                    response = api.respond(request)
                    hasExpired.withLock { $0 = true }
                } else {
                    response = .init(429, "", headers: [("Retry-After", "0")])
                }
            } else {
                response = api.respond(request)
                others.withLock { _ = $0.insert(request.path) }
            }
            // Each request needs a connection of its own.
            response.headers.append(("Connection", "close"))
            return response
        } body: { server in
            answer = try await Self.diagnose(server, timeout: 60, authority: authority)
        }
        let result = try #require(answer)
        try Self.check(result, reason: "unreachable")
        #expect(result.output.lowercased().contains("certificate"), "\(result.output)")
    }

    // MARK: - The cluster

    private static let decidingLists: Set<String> = [
        "/apis/autoscaling/v2/horizontalpodautoscalers", "/apis/apps/v1/deployments",
    ]
    private static let otherLists: Set<String> = [
        "/apis/autoscaling/v2/horizontalpodautoscalers", "/apis/apps/v1/deployments", "/apis/apps/v1/statefulsets",
        "/apis/apps/v1/replicasets", "/api/v1/limitranges",
    ]

    /// An autoscaler, its deployment with a container that requests no cpu, and two pages of pods.
    private static let api: APIServer = {
        var api = APIServer()
        api.acceptsEverybody = true
        for path in otherLists { api.lists[path] = [] }
        api.lists["/apis/autoscaling/v2/horizontalpodautoscalers"] = [
            #"{"metadata":{"name":"web","namespace":"shop"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"#
                + #""metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":50}}}]},"#
                + #""status":{"conditions":[{"type":"ScalingActive","status":"False","#
                + #""message":"missing request for cpu in container app of Pod web-1"}]}}"#
        ]
        api.lists["/apis/apps/v1/deployments"] = [
            #"{"metadata":{"name":"web","namespace":"shop","uid":"d1"},"spec":{"selector":{"matchLabels":{"app":"web"}},"#
                + #""template":{"spec":{"containers":[{"name":"app","resources":{}}]}}}}"#
        ]
        api.lists["/api/v1/pods"] = (0..<600).map { number in
            #"{"metadata":{"name":"other-\#(number)","namespace":"shop","labels":{"app":"other"}},"#
                + #""spec":{"containers":[{"name":"app","resources":{}}]}}"#
        }
        return api
    }()

    private static func answer(
        _ answer: Answer, to request: LoopbackServer.Request, _ api: APIServer
    ) -> LoopbackServer.Response {
        switch answer {
        case .page(let fault):
            var response = api.respond(request)
            response.fault = fault
            return response
        case .busy(let seconds): return .init(429, "busy", headers: [("Retry-After", "\(seconds)")])
        case .expired: return api.status(410, "Expired", "The provided continue parameter is too old")
        case .half:
            var response = api.respond(request)
            response.body = String(response.body.prefix(response.body.count / 2))
            return response
        }
    }

    private static func diagnose(
        _ server: LoopbackServer, timeout: Int, authority: TestAuthority? = nil
    ) async throws -> TriageCommand.Result {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "config")
        let data = authority.map { Data($0.certificatePEM.utf8).base64EncodedString() }
        let trust = data.map { ", certificate-authority-data: \($0)" } ?? ""
        try Data(
            """
            current-context: lab
            clusters: [{name: lab, cluster: {server: '\(server.url)'\(trust)}}]
            contexts: [{name: lab, context: {cluster: lab, user: jane}}]
            users: [{name: jane, user: {token: an-opaque-token}}]
            """.utf8
        ).write(to: path)
        return try await TriageCommand.run(
            [
                "run", "hpa-missing-cpu-request", "--kubeconfig", path.path(), "-o", "json", "--timeout", "\(timeout)",
            ], environment: TriageCommand.sharedIndex, home: folder)
    }

    private static func check(_ result: TriageCommand.Result, reason: String?, or other: String? = nil) throws {
        let playbook = "hpa-missing-cpu-request"
        #expect(result.confirmed == ["\(playbook)/container-missing-cpu-request"], "\(result.output) \(result.notes)")
        #expect(result.exitCode == 1)
        let findings = try #require(result.json["findings"] as? [[String: Any]])
        let injected = try #require(
            findings.first { $0["cause"] as? String == "injected-sidecar-missing-cpu-request" })
        guard let reason else {
            #expect(result.undetermined == [])
            #expect(injected["status"] as? String == "ruled-out")
            return
        }
        #expect(injected["status"] as? String == "undetermined")
        let missing = try #require(injected["missing"] as? [[String: Any]])
        func isExpected(_ entry: [String: Any]) -> Bool {
            guard entry["fact"] as? String == "pods", let found = entry["reason"] as? String else { return false }
            return found == reason || found == other
        }
        #expect(missing.contains(where: isExpected), "\(missing)")
        let skipped = (result.json["facts"] as? [String: Any])?["skipped"] as? [[String: Any]] ?? []
        #expect(skipped.contains(where: isExpected))
    }
}
