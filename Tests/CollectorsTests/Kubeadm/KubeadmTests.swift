import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

@Suite struct KubeadmFilesCollectorTests {
    private let kubeconfig = """
        apiVersion: v1
        kind: Config
        clusters: [{name: kubernetes, cluster: {server: "https://10.0.0.1:6443", certificate-authority-data: Zm9v}}]
        users: [{name: kubernetes-admin, user: {client-key-data: czNjcjN0LWtleQ==}}]
        """
    private let manifest = """
        apiVersion: v1
        kind: Pod
        spec:
          containers:
          - name: kube-apiserver
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: [kube-apiserver, --advertise-address=10.0.0.1, --service-account-password=hunter2hunter2]
        """

    @Test func `kubeconfigs and static pods, without their secrets`() async throws {
        let fact = try await collect(
            KubeadmFilesCollector(),
            in: machine([
                "/etc/kubernetes/admin.conf": kubeconfig, "/etc/kubernetes/bootstrap-kubelet.conf": kubeconfig,
                "/etc/kubernetes/manifests/kube-apiserver.yaml": manifest,
                "/etc/kubernetes/manifests/.kube-apiserver.yaml.swp": "x",
            ]))
        #expect(fact.text("kubeconfigs.0.name") == "admin.conf")
        #expect(fact.text("kubeconfigs.0.server") == "https://10.0.0.1:6443")
        #expect(fact.text("kubeconfigs.0.mode") == "600")
        #expect(fact.at("manifests")?.elements?.count == 1)
        #expect(fact.text("manifests.0.name") == "kube-apiserver")
        #expect(fact.text("manifests.0.image") == "registry.k8s.io/kube-apiserver:v1.31.0")
        #expect(fact.texts("manifests.0.arguments")?.contains("--advertise-address=10.0.0.1") == true)
        #expect(fact.flag("controlPlane") == true)
        #expect(fact.flag("bootstrapping") == true)
        #expect(!"\(fact)".contains("hunter2") && !"\(fact)".contains("czNjcjN0"))
    }

    @Test func `a machine that kubeadm never saw is not applicable`() async {
        #expect(await reason { _ = try await KubeadmFilesCollector().collect([:], in: machine([:])) } == .notApplicable)
    }
}

