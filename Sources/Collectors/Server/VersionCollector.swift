internal import CEL
internal import Facts

/// What the server says of itself to anybody.
struct VersionCollector: Collector {
    let declaration = Declaration(
        "server.version",
        summary: "What the server answers to anybody who asks /version, /readyz?verbose and /livez?verbose.",
        returns: .object([
            "isAPIServer": .bool, "status": .int, "gitVersion": .string, "ready": .bool, "readyStatus": .int,
            "failedChecks": .list(.string),
        ]),
        fields: [
            "isAPIServer": "a Kubernetes API server answers, be it with a refusal",
            "status": "of /version", "gitVersion": "absent where the server tells it to nobody",
            "failedChecks":
                "names of the /readyz checks that fail, such as etcd, and of /livez where /readyz has none of"
                + " etcd; unknown where they may not be read",
        ],
        cost: .network,
        privileges: [
            "get /version, /readyz and /livez (the role system:public-info-viewer gives it to all)",
            "send the kubeconfig's credentials to its server, where it tells nobody",
        ],
        secrets: ["token", "password", "client key"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = try await ServerAccess.anonymous(in: surroundings)
        return try await observe(access, in: surroundings) {
            try? await ServerAccess.authenticated(in: surroundings)
        }
    }

    /// - Parameter known: with credentials; asked where the server tells nobody.
    func observe(
        _ access: ServerAccess, in surroundings: Surroundings, deadlineSeconds: Double = 5,
        known: () async -> ServerAccess? = { nil }
    ) async throws(Unknown) -> Observation {
        let request = access.probe("/version", deadlineSeconds: deadlineSeconds)
        let version = try await surroundings.effects.send(request)
        var fields: [String: Value] = [
            "isAPIServer": .bool(version.isAPIServersVersion), "status": .int(Int64(version.status)),
        ]
        fields["gitVersion"] = version.json?[field: "gitVersion"]?.text.map(Value.string)
        var ready = await readiness(surroundings.effects) { access.probe($0, deadlineSeconds: deadlineSeconds) }
        if case .unknown(let set) = ready["ready"], set.attributes.contains(where: { $0.reason == "denied" }),
            let known = await known(), known.hasCredential
        {
            ready = await readiness(surroundings.effects) { known.request($0, deadlineSeconds: deadlineSeconds) }
        }
        fields.merge(ready) { $1 }
        let shown = access.shownName ?? String(request.url.dropLast("/version".count))
        let pages = ["version", "readyz?verbose", "livez?verbose"].map { "GET \(shown)/\($0)" }
        return Observation(.map(Map(fields)), source: pages.joined(separator: ", "))
    }

    private func readiness(
        _ effects: any Effects, request: (String) -> HTTPRequest
    ) async -> [String: Value] {
        do throws(Unknown) {
            let answer = try await effects.send(request("/readyz?verbose"))
            let text = String(decoding: answer.body, as: UTF8.self)
            var checks = Self.failedChecks(text)
            guard answer.status == 200 || !checks.isEmpty else {
                throw Unknown(
                    answer.status == 401 || answer.status == 403 ? .denied : .notFound,
                    "/readyz answers \(answer.status)", hint: "kubectl get --raw '/readyz?verbose'")
            }
            // Some are ready without etcd, and not alive.
            if !text.contains("]etcd") {
                let live = await failuresOfLiveness(effects, request: request)
                checks += live.filter { !checks.contains($0) }
            }
            return [
                "ready": .bool(answer.status == 200), "readyStatus": .int(Int64(answer.status)),
                "failedChecks": Value.texts(checks),
            ]
        } catch {
            return ["ready": error.value, "readyStatus": error.value, "failedChecks": error.value]
        }
    }

    /// What fails twice: under load, or just after a start, a check may fail for a moment.
    private func failuresOfLiveness(_ effects: any Effects, request: (String) -> HTTPRequest) async -> [String] {
        var failures: [String]?
        for _ in 0..<2 {
            guard let answer = try? await effects.send(request("/livez?verbose")) else { return [] }
            let failed = Self.failedChecks(String(decoding: answer.body, as: UTF8.self))
            failures = failures?.filter(failed.contains) ?? failed
            if failed.isEmpty { break }
        }
        return failures ?? []
    }

    /// The lines `[-]etcd failed: reason withheld`.
    static func failedChecks(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("[-]") }
            .map { String($0.dropFirst(3).prefix { $0 != " " }) }
    }
}
