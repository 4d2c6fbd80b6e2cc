import Foundation
import TestSupport
import Testing

/// A real swap file, where the machine allows one: the recorded fault of a node, told and mended.
@Suite(.enabled(if: SwapFile.isPossible, "swap needs root, swapon, and a machine without swap"), .serialized)
struct NodeRecordingTests {
    private static let text = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Recordings/kubeadm-preflight-swap/output.txt").path(percentEncoded: false)
    private let path = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]

    private static var isVersion1: Bool {
        !FileManager.default.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers")
    }

    @Test func `the recorded fault: swap is on before kubeadm init`() async throws {
        try await SwapFile.with { file in
            let result = try await TriageCommand.run(
                ["diagnose", "--file", Self.text, "-o", "json"], environment: path)
            #expect(result.confirmed.first == "swap-enabled/swap-active", "\(result.output)\n\(result.notes)")
            let beside = Self.isVersion1 ? ["swap-enabled/cgroup-v1-without-swap-support"] : []
            #expect(Array(result.confirmed.dropFirst()) == beside)
            #expect(result.output.contains(file))
            #expect(result.exitCode == 1)
        }
    }

    @Test func `without swap the same text confirms nothing of it`() async throws {
        let result = try await TriageCommand.run(["diagnose", "--file", Self.text, "-o", "json"], environment: path)
        #expect(!result.confirmed.contains("swap-enabled/swap-active"))
    }

    @Test func `a kubelet that may use swap, and whose pods may, is healthy on version 2`() async throws {
        try await withConfiguration("failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n") { configuration in
            try await SwapFile.with { _ in
                let result = try await TriageCommand.run(
                    ["run", "swap-enabled", "--input", "kubelet_config=\(configuration)", "-o", "json"],
                    environment: path)
                let expected = Self.isVersion1 ? ["swap-enabled/cgroup-v1-without-swap-support"] : []
                #expect(result.confirmed == expected, "\(result.output)\n\(result.notes)")
            }
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "script is not installed"))
    func `swap is turned off by the remedy, and looked at again`() async throws {
        try await SwapFile.with { file in
            let (exitCode, output) = try await onTerminal(
                ["fix", "swap-enabled/swap-active", "--remedy", "turn-swap-off"],
                answers: String(repeating: "y\n", count: 20))
            #expect(exitCode == 0, "\(output)")
            let table = try String(contentsOfFile: "/proc/swaps", encoding: .utf8)
            #expect(!table.contains(file), "\(output)")
        }
    }

    /// What asks a person runs only on a terminal; `script` has one.
    private func onTerminal(_ arguments: [String], answers: String) async throws -> (exitCode: Int32, output: String) {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in"), folder.appending(path: "out"))
        try Data(answers.utf8).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/script")
        let command = [TriageCommand.binary.path(percentEncoded: false)] + arguments
        process.arguments = ["-qefc", command.joined(separator: " "), "/dev/null"]
        process.environment = path.merging(["HOME": "/nonexistent", "NO_COLOR": "1"]) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try await process.runToEnd()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }

    private func withConfiguration(_ text: String, _ body: (String) async throws -> Void) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "config.yaml")
        try Data(text.utf8).write(to: file)
        try await body(file.path(percentEncoded: false))
    }
}

/// A real swap file, for a moment.
private enum SwapFile {
    /// Only where nobody's swap can be turned off by accident.
    static let isPossible: Bool = {
        let table = (try? String(contentsOfFile: "/proc/swaps", encoding: .utf8)) ?? ""
        let tools = ["/usr/sbin/mkswap", "/usr/sbin/swapon", "/usr/sbin/swapoff"]
        guard geteuid() == 0, table.split(separator: "\n").count == 1,
            tools.allSatisfy(FileManager.default.isExecutableFile)
        else { return false }
        // Some file systems and containers refuse it.
        guard let (folder, file) = try? on() else { return false }
        off(folder, file)
        return true
    }()

    /// A swap file of 16 MiB, off and gone afterwards.
    static func with(_ body: (String) async throws -> Void) async throws {
        let (folder, file) = try on()
        defer { off(folder, file) }
        try await body(file)
    }

    private static func on() throws -> (folder: URL, file: String) {
        let folder = try temporaryFolder()
        let file = folder.appending(path: "swap").path(percentEncoded: false)
        do {
            // Written, not sparse: the kernel takes no file with holes.
            try Data(repeating: 0, count: 16 << 20).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            try run("/usr/sbin/mkswap", [file])
            try run("/usr/sbin/swapon", [file])
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        return (folder, file)
    }

    private static func off(_ folder: URL, _ file: String) {
        // Off already, where a test turned it off.
        try? run("/usr/sbin/swapoff", [file])
        try? FileManager.default.removeItem(at: folder)
    }

    private struct Failed: Error {}

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
    }
}
