import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

/// The real world, as this machine has it.
let world = SystemEffects(environment: ProcessInfo.processInfo.environment)

/// Why the work could not be done; `nil` where it could, or where it failed with something else.
func reason(_ work: () async throws -> Void) async -> Unknown.Reason? {
    do {
        try await work()
        return nil
    } catch {
        return (error as? Unknown)?.reason
    }
}

/// A new directory that is gone afterwards.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.path)
}

@Suite struct FileEffectsTests {
    @Test func `a file of proc is read though its size says 0`() async throws {
        #expect(try await !world.readFile("/proc/self/status", limit: 1 << 20).isEmpty)
    }

    @Test func `a missing file, a directory, a device and a pipe each have their reason`() async throws {
        try await withTemporaryDirectory { directory in
            #expect(unsafe mkfifo("\(directory)/pipe", 0o600) == 0)
            for (path, expected) in [
                ("\(directory)/none", Unknown.Reason.notFound), (directory, .malformed), ("/dev/zero", .malformed),
                ("\(directory)/pipe", .malformed),
            ] {
                #expect(
                    await reason { _ = try await world.readFile(path, limit: 10) }
                        == expected, "\(path)")
            }
        }
    }

    @Test func `a file beyond the limit is truncated, never cut in silence`() async throws {
        try await withTemporaryDirectory { directory in
            try Data(repeating: 65, count: 11).write(to: URL(fileURLWithPath: "\(directory)/file"))
            #expect(try await world.readFile("\(directory)/file", limit: 11).count == 11)
            #expect(
                await reason { _ = try await world.readFile("\(directory)/file", limit: 10) }
                    == .truncated)
        }
        // Its size says 0, so only counting finds it.
        #expect(
            await reason { _ = try await world.readFile("/proc/cpuinfo", limit: 10) }
                == .truncated)
    }

    @Test func `links are followed, and one that leads nowhere is seen`() async throws {
        try await withTemporaryDirectory { directory in
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory)/file"))
            #expect(unsafe symlink("\(directory)/file", "\(directory)/good") == 0)
            #expect(unsafe symlink("\(directory)/none", "\(directory)/bad") == 0)
            #expect(try await world.readFile("\(directory)/good", limit: 10) == [120])
            #expect(try await world.status(of: "\(directory)/good").kind == .regular)
            #expect(try await world.status(of: "\(directory)/bad").kind == .symbolicLink)
            #expect(try await world.list(directory) == ["bad", "file", "good"])
        }
    }
}

@Suite struct CommandEffectsTests {
    @Test func `arguments reach the program as they are, and its output comes back`() async throws {
        let output = try await world.run(Command("printf", ["%s|", "$(id)", "a b", "{{ x }}"]))
        #expect(String(decoding: output.standardOutput, as: UTF8.self) == "$(id)|a b|{{ x }}|")
        #expect(output.exitCode == 0)
    }

    @Test func `an exit code is a result`() async throws {
        let output = try await world.run(Command("sh", ["-c", "echo no >&2; exit 3"]))
        #expect(output.exitCode == 3)
        #expect(String(decoding: output.standardError, as: UTF8.self) == "no\n")
    }

    @Test func `standard input is closed`() async throws {
        #expect(try await world.run(Command("cat")).standardOutput.isEmpty)
    }

    @Test func `the environment is an allowlist`() async throws {
        let world = SystemEffects(environment: [
            "PATH": "/usr/bin:/bin", "SECRET_TOKEN": "s3cr3t", "AWS_PROFILE": "dev", "KUBECONFIG": "/k",
        ])
        let output = try await world.run(Command("env", environment: ["EXTRA": "1"]))
        let lines = Set(String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n").map(String.init))
        #expect(lines == ["PATH=/usr/bin:/bin", "AWS_PROFILE=dev", "KUBECONFIG=/k", "EXTRA=1"])
    }

    @Test func `a deadline ends the program`() async {
        #expect(
            await reason { _ = try await world.run(Command("sleep", ["1000"], deadlineSeconds: 0.2)) } == .timedOut)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a program that is given up takes its children along`() async throws {
        try await withTemporaryDirectory { directory in
            let mark = "\(directory)/child"
            let script = "sh -c 'echo $$ > \(mark).new; mv \(mark).new \(mark); exec sleep 1000' & wait"
            let work = Task { try await world.run(Command("sh", ["-c", script], deadlineSeconds: 3600)) }
            while !FileManager.default.fileExists(atPath: mark) { await Task.yield() }
            let text = try String(contentsOfFile: mark, encoding: .utf8)
            let child = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            work.cancel()
            #expect(await reason { _ = try await work.value } == .timedOut)
            // A zombie that nobody reaps yet counts as dead.
            func isAlive() -> Bool {
                let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ") Z"
                return !state.contains(") Z") && !state.contains(") X")
            }
            while isAlive() { await Task.yield() }
        }
    }

    @Test func `too much output is truncated, from either stream`() async {
        for redirect in ["", " >&2"] {
            #expect(
                await reason {
                    _ = try await world.run(
                        Command("sh", ["-c", "yes\(redirect)"], deadlineSeconds: 3600, outputLimit: 1000))
                } == .truncated)
        }
    }

    @Test func `programs are found on PATH only, never in the current directory`() async {
        for (name, expected) in [
            ("no-such-program-here", Unknown.Reason.notFound), ("./run.sh", .notAllowed), ("", .notAllowed),
            ("/no/such/program", .notFound), ("/etc/hostname", .notFound),
        ] {
            #expect(await reason { _ = try await world.run(Command(name)) } == expected)
        }
    }
}

@Suite struct OfflineEffectsTests {
    @Test func `offline reads files and asks nothing else`() async throws {
        let offline = OfflineEffects(
            files: MadeUpWorld(
                files: ["/a": "x"],
                commands: [
                    "id": .init(
                        exitCode: 0, standardOutput: [], standardError: [])
                ]))
        #expect(try await offline.readFile("/a", limit: 10) == [120])
        #expect(await reason { _ = try await offline.run(Command("id")) } == .notCollected)
        #expect(
            await reason { _ = try await offline.send(HTTPRequest(url: "http://x/")) }
                == .notCollected)
        #expect(await offline.connect(ConnectionRequest(host: "127.0.0.1", port: 1)).failedAt != nil)
    }
}
