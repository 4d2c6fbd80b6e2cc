import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

private let aks = """
    current-context: shop
    contexts: [{name: shop, context: {cluster: shop, user: clusterUser_rg_shop}}]
    clusters: [{name: shop, cluster: {server: "https://shop-dns-1a2b3c4d.hcp.westeurope.azmk8s.io:443"}}]
    users: [{name: clusterUser_rg_shop, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: [get-token, --server-id, x]}}}]
    """
private let gke = """
    current-context: gke_my-project_europe-west1_shop
    contexts: [{name: gke_my-project_europe-west1_shop, context: {cluster: gke_my-project_europe-west1_shop, user: u}}]
    clusters: [{name: gke_my-project_europe-west1_shop, cluster: {server: "https://192.0.2.1"}}]
    users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: gke-gcloud-auth-plugin}}}]
    """

/// The Azure CLI is too large to install for a test: a script on the PATH prints what it printed, through the real gate.
@Suite struct AzureIdentityCollectorTests {
    private let account = """
        {
          "environmentName": "AzureCloud",
          "homeTenantId": "72f988bf-0000-0000-0000-2d7cd011db47",
          "id": "1a2b3c4d-0000-0000-0000-000000000001",
          "isDefault": true,
          "managedByTenants": [],
          "name": "Shop (production)",
          "state": "Enabled",
          "tenantId": "72f988bf-0000-0000-0000-2d7cd011db47",
          "user": {
            "name": "jo@shop.example",
            "type": "user"
          }
        }
        """

    private func ask(_ script: String, _ parameters: [String: Value] = [:], kubeconfig: String = aks) async throws
        -> Value
    {
        var fact: Value?
        try await withTemporaryFolder { folder in
            try writeScript("\(folder)/az", script)
            try FileManager.default.createDirectory(atPath: "\(folder)/.kube", withIntermediateDirectories: true)
            try kubeconfig.write(toFile: "\(folder)/.kube/config", atomically: true, encoding: .utf8)
            let environment = ["PATH": "\(folder):/usr/bin:/bin", "HOME": folder]
            fact = try await collect(
                AzureIdentityCollector(), parameters,
                in: Surroundings(
                    environment: environment, homeDirectory: folder, now: recordedAt,
                    effects: SystemEffects(environment: environment)))
        }
        return try #require(fact)
    }

    @Test func `the account that the CLI uses`() async throws {
        let fact = try await ask("[ \"$*\" = 'account show --output json' ] || exit 9\ncat <<'END'\n\(account)\nEND")
        #expect(fact.flag("ok") == true)
        #expect(fact.text("subscriptionName") == "Shop (production)")
        #expect(fact.text("user") == "jo@shop.example")
        #expect(fact.text("kind") == "user")
        #expect(fact.text("cloud") == "AzureCloud")
        #expect(fact.text("tenant") == "72f988bf-0000-0000-0000-2d7cd011db47")
    }

    @Test(arguments: [
        ("ERROR: Please run 'az login' to setup account.", "noCredentials"),
        ("ERROR: Subscription 'x' not found. Check the spelling and casing and try again.", "subscriptionNotFound"),
        ("ERROR: AADSTS700082: The refresh token has expired due to inactivity.", "loginRequired"),
        ("something else", "other"),
    ])
    func `why it has none`(message: String, code: String) async throws {
        let fact = try await ask("cat >&2 <<'END'\n\(message)\nEND\nexit 1", ["subscription": .string("x")])
        #expect(fact.flag("ok") == false)
        #expect(fact.text("errorCode") == code)
        #expect(fact.text("errorMessage") == message)
    }

    @Test func `no CLI, no JSON, no Azure`() async throws {
        #expect(await reason { _ = try await ask("echo no JSON") } == .malformed)
        #expect(await reason { _ = try await ask("exit 0", kubeconfig: gke) } == .notApplicable)
        #expect(
            await reason {
                _ = try await AzureIdentityCollector().collect([:], in: surroundings(kubeconfig: aks))
            } == .notFound)
    }
}

@Suite struct GoogleIdentityCollectorTests {
    private let accounts =
        #"[{"account": "jo@shop.example", "status": "ACTIVE"}, {"account": "ci@p.iam.gserviceaccount.com", "status": ""}]"#
    private let settings =
        #"{"core": {"account": "jo@shop.example", "project": "my-project"}, "compute": {"zone": "europe-west1-b"}}"#

    private func output(_ text: String, code: Int32 = 0, error: String = "") -> CommandOutput {
        CommandOutput(exitCode: code, standardOutput: Array(text.utf8), standardError: Array(error.utf8))
    }

    @Test func `the account and the configuration that are active`() async throws {
        let commands = [
            "gcloud auth list --format=json --quiet": output(accounts),
            "gcloud config list --format=json --quiet": output(settings),
        ]
        let fact = try await collect(GoogleIdentityCollector(), in: surroundings(kubeconfig: gke, commands: commands))
        #expect(fact.flag("ok") == true)
        #expect(fact.text("account") == "jo@shop.example")
        #expect(fact.texts("accounts")?.count == 2)
        #expect(fact.text("project") == "my-project")
        #expect(fact.text("zone") == "europe-west1-b")
        #expect(fact.at("region") == nil)
    }

    @Test func `a failure has a code; another cloud is not applicable`() async throws {
        let failing = ["gcloud auth list --format=json --quiet": output("", code: 1, error: "ERROR: gcloud crashed")]
        let fact = try await collect(GoogleIdentityCollector(), in: surroundings(kubeconfig: gke, commands: failing))
        #expect(fact.text("errorCode") == "other")
        #expect(
            await reason {
                _ = try await GoogleIdentityCollector().collect([:], in: surroundings(kubeconfig: aks))
            } == .notApplicable)
    }

    @Test(.enabled(if: FileSystem.program("gcloud") != nil, "the Google Cloud CLI is not installed"))
    func `the real gcloud, with a configuration and without credentials`() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/.kube", withIntermediateDirectories: true)
            try gke.write(toFile: "\(folder)/.kube/config", atomically: true, encoding: .utf8)
            let environment = [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder,
                "CLOUDSDK_CONFIG": "\(folder)/gcloud", "CLOUDSDK_CORE_PROJECT": "my-project",
                "CLOUDSDK_COMPUTE_REGION": "europe-west1", "CLOUDSDK_CORE_ACCOUNT": "jo@shop.example",
            ]
            let fact = try await collect(
                GoogleIdentityCollector(),
                in: Surroundings(
                    environment: environment, homeDirectory: folder, now: recordedAt,
                    effects: SystemEffects(environment: environment)))
            #expect(fact.flag("ok") == false)
            #expect(fact.text("errorCode") == "noCredentials")
            #expect(fact.texts("accounts") == [])
            #expect(fact.text("configuredAccount") == "jo@shop.example")
            #expect(fact.text("project") == "my-project")
            #expect(fact.text("region") == "europe-west1")
        }
    }
}
