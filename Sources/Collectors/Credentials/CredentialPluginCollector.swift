internal import CEL
internal import Facts

/// The credential plugin that the selected user names: looked at, never run.
struct CredentialPluginCollector: Collector {
    let declaration = Declaration(
        "credential.plugin",
        summary: "The credential plugin of the selected user: where it is, and whether kuberc lets kubectl run it.",
        returns: .object([
            "configured": .bool, "command": .string, "path": .string, "found": .bool, "executable": .bool,
            "provider": .string, "apiVersion": .string, "apiVersionSupported": .bool,
            "policy": .string, "allowed": .bool, "allowlist": .list(.string), "policyFile": .string,
            "policyFault": .string,
        ]),
        fields: [
            "configured": "false: the user has no exec block, and nothing else is here",
            "path": "the absolute path of the command as client-go resolves it; absent where it does not",
            "found": "the command is on PATH, or at the path that was given",
            "apiVersionSupported": "client.authentication.k8s.io/v1 and v1beta1 are; v1alpha1 is gone since 1.24",
            "policy": "kuberc's credentialPluginPolicy: AllowAll (also when there is none), DenyAll or Allowlist",
        ],
        cost: .file, privileges: ["read the kubeconfig, kuberc and the directories of PATH"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = await SelectedAccess.load(in: surroundings)
        let source = access.kubeconfig.files.map(\.path).joined(separator: ":")
        guard let exec = access.user.exec else {
            if let obstacle = access.kubeconfig.obstacle { throw obstacle }
            return Observation(.map(["configured": .bool(false)]), source: source)
        }
        let plugin = await ExecPlugin.resolve(exec, in: surroundings)
        let policy = try await CredentialPluginPolicy.load(in: surroundings)
        var values: [String: Value] = [
            "configured": .bool(true), "command": .string(exec.command), "found": .bool(plugin.exists),
            "executable": .bool(plugin.path != nil),
            "provider": .string(ExecPlugin.hints(exec).provider.rawValue),
            "apiVersionSupported": .bool(ExecPlugin.supportedVersions.contains(exec.apiVersion)),
            "policy": .string(policy.kind.rawValue), "allowed": .bool(await policy.allows(plugin, in: surroundings)),
            "allowlist": .texts(policy.allowlist),
        ]
        values["path"] = plugin.path.map(Value.string)
        values["apiVersion"] = exec.apiVersion.orNil.map(Value.string)
        values["policyFile"] = policy.file.map(Value.string)
        values["policyFault"] = policy.fault.map(Value.string)
        return Observation(.map(Map(values)), source: "PATH, \(source)")
    }
}
