internal import CEL
internal import Facts

/// What the server makes of the kubeconfig's credentials.
struct AuthenticationCollector: Collector {
    let declaration = Declaration(
        "server.authentication",
        summary: "What the server answers to the selected context's credentials (GET /api).",
        returns: .object([
            "status": .int, "reason": .string, "message": .string, "authenticated": .bool, "anonymous": .bool,
            "user": .string, "sentCredential": .string, "date": .timestamp, "clockSkew": .duration,
        ]),
        fields: [
            "status": "200, 401 (not accepted), 403 (known, or nobody, but not allowed) …",
            "reason": "of the Status body", "message": "of the Status body",
            "authenticated": "the server knows who asks",
            "anonymous": "the request was taken as nobody's (system:anonymous)",
            "user": "whom the server takes us for, where a refusal names it",
            "sentCredential": "none, bearer, basic or clientCertificate",
            "date": "the server's clock (its Date header)",
            "clockSkew": "the server's clock minus this machine's",
        ],
        cost: .network, privileges: ["send the kubeconfig's credentials to its server"],
        secrets: ["token", "password", "client key"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = try await ServerAccess.authenticated(in: surroundings)
        return try await observe(access, in: surroundings)
    }

    func observe(_ access: ServerAccess, in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let response = try await surroundings.effects.send(access.request("/api", bodyLimit: 1 << 20))
        let status = response.statusObject
        let user = status.flatMap { Self.user(inRefusal: $0.message) }
        let isAnonymous: Bool
        if let user {
            isAnonymous = user == "system:anonymous"
        } else {
            isAnonymous = !access.hasCredential && response.status != 401
        }
        var fields: [String: Value] = [
            "status": .int(Int64(response.status)), "anonymous": .bool(isAnonymous),
            "authenticated": .bool(!isAnonymous && [200, 403].contains(response.status)),
            "sentCredential": .string(access.credentialName),
        ]
        fields["reason"] = (status?.reason).map(Value.string)
        fields["message"] = (status?.message).map(Value.string)
        fields["user"] = user.map(Value.string)
        if let date = response.header("Date").flatMap(CEL.Timestamp.init(httpDate:)) {
            fields["date"] = .timestamp(date)
            fields["clockSkew"] = .duration(CEL.Duration(seconds: date.seconds - surroundings.now.seconds))
        }
        return Observation(
            .map(Map(fields)), source: "GET \(access.shownURL)/api with \(access.credentialName) credentials")
    }

    /// The name in `… is forbidden: User "jane" cannot …`.
    static func user(inRefusal message: String) -> String? {
        guard let start = message.firstRange(of: #"User ""#) else { return nil }
        let rest = message[start.upperBound...]
        return rest.firstIndex(of: "\"").map { String(rest[..<$0]) }
    }
}

extension ServerAccess {
    var hasCredential: Bool { credentialName != "none" }

    var credentialName: String {
        switch credential {
        case .none: "none"
        case .bearer: "bearer"
        case .basic: "basic"
        case .clientCertificate: "clientCertificate"
        }
    }
}

extension CEL.Timestamp {
    /// `Tue, 24 Nov 2026 00:10:00 GMT` (RFC 9110, 5.6.7; the obsolete forms are not sent by Go).
    init?(httpDate text: String) {
        let parts = text.split(whereSeparator: { " :".contains($0) })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, parts[7] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year), let hour = Int64(parts[4]), (0...23).contains(hour),
            let minute = Int64(parts[5]), (0...59).contains(minute), let second = Int64(parts[6]),
            (0...60).contains(second)
        else { return nil }
        // Days since 1970 by counting leap days; a year begins in March here.
        let (m, y) = month < 2 ? (Int64(month) + 10, year - 1) : (Int64(month) - 2, year)
        let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468
        self.init(seconds: ((days * 24 + hour) * 60 + minute) * 60 + second)
    }
}
