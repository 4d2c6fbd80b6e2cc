internal import CEL
internal import Facts

/// Where triage runs: a CI job, a container, a pod, WSL, under sudo.
struct EnvironmentCollector: Collector {
    let declaration = Declaration(
        "environment",
        summary: "Where this runs: a CI system, a container, a pod, WSL, as root or through sudo.",
        returns: .object([
            "isCI": .bool, "ciSystem": .string, "inContainer": .bool, "inPod": .bool, "inWSL": .bool,
            "isRoot": .bool, "user": .string, "sudoUser": .string, "home": .string, "variables": .list(.string),
            "kubeconfigVariable": .string, "kubeconfigOfSudoUser": .string, "adminKubeconfigExists": .bool,
            "kubeconfigOfOthers": .list(.string),
        ]),
        fields: [
            "ciSystem": "github, gitlab, jenkins, circleci, azure-pipelines, teamcity, buildkite, travis or other",
            "variables": "names of the environment variables that are set; never their values",
            "kubeconfigVariable": "KUBECONFIG as it is set; absent where it is not",
            "kubeconfigOfSudoUser": "~/.kube/config of the person who called sudo, where that file exists",
            "adminKubeconfigExists": "/etc/kubernetes/admin.conf exists",
            "kubeconfigOfOthers": "kubeconfigs at well-known places: k3s, rke2, microk8s, kubeadm",
        ],
        cost: .file)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "the environment is not looked at yet")
    }
}
