import CEL
import Collectors
import Engine
import Facts
import Foundation
import Playbooks
import TestSupport
import Testing

/// 2,000 pods through a whole diagnosis: every page is read, the answer is right, and what is kept is what is read.
@Suite struct LargeClusterTests {
    private static let count = 2000

    private static let api: APIServer = {
        var api = APIServer()
        api.acceptsEverybody = true
        api.lists = [
            "/apis/autoscaling/v2/horizontalpodautoscalers": [
                #"{"metadata":{"name":"web","namespace":"shop"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"#
                    + #""metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":50}}}]},"#
                    + #""status":{"conditions":[{"type":"ScalingActive","status":"False","#
                    + #""message":"missing request for cpu in container proxy of Pod web-7"}]}}"#
            ],
            "/apis/apps/v1/deployments": [
                #"{"metadata":{"name":"web","namespace":"shop","uid":"d1"},"spec":{"selector":{"matchLabels":{"app":"web"}},"#
                    + #""template":{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1"}}}]}}}}"#
            ],
            "/apis/apps/v1/replicasets": [
                #"{"metadata":{"name":"web-1","namespace":"shop","uid":"r1","ownerReferences":[{"uid":"d1","controller":true}]}}"#
            ],
            "/apis/apps/v1/statefulsets": [], "/api/v1/limitranges": [], "/api/v1/pods": (0..<count).map(pod),
        ]
        return api
    }()

    /// Something injects a container without a request into the pods of one deployment.
    private static func pod(_ number: Int) -> String {
        let isOurs = number % 100 == 7
        let containers =
            #"{"name":"app","env":[{"name":"DB_PASSWORD","value":"hunter2"}],"resources":{"requests":{"cpu":"1"}}}"#
            + (isOurs ? #",{"name":"proxy","resources":{}}"# : "")
        return
            #"{"metadata":{"name":"web-\#(number)","namespace":"shop","uid":"p\#(number)","labels":{"app":"\#(isOurs ? "web" : "other")"},"#
            + #""managedFields":[{"f:metadata":{"f:x":{}}}],"ownerReferences":[{"uid":"r1","controller":true,"kind":"ReplicaSet"}]},"#
            + #""spec":{"nodeName":"n\#(number)","containers":[\#(containers)]},"status":{"podIP":"10.0.0.\#(number)"}}"#
    }

    @Test func `all pages are read, and of each pod what the playbook reads`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let kubeconfig = folder.appending(path: "config")
        let system = SystemEffects(environment: [:])
        let library = await PlaybookLibrary.load(
            from: [TriageCommand.root.appending(path: "playbooks").path()], loader: Loader(catalogue: .builtIn),
            effects: system)
        try await withLoopbackServer {
            Self.api.respond($0)
        } body: { server in
            try Data(
                """
                current-context: lab
                clusters: [{name: lab, cluster: {server: '\(server.url)'}}]
                contexts: [{name: lab, context: {cluster: lab, user: jane}}]
                users: [{name: jane, user: {}}]
                """.utf8
            ).write(to: kubeconfig)
            let surroundings = Surroundings(
                selection: .init(kubeconfig: kubeconfig.path()), now: Timestamp(seconds: 1_795_996_800),
                effects: system, permissions: .all)
            let limits = Diagnostician.Limits(factSeconds: 600)
            let diagnostician = Diagnostician(
                library: library, catalogue: .builtIn, source: .live(surroundings), limits: limits)
            let names = ["hpa-missing-cpu-request"]
            let partial = await diagnostician.investigate(Inquiry(names: names))
            let confirmed = partial.diagnosis.findings.filter { $0.status == .confirmed }
            #expect(confirmed.map(\.cause) == ["injected-sidecar-missing-cpu-request"])
            #expect(server.requests.count { $0.path == "/api/v1/pods" } == Self.count / 500)

            let pods = try #require(
                partial.snapshot.facts.first { $0.key.parameters.contains(#""pods""#) })
            let value = try pods.result.get()
            let items = try #require(value.member("items")?.elements)
            #expect(items.count == Self.count)
            let text = "\(value)"
            for gone in ["managedFields", "nodeName", "podIP", "hunter2"] {
                #expect(!text.contains(gone), "\(gone) is kept")
            }
            let file = folder.appending(path: "facts").path()
            let recorder = try SnapshotRecorder(file, catalogue: .builtIn)
            let about = await diagnostician.collect(Inquiry(names: names), into: recorder)
            let counts = try recorder.finish(subject: about.subject, now: about.now, text: about.text)
            let snapshot = try SnapshotArchive.open(file, catalogue: .builtIn)
            #expect(counts.facts == snapshot.keys.count)
            let whole = try #require(try await snapshot.fact(pods.key)?.result.get())
            #expect(whole.member("items")?.elements?.count == Self.count)
            #expect(!"\(whole)".contains("hunter2"))
            #expect(Self.count(value) < Self.count * 20)
            #expect(Self.count(value) < Self.count(whole))
            #expect("\(whole)".contains("nodeName"))
        }
    }

    /// How many values there are in it.
    private static func count(_ value: Value) -> Int {
        switch value {
        case .list(let list): list.reduce(1) { $0 + count($1) }
        case .map(let map): map.entries.reduce(1) { $0 + count($1.value) }
        default: 1
        }
    }
}

extension Value {
    fileprivate var elements: List? { if case .list(let list) = self { list } else { nil } }
}
