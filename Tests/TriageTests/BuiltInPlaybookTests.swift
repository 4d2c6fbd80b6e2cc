import Collectors
import Foundation
import Testing

@testable import Playbooks

/// The playbooks that ship with triage, against the collectors that ship with it.
@Suite struct BuiltInPlaybookTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "playbooks")

    private func contents() throws -> [PlaybookFiles.Content] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
            .filter { $0.hasSuffix(".yaml") }
            .map { name in
                let data = try Data(contentsOf: Self.folder.appending(path: name))
                return PlaybookFiles.Content(file: "playbooks/\(name)", bytes: Array(data))
            }
    }

    @Test func `all load and fit together without a problem`() throws {
        let library = PlaybookLibrary([try contents()], loader: Loader(catalogue: .builtIn))
        #expect(
            library.problems.map { "\($0.location.file):\($0.location.line):\($0.location.column): \($0.message)" }
                == [])
        #expect(library.playbooks.count == (try contents()).count)
    }

    @Test func `what is read of one without compiling it is what the playbook says`() throws {
        let loader = Loader(catalogue: .builtIn)
        let contents = try contents()
        let neighbours = Neighbours(contents)
        for content in contents {
            let playbooks = loader.load(content.bytes, file: content.file, overlays: [], neighbours: neighbours)
                .playbooks
            let outlines = loader.outlines(of: content, neighbours: neighbours).outlines
            #expect(outlines == playbooks.map(PlaybookOutline.init))
        }
    }
}
