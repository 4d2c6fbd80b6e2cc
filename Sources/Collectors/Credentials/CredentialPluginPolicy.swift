internal import Facts
internal import YAML

/// What kuberc says of credential plugins (KEP-3104): whether kubectl may run one, and so whether we may.
struct CredentialPluginPolicy: Sendable {
    enum Kind: String, Sendable { case allowAll = "AllowAll", denyAll = "DenyAll", allowlist = "Allowlist" }

    var kind = Kind.allowAll
    var allowlist: [String] = []
    /// The kuberc that was read; `nil` where there is none.
    var file: String?
    /// A policy that cannot be understood allows nothing: kubectl refuses to go on.
    var fault: String?

    /// KUBERC names the file and `off` turns it off; else `~/.kube/kuberc`.
    static func load(in surroundings: Surroundings) async throws(Unknown) -> CredentialPluginPolicy {
        let variable = surroundings.environment["KUBERC"] ?? ""
        if variable == "off" { return CredentialPluginPolicy() }
        let path = variable.isEmpty ? surroundings.homeDirectory + "/.kube/kuberc" : variable
        do throws(Unknown) {
            let bytes = try await surroundings.effects.readFile(path, limit: Limits.kubeconfig.bytes)
            return parse(bytes, path: path)
        } catch  where error.reason == .notFound {
            return CredentialPluginPolicy()
        }
    }

    static func parse(_ bytes: [UInt8], path: String) -> CredentialPluginPolicy {
        var policy = CredentialPluginPolicy(file: path)
        let result = YAML.parse(bytes, limits: .kubeconfig)
        guard result.errors.isEmpty, let document = result.documents.first else {
            if !result.errors.isEmpty { policy.fault = "\(path) cannot be read as YAML" }
            return policy
        }
        guard let fields = Fields(document) else {
            if document.jsonKind != .null { policy.fault = "\(path) is no kuberc" }
            return policy
        }
        let entries: [Node]? = fields["credentialPluginAllowlist"].flatMap {
            if case .sequence(let items) = $0.content { items } else { nil }
        }
        // The entries were called `name` in 1.35 and are called `command` since.
        policy.allowlist = (entries ?? []).compactMap { entry in
            Fields(entry).flatMap { $0["command"]?.text ?? $0["name"]?.text }
        }
        let text = fields["credentialPluginPolicy"]?.text ?? ""
        guard let kind = text.isEmpty ? .allowAll : Kind(rawValue: text) else {
            policy.fault = "\(path): the policy '\(text)' is unknown"
            return policy
        }
        policy.kind = kind
        if (kind == .allowlist) != (entries != nil) || policy.allowlist.count != entries?.count ?? 0
            || (kind == .allowlist && policy.allowlist.isEmpty)
        {
            policy.fault = "\(path): the policy \(kind.rawValue) and its credentialPluginAllowlist do not fit"
        }
        if let odd = policy.allowlist.first(where: { GoPath.clean($0) != $0 }) {
            policy.fault = "\(path): '\(odd)' is not the shortest form of its path"
        }
        return policy
    }

    /// Whether this plugin may run: an entry is the command as written, or leads to the same file (`exec.go`).
    func allows(_ plugin: ExecPlugin, in surroundings: Surroundings) async -> Bool {
        if fault != nil { return false }
        switch kind {
        case .allowAll: return true
        case .denyAll: return false
        case .allowlist:
            let command = GoPath.clean(plugin.configuration.command)
            guard let path = plugin.path else { return allowlist.contains(command) }
            if allowlist.contains(command) || allowlist.contains(path) { return true }
            for entry in allowlist where GoPath.base(entry) == GoPath.base(path) {
                if await ExecPlugin.lookUp(entry, in: surroundings).path == path { return true }
            }
            return false
        }
    }
}
