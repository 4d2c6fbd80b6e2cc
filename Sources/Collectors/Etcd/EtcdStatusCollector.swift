internal import CEL
internal import Facts
internal import FoundationEssentials

/// What etcd says of each endpoint's health and database, of its members and alarms: asked by etcdctl, else over HTTP.
struct EtcdStatusCollector: Collector {
    let declaration = Declaration(
        "etcd.status",
        summary: "Health, version, database size, quota, members and alarms of etcd, by etcdctl or its HTTP gateway.",
        returns: .object([
            "endpoints": .list(
                .object([
                    "endpoint": .string, "memberID": .string, "version": .string, "dbSize": .int,
                    "dbSizeInUse": .int, "quota": .int, "leader": .bool, "errors": .list(.string),
                    "healthy": .bool, "healthReason": .string,
                ])),
            "members": .list(
                .object([
                    "id": .string, "name": .string, "peerURLs": .list(.string), "clientURLs": .list(.string),
                    "learner": .bool,
                ])),
            "alarms": .list(.object(["memberID": .string, "alarm": .string])),
        ]),
        fields: [
            "endpoints.dbSize": "bytes of the file; never shrinks without a defragmentation",
            "endpoints.dbSizeInUse": "bytes of it that hold something",
            "endpoints.quota":
                "bytes; what the member says (3.6, or its metrics), its flag on this machine, else etcd's default "
                + "of 2 GiB",
            "endpoints.healthy": "it answers /health well: it has a leader, takes requests, and no alarm is raised",
            "endpoints.healthReason": "why not, where it says so",
            "members": "unknown where only the list could not be had",
            "alarms.alarm": "NOSPACE or CORRUPT",
        ],
        cost: .command,
        privileges: ["run etcdctl or connect to etcd's client port", "read the etcd client certificate and key"],
        secrets: ["the client's private key"])

    /// etcd's `DefaultQuotaBytes`.
    static let defaultQuota: Int64 = 2 << 30

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = try await EtcdClientAccess.find(in: surroundings)
        do {
            return try await askedByEtcdctl(access, surroundings)
        } catch  where error.reason == .notFound {
            // There is no etcdctl, as on most control planes of kubeadm, where it is in etcd's image only.
            return try await EtcdGateway(access, in: surroundings).observe()
        }
    }

    private func askedByEtcdctl(
        _ access: EtcdClientAccess, _ surroundings: Surroundings
    ) async throws(Unknown) -> Observation {
        let status = try await json([Status].self, ["endpoint", "status", "-w", "json"], access, surroundings)
        let alarms = try await json(Alarms.self, ["alarm", "list", "-w", "json"], access, surroundings)
        let members = await attempt { () async throws(Unknown) in
            let answer = try await json(Members.self, ["member", "list", "-w", "json"], access, surroundings)
            return Value.list(List((answer.members ?? []).map(\.value)))
        }
        let health = await attempt { () async throws(Unknown) in
            try await json([Health].self, ["endpoint", "health", "-w", "json"], access, surroundings)
        }
        let endpoints = status.map { $0.value(quota: access.quota, health: health) }
        return Observation(
            .map([
                "endpoints": .list(List(endpoints)), "members": members.value,
                "alarms": .list(List((alarms.alarms ?? []).map(\.value))),
            ]),
            source: "etcdctl endpoint status, endpoint health, member list, alarm list (\(access.endpoints))")
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

        func value(quota: Int64?, health: Result<[Health], Unknown>) -> Value {
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
            switch health {
            case .success(let answers):
                let own = answers.first { $0.endpoint == Endpoint }
                // Before 3.5 etcdctl looks at no alarm; the member itself does, and names it among its errors.
                fields["healthy"] = own.map { .bool($0.health && (Status.errors ?? []).isEmpty) }
                fields["healthReason"] = own?.error?.orNil.map { .string(Redaction.redact($0)) }
            case .failure(let unknown): fields["healthy"] = unknown.value
            }
            return .map(Map(fields))
        }
    }

    private struct Health: Decodable {
        var endpoint: String
        var health: Bool
        var error: String?
    }

    private struct Members: Decodable {
        struct Member: Decodable {
            var ID: UInt64
            var name: String?
            var peerURLs: [String]?
            var clientURLs: [String]?
            var isLearner: Bool?

            var value: Value {
                .map([
                    "id": .string(EtcdIdentity.text(ID)), "name": .string(name ?? ""),
                    "peerURLs": .strings(peerURLs ?? []), "clientURLs": .strings(clientURLs ?? []),
                    "learner": .bool(isLearner ?? false),
                ])
            }
        }
        var members: [Member]?
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
