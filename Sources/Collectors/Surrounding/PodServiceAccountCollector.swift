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
        let host = surroundings.environment["KUBERNETES_SERVICE_HOST"] ?? ""
        guard !host.isEmpty else { throw Unknown(.notApplicable, "this does not run in a pod") }
        let directory = PodServiceAccount.directory
        var values: [String: Value] = [
            "directory": .string(directory), "serviceHost": .string(host), "token": BearerToken.none.value,
        ]
        do throws(Unknown) {
            let bytes = try await surroundings.effects.readFile(
                directory + "/token", limit: LoadedMaterial.readLimit)
            let token = BearerToken(String(decoding: bytes, as: UTF8.self), source: "mounted", isFile: true)
            values["token"] = token.value
            values["tokenMounted"] = .bool(true)
            values["tokenProblem"] = .string(token.kind == .none ? "empty" : "none")
        } catch {
            switch error.reason {
            case .notFound:
                values["tokenMounted"] = .bool(false)
                values["tokenProblem"] = .string("missing")
            case .denied, .needsRoot:
                values["tokenMounted"] = .bool(true)
                values["tokenProblem"] = .string("unreadable")
                values["token"] = error.value
            case .timedOut, .notApplicable, .noKubeconfig, .notCollected, .unreachable, .redacted, .truncated,
                .malformed, .notAllowed, .inputMissing:
                throw error
            }
        }
        let namespace = try? await surroundings.effects.readFile(directory + "/namespace", limit: 4096)
        values["namespace"] = namespace.map { bytes in
            .string(String(decoding: bytes.filter { $0 > UInt8(ascii: " ") }, as: UTF8.self))
        }
        let authority = try? await surroundings.effects.status(of: directory + "/ca.crt")
        values["authorityPresent"] = .bool(authority != nil)
        return Observation(.map(Map(values)), source: directory)
    }
}
