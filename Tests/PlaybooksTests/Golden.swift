import Foundation
import Testing

/// Files of the package that a test compares with what the program makes: `UPDATE_GOLDEN=1` writes them anew.
enum Golden {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func expect(_ text: String, in path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = root.appending(path: path)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let committed = try? String(contentsOf: file, encoding: .utf8)
        #expect(
            committed == text, "\(path) is not what the program writes; run the tests with UPDATE_GOLDEN=1",
            sourceLocation: sourceLocation)
    }
}
