import Foundation
import TestSupport

/// The real kubectl.
enum Kubectl {
    /// Runs to the end; both streams, as a person would copy them.
    static func says(_ arguments: [String], home: URL) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/kubectl")
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": home.path()]
        let file = home.appending(path: "said")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try await process.runToEnd()
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}
