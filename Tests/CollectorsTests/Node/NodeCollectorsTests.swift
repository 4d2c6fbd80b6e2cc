import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

/// A machine of which only these files are there; every one has processes.
func machine(_ files: [String: String], environment: [String: String] = [:]) -> Surroundings {
    let basics = ["/proc/1/cmdline": "/sbin/init\0", "/proc/1/comm": "systemd\n", "/proc/meminfo": "MemTotal: 1 kB\n"]
    return Surroundings(
        environment: environment, now: Timestamp(seconds: 1_795_479_000),
        effects: MadeUpWorld(files: basics.merging(files) { $1 }))
}

private func whyUnknown(_ collector: some Collector, _ surroundings: Surroundings) async -> Unknown.Reason? {
    await reason { _ = try await collector.collect([:], in: surroundings) }
}

@Suite struct SwapCollectorTests {
    private let header = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

    @Test func `no device, when the table holds its header only`() async throws {
        #expect(try await collect(SwapCollector(), in: machine(["/proc/swaps": header])).texts("devices") == [])
    }

    @Test func `a partition, a file with a space in its name, and compressed memory are told apart`() async throws {
        let table =
            header + "/dev/sda2                               partition\t8388604\t\t512\t\t-2\n"
            + "/swap\\040file                            file\t\t65532\t\t0\t\t-3\n"
            + "/dev/zram0                              partition\t4096\t\t0\t\t100\n"
        let fact = try await collect(SwapCollector(), in: machine(["/proc/swaps": table]))
        #expect(fact.text("devices.0.kind") == "partition")
        #expect(fact.text("devices.1.name") == "/swap file")
        #expect(fact.text("devices.1.kind") == "file")
        #expect(fact.text("devices.2.kind") == "zram")
        #expect(fact.number("devices.2.priority") == 100)
        #expect(fact.number("devices.0.sizeKiB") == 8_388_604)
        #expect(fact.number("devices.0.usedKiB") == 512)
    }

    @Test func `a kernel without swap has no device; a machine without proc cannot be asked`() async throws {
        #expect(try await collect(SwapCollector(), in: machine([:])).texts("devices") == [])
        let nothing = Surroundings(now: Timestamp(seconds: 0), effects: MadeUpWorld())
        #expect(await whyUnknown(SwapCollector(), nothing) == .notApplicable)
    }

    @Test func `a line that is no device is never skipped`() async {
        #expect(
            await whyUnknown(SwapCollector(), machine(["/proc/swaps": header + "/dev/sda2 partition\n"])) == .malformed)
    }

    @Test func `this machine can be asked`() async throws {
        let here = Surroundings(now: Timestamp(seconds: 0), effects: world)
        #expect(try await collect(SwapCollector(), in: here).at("devices") != nil)
    }
}

@Suite struct FstabCollectorTests {
    @Test func `swap lines count, with their place, and comments do not`() async throws {
        let table = """
            # /dev/sda3 none swap sw 0 0
            UUID=1 / ext4 defaults 0 1

            /swapfile  none  swap  sw,pri=5  0 0
            LABEL=spare none swap noauto
            /data/swap /mnt/swap ext4 defaults 0 2
            """
        let fact = try await collect(FstabCollector(), in: machine(["/etc/fstab": table]))
        #expect(fact.text("swapEntries.0.device") == "/swapfile")
        #expect(fact.number("swapEntries.0.line") == 4)
        #expect(fact.text("swapEntries.0.options") == "sw,pri=5")
        #expect(fact.flag("swapEntries.0.atBoot") == true)
        #expect(fact.flag("swapEntries.1.atBoot") == false)
        #expect(fact.at("swapEntries.2") == nil)
    }

    @Test func `without the table there is no line`() async throws {
        #expect(try await collect(FstabCollector(), in: machine([:])).texts("swapEntries") == [])
    }
}

@Suite struct SwapUnitsCollectorTests {
    @Test func `a unit comes at boot when a target wants it, unless it is masked`() async throws {
        let fact = try await collect(
            SwapUnitsCollector(),
            in: machine([
                "/etc/systemd/system/swapfile.swap": "",
                "/etc/systemd/system/data-swap.swap": "[Swap]\nWhat=/data/swap\n",
                "/run/systemd/generator/swapfile.swap": "[Unit]\nSourcePath=/etc/fstab\n[Swap]\nWhat=/swapfile\n",
                "/run/systemd/generator/dev-sdb1.swap": "[Unit]\nSourcePath=/etc/fstab\n[Swap]\nWhat=/dev/sdb1\n",
                "/run/systemd/generator/swap.target.wants/dev-sdb1.swap": "",
                "/run/systemd/generator/swap.target.requires/swapfile.swap": "",
            ]))
        let units = ["0", "1", "2"].map { "units.\($0)" }
        #expect(units.map { fact.text("\($0).name") } == ["data-swap.swap", "swapfile.swap", "dev-sdb1.swap"])
        #expect(units.map { fact.flag("\($0).atBoot") } == [false, false, true])
        #expect(units.map { fact.flag("\($0).masked") } == [false, true, false])
        #expect(units.map { fact.flag("\($0).fromFstab") } == [false, false, true])
        #expect(fact.text("units.2.what") == "/dev/sdb1")
        #expect(fact.at("units.3") == nil)
        #expect(fact.flag("zramGenerator") == false)
    }

