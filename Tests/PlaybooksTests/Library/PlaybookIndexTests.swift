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
            symptomSearch: { outlines in outlines.flatMap { Array($0.name.utf8) } }, program: "test")
    }
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
        #expect(first.symptomSearch == nil)
        expectSame(first, parsed)
        let second = library(shelf.shelf())
        #expect(second.symptomSearch == Array("abcde".utf8))
        expectSame(second, parsed)
        #expect(shelf.indexes.withLock { $0.count } == 1)
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
        var keys: Set = [shelf.key(of: sources, catalogue: catalogue)]
        var others = sources
        others[0][0].bytes[10] ^= 1
        keys.insert(shelf.key(of: others, catalogue: catalogue))
        others = sources
        others[0][0].file = "one/c.yaml"
        keys.insert(shelf.key(of: others, catalogue: catalogue))
        keys.insert(shelf.key(of: [sources[1], sources[0]], catalogue: catalogue))
        keys.insert(shelf.key(of: [sources[0] + sources[1]], catalogue: catalogue))
        keys.insert(shelf.key(of: [sources[0], [], sources[1]], catalogue: catalogue))
        keys.insert(shelf.key(of: sources, catalogue: Catalogue(Array(catalogue.collectors.dropFirst()))))
        var program = shelf
        program.program = "another"
        keys.insert(program.key(of: sources, catalogue: catalogue))
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
