import Foundation
import TestSupport
import Testing

/// The built command, run as a person runs it.
struct TriageCommand {
    struct Result {
        var exitCode: Int32
        var output: String
        var notes: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }

        /// `playbook/cause` of the confirmed findings, in order.
        var confirmed: [String] { causes("confirmed") }
        var undetermined: [String] { causes("undetermined") }

        private func causes(_ status: String) -> [String] {
            (json["findings"] as? [[String: Any]] ?? []).filter { $0["status"] as? String == status }.map {
                "\($0["playbook"] as? String ?? "?")/\($0["cause"] as? String ?? "?")"
            }
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Beside the test bundle: both are products of one build.
    static var binary: URL { Bundle.main.bundleURL.appending(path: "triage") }

    /// Makes commands keep the index of the playbooks for this run of the tests: a debug build takes ten times as long
    /// to read them all.
    static let sharedIndex: [String: String] = {
        guard let folder = cache else { return [:] }
        atexit { if let folder = TriageCommand.cache { try? FileManager.default.removeItem(at: folder) } }
        return ["XDG_CACHE_HOME": folder.path(percentEncoded: false)]
    }()
    private static let cache = try? temporaryFolder()

    /// What a command sees of the environment: a PATH, and the given home or none.
    static func environment(home: URL?) -> [String: String] {
        let path = ["PATH": "/usr/bin:/bin", "HOME": home?.path(percentEncoded: false) ?? "/nonexistent"]
        return home == nil ? path.merging(sharedIndex) { $1 } : path
    }

    /// Runs to the end.
    ///
    /// The environment is only what is given, with a PATH and an empty home of its own.
    static func run(
        _ arguments: [String], input: String? = nil, environment: [String: String] = [:], home: URL? = nil
    ) async throws -> Result {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        process.environment = Self.environment(home: home).merging(environment) { $1 }
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: no output is too long for them.
        let (output, notes) = (folder.appending(path: "out"), folder.appending(path: "err"))
        for file in [output, notes] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: notes)
        if let input {
            let file = folder.appending(path: "in")
            try Data(input.utf8).write(to: file)
            process.standardInput = try FileHandle(forReadingFrom: file)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try await process.runToEnd()
        return Result(
            exitCode: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            notes: String(decoding: try Data(contentsOf: notes), as: UTF8.self))
    }
}

/// A folder of its own for a test, to be removed by it.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "triage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}
