import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

private func output(_ text: String, code: Int32 = 0, error: String = "") -> CommandOutput {
    CommandOutput(exitCode: code, standardOutput: Array(text.utf8), standardError: Array(error.utf8))
}

private func surroundings(_ commands: [String: CommandOutput], files: [String: String] = [:]) -> Surroundings {
    Surroundings(
        now: recordedAt,
        effects: MadeUpWorld(
            files: ["/proc/1/cmdline": "init\0"].merging(files) { $1 }, commands: commands))
}

@Suite struct SystemdUnitsCollectorTests {
    /// As systemctl 252 prints two units.
    private let show = """
        Id=kubelet.service
        LoadState=loaded
        ActiveState=activating
        SubState=auto-restart
        FragmentPath=/usr/lib/systemd/system/kubelet.service
        DropInPaths=/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf
        UnitFileState=enabled
        StateChangeTimestamp=Tue 2026-11-24 00:09:58 UTC
        NeedDaemonReload=no
        Result=exit-code
        ExecMainCode=1
        ExecMainStatus=1
        MainPID=0
        NRestarts=42

        Id=crio.service
        LoadState=not-found
        ActiveState=inactive
        SubState=dead
        UnitFileState=
        StateChangeTimestamp=
        Result=success
        ExecMainCode=0
        ExecMainStatus=0
        MainPID=0
        NRestarts=0
        NeedDaemonReload=no

        """

    private var command: String {
        "systemctl show --no-pager --property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainCode,"
            + "ExecMainStatus,NRestarts,MainPID,StateChangeTimestamp,FragmentPath,DropInPaths,NeedDaemonReload -- "
            + "kubelet crio"
    }

    private let parameters: [String: Value] = ["units": .list([.string("kubelet"), .string("crio")])]

    @Test func `a unit that restarts again and again, and one that is not there`() async throws {
        let fact = try await collect(SystemdUnitsCollector(), parameters, in: surroundings([command: output(show)]))
        #expect(fact.text("units.0.name") == "kubelet.service")
        #expect(fact.text("units.0.subState") == "auto-restart")
        #expect(fact.number("units.0.restarts") == 42)
        #expect(fact.number("units.0.exitStatus") == 1)
        #expect(fact.seconds("units.0.since") == recordedAt.seconds - 2)
        #expect(fact.texts("units.0.dropIns") == ["/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"])
        #expect(fact.at("units.0.pid") == nil)
        #expect(fact.text("units.1.loadState") == "not-found")
        #expect(fact.at("units.1.enabled") == nil)
        #expect(fact.at("units.1.since") == nil)
        #expect(fact.at("units.1.exitStatus") == nil, "its main process never ended")
    }

    @Test func `a machine that systemd does not run is told apart from a fault`() async {
        let message = "System has not been booted with systemd as init system (PID 1). Can't operate.\n"
        for (result, expected) in [
            (output("", code: 1, error: message), Unknown.Reason.notApplicable), (output("", code: 4), .malformed),
            (output("Id=kubelet.service\n"), .malformed),
        ] {
            #expect(
                await reason {
                    _ = try await SystemdUnitsCollector().collect(parameters, in: surroundings([command: result]))
                } == expected)
        }
        #expect(
            await reason { _ = try await SystemdUnitsCollector().collect([:], in: surroundings([:])) } == .notApplicable
        )
    }

    @Test(arguments: ["--all", "a b", "kubelet;reboot", ""])
    func `what is no unit's name never reaches systemctl`(name: String) async {
        let asked: [String: Value] = ["units": .list([.string(name)])]
        #expect(
            await reason { _ = try await SystemdUnitsCollector().collect(asked, in: surroundings([:])) } == .malformed)
    }

    @Test(.enabled(if: FileSystem.program("systemctl") != nil, "systemctl is not installed"))
    func `this machine's systemctl tells of units, or that systemd does not run it`() async throws {
        do throws(Unknown) {
            let fact = try await SystemdUnitsCollector().collect(
                ["units": .list([.string("no-such-unit.service")])], in: Surroundings(now: recordedAt, effects: world))
            #expect(fact.value.text("units.0.loadState") == "not-found")
        } catch {
            #expect(error.reason == .notApplicable)
        }
    }
}

@Suite struct JournalCollectorTests {
    private let lines = """
        {"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795478998000250","PRIORITY":"3","_PID":"812","MESSAGE":"E1124 run.go:72] running with swap on is not supported"}
        {"__REALTIME_TIMESTAMP":"1795478999000000","PRIORITY":"6","MESSAGE":[27,91,51,49,109,104,105]}
        {"__REALTIME_TIMESTAMP":"1795478999000000","PRIORITY":"6","MESSAGE":null}
        {"__REALTIME_TIMESTAMP":"1795478999000000","PRIORITY":"6","MESSAGE":"token=abcdefghijklmnop was refused"}

        """
    private let command =
        "journalctl --unit=kubelet --lines=300 --output=json --no-pager --output-fields=MESSAGE,PRIORITY,_PID"

