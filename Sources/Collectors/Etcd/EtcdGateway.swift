internal import CEL
internal import Facts

/// etcd's own HTTP: the gateway to its gRPC services, its health and its metrics.
///
/// Sources: etcd's documentation, "gRPC gateway" (`/v3/` since 3.4; 64-bit numbers are strings there, zeros are left
/// out), "Monitoring etcd" (`/health`, `/metrics`).
struct EtcdGateway: Sendable {
    private let access: EtcdClientAccess
    private let tls: TLSOptions
    private let effects: any Effects

    /// Reads the certificates that the access names.
    init(_ access: EtcdClientAccess, in surroundings: Surroundings) async throws(Unknown) {
        self.access = access
        effects = surroundings.effects
        var tls = TLSOptions()
        if let path = access.authority { tls.authoritiesPEM = try await surroundings.machineFile(path) }
        if let certificate = access.certificate, let key = access.key {
            tls.certificateChainPEM = try await surroundings.machineFile(certificate)
            tls.privateKeyPEM = try await surroundings.machineFile(key)
        }
        self.tls = tls
    }

    /// Every endpoint's state, and from the first that answers the members and alarms.
    func observe() async throws(Unknown) -> Observation {
        let endpoints = access.endpoints.split(separator: ",").map { url(String($0).trimmingWhitespace()) }
        var values: [Value] = []
        var first: String?
        var problem: Unknown?
        for endpoint in endpoints {
            do throws(Unknown) {
                values.append(try await status(of: endpoint))
                first = first ?? endpoint
            } catch {
                problem = problem ?? error
                values.append(unanswered(endpoint, error))
            }
        }
        guard let first else {
            throw problem ?? Unknown(.notApplicable, "no etcd endpoint is named", hint: "set ETCDCTL_ENDPOINTS")
        }
        let members = await attempt { () async throws(Unknown) in
            Value.list(List((try await ask(.etcdMembers, first)[field: "members"]?.elements ?? []).map(Self.member)))
        }
        let alarms = await attempt { () async throws(Unknown) in
            Value.list(List((try await ask(.etcdAlarms, first)[field: "alarms"]?.elements ?? []).map(Self.alarm)))
        }
        return Observation(
            .map(["endpoints": .list(List(values)), "members": members.value, "alarms": alarms.value]),
            source: "POST \(first)/v3/maintenance/status, /v3/maintenance/alarm, /v3/cluster/member/list; "
                + "GET /health, /metrics (\(endpoints.joined(separator: ", ")))")
    }

    /// etcdctl takes endpoints without a scheme.
    private func url(_ endpoint: String) -> String {
        if endpoint.contains("://") { return endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint }
        return (tls.authoritiesPEM == nil && tls.certificateChainPEM == nil ? "http://" : "https://") + endpoint
    }

    private func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        var request = request
        request.tls = tls
        request.deadlineSeconds = 5
        return try await effects.send(request)
    }

    private func ask(_ question: HTTPRequest.Question, _ endpoint: String) async throws(Unknown) -> Value {
        let response = try await send(HTTPRequest(url: endpoint + question.rawValue, question: question))
        guard response.status == 200, let answer = response.json else {
            let isDenied = response.status == 401 || response.status == 403
            throw Unknown(
                isDenied ? .denied : .malformed,
                "\(endpoint)\(question.rawValue) answers \(response.status), not as etcd 3.4 or later does")
        }
        return answer
    }

    private func status(of endpoint: String) async throws(Unknown) -> Value {
        let answer = try await ask(.etcdStatus, endpoint)
        let member = answer[field: "header"]?[field: "member_id"]?.unsigned
        var fields: [String: Value] = [
            "endpoint": .string(endpoint),
            "leader": .bool(member != nil && member == answer[field: "leader"]?.unsigned),
            "errors": .strings((answer[field: "errors"]?.elements ?? []).compactMap(\.text)),
        ]
        fields["memberID"] = member.map { .string(EtcdIdentity.text($0)) }
        fields["version"] = answer[field: "version"]?.text.map(Value.string)
        for field in ["dbSize", "dbSizeInUse"] {
            fields[field] = answer[field: field]?.unsigned.map { .int(Int64(clamping: $0)) }
        }
        let said = answer[field: "dbSizeQuota"]?.unsigned.map { Int64(clamping: $0) }
        let quota: Int64?
        if let said { quota = said } else { quota = await quotaByMetrics(endpoint) }
        fields["quota"] = .int(quota ?? access.quota ?? EtcdStatusCollector.defaultQuota)
        fields.merge(await health(of: endpoint)) { $1 }
        return .map(Map(fields))
    }

    private func unanswered(_ endpoint: String, _ unknown: Unknown) -> Value {
        .map([
            "endpoint": .string(endpoint), "errors": .strings([unknown.detail]), "healthy": .bool(false),
            "quota": unknown.value,
        ])
    }

    /// `{"health":"true"}`; since 3.5 also why not.
    private func health(of endpoint: String) async -> [String: Value] {
        do throws(Unknown) {
            let response = try await send(HTTPRequest(url: endpoint + "/health"))
            guard let answer = response.json, let health = answer[field: "health"]?.text else {
                throw Unknown(.malformed, "\(endpoint)/health answers \(response.status), not as etcd does")
            }
            var fields: [String: Value] = ["healthy": .bool(health == "true")]
            fields["healthReason"] = answer[field: "reason"]?.text?.orNil.map(Value.string)
            return fields
        } catch {
            return ["healthy": error.value]
        }
    }

    private func quotaByMetrics(_ endpoint: String) async -> Int64? {
        let request = HTTPRequest(url: endpoint + "/metrics", bodyLimit: 8 << 20)
        guard let response = try? await send(request), response.status == 200 else { return nil }
        let prefix = "etcd_server_quota_backend_bytes "
        return String(decoding: response.body, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(prefix) }
            .flatMap { Double($0.dropFirst(prefix.count)) }.flatMap { Int64(exactly: $0) }
    }

    private static func member(_ entry: Value) -> Value {
        var isLearner = false
        if case .bool(true) = entry[field: "isLearner"] { isLearner = true }
        return .map([
            "id": .string(EtcdIdentity.text(entry[field: "ID"]?.unsigned ?? 0)),
            "name": .string(entry[field: "name"]?.text ?? ""),
            "peerURLs": .strings((entry[field: "peerURLs"]?.elements ?? []).compactMap(\.text)),
            "clientURLs": .strings((entry[field: "clientURLs"]?.elements ?? []).compactMap(\.text)),
            "learner": .bool(isLearner),
        ])
    }

    private static func alarm(_ entry: Value) -> Value {
        .map([
            "memberID": .string(EtcdIdentity.text(entry[field: "memberID"]?.unsigned ?? 0)),
            "alarm": .string(entry[field: "alarm"]?.text ?? "NONE"),
        ])
    }
}

extension Value {
    /// A 64-bit number as the gateway writes it.
    fileprivate var unsigned: UInt64? {
        switch self {
        case .string(let text): UInt64(text)
        case .int(let number): UInt64(exactly: number)
        case .uint(let number): number
        default: nil
        }
    }
}
