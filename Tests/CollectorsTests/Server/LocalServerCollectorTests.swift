import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct LocalServerCollectorTests {
    /// A control plane node whose API server's container ended.
    private var files: [String: String] {
        [
            "/proc/net/tcp": """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
               1: 0100007F:192B 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1
            """,
            "/proc/net/tcp6": "  sl  local_address\n",
            "/proc/net/fib_trie": """
            Main:
              +-- 0.0.0.0/0 3 0 5
                 |-- 10.0.0.5
                    /32 host LOCAL
                 |-- 10.0.0.255
                    /32 link BROADCAST
            """,
            "/proc/net/if_inet6": "fd000000000000000000000000000005 02 40 00 80 eth0\n",
            "/proc/1/cmdline": "/sbin/init\0", "/proc/7/cmdline": "etcd\0--name=a\0",
            "/etc/kubernetes/manifests/kube-apiserver.yaml": "    - --secure-port=6443\n",
            "/etc/kubernetes/manifests/etcd.yaml": "kind: Pod\n",
        ]
    }
    private var commands: [String: CommandOutput] {
        [
            "crictl ps -a --name ^kube-apiserver$ -o json": output(
                #"{"containers":[{"id":"0123456789abcdef","state":"CONTAINER_EXITED","metadata":{"attempt":5}}]}"#),
            "crictl logs --tail 30 0123456789abcdef": output("dial tcp 127.0.0.1:2379: connect: connection refused\n"),
            "systemctl show kubelet --property=LoadState,ActiveState": output("LoadState=loaded\nActiveState=active\n"),
        ]
    }

    private func output(_ text: String, code: Int32 = 0) -> CommandOutput {
        CommandOutput(exitCode: code, standardOutput: Array(text.utf8), standardError: [])
    }

    @Test func `manifest, process, container, kubelet and etcd of this machine`() async throws {
        let here = surroundings(MadeUpWorld(files: files, commands: commands))
        let fact = try await LocalServerCollector().observe(host: "10.0.0.5", port: 6443, in: here).value
        #expect(fact.flag("isThisHost") == true)
        // 192B is 6443, but that line is an established connection.
        #expect(fact.flag("listening") == false)
        #expect(fact.flag("manifest.present") == true)
        #expect(fact.number("manifest.securePort") == 6443)
        #expect(fact.flag("process.running") == false)
        #expect(fact.text("container.state") == "CONTAINER_EXITED")
        #expect(fact.number("container.attempt") == 5)
        #expect(fact.at("container.lastLog")?.elements?.count == 1)
        #expect(fact.flag("kubelet.active") == true)
        #expect(fact.flag("etcd.manifestPresent") == true)
        #expect(fact.flag("etcd.processRunning") == true)
        #expect(fact.flag("etcd.listening") == true)
    }

    @Test func `what listens is seen in hexadecimal`() async throws {
        let here = surroundings(MadeUpWorld(files: files, commands: commands))
        let fact = try await LocalServerCollector().observe(host: "localhost", port: 0x094B, in: here).value
        #expect(fact.flag("listening") == true)
    }

    @Test(arguments: ["10.0.0.255", "10.0.0.6", "fd00::6"])
    func `another machine is not looked at`(host: String) async throws {
        let here = surroundings(MadeUpWorld(files: files, commands: commands))
        let fact = try await LocalServerCollector().observe(host: host, port: 6443, in: here).value
        #expect(fact.flag("isThisHost") == false)
        #expect(fact.reason("manifest") == "notApplicable")
    }

    @Test func `an IPv6 address of this machine is this machine`() async throws {
        let here = surroundings(MadeUpWorld(files: files, commands: commands))
        #expect(try await LocalServerCollector.isThisHost("fd00::5", here))
    }

    @Test func `what cannot be asked is unknown, each part by itself`() async throws {
        let here = surroundings(MadeUpWorld(files: files))
        let fact = try await LocalServerCollector().observe(host: "127.0.0.1", port: 6443, in: here).value
        #expect(fact.reason("container") == "notFound")
        #expect(fact.reason("kubelet") == "notFound")
        #expect(fact.flag("manifest.present") == true)
    }
}
