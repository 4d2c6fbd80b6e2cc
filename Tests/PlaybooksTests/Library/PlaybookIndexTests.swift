import Facts
import Synchronization
import Testing

@testable import Playbooks

/// A shelf in memory; its digest is a plain sum, good enough to tell a test's files apart.
private final class MadeUpShelf: Sendable {
    let indexes = Mutex<[String: [UInt8]]>([:])
    let reads = Mutex(0)

    func shelf(digest: (@Sendable ([[UInt8]]) -> String)? = nil) -> IndexShelf {
        IndexShelf(
            digest: digest ?? { pieces in
                var sum: UInt64 = 14_695_981_039_346_656_037
                for byte in pieces.joined() { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
                return String(sum, radix: 16)
            },
            read: { key in
                self.reads.withLock { $0 += 1 }
                return self.indexes.withLock { $0[key] }
            },
            write: { key, bytes in self.indexes.withLock { $0[key] = bytes } },
            file: { path in
                self.opened.withLock { $0.append(path) }
                return self.files.withLock { $0[path] }
            },
            symptomSearch: { outlines in outlines.flatMap { Array($0.name.utf8) } }, time: { 1000 }, program: "test")
    }

    let files = Mutex<[String: [UInt8]]>([:])
    /// The files that were read by themselves.
    let opened = Mutex<[String]>([])
}

private func content(_ file: String, _ text: String) -> PlaybookFiles.Content {
    PlaybookFiles.Content(file: file, bytes: Array(text.utf8))
}

private func named(_ name: String, explains: String = "", title: String = "A test") -> String {
    playbook(
        """
        symptoms: [{text: the symptom of \(name)}, {regex: 'code (?P<code>[0-9]+) of \(name)'}]
        inputs: {place: {type: int, title: Where, default: 1}}
        causes: [{id: some-cause, title: A, when: platform == 'a', explains: [\(explains)], remedies: [mend]}]
        remedies: {mend: {title: Mend it, risk: safe, steps: [{say: Mend it}]}}
        """
    ).replacing("name: test", with: "name: \(name)").replacing("title: A test", with: "title: \(title)")
}

private let sources = [
    [
        content("one/b.yaml", named("b")), content("one/a.yaml", named("a", explains: "b/some-cause, d/some-cause")),
        content("one/two.yaml", named("d") + "---\n" + named("c", explains: "b/some-cause")),
        content("one/broken.yaml", "metadata: [\n"),
    ],
    [content("mine/b.yaml", named("b", title: "Mine")), content("mine/e.yaml", named("e", explains: "f/some-cause"))],
]

@Suite struct PlaybookIndexTests {
    private let loader = Loader(catalogue: .madeUp)

    private func library(_ shelf: IndexShelf, _ sources: [[PlaybookFiles.Content]] = sources) -> PlaybookLibrary {
        PlaybookLibrary(sources, loader: loader, shelf: shelf)
    }

    private func expectSame(_ library: PlaybookLibrary, _ parsed: PlaybookLibrary) {
        #expect(library.outlines == parsed.outlines)
        #expect(library.count == parsed.count)
        #expect(library.problems == parsed.problems)
        #expect(library.overrides == parsed.overrides)
        #expect(library.hidden.map(PlaybookOutline.init) == parsed.hidden.map(PlaybookOutline.init))
        #expect(library.playbooks.map(\.location) == parsed.playbooks.map(\.location))
        for name in ["a", "b", "c", "d", "e", "f", "", "aa", "zz"] {
            #expect(library[name].map(PlaybookOutline.init) == parsed[name].map(PlaybookOutline.init))
            let reference: Set = ["\(name)/some-cause", "a/some-cause"]
            #expect(
                library.explaining(reference).map { "\($0.index) \($0.playbook.name) \($0.cause)" }
                    == parsed.explaining(reference).map { "\($0.index) \($0.playbook.name) \($0.cause)" })
        }
    }

    @Test func `an index answers what parsing answers`() {
        let shelf = MadeUpShelf()
        let parsed = PlaybookLibrary(sources, loader: loader)
        #expect(parsed.outlines.map(\.name) == ["a", "b", "c", "d", "e"])
        #expect(parsed.overrides.count == 1)
        #expect(parsed.problems.count == 2)
        let first = library(shelf.shelf())
        #expect(first.symptomSearch == Array("abcde".utf8))
        expectSame(first, parsed)
        let second = library(shelf.shelf())
        #expect(second.symptomSearch == Array("abcde".utf8))
        expectSame(second, parsed)
        #expect(shelf.indexes.withLock { $0.count } == 1)
    }

