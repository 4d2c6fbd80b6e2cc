import Foundation
import TestSupport
import Testing

/// Kubeconfigs broken in one place each: what kubectl says of them leads to that place.
@Suite(.serialized)
struct KubeconfigFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        /// What is replaced in a good kubeconfig, and by what.
        var old: String
        var new: String
        /// `playbook/cause` that is confirmed first.
        var cause: String

        var testDescription: String { name }

        init(_ name: String, _ old: String, _ new: String, _ cause: String) {
            (self.name, self.old, self.new, self.cause) = (name, old, new, cause)
        }
    }

    /// Line by line, so that each fault is one replacement; nothing listens on port 9.
    private static let good = """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters:
        - name: lab
          cluster:
            server: https://127.0.0.1:9
            certificate-authority-data: {authority}
        contexts:
        - name: lab
          context: {cluster: lab, user: dev}
        users:
        - name: dev
          user:
            token: an-opaque-token
        """

    private static let token = "token: an-opaque-token"
    private static let server = "https://127.0.0.1:9"
    private static let authority = "certificate-authority-data: {authority}"
    private static let version = "apiVersion: client.authentication.k8s.io/v1"

    static let faults: [Fault] = [
        Fault("a tab", "- name: dev", "\t- name: dev", "invalid-configuration/kubeconfig-malformed"),
        Fault(
            "a map for a list", "users:\n- name: dev\n", "users: {}\nx:\n- name: dev\n",
            "invalid-configuration/kubeconfig-malformed"),
        Fault("another kind", "kind: Config", "kind: Secret", "invalid-configuration/kubeconfig-is-json-or-other"),
        Fault(
            "another version", "apiVersion: v1", "apiVersion: v2", "invalid-configuration/kubeconfig-version-unknown"),
        Fault(
            "no server", "server: https://127.0.0.1:9", "tls-server-name: ''",
            "invalid-configuration/cluster-server-missing"),
        Fault("another scheme", server, "htps://127.0.0.1:9", "invalid-configuration/server-url-invalid"),
        Fault("a port too high", server, "https://127.0.0.1:99999", "invalid-configuration/server-url-invalid"),
        Fault("a port of letters", server, "https://127.0.0.1:64a3", "invalid-configuration/server-url-invalid"),
        Fault(
            "no such context", "current-context: lab", "current-context: labb",
            "invalid-configuration/context-not-found"),
        Fault(
            "no context", "current-context: lab", "current-context: ''", "invalid-configuration/current-context-unset"),
        Fault("no such cluster", "{cluster: lab,", "{cluster: nope,", "invalid-configuration/cluster-not-found"),
        Fault("no such user", "user: dev}", "user: nope}", "invalid-configuration/user-not-found"),
        Fault(
            "authority no base64", authority, "certificate-authority-data: '@@@'",
            "invalid-configuration/data-not-base64"),
        Fault(
            "authority no PEM", authority, "certificate-authority-data: aGVsbG8K",
            "invalid-configuration/certificate-data-invalid"),
        Fault(
            "authority's file missing", authority, "certificate-authority: /nonexistent/ca.crt",
            "invalid-configuration/ca-file-missing"),
        Fault(
            "certificate's file missing", token,
            "client-certificate: /nonexistent/c.crt\n    client-key: /nonexistent/c.key",
            "invalid-configuration/credential-file-missing"),
        Fault(
            "a certificate that is none, without key", token, "client-certificate-data: aGVsbG8K",
            "invalid-configuration/certificate-data-invalid"),
        Fault(
            "insecure and an authority", "server: https", "insecure-skip-tls-verify: true\n    server: https",
            "invalid-configuration/kubeconfig-inconsistent"),
        Fault(
            "a proxy of another scheme", "server: https", "proxy-url: ftp://127.0.0.1:9\n    server: https",
            "invalid-configuration/kubeconfig-inconsistent"),
        Fault(
            "token and password", token, "token: a\n    username: u\n    password: p",
            "invalid-configuration/kubeconfig-inconsistent"),
        Fault("the token's file missing", token, "tokenFile: /nonexistent/token", "unauthorized/token-file-wrong-path"),
        Fault("no credentials", token, "token: ''", "unauthorized/credentials-missing"),
        Fault(
            "plugin missing", token, "exec: {\(version), command: /nonexistent/plugin, interactiveMode: Never}",
            "unauthorized/exec-plugin-missing"),
        Fault(
            "plugin of alpha", token, "exec: {\(version)alpha1, command: /bin/true, interactiveMode: Never}",
            "unauthorized/exec-plugin-api-version"),
        Fault(
            "plugin fails", token, "exec: {\(version), command: /bin/false, interactiveMode: Never}",
            "unauthorized/exec-plugin-failed"),
        Fault(
            "plugin without mode", token, "exec: {\(version), command: /bin/true}",
            "invalid-configuration/kubeconfig-inconsistent"),
        Fault("auth provider", token, "auth-provider: {name: gcp}", "unauthorized/auth-provider-removed"),
        Fault(
            "proxy refuses", "server: https", "proxy-url: http://127.0.0.1:1\n    server: https",
            "connection-refused/proxy-refused"),
    ]

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/kubectl"), "kubectl is not installed"),
        arguments: faults)
    func `what kubectl says leads to the place`(fault: Fault) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = Data(try TestAuthority().certificatePEM.utf8).base64EncodedString()
        #expect(Self.good.contains(fault.old))
        let text = Self.good.replacing(fault.old, with: fault.new).replacing("{authority}", with: authority)
        let path = folder.appending(path: "config")
        try Data(text.utf8).write(to: path)
        let said = try await Kubectl.says(
            ["--kubeconfig", path.path(), "get", "pods", "--request-timeout=10s"], home: folder)
        let result = try await TriageCommand.run(
            ["diagnose", "--kubeconfig", path.path(), "-o", "json", "--timeout", "20"], input: said,
            environment: TriageCommand.sharedIndex, home: folder)
        #expect(result.confirmed.first == fault.cause, "\(result.confirmed) \(result.notes)\n\(said)")
        #expect(result.exitCode == 1)
        #expect(!(result.output + result.notes).contains("an-opaque-token"))
    }
}
