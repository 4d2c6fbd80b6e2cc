internal import CEL
internal import Facts

/// Who the Azure CLI is signed in as.
///
/// Source: `az account show` (Azure CLI reference); it asks nobody, so that an expired sign-in is not seen here.
struct AzureIdentityCollector: Collector {
    let declaration = Declaration(
        "azure.identity",
        summary: "The Azure account and subscription that the az CLI uses (`az account show`).",
        parameters: [.init("subscription", .string, "a subscription's name or id; default: the CLI's own")],
        returns: .object([
            "ok": .bool, "subscription": .string, "subscriptionName": .string, "tenant": .string, "state": .string,
            "user": .string, "kind": .string, "cloud": .string, "errorCode": .string, "errorMessage": .string,
        ]),
        fields: [
            "subscription": "its id", "state": "Enabled, Disabled, Warned, PastDue, …",
            "kind": "user or servicePrincipal", "cloud": "AzureCloud, AzureUSGovernment, …",
            "errorCode": "noCredentials, loginRequired, subscriptionNotFound or other; absent where ok",
        ],
        cost: .command, privileges: ["run the az CLI"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = await SelectedAccess.load(in: surroundings)
        let platform = Platform(PlatformCollector.traces(of: access))
        let given = parameters["subscription"].text
        let provider = access.user.exec.map(ExecPlugin.hints)?.provider
        guard platform.name == .aks || provider == .azure || given != nil else {
            if let obstacle = access.kubeconfig.obstacle { throw obstacle }
            throw Unknown(.notApplicable, "nothing in the kubeconfig leads to Azure")
        }
        // Glued to its flag, a value cannot become a flag itself.
        let arguments = ["account", "show", "--output", "json"] + (given.map { ["--subscription=\($0)"] } ?? [])
        let command = CloudCommand("az", "the Azure CLI", environment: ["AZURE_CORE_COLLECT_TELEMETRY": "false"])
        switch try await command.run(arguments, in: surroundings) {
        case .answer(let answer):
            guard let id = answer[field: "id"]?.text else {
                throw Unknown(.malformed, "az account show tells no subscription")
            }
            var fields: [String: Value] = ["ok": .bool(true), "subscription": .string(id)]
            let texts = [
                ("subscriptionName", answer[field: "name"]), ("tenant", answer[field: "tenantId"]),
                ("state", answer[field: "state"]), ("cloud", answer[field: "environmentName"]),
                ("user", answer[field: "user"]?[field: "name"]), ("kind", answer[field: "user"]?[field: "type"]),
            ]
            for (field, value) in texts { fields[field] = value?.text.map(Value.string) }
            return Observation(.map(Map(fields)), source: command.line(arguments))
        case .failure(let message):
            let code =
                message.contains("Subscription") && message.contains("not found")
                ? "subscriptionNotFound" : CloudCommand.code(of: message)
            return Observation(
                .map([
                    "ok": .bool(false), "errorCode": .string(code), "errorMessage": .string(message),
                ]), source: command.line(arguments))
        }
    }
}
