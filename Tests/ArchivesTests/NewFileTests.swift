import Foundation
import Testing

@testable import Archives

@Suite struct NewFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path(percentEncoded: false))
    }

    private func write(_ text: String, to path: String) throws {
        let file = try NewFile(path)
        try file.write(Array(text.utf8))
        try file.commit()
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test func `it takes the place of the old one when it is whole, and nothing else is ever there`() throws {
        try withFolder { folder in
            let path = folder + "/x"
            try write("old", to: path)
            let file = try NewFile(path)
            try file.write([UInt8](repeating: 0x41, count: 3 << 20))
            #expect(try names(folder) == ["x"])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            try file.commit()
            #expect(try names(folder) == ["x"])
            #expect(try Data(contentsOf: URL(filePath: path)).count == 3 << 20)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `what is given up leaves the old one`() throws {
        try withFolder { folder in
            try write("old", to: folder + "/x")
            let file = try NewFile(folder + "/x")
            try file.write([UInt8](repeating: 0x41, count: 3 << 20))
            file.abandon()
            #expect(try names(folder) == ["x"])
            #expect(try String(contentsOfFile: folder + "/x", encoding: .utf8) == "old")
        }
    }

    @Test func `a link stays one, and what it leads to is replaced`() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/there", withIntermediateDirectories: true)
            try write("old", to: folder + "/there/x")
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "there/x")
            try write("new", to: folder + "/link")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "there/x")
            #expect(try String(contentsOfFile: folder + "/there/x", encoding: .utf8) == "new")
            #expect(try names(folder + "/there") == ["x"])
        }
    }

    @Test func `what is no file is never replaced`() throws {
        try withFolder { folder in
            try #require(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
            for (path, words) in [(folder + "/pipe", "is no regular file"), (folder, "is a directory")] {
                let error = #expect(throws: ArchiveError.self) { try write("new", to: path) }
                #expect(error?.message.contains(words) == true)
            }
            #expect(try names(folder) == ["pipe"])
        }
    }
}
