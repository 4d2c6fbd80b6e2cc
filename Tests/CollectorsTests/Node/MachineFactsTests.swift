import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

private let here = Surroundings(now: recordedAt, effects: world)

private func whyUnknown(
    _ collector: some Collector, _ parameters: [String: Value] = [:], in surroundings: Surroundings
) async -> Unknown.Reason? {
    await reason { _ = try await collector.collect(parameters, in: surroundings) }
}

@Suite struct MemoryCollectorTests {
    /// From a machine with 24 GiB and no swap.
    private let table = """
        MemTotal:       24684092 kB
        MemFree:        20434244 kB
        MemAvailable:   12342046 kB
        Cached:          2681972 kB
        SwapTotal:             0 kB
        SwapFree:              0 kB
        HugePages_Total:       2
        HugePages_Free:        1
        Hugepagesize:       2048 kB
        DirectMap4k:       75720 kB

        """

    @Test func `kibibytes become bytes, counts stay counts`() async throws {
        let fact = try await collect(MemoryCollector(), in: machine(["/proc/meminfo": table]))
        #expect(fact.number("totalBytes") == 25_276_510_208)
        #expect(fact.at("availableRatio")?.description == "0.5")
        #expect(fact.number("hugePagesTotal") == 2)
        #expect(fact.number("hugePageBytes") == 2 << 20)
        #expect(fact.at("commitLimitBytes") == nil, "a line that is not there is an absent field")
    }

    @Test func `a table without a total is malformed, a machine without one cannot be asked`() async {
        #expect(await whyUnknown(MemoryCollector(), in: machine(["/proc/meminfo": "MemFree: 1 kB\n"])) == .malformed)
        let nothing = Surroundings(now: recordedAt, effects: MadeUpWorld())
        #expect(await whyUnknown(MemoryCollector(), in: nothing) == .notApplicable)
    }

    @Test(.enabled(if: FileSystem.exists("/proc/meminfo"), "this machine has no /proc"))
    func `this machine has memory`() async throws {
        #expect(try await collect(MemoryCollector(), in: here).number("totalBytes") ?? 0 > 1 << 20)
    }
}

@Suite struct PressureCollectorTests {
    private let cpu =
        "some avg10=95.23 avg60=85.77 avg300=36.38 total=6669398784\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

    @Test func `shares of time, by resource; one that cannot be read is unknown alone`() async throws {
        let fact = try await collect(
            PressureCollector(),
            in: machine([
                "/proc/pressure/cpu": cpu, "/proc/pressure/io": "some avg10=x avg60=0.00 avg300=0.00 total=0\n",
            ]))
        #expect(fact.at("cpu.some10")?.description == "95.23")
        #expect(fact.at("cpu.full300")?.description == "0.0")
        #expect(fact.reason("io") == "malformed")
        #expect(fact.reason("memory") == "notFound")
    }

    @Test func `a kernel that keeps none is not applicable`() async {
        #expect(await whyUnknown(PressureCollector(), in: machine([:])) == .notApplicable)
    }
}

@Suite struct DiskCollectorTests {
    private let mounts = """
        /dev/sda1 / ext4 rw,relatime 0 0
        tmpfs /var/log tmpfs rw 0 0
        /dev/sdb1 /var/lib/my\\040etcd xfs rw 0 0

        """

    private func machine(_ spaces: [String: FileSystemSpace]) -> Surroundings {
        Surroundings(
            now: recordedAt, effects: MadeUpWorld(files: ["/proc/self/mounts": mounts], spaces: spaces))
    }

    private let half = FileSystemSpace(
        totalBytes: 1000, availableBytes: 250, inodes: 100, availableInodes: 1, isReadOnly: false)

    @Test func `space, inodes, and the mount that holds the path`() async throws {
        let fact = try await collect(
            DiskCollector(), ["paths": .list([.string("/var/lib/my etcd/member"), .string("/var/logs")])],
            in: machine(["/var/lib/my etcd/member": half, "/var/logs": half]))
        #expect(fact.text("paths.0.device") == "/dev/sdb1")
        #expect(fact.text("paths.0.mountPoint") == "/var/lib/my etcd")
        #expect(fact.at("paths.0.usedRatio")?.description == "0.75")
        #expect(fact.at("paths.0.inodesUsedRatio")?.description == "0.99")
        #expect(fact.text("paths.1.device") == "/dev/sda1", "/var/log is not above /var/logs")
    }

    @Test func `what is not there says so; a file system without inodes tells none`() async throws {
        let btrfs = FileSystemSpace(totalBytes: 10, availableBytes: 10, inodes: 0, availableInodes: 0, isReadOnly: true)
        let fact = try await collect(
            DiskCollector(), ["paths": .list([.string("/"), .string("/none")])], in: machine(["/": btrfs]))
        #expect(fact.at("paths.0.inodes") == nil)
        #expect(fact.flag("paths.0.readOnly") == true)
        #expect(fact.flag("paths.1.exists") == false)
        #expect(fact.at("paths.1.usedRatio") == nil)
    }