    @Test func `messages with time and level; bytes become text, secrets go`() async throws {
        let fact = try await collect(JournalCollector(), in: surroundings([command: output(lines)]))
        #expect(fact.at("messages")?.elements?.count == 4)
        #expect(fact.number("messages.0.priority") == 3)
        #expect(fact.number("messages.0.pid") == 812)
        #expect(fact.seconds("messages.0.time") == recordedAt.seconds - 2)
        #expect(fact.text("messages.1.text") == "hi", "control codes are taken out")
        #expect(fact.reason("messages.2.text") == "truncated")
        #expect(fact.text("messages.3.text")?.contains("abcdefghijklmnop") == false)
    }

    @Test func `a unit that wrote nothing has no messages; without a journal nothing is claimed`() async throws {
        #expect(try await collect(JournalCollector(), in: surroundings([command: output("")])).texts("messages") == [])
        for (result, expected) in [
            (output("", error: "No journal files were found.\n"), Unknown.Reason.notApplicable),
            (
                output("", error: "Hint: You are currently not seeing messages from other users and the system.\n"),
                .needsRoot
            ),
            (output("", code: 1), .malformed), (output("plain text\n"), .malformed),
        ] {
            #expect(
                await reason { _ = try await JournalCollector().collect([:], in: surroundings([command: result])) }
                    == expected)
        }
    }

    @Test func `levels are asked for as journalctl counts them`() async throws {
        let fact = try await collect(
            JournalCollector(), ["unit": .string("containerd.service"), "tail": .int(5), "priority": .int(4)],
            in: surroundings([
                "journalctl --unit=containerd.service --lines=5 --output=json --no-pager "
                    + "--output-fields=MESSAGE,PRIORITY,_PID --priority=4": output("")
            ]))
        #expect(fact.texts("messages") == [])
        for bad in [["unit": Value.string("--vacuum-size=1")], ["priority": .int(9)]] {
            #expect(await reason { _ = try await JournalCollector().collect(bad, in: surroundings([:])) } == .malformed)
        }
    }
}

@Suite struct KubeletHealthCollectorTests {
    private let effects = world

    @Test(arguments: [(200, "ok", true), (500, "[-]syncloop failed: reason withheld\n", false)])
    func `what the kubelet answers`(status: Int, body: String, healthy: Bool) async throws {
        try await withLoopbackServer { request in
            request.path == "/healthz" ? .init(status, body) : .init(404)
        } body: { server in
            let fact = try await KubeletHealthCollector().observe(
                host: "127.0.0.1", port: server.port, in: Surroundings(now: recordedAt, effects: effects),
                deadlineSeconds: 300
            ).value
            expectFits(fact, KubeletHealthCollector().declaration.returns, "kubelet.health")
            #expect(fact.flag("healthy") == healthy)
            #expect(fact.flag("reachable") == true)
            #expect(fact.text("message") == body)
        }
    }

    @Test func `nothing that answers is not healthy`() async throws {
        let fact = try await KubeletHealthCollector().observe(
            host: "127.0.0.1", port: try await unusedPort(), in: Surroundings(now: recordedAt, effects: effects),
            deadlineSeconds: 300
        ).value
        #expect(fact.flag("healthy") == false)
        #expect(fact.flag("reachable") == false)
        #expect(fact.text("message")?.contains("refused") == true)
    }

    @Test func `the port is the configured one`() async throws {
        try await withLoopbackServer { _ in
            .init(200, "ok")
        } body: { server in
            let files = [
                "/proc/9/cmdline": "/usr/bin/kubelet\0--config=/k.yaml\0",
                "/k.yaml": "healthzPort: \(server.port)\nhealthzBindAddress: 0.0.0.0\n",
            ]
            let mixed = FilesAndNetwork(files: MadeUpWorld(files: files.merging(["/proc/1/cmdline": "init\0"]) { $1 }))
            let fact = try await collect(
                KubeletHealthCollector(), in: Surroundings(now: recordedAt, effects: mixed))
            #expect(fact.flag("healthy") == true)
            #expect(fact.text("url") == "http://127.0.0.1:\(server.port)/healthz")
        }
    }

    @Test func `a machine without a kubelet, and a port that is turned off, are not applicable`() async {
        for files in [[:], ["/var/lib/kubelet/config.yaml": "healthzPort: 0\n"]] {
            #expect(
                await reason {
                    _ = try await KubeletHealthCollector().collect([:], in: surroundings([:], files: files))
                } == .notApplicable)
        }
    }
}

/// Made-up files on the real network.
struct FilesAndNetwork: Effects {
    var files: MadeUpWorld

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await files.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus { try await files.status(of: path) }
    func list(_ directory: String) async throws(Unknown) -> [String] { try await files.list(directory) }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput { try await files.run(command) }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { try await world.send(request) }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { await world.connect(endpoint) }
}

