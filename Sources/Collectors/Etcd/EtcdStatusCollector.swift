internal import CEL
internal import Facts
internal import FoundationEssentials

/// What etcdctl says of each endpoint's database and alarms.
struct EtcdStatusCollector: Collector {
    let declaration = Declaration(
        "etcd.status",
        summary: "Version, database size, quota and alarms of each etcd endpoint, as etcdctl tells them.",
        returns: .object([
            "endpoints": .list(
                .object([
                    "endpoint": .string, "memberID": .string, "version": .string, "dbSize": .int,
                    "dbSizeInUse": .int, "quota": .int, "leader": .bool, "errors": .list(.string),
                ])),
            "alarms": .list(.object(["memberID": .string, "alarm": .string])),
        ]),
        fields: [
            "endpoints.dbSize": "bytes of the file; never shrinks without a defragmentation",
            "endpoints.dbSizeInUse": "bytes of it that hold something",
            "endpoints.quota":
                "bytes; what the member says (3.6), its flag on this machine, else etcd's default of 2 GiB",
            "alarms.alarm": "NOSPACE or CORRUPT",
        ],
        cost: .command,
        privileges: ["run etcdctl", "read the etcd client certificate and key"])

    /// etcd's `DefaultQuotaBytes`.
    static let defaultQuota: Int64 = 2 << 30

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = try await EtcdClientAccess.find(in: surroundings)
        let status = try await json([Status].self, ["endpoint", "status", "-w", "json"], access, surroundings)
        let alarms = try await json(Alarms.self, ["alarm", "list", "-w", "json"], access, surroundings)
        let endpoints = status.map { $0.value(quota: access.quota) }
        return Observation(
            .map([
                "endpoints": .list(List(endpoints)), "alarms": .list(List((alarms.alarms ?? []).map(\.value))),
            ]),
            source: "etcdctl endpoint status, etcdctl alarm list (\(access.endpoints))")
    }

    private func json<Answer: Decodable>(
        _ type: Answer.Type, _ arguments: [String], _ access: EtcdClientAccess, _ surroundings: Surroundings
    ) async throws(Unknown) -> Answer {
        let output = try await surroundings.effects.run(
            .etcdctl(access.flags + arguments, in: surroundings))
        // With some endpoints down it ends with an error and still tells of the others.
        if let answer = try? JSONDecoder().decode(type, from: Data(output.standardOutput)) { return answer }
        throw Unknown(
            .unreachable, "etcdctl \(arguments.prefix(2).joined(separator: " ")) has no answer",
            hint: "set ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT and ETCDCTL_KEY")
    }

    private struct Status: Decodable {
        struct Header: Decodable { var member_id: UInt64? }
        struct Body: Decodable {
            var header: Header
            var version: String?
            var dbSize: Int64?
            var dbSizeInUse: Int64?
            var dbSizeQuota: Int64?
            var leader: UInt64?
            var errors: [String]?
        }
        var Endpoint: String
        var Status: Body

        func value(quota: Int64?) -> Value {
            var fields: [String: Value] = [
                "endpoint": .string(Endpoint), "errors": .strings(Status.errors ?? []),
                "quota": .int(Status.dbSizeQuota ?? quota ?? EtcdStatusCollector.defaultQuota),
            ]
            fields["version"] = Status.version.map(Value.string)
            fields["dbSize"] = Status.dbSize.map(Value.int)
            fields["dbSizeInUse"] = Status.dbSizeInUse.map(Value.int)
            if let member = Status.header.member_id {
                fields["memberID"] = .string(EtcdIdentity.text(member))
                fields["leader"] = .bool(member == Status.leader)
            }
            return .map(Map(fields))
        }
    }

    private struct Alarms: Decodable {
        struct Alarm: Decodable {
            var memberID: UInt64?
            var alarm: Int?

            /// The numbers are those of etcd's `AlarmType`.
            var value: Value {
                .map([
                    "memberID": .string(EtcdIdentity.text(memberID ?? 0)),
                    "alarm": .string(alarm == 1 ? "NOSPACE" : alarm == 2 ? "CORRUPT" : "NONE"),
                ])
            }
        }
        var alarms: [Alarm]?
    }
}

/// Where etcd's clients connect and with which certificate.
struct EtcdClientAccess: Sendable {
    var endpoints: String
    /// etcdctl's, beside what its own environment says.
    var flags: [String]
    /// The quota that the member of this machine was started with.
    var quota: Int64?

    /// ETCDCTL_ENDPOINTS, else the member of this machine with the certificates that kubeadm makes for it.
    static func find(in surroundings: Surroundings) async throws(Unknown) -> EtcdClientAccess {
        var member: EtcdMember?
        var problem: Unknown?
        do { member = try await EtcdMember.all(in: surroundings).first } catch { problem = error }
        let quota = member?.settings["quota-backend-bytes"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        if let endpoints = surroundings.environment["ETCDCTL_ENDPOINTS"], !endpoints.isEmpty {
            return EtcdClientAccess(endpoints: endpoints, flags: [], quota: quota)
        }
        guard let member, let url = member.advertisedClientURLs.first else {
            throw problem
                ?? Unknown(.notApplicable, "no etcd is known here", hint: "set ETCDCTL_ENDPOINTS, or run on a member")
        }
        var flags = ["--endpoints=\(url)"]
        let directory = "/etc/kubernetes/pki/etcd"
        if url.hasPrefix("https:"), surroundings.environment["ETCDCTL_CERT"] == nil {
            flags += [
                "--cacert=\(member.settings["trusted-ca-file"] ?? "\(directory)/ca.crt")",
                "--cert=\(directory)/healthcheck-client.crt", "--key=\(directory)/healthcheck-client.key",
            ]
        }
        return EtcdClientAccess(endpoints: url, flags: flags, quota: quota)
    }
}
