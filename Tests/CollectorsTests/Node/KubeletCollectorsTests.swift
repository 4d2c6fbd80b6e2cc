import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct KubeletConfigCollectorTests {
    private func config(_ files: [String: String], path: String? = nil) async throws -> Value {
        try await collect(KubeletConfigCollector(), path.map { ["path": .string($0)] } ?? [:], in: machine(files))
    }

    @Test func `before kubeadm init nothing is set, so that nothing is known to be set`() async throws {
        let fact = try await config([:])
        #expect(fact.flag("exists") == false)
        #expect(fact.flag("running") == false)
        #expect(fact.at("failSwapOn") == nil)
        #expect(fact.at("swapBehavior") == nil)
        #expect(fact.text("path") == "/var/lib/kubelet/config.yaml")
    }

    @Test func `a file that a person named and that is not there is unknown`() async {
        #expect(
            await reason {
                _ = try await KubeletConfigCollector().collect(
                    ["path": .string("/etc/kubelet.yaml")], in: machine([:]))
            } == .notFound)
    }

    @Test func `the file's settings are read, with their source`() async throws {
        let fact = try await config([
            "/var/lib/kubelet/config.yaml": """
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            failSwapOn: false
            cgroupDriver: systemd
            memorySwap:
              swapBehavior: LimitedSwap
            featureGates: {NodeSwap: true}
            evictionHard: {memory.available: 100Mi}
            """
        ])
        #expect(fact.flag("exists") == true)
        #expect(fact.flag("failSwapOn") == false)
        #expect(fact.text("swapBehavior") == "LimitedSwap")
        #expect(fact.text("cgroupDriver") == "systemd")
        #expect(fact.flag("featureGates.NodeSwap") == true)
        #expect(fact.text("sources.failSwapOn") == "/var/lib/kubelet/config.yaml")
    }

    @Test func `what kubeadm leaves empty is not set`() async throws {
        let fact = try await config(["/var/lib/kubelet/config.yaml": "memorySwap: {}\ncgroupDriver: \"\"\n"])
        #expect(fact.at("swapBehavior") == nil)
        #expect(fact.at("cgroupDriver") == nil)
    }

    @Test func `a running kubelet's flag wins over its own file and its drop-ins`() async throws {
        let fact = try await config([
            "/proc/77/cmdline":
                "/usr/bin/kubelet\0--config=/etc/kubelet.yaml\0--config-dir\0/etc/k.d\0--fail-swap-on=false\0",
            "/etc/kubelet.yaml": "failSwapOn: true\ncgroupDriver: cgroupfs\n",
            "/etc/k.d/10.conf": "cgroupDriver: systemd\n", "/etc/k.d/readme": "cgroupDriver: other\n",
            "/var/lib/kubelet/config.yaml": "failSwapOn: true\n",
        ])
        #expect(fact.flag("running") == true)
        #expect(fact.text("path") == "/etc/kubelet.yaml")
        #expect(fact.flag("failSwapOn") == false)
        #expect(fact.text("cgroupDriver") == "systemd")
        #expect(fact.text("sources.failSwapOn") == "--fail-swap-on, flag of process 77")
    }

    @Test func `a stopped kubelet's flags are those of its next start`() async throws {
        let fact = try await config([
            "/var/lib/kubelet/config.yaml": "failSwapOn: true\n",
            "/var/lib/kubelet/kubeadm-flags.env": "KUBELET_KUBEADM_ARGS=\"--cgroup-driver=systemd\"\n",
            "/etc/default/kubelet":
                "# KUBELET_EXTRA_ARGS=--fail-swap-on=true\nKUBELET_EXTRA_ARGS=--fail-swap-on=false\n",
        ])
        #expect(fact.flag("running") == false)
        #expect(fact.flag("failSwapOn") == false)
        #expect(fact.text("cgroupDriver") == "systemd")
        #expect(fact.text("sources.failSwapOn") == "--fail-swap-on, /etc/default/kubelet")
    }

    @Test func `k3s lets its kubelet start with swap on, unless told otherwise`() async throws {
        let plain = try await config(["/proc/9/cmdline": "/usr/local/bin/k3s server\0"])
        #expect(plain.at("distribution") == nil, "k3s in one word is another program")
        let server = try await config(["/proc/9/cmdline": "/usr/local/bin/k3s\0server\0"])
        #expect(server.flag("failSwapOn") == false)
        #expect(server.text("distribution") == "k3s")
        let strict = try await config([
            "/proc/9/cmdline": "/usr/local/bin/k3s\0agent\0--kubelet-arg=fail-swap-on=true\0"
        ])
        #expect(strict.flag("failSwapOn") == true)
    }

    @Test func `microk8s keeps the flags in a file`() async throws {
        let fact = try await config([
            "/proc/9/cmdline": "/snap/microk8s/1/kubelite\0--kubelet-args-file=/var/snap/args/kubelet\0",
            "/var/snap/args/kubelet": "--cgroup-driver=systemd\n--fail-swap-on=\"false\"\n",
        ])
        #expect(fact.flag("failSwapOn") == false)
        #expect(fact.text("cgroupDriver") == "systemd")
    }

    @Test func `a broken file is told with its place`() async {
        let surroundings = machine(["/var/lib/kubelet/config.yaml": "failSwapOn: maybe\n"])
        #expect(await reason { _ = try await KubeletConfigCollector().collect([:], in: surroundings) } == .malformed)
    }
}

@Suite struct KubeletProcessCollectorTests {
    @Test func `a running kubelet is found with its version`() async throws {
        let world = MadeUpWorld(
            files: ["/proc/1/cmdline": "init\0", "/proc/77/cmdline": "/usr/bin/kubelet\0--v=2\0"],
            commands: [
                "/usr/bin/kubelet --version": CommandOutput(
                    exitCode: 0, standardOutput: Array("Kubernetes v1.36.2\n".utf8), standardError: [])
            ])
        let fact = try await collect(
            KubeletProcessCollector(), in: Surroundings(now: Timestamp(seconds: 0), effects: world))
        #expect(fact.flag("running") == true)
        #expect(fact.number("pid") == 77)
        #expect(fact.text("version") == "v1.36.2")
    }

    @Test func `kubectl and kubelet logs are no kubelet`() async throws {
        let fact = try await collect(
            KubeletProcessCollector(),
            in: machine(["/proc/7/cmdline": "journalctl\0-u\0kubelet\0", "/proc/8/cmdline": "vi\0/usr/bin/kubelet\0"]))
        #expect(fact.flag("running") == false)
        #expect(fact.reason("version") == "notFound")
    }

    @Test func `where other users' processes are hidden, nothing is claimed`() async {
        let hidden = Surroundings(
            now: Timestamp(seconds: 0), effects: MadeUpWorld(files: ["/proc/500/cmdline": "bash\0"]))
        #expect(await reason { _ = try await KubeletProcessCollector().collect([:], in: hidden) } == .needsRoot)
    }
}
