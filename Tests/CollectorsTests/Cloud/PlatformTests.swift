import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

@Suite struct `The platform` {
    private func plugin(_ command: String, _ arguments: [String] = []) -> ExecConfiguration {
        ExecConfiguration(command: command, arguments: arguments)
    }

    @Test func `an EKS context tells all that update-kubeconfig needs`() {
        let name = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
        let platform = Platform(
            .init(
                context: name, cluster: name, user: name, host: "ABC.gr7.eu-west-1.eks.amazonaws.com",
                plugin: plugin("aws", ["--region", "eu-west-1", "eks", "get-token", "--profile=ops"])))
        #expect(platform.name == .eks)
        #expect(platform.cluster == "prod")
        #expect(platform.region == "eu-west-1")
        #expect(platform.account == "111122223333")
        #expect(platform.profile == "ops")
    }

    @Test func `an EKS server alone tells the region`() {
        let platform = Platform(.init(host: "abc.sk1.us-east-2.eks.amazonaws.com"))
        #expect(platform.name == .eks)
        #expect(platform.region == "us-east-2")
        #expect(platform.account == nil)
        #expect(platform.cluster == nil)
    }

    @Test func `eksctl and GovCloud have names of their own`() {
        let platform = Platform(.init(context: "jo@web.us-west-2.eksctl.io", cluster: "web.us-west-2.eksctl.io"))
        #expect((platform.cluster, platform.region) == ("web", "us-west-2"))
        let government = Platform(.init(cluster: "arn:aws-us-gov:eks:us-gov-west-1:1:cluster/x"))
        #expect((government.name, government.region) == (.eks, "us-gov-west-1"))
    }

    @Test func `a GKE name may hold underscores at its end`() {
        let platform = Platform(.init(context: "gke_my-project_europe-west1-b_my_cluster"))
        #expect(platform.name == .gke)
        #expect(platform.project == "my-project")
        #expect(platform.location == "europe-west1-b")
        #expect(platform.cluster == "my_cluster")
    }

    @Test func `AKS names the group in the user`() {
        let platform = Platform(
            .init(
                context: "web-admin", cluster: "web", user: "clusterAdmin_my_group_web",
                host: "web-dns-1a2b.hcp.westeurope.azmk8s.io"))
        #expect(platform.name == .aks)
        #expect(platform.cluster == "web")
        #expect(platform.resourceGroup == "my_group")
        #expect(platform.region == "westeurope")
    }

    @Test(
        arguments: [
            (Platform.Traces(context: "kind-dev", cluster: "kind-dev"), Platform.Name.kind, "dev"),
            (.init(context: "minikube", cluster: "minikube"), .minikube, "minikube"),
            (.init(materialPaths: ["/home/jo/.minikube/profiles/p2/client.crt"]), .minikube, "p2"),
            (.init(context: "docker-desktop"), .dockerDesktop, nil), (.init(context: "k3d-x"), .k3s, "x"),
            (.init(kubeconfigPaths: ["/etc/rancher/k3s/k3s.yaml"]), .k3s, nil),
            (.init(issuers: ["CN=rke2-server-ca@1700000000"]), .rke2, nil),
            (.init(kubeconfigPaths: ["/etc/kubernetes/admin.conf"]), .kubeadm, nil),
            (.init(context: "kubernetes-admin@kubernetes"), .kubeadm, nil),
            (.init(issuers: ["CN=kubernetes"]), .kubeadm, nil),
            (
                .init(context: "ns/api-x-com:6443/jo", cluster: "api-x-com:6443", user: "jo/api-x-com:6443"),
                .openshift, nil
            ),
            (.init(context: "lab", host: "10.0.0.1"), .unknown, nil),
            (.init(context: "my-kind-of-cluster"), .unknown, nil),
        ] as [(Platform.Traces, Platform.Name, String?)])
    func `is told by names, paths and issuers`(traces: Platform.Traces, name: Platform.Name, cluster: String?) {
        let platform = Platform(traces)
        #expect(platform.name == name)
        #expect(platform.cluster == cluster)
        #expect(platform.evidence.isEmpty == (name == .unknown))
    }

    @Test func `the recordings are kubeadm's`() async throws {
        let fact = try await collect(
            PlatformCollector(), in: surroundings(kubeconfig: try Recordings.text("expired-client-cert")))
        #expect(fact.text("name") == "kubeadm")
    }
}

@Suite struct `AWS` {
    @Test(arguments: [
        ("arn:aws:sts::1:assumed-role/dev/jo", "role", "arn:aws:iam::1:role/dev"),
        ("arn:aws:iam::1:user/path/jo", "user", "arn:aws:iam::1:user/path/jo"),
        ("arn:aws:iam::1:root", "root", "arn:aws:iam::1:root"),
        ("nonsense", "other", "nonsense"),
    ])
    func `an identity is named as access entries name it`(arn: String, kind: String, principal: String) {
        let value = Value.map(Map(AWSIdentityCollector.values(of: .init(account: "1", arn: arn))))
        #expect(value.text("kind") == kind)
        #expect(value.text("principalARN") == principal)
    }