    @Test func `a relative path is malformed; a gate that cannot measure makes the fact unknown`() async {
        #expect(await whyUnknown(DiskCollector(), ["paths": .list([.string("var")])], in: machine([:])) == .malformed)
        let snapshot = Surroundings(now: recordedAt, effects: NoEffects())
        #expect(await whyUnknown(DiskCollector(), in: snapshot) == .notCollected)
    }

    @Test func `this machine's root has a size`() async throws {
        let fact = try await collect(DiskCollector(), ["paths": .list([.string("/")])], in: here)
        #expect(fact.number("paths.0.totalBytes") ?? 0 > 0)
        #expect(fact.text("paths.0.mountPoint") == "/")
    }
}

@Suite struct SysctlsCollectorTests {
    private let files = [
        "/proc/sys/net/ipv4/ip_forward": "0\n", "/proc/sys/fs/file-nr": "1056\t0\t9223372036854775807\n",
        "/proc/sys/net/ipv4/conf/eth0.1/rp_filter": "2\n",
    ]

    @Test func `values as text; a setting that this kernel does not have is absent`() async throws {
        let fact = try await collect(SysctlsCollector(), in: machine(files))
        guard case .map(let values) = fact.at("values") else { throw Unknown(.malformed, "no map") }
        #expect(values["net.ipv4.ip_forward"]?.text == "0")
        #expect(values["fs.file-nr"]?.text == "1056 0 9223372036854775807")
        #expect(values["net.bridge.bridge-nf-call-iptables"] == nil)
    }

    @Test func `a slash in a name stands for a dot`() async throws {
        let fact = try await collect(
            SysctlsCollector(), ["names": .list([.string("net.ipv4.conf.eth0/1.rp_filter")])], in: machine(files))
        guard case .map(let values) = fact.at("values") else { throw Unknown(.malformed, "no map") }
        #expect(values["net.ipv4.conf.eth0/1.rp_filter"]?.text == "2")
    }

    @Test(arguments: ["", "net", "net..x", "kernel.//.//.//.etc.shadow", "/etc/shadow"])
    func `what is no setting is refused before anything is opened`(name: String) async {
        #expect(
            await whyUnknown(SysctlsCollector(), ["names": .list([.string(name)])], in: machine(files)) == .malformed)
    }
}

@Suite struct KernelCollectorTests {
    @Test func `modules that are loaded and those that are built in`() async throws {
        let fact = try await collect(
            KernelCollector(),
            in: machine([
                "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
                "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 swapaccount=1 rd.password=hunter2hunter2\n",
                "/proc/modules":
                    "br_netfilter 36864 0 - Live 0x0000000000000000\nbridge 311296 1 br_netfilter, Live 0x0\n",
                "/lib/modules/6.1.0-18-amd64/modules.builtin": "kernel/fs/overlayfs/overlay.ko\nkernel/a/nf-log.ko\n",
            ]))
        #expect(fact.text("release") == "6.1.0-18-amd64")
        #expect(fact.texts("modules") == ["br_netfilter", "bridge"])
        #expect(fact.texts("builtIn") == ["overlay", "nf_log"])
        #expect(fact.text("commandLine")?.contains("swapaccount=1") == true)
        #expect(fact.text("commandLine")?.contains("hunter2") == false)
    }

    @Test func `a kernel that takes no modules has none; its built-in ones are not known without a list`() async throws
    {
        let fact = try await collect(
            KernelCollector(), in: machine(["/proc/sys/kernel/osrelease": "6.1.0\n", "/proc/cmdline": "quiet\n"]))
        #expect(fact.texts("modules") == [])
        #expect(fact.reason("builtIn") == "notFound")
    }
}

@Suite struct ListenersCollectorTests {
    private let header =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    private var tables: [String: String] {
        [
            "/proc/net/tcp": header
                + "   0: 0100007F:2808 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 650 1 0\n"
                + "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 651 1 0\n",
            "/proc/net/tcp6": header
                + "   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A "
                + "00000000:00000000 00:00000000 00000000   999        0 777 1 0\n",
        ]
    }

