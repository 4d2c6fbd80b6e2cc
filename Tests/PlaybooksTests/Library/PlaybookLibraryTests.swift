import Facts
import Testing

@testable import Playbooks

/// Files and links that a test makes up.
private struct MadeUpFiles: Effects {
    var files: [String: String]
    var links: Set<String> = []

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        guard let text = files[path] else { throw Unknown(.notFound, "\(path) does not exist") }
        guard text != "denied" else { throw Unknown(.denied, "permission denied") }
        guard text.utf8.count <= limit else { throw Unknown(.truncated, "\(path) is larger than \(limit) bytes") }
        return Array(text.utf8)
    }

    func status(of path: String) async throws(Unknown) -> FileStatus {
        let kind: FileStatus.Kind
        if links.contains(path) {
            kind = .symbolicLink
        } else if files[path] != nil {
            kind = .regular
        } else if files.keys.contains(where: { $0.hasPrefix(path + "/") }) {
            kind = .directory
        } else {
            throw Unknown(.notFound, "\(path) does not exist")
        }
        return FileStatus(kind: kind, size: 0, mode: 0o644, owner: 0, isReadable: true)
    }

    func list(_ directory: String) async throws(Unknown) -> [String] {
        let paths = Array(files.keys) + Array(links)
        let names = paths.filter { $0.hasPrefix(directory + "/") }
            .compactMap { $0.dropFirst(directory.count + 1).split(separator: "/").first.map(String.init) }
        return Set(names).sorted()
    }

    func run(_ command: Command) async throws(Unknown) -> CommandOutput { throw Unknown(.notAllowed, "no") }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { throw Unknown(.notAllowed, "no") }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { ConnectionReport() }
}

private func named(_ name: String, explains: String = "", cause: String = "some-cause") -> String {
    playbook("causes: [{id: \(cause), title: A, when: platform == 'a', explains: [\(explains)]}]")
        .replacing("name: test", with: "name: \(name)")
}

@Suite struct PlaybookLibraryTests {
    private func library(_ files: MadeUpFiles, _ paths: [String] = ["built-in", "mine"]) async -> PlaybookLibrary {
        await PlaybookLibrary.load(from: paths, loader: Loader(catalogue: .madeUp), effects: files)
    }

    @Test func `playbooks are the yaml files of a directory, tests and what is hidden aside`() async {
        let library = await library(
            MadeUpFiles(files: [
                "built-in/b.yaml": named("b"), "built-in/a.yml": named("a"), "built-in/c.triage.yaml": named("c"),
                "built-in/.d.yaml": "[", "built-in/notes.md": "[", "built-in/e_test.yaml": "[",
                "built-in/tests/f_test.yaml": "[",
            ]), ["built-in"])
        #expect(library.problems == [])
        #expect(library.playbooks.map(\.name) == ["a", "b", "c"])
        #expect(library["b"]?.file == "built-in/b.yaml")
    }

    @Test func `a later source overrides by name, and that is on record`() async {
        let library = await library(
            MadeUpFiles(files: [
                "built-in/a.yaml": named("a"), "built-in/b.yaml": named("b"), "mine/x.yaml": named("b"),
            ]))
        #expect(library.problems == [])
        #expect(library.playbooks.map(\.file) == ["built-in/a.yaml", "mine/x.yaml"])
        #expect(library.overrides == [.init(name: "b", file: "mine/x.yaml", hidden: "built-in/b.yaml")])
    }

    @Test func `two playbooks of one source cannot have the same name`() async {
        let library = await library(
            MadeUpFiles(files: ["built-in/a.yaml": named("a"), "built-in/b.yaml": named("a")]), ["built-in"])
        #expect(library.problems.map(\.code) == [.duplicatePlaybook])
        #expect(library.problems.map(\.location.file) == ["built-in/b.yaml"])
        #expect(library.playbooks.map(\.file) == ["built-in/a.yaml"])
    }

    @Test func `what a cause explains in another playbook exists`() async {
        let library = await library(
            MadeUpFiles(files: [
                "built-in/first.yaml": named(
                    "first", explains: "second/some-cuase, secnd/some-cause, second/some-cause"),
                "built-in/second.yaml": named("second"),
            ]), ["built-in"])
        #expect(
            library.problems.map(\.message) == [
                "the playbook 'second' has no cause 'some-cuase'; did you mean 'some-cause'?",
                "there is no playbook 'secnd'; did you mean 'second'?",
            ])
        #expect(library.problems.map(\.suggestion) == ["second/some-cause", "second/some-cause"])
        #expect(library.problems.allSatisfy { $0.location.line == 9 && $0.location.length > 1 })
    }

    @Test func `what names a playbook that could not be loaded is not wrong for that`() async {
        let library = await library(
            MadeUpFiles(files: [
                "built-in/first.yaml": named("first", explains: "second/some-cause"),
                "built-in/second.yaml": named("second").replacing("title: A,", with: ""),
            ]), ["built-in"])
        #expect(library.problems.map(\.code) == [.missingKey])
    }

    @Test func `causes of several playbooks cannot explain each other in a circle`() async {
        let library = await library(
            MadeUpFiles(files: [
                "built-in/a.yaml": named("a", explains: "b/some-cause"),
                "built-in/b.yaml": named("b", explains: "a/some-cause"),
            ]), ["built-in"])
        #expect(
            library.problems.map(\.message) == [
                "causes cannot explain each other: 'a/some-cause' explains 'b/some-cause' explains 'a/some-cause'"
            ])
    }

    @Test func `links are told and not followed, and what cannot be read is told`() async {
        var files = MadeUpFiles(files: [
            "built-in/a.yaml": named("a"), "built-in/b.yaml": named("b"), "built-in/c.yaml": "denied",
            "built-in/d.yaml": String(repeating: "#", count: (1 << 20) + 2),
        ])
        files.links = ["built-in/b.yaml"]
        let library = await library(files, ["built-in", "nowhere"])
        #expect(library.playbooks.map(\.name) == ["a"])
        #expect(library.problems.map(\.code) == [.linkNotFollowed, .unreadableFile, .tooLarge, .unreadableFile])
        #expect(library.problems.map(\.location.file).last == "nowhere")
    }

    @Test func `a single file may be given, whatever its name`() async {
        let library = await library(MadeUpFiles(files: ["here/book.txt": named("a")]), ["here/book.txt"])
        #expect(library.playbooks.map(\.name) == ["a"])
    }

    @Test func `more files than a source may have are told`() async {
        var files: [String: String] = [:]
        for number in 0...20_000 { files["built-in/\(number).yaml"] = "" }
        let found = await PlaybookFiles("built-in", kind: .playbooks, effects: MadeUpFiles(files: files))
        #expect(found.problems.map(\.code) == [.tooManyFiles])
        #expect(found.contents.count == 20_000)
    }

    @Test func `tests are found beside the playbooks and in their folder`() async {
        let files = await PlaybookFiles(
            "built-in", kind: .tests,
            effects: MadeUpFiles(files: [
                "built-in/a.yaml": "", "built-in/a_test.yaml": "", "built-in/tests/b_test.yaml": "",
                "built-in/tests/c.yaml": "",
            ]))
        #expect(files.contents.map(\.file) == ["built-in/a_test.yaml", "built-in/tests/b_test.yaml"])
    }
}
