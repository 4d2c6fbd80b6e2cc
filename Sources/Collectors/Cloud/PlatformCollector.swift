internal import CEL
internal import Facts

/// Which kind of cluster this is, as far as the kubeconfig tells.
struct PlatformCollector: Collector {
    let declaration = Declaration(
        "platform",
        summary:
            "The kind of cluster (EKS, kubeadm, kind …) and the names that its own tools need, from the kubeconfig.",
        returns: .object([
            "name": .string, "cluster": .string, "region": .string, "account": .string, "project": .string,
            "location": .string, "resourceGroup": .string, "profile": .string, "subscription": .string,
            "evidence": .list(.string),
        ]),
        fields: [
            "name": "eks, aks, gke, openshift, kubeadm, k3s, rke2, minikube, kind, docker-desktop or unknown",
            "account": "of AWS", "project": "of Google Cloud", "location": "a region or zone of Google Cloud",
            "resourceGroup": "of Azure, where a name tells it", "profile": "of the AWS CLI or of minikube",
            "evidence": "what the answer rests on, the strongest first",
        ],
        cost: .file, privileges: ["read the kubeconfig"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "the platform is not looked at yet")
    }
}