    @Test func `who listens where; a connection is no listener`() async throws {
        let files = tables.merging([
            "/proc/1/cmdline": "init\0", "/proc/9/cmdline": "/usr/bin/kubelet\0--v=2\0", "/proc/9/fd/x": "",
        ]) { $1 }
        let effects = MadeUpWorld(
            files: files,
            links: ["/proc/9/fd/3": "socket:[650]", "/proc/9/fd/4": "/dev/null", "/proc/1/fd/0": "pipe:[1]"])
        let fact = try await collect(ListenersCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.at("sockets")?.elements?.count == 2)
        #expect(fact.text("sockets.0.address") == "::")
        #expect(fact.number("sockets.0.port") == 6443)
        #expect(fact.number("sockets.0.user") == 999)
        #expect(fact.reason("sockets.0.process") == "notFound")
        #expect(fact.text("sockets.1.address") == "127.0.0.1")
        #expect(fact.number("sockets.1.port") == 10248)
        #expect(fact.text("sockets.1.process") == "kubelet")
        #expect(fact.number("sockets.1.pid") == 9)
    }

    @Test func `only the ports that were asked for`() async throws {
        let effects = MadeUpWorld(files: tables.merging(["/proc/1/cmdline": "init\0"]) { $1 })
        let fact = try await collect(
            ListenersCollector(), ["ports": .list([.int(6443), .int(1)])],
            in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.at("sockets")?.elements?.compactMap { $0.number("port") } == [6443])
    }

    @Test func `a table that is none is malformed`() async {
        #expect(
            await whyUnknown(ListenersCollector(), in: machine(["/proc/net/tcp": header + "   0: 0100007F:28\n"]))
                == .malformed)
    }

    @Test(.enabled(if: FileSystem.exists("/proc/net/tcp"), "this machine has no /proc/net/tcp"))
    func `this test's own server is found, with this process`() async throws {
        try await withLoopbackServer { _ in
            .init(200)
        } body: { server in
            let fact = try await collect(ListenersCollector(), ["ports": .list([.int(Int64(server.port))])], in: here)
            #expect(fact.text("sockets.0.address") == "127.0.0.1")
            #expect(fact.number("sockets.0.pid") == Int64(FileSystem.processID))
        }
    }
}

@Suite struct ResolverCollectorTests {
    private func machine(_ text: String, names: [String: [String]] = [:], upstream: String? = nil) -> Surroundings {
        var files = ["/etc/resolv.conf": text]
        files["/run/systemd/resolve/resolv.conf"] = upstream
        return Surroundings(now: recordedAt, effects: MadeUpWorld(files: files, names: names))
    }

    @Test func `servers, domains, options, and what names lead to`() async throws {
        let text = """
            # made by a network manager
            domain old.example
            nameserver 10.96.0.10
            nameserver fd00::a ; the second
            search default.svc.cluster.local svc.cluster.local
            options ndots:5 edns0

            """
        let fact = try await collect(
            ResolverCollector(), ["names": .list([.string("kubernetes"), .string("nowhere.invalid")])],
            in: machine(text, names: ["kubernetes": ["10.96.0.1"]]))
        #expect(fact.texts("nameservers") == ["10.96.0.10", "fd00::a"])
        #expect(fact.texts("search") == ["default.svc.cluster.local", "svc.cluster.local"])
        #expect(fact.number("ndots") == 5)
        #expect(fact.flag("stub") == false)
        #expect(fact.texts("lookups.0.addresses") == ["10.96.0.1"])
        #expect(fact.at("lookups.0.error") == nil)
        #expect(fact.texts("lookups.1.addresses") == [])
        #expect(fact.text("lookups.1.error")?.contains("not known") == true)
    }

    @Test func `behind a stub stand the real servers`() async throws {
        let fact = try await collect(
            ResolverCollector(), in: machine("nameserver 127.0.0.53\n", upstream: "nameserver 192.0.2.1\n"))
        #expect(fact.flag("stub") == true)
        #expect(fact.texts("upstreams") == ["192.0.2.1"])
        #expect(fact.number("ndots") == 1)
        let hidden = try await collect(ResolverCollector(), in: machine("nameserver ::1\n"))
        #expect(hidden.reason("upstreams") == "notFound")
    }

    @Test func `offline no name is looked up, and the file is read all the same`() async throws {
        let offline = Surroundings(
            now: recordedAt,
            effects: OfflineEffects(files: MadeUpWorld(files: ["/etc/resolv.conf": "nameserver ::2\n"])))
        let fact = try await collect(ResolverCollector(), ["names": .list([.string("x")])], in: offline)
        #expect(fact.reason("lookups.0.addresses") == "notCollected")
        #expect(fact.texts("nameservers") == ["::2"])
    }

    @Test func `the system's resolver knows localhost, and no name below invalid`() async throws {
        #expect(try await world.resolve("localhost", deadlineSeconds: 60).isEmpty == false)
        #expect(
            await reason {
                _ = try await world.resolve("no-such-host.invalid", deadlineSeconds: 60)
            } == .notFound)
    }
}

@Suite struct ClockCollectorTests {
    private func output(_ text: String, code: Int32 = 0, error: String = "") -> CommandOutput {
        CommandOutput(exitCode: code, standardOutput: Array(text.utf8), standardError: Array(error.utf8))
    }

