internal import CEL
internal import Facts

/// Who the Google Cloud CLI is signed in as.
///
/// Source: `gcloud auth list` and `gcloud config list` (gcloud reference); both only read what is stored here.
struct GoogleIdentityCollector: Collector {
    let declaration = Declaration(
        "google.identity",
        summary:
            "The Google account, project and zone that the gcloud CLI uses (`gcloud auth list`, `gcloud config list`).",
        parameters: [.init("configuration", .string, "a named configuration of gcloud; default: the active one")],
        returns: .object([
            "ok": .bool, "account": .string, "accounts": .list(.string), "configuredAccount": .string,
            "project": .string, "region": .string, "zone": .string, "impersonates": .string,
            "errorCode": .string, "errorMessage": .string,
        ]),
        fields: [
            "ok": "some account with stored credentials is active",
            "account": "the active one; absent where there is none",
            "accounts": "all for which credentials are stored",
            "configuredAccount": "what the configuration names, with or without credentials",
            "impersonates": "the service account of auth/impersonate_service_account",
            "errorCode": "noCredentials, or what gcloud failed with: loginRequired, network, other; absent where ok",
        ],
        cost: .command, privileges: ["run the gcloud CLI"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = await SelectedAccess.load(in: surroundings)
        let platform = Platform(PlatformCollector.traces(of: access))
        let given = parameters["configuration"].text
        let provider = access.user.exec.map(ExecPlugin.hints)?.provider
        guard platform.name == .gke || provider == .gcp || given != nil else {
            if let obstacle = access.kubeconfig.obstacle { throw obstacle }
            throw Unknown(.notApplicable, "nothing in the kubeconfig leads to Google Cloud")
        }
        let command = CloudCommand(
            "gcloud", "the Google Cloud CLI",
            environment: ["CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1"])
        let flags = ["--format=json", "--quiet"] + (given.map { ["--configuration=\($0)"] } ?? [])
        let source = command.line(["auth", "list"] + flags) + "; " + command.line(["config", "list"] + flags)
        var fields: [String: Value] = [:]
        for words in [["auth", "list"], ["config", "list"]] {
            switch try await command.run(words + flags, in: surroundings) {
            case .answer(let answer):
                fields.merge(words[0] == "auth" ? Self.accounts(answer) : Self.settings(answer)) { $1 }
            case .failure(let message):
                return Observation(
                    .map([
                        "ok": .bool(false), "errorCode": .string(CloudCommand.code(of: message)),
                        "errorMessage": .string(message),
                    ]), source: source)
            }
        }
        return Observation(.map(Map(fields)), source: source)
    }

    /// As in `[{"account": "jo@example.org", "status": "ACTIVE"}]`.
    private static func accounts(_ answer: Value) -> [String: Value] {
        let entries = answer.elements ?? []
        let active = entries.first { $0[field: "status"]?.text == "ACTIVE" }?[field: "account"]?.text
        var fields: [String: Value] = [
            "ok": .bool(active != nil), "accounts": Value.texts(entries.compactMap { $0[field: "account"]?.text }),
        ]
        fields["account"] = active.map(Value.string)
        if active == nil { fields["errorCode"] = .string("noCredentials") }
        return fields
    }

    private static func settings(_ answer: Value) -> [String: Value] {
        var fields: [String: Value] = [:]
        let places = [
            ("configuredAccount", "core", "account"), ("project", "core", "project"), ("region", "compute", "region"),
            ("zone", "compute", "zone"), ("impersonates", "auth", "impersonate_service_account"),
        ]
        for (field, section, name) in places {
            fields[field] = answer[field: section]?[field: name]?.text?.orNil.map(Value.string)
        }
        return fields
    }
}
