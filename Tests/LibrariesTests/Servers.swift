import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Runs a program beside the body and ends it afterwards.
///
/// - Parameter ready: a test of the shell that holds once the program can be asked.
func withProcess(
    _ program: String, _ arguments: [String], output: FileHandle? = nil, ready: String,
    _ body: () async throws -> Void
) async throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    let ending = Task { try await process.runToEnd() }
    let wait = "for i in $(seq 400); do if \(ready); then exit 0; fi; sleep 0.05; done; exit 1"
    let result: Result<Void, any Error>
    do {
        try #require(try await run("bash", ["-c", wait]).exitCode == 0, "\(program) cannot be asked")
        result = .success(try await body())
    } catch {
        result = .failure(error)
    }
    // Programs inherit the signals that this process's threads block; nobody blocks this one.
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try await ending.value
    try result.get()
}

func listens(_ port: Int) -> String { "(echo > /dev/tcp/127.0.0.1/\(port)) 2>/dev/null" }

/// Debian's docker-registry, which has no referrers API: the body gets its folder and `127.0.0.1:PORT`.
func withRegistry(_ body: (String, String) async throws -> Void) async throws {
    try await withDirectory { folder in
        let port = try await unusedPort()
        let configuration = """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(folder)/registry}}
            http: {addr: "127.0.0.1:\(port)"}
            """
        try Disk.replace("\(folder)/registry.yml", Array(configuration.utf8))
        try await withProcess(
            "/usr/bin/docker-registry", ["serve", "\(folder)/registry.yml"], ready: listens(port)
        ) {
            try await body(folder, "127.0.0.1:\(port)")
        }
    }
}

/// The registry of `Fixtures`: the body gets `127.0.0.1:PORT`.
func withMadeUpRegistry(_ folder: String, wantsToken: Bool = false, _ body: (String) async throws -> Void) async throws
{
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/registry.py")
    let portFile = "\(folder)/port"
    try Disk.replace(portFile, [])
    let output = try #require(FileHandle(forWritingAtPath: portFile))
    try await withProcess(
        "/usr/bin/env", ["python3", script.path(percentEncoded: false), folder] + (wantsToken ? ["token"] : []),
        output: output, ready: "[ -s '\(portFile)' ]"
    ) {
        let text = String(decoding: try Disk.contents(of: portFile, limit: 100), as: UTF8.self)
        try await body("127.0.0.1:\(text.filter(\.isNumber))")
    }
}

/// The environment of a person whose home the folder is.
func personalEnvironment(_ folder: String, _ more: [String: String] = [:]) -> [String: String] {
    [
        "PATH": "\(folder)/bin:/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": "\(folder)/config",
        "XDG_CACHE_HOME": "\(folder)/cache",
    ].merging(more) { $1 }
}