    @Test func `what a playbook takes over is found behind an index too`() {
        let shelf = MadeUpShelf()
        let lender = named("lender").replacing("inputs:", with: "define: {ours: platform == 'kind'}\n  inputs:")
        let borrower = named("borrower").replacing("inputs:", with: "use: {lender: [ours]}\n  inputs:")
            .replacing("when: platform == 'a'", with: "when: ours")
        for _ in 0..<2 {
            let library = library(
                shelf.shelf(), [[content("one/lender.yaml", lender), content("one/borrower.yaml", borrower)]])
            #expect(library["borrower"]?.definitions.map(\.name) == ["ours"])
        }
    }

    @Test func `a lender that another source overrides still lends to those beside it`() {
        let shelf = MadeUpShelf()
        let lender = named("lender").replacing("inputs:", with: "define: {ours: platform == 'kind'}\n  inputs:")
        let borrower = named("borrower").replacing("inputs:", with: "use: {lender: [ours]}\n  inputs:")
            .replacing("when: platform == 'a'", with: "when: ours")
        // Not called like the playbook: it is found by what it holds.
        let sources = [
            [content("one/first.yaml", lender), content("one/borrower.yaml", borrower)],
            [content("mine/lender.yaml", named("lender"))],
        ]
        #expect(PlaybookLibrary(sources, loader: loader)["borrower"]?.definitions.map(\.name) == ["ours"])
        for _ in 0..<2 {
            let library = library(shelf.shelf(), sources)
            #expect(library["borrower"]?.definitions.map(\.name) == ["ours"])
            #expect(library["lender"]?.file == "mine/lender.yaml")
            #expect(library.problems == [])
        }
    }

    @Test func `what is asked and does not exist is told without compiling who asks`() {
        let asker = named("asker").replacing("inputs:", with: "asks: [b/nothing]\n  inputs:")
        let files = [[content("one/b.yaml", named("b")), content("one/asker.yaml", asker)]]
        let parsed = PlaybookLibrary(files, loader: loader)
        #expect(parsed.problems.map(\.code) == [.unknownCause])
        let shelf = MadeUpShelf()
        for _ in 0..<2 { #expect(library(shelf.shelf(), files).problems == parsed.problems) }
    }

    @Test func `one cause that explains two confirmed ones comes once`() {
        let shelf = MadeUpShelf()
        for _ in 0..<2 {
            let found = library(shelf.shelf()).explaining(["b/some-cause", "d/some-cause"])
            #expect(found.map(\.playbook.name) == ["a", "c"])
        }
    }

    @Test func `only what is asked for is parsed`() {
        let shelf = MadeUpShelf()
        let blind: @Sendable ([[UInt8]]) -> String = { _ in "same" }
        _ = library(shelf.shelf(digest: blind))
        // The index is taken for that of other files, of which one is broken: nobody looks at it.
        var others = sources
        others[0][0] = content("one/b.yaml", "[")
        others[1][1] = content("mine/e.yaml", "[")
        let library = library(shelf.shelf(digest: blind), others)
        #expect(library["a"]?.title == "A test")
        #expect(library.explaining(["b/some-cause"]).map(\.playbook.name) == ["a", "c"])
        #expect(library.outlines.count == 5)
        #expect(library["e"] == nil)
    }

    @Test func `what is wrong with an expression is told when the playbook is used, and breaks no other`() throws {
        let shelf = MadeUpShelf()
        var sources = sources
        sources[0].append(content("one/bad.yaml", named("bad", explains: "b/some-cause").replacing("'a'", with: "1")))
        // What would hide another playbook has to be sound.
        sources[1].append(content("mine/d.yaml", named("d").replacing("platform ==", with: "platfrom ==")))
        let parsed = PlaybookLibrary(sources, loader: loader)
        #expect(parsed["bad"] == nil)
        for _ in 0..<2 {
            let told = Mutex<[Problem]>([])
            let library = PlaybookLibrary(sources, loader: loader, shelf: shelf.shelf()) { new in
                told.withLock { $0 += new }
            }
            #expect(library.outlines.map(\.name) == ["a", "b", "bad", "c", "d", "e"])
            let known = library.problems
            #expect(known.contains { $0.code == .undeclaredName && $0.location.file == "mine/d.yaml" })
            #expect(library["d"]?.file == "one/two.yaml")
            #expect(library["a"] != nil && !library.isBroken("a"))
            #expect(told.withLock(\.self) == [])
            #expect(library["bad"] == nil && library.isBroken("bad"))
            #expect(library["bad"] == nil)
            let new = told.withLock(\.self)
            #expect(new.map(\.location.file) == ["one/bad.yaml"])
            #expect(library.problems == parsed.problems)
            #expect(known + new == (known + new).filter { parsed.problems.contains($0) })
            #expect(library.explaining(["b/some-cause"]).map(\.playbook.name) == ["a", "c"])
            #expect(library.playbooks.map(\.name) == parsed.playbooks.map(\.name))
            #expect(told.withLock { $0.count } == new.count)
        }
    }

    @Test func `an outline that is read is that of the playbook`() throws {
        for content in sources.joined() where content.file != "one/broken.yaml" {
            let (playbooks, problems) = loader.load(content.bytes, file: content.file)
            #expect(problems == [])
            #expect(
                loader.outlines(of: content, neighbours: .none).outlines == playbooks.map(PlaybookOutline.init))
        }
    }

