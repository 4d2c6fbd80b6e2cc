internal import CEL
internal import Foundation
internal import Glibc

/// One run of the `triage` beside this binary: how long it took, how much memory it had, and what it answered.
struct TriageRun {
    private(set) var time = Swift.Duration.zero
    /// `VmHWM` of the process: the most that was resident at a time.
    private(set) var peakBytes = 0
    private(set) var confirmed: [String] = []
    private(set) var notes = ""

    init(_ arguments: [String], scratch: URL) throws {
        let binary = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "triage")
        let (output, errors) = (scratch.appending(path: "output"), scratch.appending(path: "errors"))
        let argv = [binary.path] + arguments
        let environment = ["PATH=/usr/bin:/bin", "HOME=\(scratch.path)"]
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, file) in [(1, output), (2, errors)] as [(Int32, URL)] {
            unsafe posix_spawn_file_actions_addopen(
                &actions, descriptor, file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var pointers = unsafe argv.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (pointers + variables).forEach { unsafe free($0) } }
        let start = ContinuousClock.now
        var process: pid_t = 0
        guard unsafe posix_spawn(&process, binary.path, &actions, nil, &pointers, &variables) == 0 else {
            fatalError("\(binary.path) cannot be run")
        }
        var status: Int32 = 0
        // What rusage has of a child begins with its parent's memory; the mark of the process itself only grows.
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            peakBytes = max(peakBytes, Self.highWaterMark(of: process))
            usleep(2000)
        }
        time = .now - start
        notes = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
        let printed = Array(try Data(contentsOf: output))
        // What only writes a file prints nothing.
        confirmed = printed.isEmpty ? [] : try Self.confirmed(in: printed)
    }

    private static func highWaterMark(of process: pid_t) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    private static func confirmed(in json: [UInt8]) throws -> [String] {
        guard case .map(let diagnosis) = try Value.parseJSON(json), case .list(let findings)? = diagnosis["findings"]
        else { return [] }
        return findings.compactMap { finding in
            guard case .map(let map) = finding, case .string("confirmed")? = map["status"],
                case .string(let cause)? = map["cause"]
            else { return nil }
            return cause
        }
    }
}