@Suite struct KubeadmConfigurationCollectorTests {
    private let configuration = #"""
        apiServer:\n  certSANs: [cp.example, 10.0.0.9]\n  extraArgs:\n  - {name: authorization-mode, value: \"Node,RBAC\"}\n  - {name: oidc-client-secret, value: hunter2hunter2}\napiVersion: kubeadm.k8s.io/v1beta4\ncertificatesDir: /etc/kubernetes/pki\nclusterName: kubernetes\ncontrolPlaneEndpoint: cp.example:6443\netcd:\n  local: {dataDir: /var/lib/etcd}\nkind: ClusterConfiguration\nkubernetesVersion: v1.31.0\nnetworking: {dnsDomain: cluster.local, podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12}\nscheduler:\n  extraArgs: {v: \"2\"}\n
        """#

    private func fact(_ answer: LoopbackServer.Response?) async throws -> Value {
        var api = APIServer()
        api.acceptsEverybody = true
        api.answers["/api/v1/namespaces/kube-system/configmaps/kubeadm-config"] =
            answer ?? api.status(404, "NotFound", "configmaps \\\"kubeadm-config\\\" not found")
        var result: Value?
        try await withCluster(api) { surroundings, _ in
            result = try await collect(KubeadmConfigurationCollector(), in: surroundings)
        }
        return try #require(result)
    }

    @Test func `the ConfigMap's fields, arguments in either form, secrets taken out`() async throws {
        let fact = try await fact(
            .json(
                #"{"kind":"ConfigMap","metadata":{"name":"kubeadm-config"},"data":{"ClusterConfiguration":"\#(configuration)"}}"#
            ))
        #expect(fact.text("kubernetesVersion") == "v1.31.0")
        #expect(fact.text("controlPlaneEndpoint") == "cp.example:6443")
        #expect(fact.text("podSubnet") == "10.244.0.0/16")
        #expect(fact.texts("certSANs") == ["cp.example", "10.0.0.9"])
        #expect(fact.text("etcdDataDir") == "/var/lib/etcd")
        #expect(fact.at("externalEtcdEndpoints") == nil)
        #expect(fact.text("apiServerArguments.authorization-mode") == "Node,RBAC")
        #expect(fact.text("schedulerArguments.v") == "2")
        #expect(!"\(fact)".contains("hunter2"))
    }

    @Test func `a cluster that kubeadm did not make is not applicable`() async {
        #expect(await reason { _ = try await fact(nil) } == .notApplicable)
    }

    @Test func `a ConfigMap without a configuration is malformed`() async {
        #expect(
            await reason { _ = try await fact(.json(#"{"metadata":{"name":"kubeadm-config"},"data":{}}"#)) }
                == .malformed)
    }
}

@Suite struct KubeadmCertificatesCollectorTests {
    @Test func `each certificate with the authority that should have signed it; keys are never opened`() async throws {
        let authority = try TestAuthority("kubernetes")
        let other = try TestAuthority("etcd-ca")
        let server = try authority.issue("kube-apiserver", names: ["kubernetes", "10.96.0.1"])
        let admin = try authority.issue("kubernetes-admin", organization: "system:masters", names: [])
        let stray = try authority.issue("etcd-server", toYear: 2022)
        let pki = "/etc/kubernetes/pki"
        let admins = Data(admin.certificatePEM.utf8).base64EncodedString()
        let fact = try await collect(
            KubeadmCertificatesCollector(),
            in: Surroundings(
                now: recordedAt,
                effects: NoKeys(
                    files: MadeUpWorld(files: [
                        "\(pki)/ca.crt": authority.certificatePEM, "\(pki)/ca.key": "key",
                        "\(pki)/apiserver.crt": server.certificatePEM, "\(pki)/apiserver.key": server.keyPEM,
                        "\(pki)/etcd/ca.crt": other.certificatePEM, "\(pki)/etcd/server.crt": stray.certificatePEM,
                        "\(pki)/front-proxy-client.crt": "no PEM at all",
                        "/etc/kubernetes/admin.conf": "users: [{name: a, user: {client-certificate-data: \(admins)}}]",
                        "/etc/kubernetes/kubelet.conf": "users: [{name: a, user: {client-certificate: /none.pem}}]",
                    ]))))
        let entries = try #require(fact.at("certificates")?.elements)
        func entry(_ name: String) -> Value? { entries.first { $0.text("name") == name } }
        #expect(entry("apiserver")?.flag("issuedByAuthority") == true)
        #expect(entry("apiserver")?.texts("dnsNames") == ["kubernetes"])
        #expect(entry("apiserver")?.texts("ipAddresses") == ["10.96.0.1"])
        #expect(entry("ca")?.flag("isCA") == true)
        #expect(entry("ca")?.at("issuedByAuthority") == nil)
        #expect(
            entry("etcd/server")?.flag("issuedByAuthority") == false, "the cluster's authority signed it, not etcd's")
        #expect((entry("etcd/server")?.seconds("notAfter") ?? .max) < recordedAt.seconds)
        #expect(entry("admin.conf")?.texts("organizations") == ["system:masters"])
        #expect(entry("admin.conf")?.flag("issuedByAuthority") == true)
        #expect(entry("kubelet.conf")?.text("problem") == "missing")
        #expect(entry("kubelet.conf")?.text("path") == "/none.pem")
        #expect(entry("front-proxy-client")?.text("problem") == "notPEM")
        #expect(entry("front-proxy-client")?.at("notAfter") == nil)
    }

    @Test func `an authority that is elsewhere leaves the signature unknown`() async throws {
        let server = try TestAuthority().issue("kube-apiserver")
        let fact = try await collect(
            KubeadmCertificatesCollector(), in: machine(["/etc/kubernetes/pki/apiserver.crt": server.certificatePEM]))
        #expect(fact.reason("certificates.0.issuedByAuthority") == "notFound")
    }

    @Test func `a machine without certificates is not applicable`() async {
        #expect(
            await reason { _ = try await KubeadmCertificatesCollector().collect([:], in: machine([:])) }
                == .notApplicable)
    }

    /// Fails the test where a key is opened.
    private struct NoKeys: Effects {
        var files: MadeUpWorld

        func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
            #expect(!path.hasSuffix(".key"), "\(path) was opened")
            return try await files.readFile(path, limit: limit)
        }
        func status(of path: String) async throws(Unknown) -> FileStatus { try await files.status(of: path) }
        func list(_ directory: String) async throws(Unknown) -> [String] { try await files.list(directory) }
        func run(_ command: Command) async throws(Unknown) -> CommandOutput { try await files.run(command) }
        func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { try await files.send(request) }
        func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { await files.connect(endpoint) }
    }
}