    @Test func `what an index says never stands in for the file`() {
        let shelf = MadeUpShelf()
        let blind: @Sendable ([[UInt8]]) -> String = { _ in "same" }
        _ = library(shelf.shelf(digest: blind))
        var others = sources
        others[1][1] = content("mine/e.yaml", named("e", explains: "a/some-cause", title: "Another"))
        let library = library(shelf.shelf(digest: blind), others)
        #expect(library["e"]?.title == "Another")
        // From then on everything is parsed.
        #expect(library.outlines.last?.title == "Another")
        #expect(library.explaining(["a/some-cause"]).map(\.playbook.name) == ["e"])
        #expect(library.symptomSearch == nil)
    }

    @Test func `each byte of each file, its name, its place and each collector count for the key`() {
        let shelf = MadeUpShelf().shelf()
        let catalogue = Catalogue.madeUp
        func key(_ sources: [[PlaybookFiles.Content]], _ shelf: IndexShelf, _ catalogue: Catalogue) -> String {
            shelf.key(of: sources, digests: shelf.digests(of: sources), catalogue: catalogue)
        }
        var keys: Set = [key(sources, shelf, catalogue)]
        var others = sources
        others[0][0].bytes[10] ^= 1
        keys.insert(key(others, shelf, catalogue))
        others = sources
        others[0][0].file = "one/c.yaml"
        keys.insert(key(others, shelf, catalogue))
        keys.insert(key([sources[1], sources[0]], shelf, catalogue))
        keys.insert(key([sources[0] + sources[1]], shelf, catalogue))
        keys.insert(key([sources[0], [], sources[1]], shelf, catalogue))
        keys.insert(key(sources, shelf, Catalogue(Array(catalogue.collectors.dropFirst()))))
        var program = shelf
        program.program = "another"
        keys.insert(key(sources, program, catalogue))
        #expect(keys.count == 8)
    }

    @Test func `no damage to an index does harm`() throws {
        let shelf = MadeUpShelf()
        _ = library(shelf.shelf())
        let (key, whole) = try #require(shelf.indexes.withLock { $0.first })
        let parsed = PlaybookLibrary(sources, loader: loader)
        func expectHarmless(_ bytes: [UInt8]) {
            shelf.indexes.withLock { $0[key] = bytes }
            let library = library(shelf.shelf())
            for name in ["a", "b", "c", "d", "e"] {
                // It may be overlooked, never be another.
                guard let playbook = library[name] else { continue }
                #expect(PlaybookOutline(playbook) == parsed[name].map(PlaybookOutline.init))
            }
            _ = (library.outlines, library.problems, library.hidden, library.explaining(["b/some-cause"]))
        }
        for length in stride(from: 0, to: whole.count, by: 7) { expectHarmless(Array(whole[..<length])) }
        var random: UInt64 = 7
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<3 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(random >> 33) % bytes.count] = UInt8(truncatingIfNeeded: random >> 25)
            }
            expectHarmless(bytes)
        }
    }
}

/// A folder `mine` whose files' times a test makes up.
private final class Folder: Effects {
    let files = Mutex<[String: [UInt8]]>([:])
    let time = Mutex<Int64>(900)
    let wholeReads = Mutex(0)