    private let show = "Timezone=Etc/UTC\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=no\n"
    private let tracking =
        "A9FEA97B,169.254.169.123,4,1795479000.123456789,-2.500000000,0.000002345,0.000012345,-12.345,0.001,0.020,"
        + "0.000345678,0.000123456,64.2,Not synchronised\n"

    @Test func `what systemd and chrony say`() async throws {
        let effects = MadeUpWorld(commands: [
            "timedatectl show --no-pager": output(show), "chronyc -c -n tracking": output(tracking),
        ])
        let fact = try await collect(ClockCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.flag("ntpEnabled") == true)
        #expect(fact.flag("synchronized") == false)
        #expect(fact.at("chrony.offsetSeconds")?.description == "-2.5")
        #expect(fact.text("chrony.leap") == "Not synchronised")
        #expect(fact.number("chrony.stratum") == 4)
    }

    @Test(arguments: [
        ("+2.371ms", -0.002371), ("-428us", 0.000428), ("+1min 2.5s", -62.5), ("0", nil), ("-3.1μs", 0.0000031),
    ])
    func `the offset that systemd-timesyncd tells counts as chrony's`(text: String, expected: Double?) async throws {
        let status = """
                   Server: 185.125.190.57 (ntp.ubuntu.com)
            Poll interval: 34min 8s (min: 32s; max 34min 8s)
                     Leap: normal
                  Version: 4
                  Stratum: 2
                Reference: 11FDE9B1
                   Offset: \(text)
                    Delay: 25.414ms

            """
        let effects = MadeUpWorld(commands: [
            "timedatectl show --no-pager": output(show),
            "timedatectl timesync-status --no-pager": output(status),
        ])
        let fact = try await collect(ClockCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.text("timesyncd.server") == "185.125.190.57 (ntp.ubuntu.com)")
        #expect(fact.number("timesyncd.stratum") == 2)
        let offset: Double? = if case .double(let seconds) = fact.at("timesyncd.offsetSeconds") { seconds } else { nil }
        #expect((offset == nil) == (expected == nil))
        #expect(abs((offset ?? 0) - (expected ?? 0)) < 1e-9)
    }

    @Test(arguments: [(0, false, true), (15_999_999, true, true), (16_000_000, true, false)] as [(Int64, Bool, Bool)])
    func `where no program tells, the kernel does`(error: Int64, isMarked: Bool, isSynchronized: Bool) async throws {
        var effects = MadeUpWorld()
        effects.clock = ClockState(
            isMarkedUnsynchronized: isMarked, maxErrorMicroseconds: error, estimatedErrorMicroseconds: 250)
        let fact = try await collect(ClockCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.flag("synchronized") == isSynchronized)
        #expect(fact.flag("kernel.synchronized") == isSynchronized)
        #expect(fact.flag("kernel.marked") == !isMarked)
        #expect(fact.at("kernel.maxErrorSeconds")?.description == Value.double(Double(error) / 1e6).description)
        #expect(fact.at("kernel.estimatedErrorSeconds")?.description == "0.00025")
        #expect(fact.reason("chrony") == "notFound")
        #expect(fact.reason("ntpEnabled") == "notFound")
    }

    @Test func `what systemd says of the clock counts before what the kernel does`() async throws {
        var effects = MadeUpWorld(commands: ["timedatectl show --no-pager": output(show)])
        effects.clock = ClockState(
            isMarkedUnsynchronized: false, maxErrorMicroseconds: 1, estimatedErrorMicroseconds: 1)
        let fact = try await collect(ClockCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.flag("synchronized") == false)
        #expect(fact.flag("kernel.synchronized") == true)
    }

    /// Whatever this machine's clock is like: the kernel's answer is of its kind.
    @Test func `the real kernel answers without a privilege`() async throws {
        let state = try await world.clockState()
        #expect(state.maxErrorMicroseconds >= 0)
        #expect(state.estimatedErrorMicroseconds >= 0)
    }

    @Test func `where only one of them answers, the other's part is unknown`() async throws {
        let effects = MadeUpWorld(commands: ["timedatectl show --no-pager": output(show)])
        let fact = try await collect(ClockCollector(), in: Surroundings(now: recordedAt, effects: effects))
        #expect(fact.reason("chrony") == "notFound")
        #expect(fact.reason("timesyncd") == "notFound")
        let other = MadeUpWorld(commands: [
            "timedatectl show --no-pager": output("", code: 1, error: "Failed to connect to bus"),
            "chronyc -c -n tracking": output("506 Cannot talk to daemon\n", code: 1),
        ])
        #expect(
            await whyUnknown(ClockCollector(), in: Surroundings(now: recordedAt, effects: other)) == .notApplicable)
    }
}
