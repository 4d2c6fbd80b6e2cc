internal import Facts

/// A credential plugin: where it is, and what its arguments and environment tell of the cloud it asks.
struct ExecPlugin: Sendable {
    enum Provider: String, Sendable, CaseIterable { case aws, gcp, azure, oidc, other }

    /// What the plugin's own arguments say, which the person would have to repeat to a cloud's CLI.
    struct Hints: Sendable {
        var provider = Provider.other
        var cluster: String?
        var region: String?
        var profile: String?
        var role: String?
    }

    /// `plugin/pkg/client/auth/exec/exec.go`; v1alpha1 is gone since 1.24.
    static let supportedVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    var configuration: ExecConfiguration
    /// The absolute path that client-go would start; `nil` where there is none.
    var path: String?
    /// Something is there, whether or not it can be executed.
    var exists: Bool

    /// Looks for the command as Go's `exec.LookPath` does.
    static func resolve(_ configuration: ExecConfiguration, in surroundings: Surroundings) async -> ExecPlugin {
        var plugin = ExecPlugin(configuration: configuration, path: nil, exists: false)
        (plugin.path, plugin.exists) = await lookUp(GoPath.clean(configuration.command), in: surroundings)
        return plugin
    }

    static func lookUp(_ command: String, in surroundings: Surroundings) async -> (path: String?, exists: Bool) {
        guard command != "." else { return (nil, false) }
        var exists = false
        let searchPath = surroundings.environment["PATH"] ?? ""
        for candidate in GoPath.candidates(for: command, searchPath: searchPath) {
            guard let status = try? await surroundings.effects.status(of: candidate), status.kind != .directory else {
                continue
            }
            exists = true
            if status.mode & 0o111 != 0 { return (candidate, true) }
        }
        return (nil, exists)
    }

    static func hints(_ exec: ExecConfiguration) -> Hints {
        var hints = Hints()
        let arguments = exec.arguments
        let environment = Dictionary(exec.environment.map { ($0.name, $0.value) }) { $1 }
        hints.provider = provider(GoPath.base(exec.command), arguments)
        switch hints.provider {
        case .aws:
            hints.cluster = value(of: ["--cluster-name", "--cluster-id", "-i"], in: arguments)
            hints.region =
                value(of: ["--region"], in: arguments) ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            hints.profile = value(of: ["--profile"], in: arguments) ?? environment["AWS_PROFILE"]
            hints.role = value(of: ["--role-arn", "--role", "-r"], in: arguments)
        case .gcp, .azure, .oidc, .other: break
        }
        return hints
    }

    private static func provider(_ name: String, _ arguments: [String]) -> Provider {
        let words = Set(arguments.prefix(3))
        switch name {
        case "aws", "aws-iam-authenticator", "aws.cmd", "aws.exe", "aws-vault": return .aws
        case "gke-gcloud-auth-plugin", "gcloud", "gke-gcloud-auth-plugin.exe": return .gcp
        case "az", "aks-cli": return .azure
        case "kubelogin", "kubelogin.exe":
            // Two programs of one name: Azure's has --server-id and --environment, int128's --oidc-issuer-url.
            return arguments.contains { $0.hasPrefix("--oidc") } ? .oidc : .azure
        case "kubectl-oidc_login", "kubectl-oidc-login", "oidc-login", "pinniped", "dex-k8s-authenticator": return .oidc
        case "kubectl" where words.contains("oidc-login"): return .oidc
        default: return arguments.contains { $0.hasPrefix("--oidc-issuer") } ? .oidc : .other
        }
    }

    /// The value of a flag in either form; `aws-vault exec PROFILE -- …` is not looked into.
    static func value(of flags: [String], in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            for flag in flags {
                if argument == flag, arguments.indices.contains(index + 1) { return arguments[index + 1].orNil }
                if argument.hasPrefix(flag + "=") { return String(argument.dropFirst(flag.count + 1)).orNil }
            }
        }
        return nil
    }
}
