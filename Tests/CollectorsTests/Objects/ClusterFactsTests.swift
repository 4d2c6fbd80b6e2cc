import Archives
import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

private var cluster: APIServer {
    var api = APIServer()
    api.acceptsEverybody = true
    return api
}

@Suite struct NodesCollectorTests {
    private let worker = #"""
        {"metadata":{"name":"worker-1","labels":{"node-role.kubernetes.io/worker":"","kubernetes.io/os":"linux"}},
        "spec":{"unschedulable":true,"providerID":"aws:///eu-west-1a/i-0a","taints":[{"key":"node.kubernetes.io/unreachable","effect":"NoExecute","timeAdded":"2026-11-24T00:00:00Z"}]},
        "status":{"capacity":{"cpu":"4","memory":"16Gi"},"allocatable":{"cpu":"3920m"},
        "addresses":[{"type":"InternalIP","address":"10.0.0.7"},{"type":"InternalIP","address":"fd00::7"},{"type":"Hostname","address":"worker-1"}],
        "conditions":[{"type":"MemoryPressure","status":"Unknown","reason":"NodeStatusUnknown"},
        {"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status.","lastHeartbeatTime":"2026-11-24T00:01:00Z","lastTransitionTime":"2026-11-24T00:02:00Z"}],
        "nodeInfo":{"kubeletVersion":"v1.31.2","containerRuntimeVersion":"containerd://1.7.22","kernelVersion":"6.1.0","osImage":"Debian","architecture":"amd64"}}}
        """#

    @Test func `conditions, taints, versions and capacity`() async throws {
        var api = cluster
        api.lists["/api/v1/nodes"] = [worker, #"{"metadata":{"name":"new"}}"#]
        try await withCluster(api) { surroundings, _ in
            let fact = try await collect(NodesCollector(), in: surroundings)
            #expect(fact.text("nodes.0.ready") == "Unknown")
            #expect(fact.seconds("nodes.0.heartbeat") == recordedAt.seconds - 540)
            #expect(fact.seconds("nodes.0.readySince") == recordedAt.seconds - 480)
            #expect(fact.flag("nodes.0.unschedulable") == true)
            #expect(fact.texts("nodes.0.roles") == ["worker"])
            #expect(fact.text("nodes.0.taints.0.effect") == "NoExecute")
            #expect(fact.text("nodes.0.runtime") == "containerd://1.7.22")
            #expect(fact.text("nodes.0.addresses.InternalIP") == "10.0.0.7")
            #expect(fact.text("nodes.0.capacity.memory") == "16Gi")
            #expect(fact.text("nodes.0.conditions.1.message") == "Kubelet stopped posting node status.")
            #expect(fact.at("nodes.1.ready") == nil, "a node without conditions is neither ready nor not")
        }
    }

    @Test func `nodes that may not be listed are unknown`() async throws {
        var api = cluster
        api.forbidden = ["/api/v1/nodes"]
        try await withCluster(api) { surroundings, _ in
            #expect(await reason { _ = try await NodesCollector().collect([:], in: surroundings) } == .denied)
        }
    }
}

@Suite struct WorkloadsCollectorTests {
    private let crashing = #"""
        {"metadata":{"name":"web-5d9c7b6f5-x2x","namespace":"shop","creationTimestamp":"2026-11-24T00:00:00Z","labels":{"app":"web","pod-template-hash":"5d9c7b6f5"},
        "ownerReferences":[{"kind":"ReplicaSet","name":"web-5d9c7b6f5","controller":true}]},
        "spec":{"nodeName":"n1","initContainers":[{"name":"proxy","restartPolicy":"Always"},{"name":"migrate"}],"containers":[{"name":"app"}]},
        "status":{"phase":"Running",
        "initContainerStatuses":[{"name":"proxy","restartCount":0,"ready":true,"state":{"running":{"startedAt":"2026-11-24T00:00:01Z"}}},
        {"name":"migrate","restartCount":0,"ready":true,"state":{"terminated":{"reason":"Completed","exitCode":0}}}],
        "containerStatuses":[{"name":"app","image":"web:1","ready":false,"restartCount":7,
        "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s restarting failed container"}},
        "lastState":{"terminated":{"reason":"OOMKilled","exitCode":137,"finishedAt":"2026-11-24T00:09:00Z"}}}]}}
        """#
    private let pending = #"""
        {"metadata":{"name":"report-29000010-abcde","namespace":"shop","ownerReferences":[{"kind":"Job","name":"report-29000010","controller":true}]},
        "status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available"}]}}
        """#
    private let bare =
        #"{"metadata":{"name":"debug","namespace":"shop"},"status":{"phase":"Failed","reason":"Evicted"}}"#
    private let events = [
        #"{"involvedObject":{"kind":"Pod","namespace":"shop","name":"web-5d9c7b6f5-x2x"},"type":"Warning","reason":"BackOff","message":"Back-off restarting failed container","count":12,"lastTimestamp":"2026-11-24T00:09:30Z"}"#,
        #"{"involvedObject":{"kind":"Deployment","namespace":"shop","name":"web"},"type":"Normal","reason":"ScalingReplicaSet","message":"Scaled up","lastTimestamp":"2026-11-24T00:00:00Z"}"#,
        #"{"involvedObject":{"kind":"Pod","namespace":"other","name":"web-5d9c7b6f5-x2x"},"type":"Warning","reason":"Elsewhere","message":"m"}"#,
        #"{"involvedObject":{"kind":"Pod","namespace":"shop","name":"report-29000010-abcde"},"type":"Warning","reason":"FailedScheduling","message":"0/3","eventTime":"2026-11-24T00:05:00.000000Z","series":{"count":3,"lastObservedTime":"2026-11-24T00:06:00.000000Z"}}"#,
    ]

    private var api: APIServer {
        var api = cluster
        api.lists["/api/v1/namespaces/shop/pods"] = [crashing, pending, bare]
        api.lists["/api/v1/namespaces/shop/events"] = events
        return api
    }

    @Test func `what the containers of each workload do, and what was said about them`() async throws {
        try await withCluster(api, selection: .init(namespace: "shop")) { surroundings, _ in
            let fact = try await collect(WorkloadsCollector(), in: surroundings)
            let workloads = try #require(fact.at("workloads")?.elements)
            #expect(workloads.map { $0.text("kind") } == ["CronJob", "Deployment", "Pod"])
            let web = workloads[1]
            #expect(web.text("name") == "web")
            #expect(web.at("pods.0.containers")?.elements?.map { $0.text("kind") } == ["sidecar", "init", "container"])
            #expect(web.text("pods.0.containers.2.reason") == "CrashLoopBackOff")
            #expect(web.text("pods.0.containers.2.lastReason") == "OOMKilled")
            #expect(web.number("pods.0.containers.2.lastExitCode") == 137)
            #expect(web.number("pods.0.containers.2.restarts") == 7)
            #expect(web.text("pods.0.containers.0.state") == "running")
            #expect(web.at("events")?.elements?.map { $0.text("reason") } == ["ScalingReplicaSet", "BackOff"])
            #expect(web.number("events.1.count") == 12)
            #expect(workloads[0].text("name") == "report")
            #expect(workloads[0].text("pods.0.reason") == "Unschedulable")
            #expect(workloads[0].number("events.0.count") == 3)
            #expect(workloads[0].seconds("events.0.lastSeen") == recordedAt.seconds - 240)
            #expect(workloads[2].text("pods.0.reason") == "Evicted")
            #expect(workloads[2].texts("events") == [])
        }
    }

    @Test func `one workload by name; events that may not be listed are unknown, the pods are not`() async throws {
        var api = api
        api.forbidden = ["/api/v1/namespaces/shop/events"]
        try await withCluster(api) { surroundings, _ in
            let fact = try await collect(
                WorkloadsCollector(), ["name": .string("web"), "namespace": .string("shop")], in: surroundings)
            #expect(fact.at("workloads")?.elements?.count == 1)
            #expect(fact.reason("workloads.0.events") == "denied")
            #expect(fact.text("workloads.0.pods.0.name") == "web-5d9c7b6f5-x2x")
        }
    }
}

@Suite struct HelmReleasesCollectorTests {
    private let payload = #"""
        {"name":"web","info":{"first_deployed":"2026-11-01T00:00:00Z","last_deployed":"2026-11-24T00:00:00.5Z","status":"deployed","notes":"s3cr3t-notes"},
        "chart":{"metadata":{"name":"nginx","version":"18.2.4","appVersion":"1.27.2"},"values":{"password":"s3cr3t-value"}},
        "config":{"password":"s3cr3t-value"},"manifest":"apiVersion: v1\nkind: Secret\ndata: {a: s3cr3t-manifest}","version":2,"namespace":"shop"}
        """#

    /// As Helm writes it: packed, base64, and base64 once more by the API.
    private func data(_ text: String) throws -> String {
        let packed = try Gzip.pack(Array(text.utf8))
        return Data(Data(packed).base64EncodedString().utf8).base64EncodedString()
    }

    private func secret(_ name: String, _ revision: Int, _ status: String, data: String? = nil) -> String {
        let payload = data.map { #","data":{"release":"\#($0)"}"# } ?? ""
        return #"{"metadata":{"name":"sh.helm.release.v1.\#(name).v\#(revision)","namespace":"shop","#
            + #""labels":{"name":"\#(name)","owner":"helm","status":"\#(status)","version":"\#(revision)"}}"#
            + #","type":"helm.sh/release.v1"\#(payload)}"#
    }

    @Test func `the newest revision's chart and status, and nothing of its values`() async throws {
        var api = cluster
        api.lists["/api/v1/secrets"] = [
            secret("web", 1, "superseded"), secret("web", 10, "failed"), secret("web", 9, "deployed"),
            secret("db", 1, "pending-install"), secret("old", 1, "deployed"),
        ]
        let path = "/api/v1/namespaces/shop/secrets/sh.helm.release.v1"
        api.answers["\(path).web.v10"] = .json(secret("web", 10, "failed", data: try data(payload)))
        api.answers["\(path).db.v1"] = .json(secret("db", 1, "pending-install", data: "bm90aGluZyBvZiBoZWxt"))
        api.forbidden = ["\(path).old.v1"]
        try await withCluster(api) { surroundings, server in
            let observation = try await HelmReleasesCollector().collect([:], in: surroundings)
            expectFits(observation.value, HelmReleasesCollector().declaration.returns, "helm.releases")
            let fact = observation.value
            #expect(fact.at("releases")?.elements?.map { $0.text("name") } == ["db", "old", "web"])
            #expect(fact.text("releases.2.status") == "failed")
            #expect(fact.number("releases.2.revision") == 10)
            #expect(fact.number("releases.2.revisions") == 3)
            #expect(fact.text("releases.2.chart") == "nginx")
            #expect(fact.text("releases.2.chartVersion") == "18.2.4")
            #expect(fact.text("releases.2.appVersion") == "1.27.2")
            #expect(fact.seconds("releases.2.lastDeployed") == recordedAt.seconds - 600)
            #expect(fact.reason("releases.0.chart") == "malformed")
            #expect(fact.text("releases.0.status") == "pending-install")
            #expect(fact.reason("releases.1.chart") == "denied")
            #expect(!"\(observation)".contains("s3cr3t"))
            let listing = try #require(server.requests.first { $0.path == "/api/v1/secrets" })
            #expect(listing.header("Accept")?.contains("as=PartialObjectMetadataList") == true)
            #expect(listing.query["fieldSelector"] == "type%3Dhelm.sh%2Frelease.v1")
        }
    }

    @Test func `a list that expires on the way is asked for as a whole`() async throws {
        var api = cluster
        api.expiresContinueTokens = true
        // More than a page, of each release ten revisions.
        api.lists["/api/v1/secrets"] = (0..<300).map { secret("r\($0 / 10)", $0 % 10, "superseded") }
        try await withCluster(api) { surroundings, server in
            let fact = try await collect(HelmReleasesCollector(), in: surroundings)
            #expect(fact.at("releases")?.elements?.count == 30)
            #expect(fact.at("releases")?.elements?.allSatisfy { $0.number("revisions") == 10 } == true)
            let lists = server.requests.filter { $0.path == "/api/v1/secrets" }
            #expect(lists.map { $0.query["limit"] } == ["250", "250", nil])
            #expect(lists.allSatisfy { $0.header("Accept")?.contains("as=PartialObjectMetadataList") == true })
        }
    }

    @Test func `a payload that unpacks to far too much is malformed, and the rest is not lost`() async throws {
        var api = cluster
        api.lists["/api/v1/secrets"] = [secret("web", 1, "deployed")]
        let bomb = try data(#"{"chart":{"metadata":{"name":""# + String(repeating: " ", count: 80 << 20) + #""}}}"#)
        api.answers["/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v1"] = .json(
            secret("web", 1, "deployed", data: bomb))
        try await withCluster(api) { surroundings, _ in
            let fact = try await collect(HelmReleasesCollector(), in: surroundings)
            #expect(fact.reason("releases.0.chart") == "malformed")
            #expect(fact.text("releases.0.status") == "deployed")
        }
    }

    @Test func `a cluster without Helm has no releases; Secrets that may not be listed are unknown`() async throws {
        var api = cluster
        api.lists["/api/v1/namespaces/shop/secrets"] = []
        api.forbidden = ["/api/v1/secrets"]
        try await withCluster(api) { surroundings, _ in
            let none = try await collect(
                HelmReleasesCollector(), ["namespace": .string("shop")], in: surroundings)
            #expect(none.texts("releases") == [])
            #expect(await reason { _ = try await HelmReleasesCollector().collect([:], in: surroundings) } == .denied)
        }
    }
}
