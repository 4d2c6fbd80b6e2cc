internal import Facts

/// Where etcd's clients connect and with which certificate.
struct EtcdClientAccess: Sendable {
    var endpoints: String
    /// etcdctl's, beside what its own environment says.
    var flags: [String]
    /// The quota that the member of this machine was started with.
    var quota: Int64?
    /// PEM files: the authorities that the endpoints are verified against, and the client's certificate and key.
    var authority: String?
    var certificate: String?
    var key: String?

    /// ETCDCTL_ENDPOINTS, else the member of this machine with the certificates that kubeadm makes for it.
    static func find(in surroundings: Surroundings) async throws(Unknown) -> EtcdClientAccess {
        var member: EtcdMember?
        var problem: Unknown?
        do { member = try await EtcdMember.all(in: surroundings).first } catch { problem = error }
        let quota = member?.settings["quota-backend-bytes"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        if let endpoints = surroundings.environment["ETCDCTL_ENDPOINTS"], !endpoints.isEmpty {
            return EtcdClientAccess(
                endpoints: endpoints, flags: [], quota: quota,
                authority: surroundings.environment["ETCDCTL_CACERT"]?.orNil,
                certificate: surroundings.environment["ETCDCTL_CERT"]?.orNil,
                key: surroundings.environment["ETCDCTL_KEY"]?.orNil)
        }
        guard let member, let url = member.advertisedClientURLs.first else {
            throw problem
                ?? Unknown(.notApplicable, "no etcd is known here", hint: "set ETCDCTL_ENDPOINTS, or run on a member")
        }
        var access = EtcdClientAccess(endpoints: url, flags: ["--endpoints=\(url)"], quota: quota)
        let directory = "/etc/kubernetes/pki/etcd"
        guard url.hasPrefix("https:") else { return access }
        if let certificate = surroundings.environment["ETCDCTL_CERT"]?.orNil {
            access.authority = surroundings.environment["ETCDCTL_CACERT"]?.orNil
            access.certificate = certificate
            access.key = surroundings.environment["ETCDCTL_KEY"]?.orNil
            return access
        }
        let authority = member.settings["trusted-ca-file"] ?? "\(directory)/ca.crt"
        access.authority = authority
        access.certificate = "\(directory)/healthcheck-client.crt"
        access.key = "\(directory)/healthcheck-client.key"
        access.flags += [
            "--cacert=\(authority)", "--cert=\(directory)/healthcheck-client.crt",
            "--key=\(directory)/healthcheck-client.key",
        ]
        return access
    }
}