    init(_ texts: [String: String]) { files.withLock { $0 = texts.mapValues { Array($0.utf8) } } }

    func signature(of path: String, endings: [String]) async throws(Unknown) -> FolderSignature {
        guard path == "mine" else { throw Unknown(.notFound, "") }
        let time = time.withLock(\.self)
        return FolderSignature(bytes: Array("\(time)".utf8), newest: time)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus {
        FileStatus(kind: .directory, size: 0, mode: 0, owner: 0, isReadable: true)
    }
    func list(_ directory: String) async throws(Unknown) -> [String] { files.withLock { $0.keys.sorted() } }
    func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry] {
        wholeReads.withLock { $0 += 1 }
        return names.map { name in .file(files.withLock { $0[name] ?? [] }) }
    }
    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] { throw Unknown(.notFound, "") }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput { throw Unknown(.notFound, "") }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { throw Unknown(.notFound, "") }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport { ConnectionReport() }
}

/// A person's folder that has not changed is not read again; what is used of it is.
@Suite struct UnreadFolderTests {
    private let loader = Loader(catalogue: .madeUp)
    private let shelf = MadeUpShelf()

    private func load(_ folder: Folder, libraries: [PlaybookFiles.Verified] = []) async -> PlaybookLibrary {
        shelf.opened.withLock { $0 = [] }
        folder.wholeReads.withLock { $0 = 0 }
        let files = folder.files.withLock(\.self)
        shelf.files.withLock { $0 = Dictionary(uniqueKeysWithValues: files.map { ("mine/\($0.key)", $0.value) }) }
        return await PlaybookLibrary.load(
            from: ["mine"], libraries: libraries, behind: 0, loader: loader, effects: folder, shelf: shelf.shelf())
    }

    private var folder: Folder {
        Folder(["a.yaml": named("a"), "b.yaml": named("b", explains: "a/some-cause"), "c.yaml": named("c")])
    }

    @Test func `only the file that takes part is read`() async {
        let folder = folder
        let parsed = await load(folder).outlines
        let library = await load(folder)
        #expect(folder.wholeReads.withLock(\.self) == 0)
        #expect(library.outlines == parsed && library.count == 3)
        #expect(shelf.opened.withLock(\.self) == [])
        #expect(library["b"]?.file == "mine/b.yaml")
        #expect(shelf.opened.withLock(\.self) == ["mine/b.yaml"])
        #expect(library.explaining(["a/some-cause"]).map(\.playbook.name) == ["b"])
    }

    @Test func `a change is seen by its time, and one that is too new is not relied on`() async {
        let folder = folder
        _ = await load(folder)
        folder.files.withLock { $0["c.yaml"] = Array(named("c", title: "Another").utf8) }
        folder.time.withLock { $0 = 999 }
        for _ in 0..<2 {
            #expect(await load(folder)["c"]?.title == "Another")
            #expect(folder.wholeReads.withLock(\.self) == 1)
        }
    }

    @Test func `a file that changed under an old time is never taken for what it was`() async {
        let folder = folder
        _ = await load(folder)
        folder.files.withLock { $0["c.yaml"] = Array(named("c", title: "Another").utf8) }
        let library = await load(folder)
        #expect(folder.wholeReads.withLock(\.self) == 0)
        #expect(library["c"]?.title == "Another")
        #expect(library.outlines.map(\.title) == ["A test", "A test", "Another"])
        folder.files.withLock { $0["a.yaml"] = nil }
        #expect(await load(folder)["a"] == nil)
    }

    @Test func `what cannot be read is told each time, and pinned libraries count by their digest`() async {
        let folder = folder
        folder.files.withLock { $0["d.yaml"] = Array("metadata: [\n".utf8) }
        let first = await load(folder).problems
        #expect(!first.isEmpty)
        #expect(await load(folder).problems == first)
        func acme(_ digest: String, _ title: String) -> [PlaybookFiles.Verified] {
            [.init(digest: digest, contents: [content("acme@1/x.yaml", named("x", title: title))])]
        }
        #expect(await load(folder, libraries: acme("one", "One"))["x"]?.title == "One")
        #expect(await load(folder, libraries: acme("one", "One"))["x"]?.title == "One")
        #expect(folder.wholeReads.withLock(\.self) == 0)
        #expect(await load(folder, libraries: acme("two", "Two"))["x"]?.title == "Two")
        #expect(folder.wholeReads.withLock(\.self) == 1)
    }
}