    @Test(arguments: [
        (
            "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token",
            "ExpiredToken"
        ),
        (
            "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation",
            "InvalidClientTokenId"
        ),
        ("Unable to locate credentials. You can configure credentials by running \"aws configure\".", "noCredentials"),
        ("The config profile (x) could not be found", "profileNotFound"),
        ("Error when retrieving token from sso: Token has expired and refresh failed", "ssoSessionExpired"),
        ("Could not connect to the endpoint URL: \"https://sts.amazonaws.com/\"", "endpointUnreachable"),
        ("what", "other"),
    ])
    func `an error has a code`(message: String, code: String) { #expect(AWSCommand.code(of: message) == code) }

    private static let kubeconfig = """
        current-context: arn:aws:eks:eu-west-1:123456789012:cluster/prod
        contexts: [{name: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod', context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: 'https://x.gr7.eu-west-1.eks.amazonaws.com'}}]
        users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws,
          args: [--region, eu-west-1, eks, get-token, --cluster-name, prod]}}}]
        """

    @Test func `nothing is asked where nothing leads to AWS`() async throws {
        await #expect(throws: Unknown.self) {
            _ = try await AWSIdentityCollector().collect(
                [:], in: surroundings(kubeconfig: try Recordings.text("healthy")))
        }
    }

    private func real(_ endpoint: String?, _ extra: [String: String] = [:]) -> Surroundings {
        var environment = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        environment.merge([
            "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]) { $1 }
        environment["AWS_ENDPOINT_URL"] = endpoint
        environment.merge(extra) { $1 }
        var world = FilesOnRealCommands(files: MadeUpWorld(files: ["/home/jo/.kube/config": Self.kubeconfig]))
        world.system = SystemEffects(environment: environment)
        return Surroundings(environment: environment, homeDirectory: "/home/jo", now: recordedAt, effects: world)
    }

    @Test(.enabled(if: Programs.has("aws"), "the aws CLI is not installed"))
    func `no credentials are told as such`() async throws {
        let fact = try await collect(AWSIdentityCollector(), in: real(nil))
        #expect(fact.flag("ok") == false)
        #expect(fact.text("errorCode") == "noCredentials")
        #expect(fact.text("region") == "eu-west-1")
    }

    @Test(
        .enabled(if: Programs.has("aws"), "the aws CLI is not installed"),
        arguments: ["ExpiredToken", "InvalidClientTokenId"])
    func `what STS refuses has STS's own code`(code: String) async throws {
        let body =
            "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>no</Message></Error></ErrorResponse>"
        try await withLoopbackServer { _ in
            LoopbackServer.Response(403, body, headers: [("Content-Type", "text/xml")])
        } body: { server in
            let fact = try await collect(
                AWSIdentityCollector(),
                in: real(server.url, ["AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"]))
            #expect(fact.flag("ok") == false)
            #expect(fact.text("errorCode") == code)
        }
    }

    @Test(.enabled(if: Programs.has("aws") && Programs.has("moto_server"), "the aws CLI or moto is not installed"))
    func `moto's STS and EKS tell account and access`() async throws {
        try await withMoto { endpoint in
            let surroundings = real(
                endpoint, ["AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"])
            let fact = try await collect(AWSIdentityCollector(), in: surroundings)
            #expect(fact.flag("ok") == true)
            #expect(fact.text("account") == "123456789012")
            let cluster = try await collect(EKSClusterCollector(), in: surroundings)
            #expect(cluster.flag("exists") == false)
            #expect(cluster.text("errorCode") == "ResourceNotFoundException")
        }
    }
}

enum Programs {
    static func has(_ name: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }
}

/// Made-up files, real programs.
struct FilesOnRealCommands: Effects {
    var files: MadeUpWorld
    var system = SystemEffects(environment: [:])

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await files.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus { try await files.status(of: path) }
    func list(_ directory: String) async throws(Unknown) -> [String] { try await files.list(directory) }
    func run(_ command: Facts.Command) async throws(Unknown) -> CommandOutput { try await system.run(command) }
    func send(_ request: Facts.HTTPRequest) async throws(Unknown) -> Facts.HTTPResponse {
        try await files.send(request)
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { await files.connect(endpoint) }
}

/// Runs moto's server beside the body, on a port of its own.
func withMoto(_ body: (String) async throws -> Void) async throws {
    let port = try await unusedPort()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["moto_server", "-H", "127.0.0.1", "-p", "\(port)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    do {
        try await askingMoto(process, port, body)
    } catch {
        await process.kill()
        throw error
    }
    await process.kill()
}

private func askingMoto(_ process: Process, _ port: Int, _ body: (String) async throws -> Void) async throws {
    let effects = SystemEffects(environment: [:])
    // It is up when it answers, however long that takes on this machine.
    while process.isRunning {
        if (try? await effects.send(Facts.HTTPRequest(url: "http://127.0.0.1:\(port)/", deadlineSeconds: 5))) != nil {
            try await body("http://127.0.0.1:\(port)")
            return
        }
        try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("moto_server ended before it answered")
}