@Suite struct ContainerRuntimeCollectorTests {
    /// As crictl 1.31 prints them with containerd, shortened.
    private let info = """
        {"cniconfig": {"Networks": []},
         "config": {"containerd": {"defaultRuntimeName": "runc",
           "runtimes": {"runc": {"options": {"BinaryName": "", "SystemdCgroup": false}, "runtimeType": "io.containerd.runc.v2"}}},
           "registry": {"configs": {"registry.example": {"auth": {"password": "hunter2hunter2"}}}}},
         "golang": "go1.22.10",
         "status": {"conditions": [
           {"message": "", "reason": "", "status": true, "type": "RuntimeReady"},
           {"message": "Network plugin returns error: cni plugin not initialized", "reason": "NetworkPluginNotReady", "status": false, "type": "NetworkReady"}]}}
        """
    private let containers = """
        {"containers": [{"id": "0a1b", "podSandboxId": "ff", "metadata": {"name": "etcd", "attempt": 3},
          "image": {"image": "registry.k8s.io/etcd:3.5.15-0"}, "state": "CONTAINER_EXITED", "createdAt": "1795478990000000500",
          "labels": {"io.kubernetes.container.name": "etcd", "io.kubernetes.pod.name": "etcd-cp1", "io.kubernetes.pod.namespace": "kube-system"}}]}
        """
    private let version =
        "Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v1.7.22\nRuntimeApiVersion:  v1\n"
    private let flags = "--runtime-endpoint=unix:///run/containerd/containerd.sock"

    private var commands: [String: CommandOutput] {
        [
            "crictl \(flags) info": output(info), "crictl \(flags) ps --all --output=json": output(containers),
            "crictl \(flags) version": output(version),
        ]
    }

    private let files = [
        "/run/containerd/containerd.sock": "",
        "/var/lib/kubelet/config.yaml": "containerRuntimeEndpoint: /run/containerd/containerd.sock\n",
        "/etc/crictl.yaml": "runtime-endpoint: unix:///run/crio/crio.sock\n",
    ]

    @Test func `what crictl says, and whose endpoint it is`() async throws {
        let fact = try await collect(ContainerRuntimeCollector(), in: surroundings(commands, files: files))
        #expect(fact.text("endpoint") == "unix:///run/containerd/containerd.sock")
        #expect(fact.text("endpointSource") == "/var/lib/kubelet/config.yaml")
        #expect(fact.text("crictlEndpoint") == "unix:///run/crio/crio.sock")
        #expect(fact.flag("socketExists") == true)
        #expect(fact.text("name") == "containerd")
        #expect(fact.text("version") == "v1.7.22")
        #expect(fact.text("cgroupDriver") == "cgroupfs")
        #expect(fact.text("conditions.1.reason") == "NetworkPluginNotReady")
        #expect(fact.flag("conditions.1.status") == false)
        #expect(fact.text("containers.0.pod") == "etcd-cp1")
        #expect(fact.number("containers.0.attempt") == 3)
        #expect(fact.seconds("containers.0.createdAt") == 1_795_478_990)
        #expect(!"\(fact)".contains("hunter2"), "registry passwords never get into the fact")
    }

    @Test func `without crictl the configuration still tells`() async throws {
        let configured = files.merging([
            "/etc/containerd/config.toml": "# SystemdCgroup = false\n  SystemdCgroup = true # as kubeadm wants\n"
        ]) { $1 }
        let fact = try await collect(ContainerRuntimeCollector(), in: surroundings([:], files: configured))
        #expect(fact.text("cgroupDriver") == "systemd")
        #expect(fact.text("cgroupDriverSource") == "/etc/containerd/config.toml")
        #expect(fact.reason("conditions") == "notFound")
        #expect(fact.reason("containers") == "notFound")
        #expect(fact.text("sockets.0.runtime") == "containerd")
    }

    @Test func `of CRI-O's files the last one counts`() async throws {
        let configured = files.merging([
            "/etc/crio/crio.conf": "cgroup_manager = \"cgroupfs\"\n",
            "/etc/crio/crio.conf.d/10-crio.conf": "[crio.runtime]\ncgroup_manager = \"systemd\"\n",
            "/etc/crio/crio.conf.d/99-other.conf": "[crio.network]\n",
        ]) { $1 }
        let fact = try await collect(ContainerRuntimeCollector(), in: surroundings([:], files: configured))
        #expect(fact.text("cgroupDriver") == "systemd")
        #expect(fact.text("cgroupDriverSource") == "/etc/crio/crio.conf.d/10-crio.conf")
    }

    @Test func `a socket that only root may use needs root`() async throws {
        let denied = output(
            "", code: 1,
            error:
                "level=fatal msg=\"connect: dial unix /run/containerd/containerd.sock: connect: permission denied\"\n")
        let fact = try await collect(
            ContainerRuntimeCollector(), in: surroundings(["crictl \(flags) info": denied], files: files))
        #expect(fact.reason("conditions") == "needsRoot")
    }

    @Test func `a machine without any runtime is not applicable`() async {
        #expect(
            await reason { _ = try await ContainerRuntimeCollector().collect([:], in: surroundings([:])) }
                == .notApplicable)
    }
}
