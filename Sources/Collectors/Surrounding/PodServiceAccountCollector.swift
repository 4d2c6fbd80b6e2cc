internal import CEL
internal import Facts

/// The service account's files as they are mounted into the pod that this runs in.
struct PodServiceAccountCollector: Collector {
    let declaration = Declaration(
        "pod.serviceAccount",
        summary: "The service account token that is mounted into this pod. Outside of a pod: not applicable.",
        returns: .object([
            "directory": .string, "tokenMounted": .bool, "tokenProblem": .string, "token": TokenFields.type,
            "namespace": .string, "authorityPresent": .bool, "serviceHost": .string,
        ]),
        fields: ["tokenProblem": "none, missing, unreadable or empty"].merging(
            TokenFields.meanings.map { ("token.\($0)", $1) }
        ) { $1 },
        cost: .file, secrets: ["token"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "the pod is not looked at yet")
    }
}
