/// Where the kubelet mounts a pod's service account.
enum PodServiceAccount {
    static let directory = "/var/run/secrets/kubernetes.io/serviceaccount"
}
