/// A cluster of deployments with an autoscaler each; the same objects in every run.
///
/// Each pod is about 5 kB of JSON, as a current API server writes it: managed fields, status and all.
struct MadeUpCluster {
    let podCount: Int
    static let podsOfDeployment = 20
    static let deploymentsOfNamespace = 50
    /// The one whose container has no cpu request.
    static let broken = 4711

    var deploymentCount: Int { max(1, podCount / Self.podsOfDeployment) }
    private var brokenDeployment: Int { min(Self.broken, deploymentCount - 1) }

    func namespace(of deployment: Int) -> String { "team-\(padded(deployment / Self.deploymentsOfNamespace, 3))" }
    func name(of deployment: Int) -> String { "service-\(padded(deployment, 5))" }
    func hash(of deployment: Int) -> String { padded(deployment, 5) + "7c9f4" }

    /// The items of a list, as JSON texts.
    func items(of path: String) -> [String]? {
        switch path {
        case "/apis/autoscaling/v2/horizontalpodautoscalers": (0..<deploymentCount).map(autoscaler)
        case "/apis/apps/v1/deployments": (0..<deploymentCount).map(deployment)
        case "/apis/apps/v1/replicasets": (0..<deploymentCount).map(replicaSet)
        case "/apis/apps/v1/statefulsets", "/api/v1/limitranges": []
        default: nil
        }
    }

    private func requests(_ deployment: Int) -> String {
        deployment == brokenDeployment
            ? "{}" : #"{"limits":{"memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}}"#
    }

    private func metadata(_ deployment: Int, name: String, uid: String, owner: String = "") -> String {
        #"{"name":"\#(name)","namespace":"\#(namespace(of: deployment))","uid":"\#(uid)","resourceVersion":"\#(deployment)","#
            + #""creationTimestamp":"2026-11-01T08:00:00Z","labels":{"app.kubernetes.io/name":"\#(self.name(of: deployment))"}\#(owner)}"#
    }

    private func autoscaler(_ deployment: Int) -> String {
        let condition =
            deployment == brokenDeployment
            ? #"{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container app of Pod \#(podName(deployment, 0))"}"#
            : #"{"type":"ScalingActive","status":"True","reason":"ValidMetricFound","message":"the HPA was able to successfully calculate a replica count from cpu resource utilization"}"#
        return
            #"{"metadata":\#(metadata(deployment, name: name(of: deployment), uid: uid(1, deployment, 0))),"#
            + #""spec":{"scaleTargetRef":{"kind":"Deployment","name":"\#(name(of: deployment))","apiVersion":"apps/v1"},"#
            + #""minReplicas":2,"maxReplicas":40,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]},"#
            + #""status":{"currentReplicas":20,"desiredReplicas":20,"conditions":[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale","message":"recommended size matches current size"},\#(condition)]}}"#
    }

    private func deployment(_ number: Int) -> String {
        #"{"metadata":\#(metadata(number, name: name(of: number), uid: uid(2, number, 0))),"spec":{"replicas":20,"#
            + #""selector":{"matchLabels":{"app.kubernetes.io/name":"\#(name(of: number))"}},"template":{"metadata":{"labels":{"app.kubernetes.io/name":"\#(name(of: number))"}},"#
            + #""spec":{"containers":[{"name":"app","image":"registry.example.org/team/service:1.24.7","resources":\#(requests(number))}]}}},"#
            + #""status":{"replicas":20,"readyReplicas":20}}"#
    }

    private func replicaSet(_ number: Int) -> String {
        let owner =
            #","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"\#(name(of: number))","uid":"\#(uid(2, number, 0))","controller":true,"blockOwnerDeletion":true}]"#
        return
            #"{"metadata":\#(metadata(number, name: "\(name(of: number))-\(hash(of: number))", uid: uid(3, number, 0), owner: owner)),"#
            + #""spec":{"replicas":20},"status":{"replicas":20}}"#
    }

    func podName(_ deployment: Int, _ pod: Int) -> String {
        "\(name(of: deployment))-\(hash(of: deployment))-\(padded(pod, 2))xk9"
    }

    func uid(_ kind: Int, _ first: Int, _ second: Int) -> String {
        "\(padded(kind, 8))-\(padded(first % 10_000, 4))-4a6f-9b1e-\(padded(first * 100 + second, 12))"
    }
}

func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
