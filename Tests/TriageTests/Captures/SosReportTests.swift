import CEL
import Collectors
import Facts
import Foundation
import TestSupport
import Testing

@testable import Engine
@testable import Playbooks

/// A node with swap, live and as a sosreport of it.
struct SosReportTests {
    /// What the playbook reads of the machine.
    static let machine = [
        "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2  partition\t2097148\t512\t-2\n",
        "/proc/meminfo": "MemTotal: 8000000 kB\n", "/proc/version": "Linux version 6.12.0\n",
        "/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n",
        "/var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\nfailSwapOn: true\n",
        "/proc/self/mounts": "/dev/sda1 / ext4 rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
        "/sys/fs/cgroup/cgroup.controllers": "cpu memory io\n",
        "/etc/kubernetes/kubelet.conf": "kind: Config\n",
    ]
    static let processes = [
        "/proc/1/cmdline": "/usr/lib/systemd/systemd\0--switched-root\0", "/proc/2/cmdline": "",
        "/proc/2/comm": "kthreadd\n",
        "/proc/800/cmdline": "/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--v=2\0",
    ]

    /// The same in the places where sos puts them.
    static let report: [String: String] = {
        var files = Dictionary(uniqueKeysWithValues: machine.map { (String($0.key.dropFirst()), $0.value) })
        files["proc/mounts"] = files.removeValue(forKey: "proc/self/mounts")
        files["sos_commands/process/ps_auxwwwm"] = """
            USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
            root           1  0.0  0.1 170000 12000 ?        -    00:01   0:03 /usr/lib/systemd/systemd --switched-root
            root           -  0.0    -      -     - -        Ss   00:01   0:03 -
            root           2  0.0  0.0      0     0 ?        -    00:01   0:00 [kthreadd]
            root         800  1.2  2.0 900000 90000 ?        -    00:02   1:00 /usr/bin/kubelet --config=/var/lib/kubelet/config.yaml --v=2

            """
        files["sos_commands/kernel/sysctl_-a"] = "net.ipv4.ip_forward = 1\nvm.swappiness = 60\n"
        files["sos_commands/date/date_--utc"] = "Tue Nov 24 00:20:00 UTC 2026\n"
        files["sos_commands/logs/journalctl_--no-pager_--boot"] =
            "Nov 24 00:01:00 n1 systemd[1]: Started kubelet\nNov 24 00:02:00 n1 kubelet[800]: running with swap on is not supported\n"
        return files
    }()

    private func withReport(_ body: (Capture, String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = folder.appending(path: "sosreport-n1-2026-11-24")
        try CaptureLayout(files: Self.report).write(to: report)
        // Services are enabled by links; sos keeps them, also where their target is not in the report.
        let wants = report.appending(path: "etc/systemd/system/multi-user.target.wants")
        try FileManager.default.createDirectory(at: wants, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: wants.appending(path: "zramswap.service").path(percentEncoded: false),
            withDestinationPath: "/usr/lib/systemd/system/zramswap.service")
        let path = folder.path(percentEncoded: false)
        try await body(try Capture.open(path), path)
    }

    private func diagnose(_ source: FactSource) async throws -> Diagnosis {
        let folder = TriageCommand.root.appending(path: "playbooks/swap-enabled.yaml")
        let library = PlaybookLibrary(
            [[.init(file: "playbooks/swap-enabled.yaml", bytes: Array(try Data(contentsOf: folder)))]],
            loader: Loader(catalogue: .builtIn))
        // No deadline: a machine busy with other tests is no finding.
        let diagnostician = Diagnostician(
            library: library, catalogue: .builtIn, source: source,
            sleep: { _ in try await Task.sleep(for: .seconds(86_400)) })
        return await diagnostician.diagnose(Inquiry(names: ["swap-enabled"]))
    }

    @Test func `swap is found in a report as it is on the machine`() async throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-24T00:20:00Z"))
        let live = try await diagnose(
            .live(
                Surroundings(
                    now: now, effects: MadeUpWorld(files: Self.machine.merging(Self.processes) { $1 }))))
        try await withReport { capture, _ in
            #expect(capture.collectedAt == now)
            let saved = try await diagnose(.live(capture.surroundings(text: "", namespace: nil, now: nil)))
            func confirmed(_ diagnosis: Diagnosis) -> [String] {
                diagnosis.findings.filter { $0.status == .confirmed }.map { "\($0.cause): \($0.because)" }
            }
            #expect(confirmed(live).count == 1)
            #expect(confirmed(saved) == confirmed(live))
            #expect(saved.subject.platform == "kubeadm")
            // A file that the report lacks may be on the machine: nothing more is confirmed or ruled out than live.
            for finding in saved.findings where finding.status == .ruledOut {
                #expect(live.findings.contains { $0.cause == finding.cause && $0.status == .ruledOut })
            }
        }
    }

    @Test func `commands, kernel parameters and enabled units are read where sos keeps them`() async throws {
        try await withReport { capture, path in
            let effects = capture.surroundings(text: "", namespace: nil, now: nil).effects
            #expect(
                String(decoding: try await effects.readFile("/proc/sys/vm/swappiness", limit: 100), as: UTF8.self)
                    == "60\n")
            let names = try await effects.list("/etc/systemd/system/multi-user.target.wants")
            #expect(names == ["zramswap.service"])
            let journal = try await effects.run(Command("journalctl", ["--unit=kubelet", "--lines=10"]))
            #expect(String(decoding: journal.standardOutput, as: UTF8.self).contains("running with swap on"))
            #expect(!String(decoding: journal.standardOutput, as: UTF8.self).contains("Started kubelet"))
            await #expect(throws: Unknown.self) { try await effects.run(Command("crictl", ["ps"])) }
            await #expect(throws: Unknown.self) { try await effects.readFile("/etc/hosts", limit: 100) }
            // What a link leads to outside of the report is not part of it.
            await #expect(throws: Unknown.self) {
                try await effects.readFile(
                    "/etc/systemd/system/multi-user.target.wants/zramswap.service", limit: 100)
            }
        }
    }
}