    @Test(arguments: [
        (["/usr/lib/systemd/zram-generator.conf": "[zram0]\nzram-size = ram / 2\n"], true, false, false),
        // An empty file of the administrator's switches the distribution's off.
        (
            [
                "/etc/systemd/zram-generator.conf": "",
                "/usr/lib/systemd/zram-generator.conf": "[zram0]\n",
            ], false, false, false
        ),
        (["/etc/systemd/system/multi-user.target.wants/zramswap.service": ""], false, true, false),
        (["/etc/systemd/system/multi-user.target.wants/dphys-swapfile.service": ""], false, false, true),
        (
            [
                "/etc/systemd/system/multi-user.target.wants/dphys-swapfile.service": "",
                "/etc/dphys-swapfile": "CONF_SWAPSIZE=0\n",
            ], false, false, false
        ),
        (["/etc/dphys-swapfile": "CONF_SWAPSIZE=100\n"], false, false, false),
    ])
    func `generators and services count when they are switched on`(
        files: [String: String], generator: Bool, service: Bool, dphys: Bool
    ) async throws {
        let fact = try await collect(SwapUnitsCollector(), in: machine(files))
        #expect(fact.flag("zramGenerator") == generator)
        #expect(fact.flag("zramService") == service)
        #expect(fact.flag("dphysSwapfile") == dphys)
    }
}

@Suite struct CgroupCollectorTests {
    @Test func `version 2 is what is mounted at the root of control groups`() async throws {
        let fact = try await collect(
            CgroupCollector(),
            in: machine([
                "/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
                "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu memory\n",
            ]))
        #expect(fact.number("version") == 2)
        #expect(fact.texts("controllers") == ["cpuset", "cpu", "memory"])
        #expect(fact.flag("hybrid") == false)
    }

    @Test func `a hybrid machine is of version 1, as the kubelet sees it`() async throws {
        let fact = try await collect(
            CgroupCollector(),
            in: machine([
                "/proc/self/mounts":
                    "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n",
                "/proc/cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t1\t1\nrdma\t0\t1\t0\n",
            ]))
        #expect(fact.number("version") == 1)
        #expect(fact.texts("controllers") == ["memory"])
        #expect(fact.flag("hybrid") == true)
    }

    @Test func `without a mount nothing is claimed`() async {
        #expect(await whyUnknown(CgroupCollector(), machine(["/proc/self/mounts": ""])) == .notApplicable)
        #expect(await whyUnknown(CgroupCollector(), machine([:])) == .notFound)
    }
}

@Suite struct ContainerCollectorTests {
    static let ownKernel = ["/proc/2/comm": "kthreadd\n", "/proc/version": "Linux version 6.1\n"]
    static let container = ["/proc/2/comm": "sh\n", "/proc/version": "Linux version 6.1\n"]

    @Test(arguments: [
        (ownKernel, "none"),
        // A virtual machine that was made from a container's image.
        (ownKernel.merging(["/.dockerenv": "", "/proc/self/mounts": "/dev/root / ext4 rw 0 0\n"]) { $1 }, "none"),
        (ownKernel.merging(["/.dockerenv": "", "/proc/self/mounts": "overlay / overlay rw 0 0\n"]) { $1 }, "docker"),
        (container.merging(["/.dockerenv": ""]) { $1 }, "docker"),
        (container.merging(["/.dockerenv": "", "/kind/version": "v0.27.0"]) { $1 }, "kind"),
        (container.merging(["/bin/k3d-entrypoint.sh": ""]) { $1 }, "k3d"),
        (container.merging(["/run/systemd/container": "lxc\n"]) { $1 }, "lxc"),
        (container.merging(["/proc/1/environ": "HOME=/\0container=lxc\0"]) { $1 }, "lxc"),
        (["/proc/2/comm": "init\n", "/proc/version": "Linux version 5.15-microsoft-standard-WSL2"], "wsl"),
        (container, "other"),
    ])
    func `each kind has its mark`(files: [String: String], kind: String) async throws {
        let fact = try await collect(ContainerCollector(), in: machine(files))
        #expect(fact.text("kind") == kind)
        #expect(fact.flag("inside") == (kind != "none"))
    }
}
