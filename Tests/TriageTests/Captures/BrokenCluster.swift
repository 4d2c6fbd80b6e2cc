import Foundation
import TestSupport

/// A cluster with three troubles in the namespace `shop`: an autoscaler without requests, a crash loop, an image that
/// cannot be pulled.
enum BrokenCluster {
    static let namespaces = ["default", "kube-node-lease", "kube-public", "kube-system", "shop"]
    /// When everything was seen.
    static let now = "2026-11-24T00:20:00Z"

    /// By `group/version/plural`, the core group's without the group; what has no namespace stands under "".
    static let objects: [String: [String: [String]]] = [
        "v1/nodes": ["": [node]],
        "v1/namespaces": ["": namespaces.map { #"{"metadata":{"name":"\#($0)","uid":"ns-\#($0)"}}"# }],
        "v1/pods": [
            "shop": [
                pod("web-7d9c-x1", uid: "p1", owner: ("ReplicaSet", "web-7d9c", "r1"), status: running),
                pod("worker-0", uid: "p2", owner: nil, status: crashing),
                pod("img-0", uid: "p3", owner: nil, status: unpullable),
            ],
            "kube-system": [pod("kube-proxy-abc", namespace: "kube-system", uid: "p4", owner: nil, status: running)],
        ],
        "v1/events": ["shop": [pullFailed]],
        "v1/services": [:], "v1/replicationcontrollers": [:], "v1/limitranges": [:], "v1/endpoints": [:],
        "apps/v1/deployments": ["shop": [deployment]],
        "apps/v1/replicasets": ["shop": [replicaSet]],
        "apps/v1/statefulsets": [:], "apps/v1/daemonsets": [:],
        "autoscaling/v2/horizontalpodautoscalers": ["shop": [autoscaler]],
    ]

    static let kinds = [
        "nodes": "Node", "namespaces": "Namespace", "pods": "Pod", "events": "Event", "services": "Service",
        "replicationcontrollers": "ReplicationController", "limitranges": "LimitRange", "endpoints": "Endpoints",
        "deployments": "Deployment", "replicasets": "ReplicaSet", "statefulsets": "StatefulSet",
        "daemonsets": "DaemonSet", "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    ]

    static let logs = [
        "shop/worker-0": "starting\ncannot open /data/queue: permission denied\n", "shop/web-7d9c-x1": "listening\n",
    ]

    /// As a server.
    static var server: APIServer {
        var server = APIServer()
        server.acceptsEverybody = true
        for (resource, byNamespace) in objects {
            let parts = resource.split(separator: "/").map(String.init)
            let (root, plural) = (
                (parts.count == 2 ? "/api/" : "/apis/") + parts.dropLast().joined(separator: "/"),
                parts[parts.count - 1]
            )
            server.lists["\(root)/\(plural)"] = byNamespace.sorted { $0.key < $1.key }.flatMap(\.value)
            guard byNamespace[""] == nil else { continue }
            for namespace in namespaces {
                server.lists["\(root)/namespaces/\(namespace)/\(plural)"] = byNamespace[namespace] ?? []
            }
        }
        for (pod, _) in [
            ("shop/web-7d9c-x1", ""), ("shop/worker-0", ""), ("shop/img-0", ""), ("kube-system/kube-proxy-abc", ""),
        ] {
            let parts = pod.split(separator: "/")
            server.answers["/api/v1/namespaces/\(parts[0])/pods/\(parts[1])/log"] = .init(200, logs[pod] ?? "")
        }
        return server
    }

    /// A list as the API writes it.
    static func list(_ resource: String, namespace: String? = nil) -> String {
        let parts = resource.split(separator: "/").map(String.init)
        let byNamespace = objects[resource] ?? [:]
        let items = namespace.map { byNamespace[$0] ?? [] } ?? byNamespace.sorted { $0.key < $1.key }.flatMap(\.value)
        return
            #"{"kind":"\#(kinds[parts[parts.count - 1]] ?? "")List","apiVersion":"\#(parts.dropLast().joined(separator: "/"))","#
            + #""metadata":{"resourceVersion":"1000"},"items":[\#(items.joined(separator: ","))]}"#
    }
}

extension BrokenCluster {
    private static let node = #"""
        {"metadata":{"name":"node-1","uid":"n1","annotations":{"kubeadm.alpha.kubernetes.io/cri-socket":"unix:///run/containerd/containerd.sock"}},
         "spec":{},"status":{"conditions":[{"type":"Ready","status":"True"}],"nodeInfo":{"kubeletVersion":"v1.36.2"}}}
        """#

    private static func pod(
        _ name: String, namespace: String = "shop", uid: String, owner: (kind: String, name: String, uid: String)?,
        status: String
    ) -> String {
        let owners = owner.map {
            #","ownerReferences":[{"apiVersion":"apps/v1","kind":"\#($0.kind)","name":"\#($0.name)","uid":"\#($0.uid)","controller":true}]"#
        }
        return #"""
            {"metadata":{"name":"\#(name)","namespace":"\#(namespace)","uid":"\#(uid)","labels":{"app":"\#(name.prefix(3))"}\#(owners ?? "")},
             "spec":{"nodeName":"node-1","restartPolicy":"Always","containers":[{"name":"main","image":"registry.example/\#(name.prefix(3)):1"}]},
             "status":\#(status)}
            """#
    }

    private static let running =
        #"{"phase":"Running","containerStatuses":[{"name":"main","ready":true,"restartCount":0,"state":{"running":{}}}]}"#
    private static let crashing = #"""
        {"phase":"Running","containerStatuses":[{"name":"main","image":"registry.example/wor:1","ready":false,"restartCount":12,
          "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s restarting failed container"}},
          "lastState":{"terminated":{"exitCode":3,"reason":"Error"}}}]}
        """#
    private static let unpullable = #"""
        {"phase":"Pending","containerStatuses":[{"name":"main","image":"registry.example/img:1","ready":false,"restartCount":0,
          "state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"registry.example/img:1\""}}}]}
        """#
    private static let pullFailed = #"""
        {"metadata":{"name":"img-0.1","namespace":"shop","uid":"e1"},"reason":"Failed","type":"Warning",
         "involvedObject":{"kind":"Pod","namespace":"shop","name":"img-0"},"source":{"component":"kubelet"},
         "message":"Failed to pull image \"registry.example/img:1\": rpc error: code = NotFound desc = failed to resolve reference \"registry.example/img:1\": registry.example/img:1: not found"}
        """#
    private static let deployment = #"""
        {"metadata":{"name":"web","namespace":"shop","uid":"d1"},"spec":{"selector":{"matchLabels":{"app":"web"}},
         "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"registry.example/web:1"}]}}}}
        """#
    private static let replicaSet = #"""
        {"metadata":{"name":"web-7d9c","namespace":"shop","uid":"r1",
         "ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d1","controller":true}]},
         "spec":{"selector":{"matchLabels":{"app":"web"}}}}
        """#
    private static let autoscaler = #"""
        {"metadata":{"name":"web","namespace":"shop","uid":"h1"},
         "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"maxReplicas":5,
          "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]},
         "status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric",
          "message":"the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container main of Pod web-7d9c-x1"}]}}
        """#
}
