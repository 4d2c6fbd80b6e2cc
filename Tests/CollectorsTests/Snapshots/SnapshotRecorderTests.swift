import CEL
import Facts
import Foundation
import Testing

@testable import Archives
@testable import Collectors

@Suite struct SnapshotRecorderTests {
    private typealias Archive = SnapshotArchiveTests

    /// Runs the body with a recorder, and opens what came of it.
    private func record(
        redacting patterns: [String] = [], _ body: (SnapshotRecorder) throws -> Void
    ) async throws -> (snapshot: Snapshot, counts: (facts: Int, unknown: Int), bytes: [UInt8]) {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "facts.triage").path(percentEncoded: false)
        let recorder = try SnapshotRecorder(
            path, catalogue: .builtIn, redaction: try RedactionPatterns(patterns))
        try body(recorder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).isEmpty)
        let counts = try recorder.finish(
            subject: .init(context: "c", server: "https://jane.example"), now: Archive.now, text: "jane was here")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["facts.triage"])
        // Whole before the file is gone.
        let opened = try SnapshotArchive.open(path, catalogue: .builtIn)
        var snapshot = Snapshot(subject: opened.subject, now: opened.now, text: opened.text)
        for key in opened.keys { snapshot.insert(try #require(await opened.fact(key))) }
        return (snapshot, counts, Array(try Data(contentsOf: URL(filePath: path))))
    }

    /// A fact whose list went another way.
    private func pods(_ rest: [String: Value] = [:]) -> Fact {
        Archive.fact(
            "kubernetes",
            .success(
                .map(
                    Map(
                        ["resourceVersion": .string("7"), "namespace": .string(""), "items": .list([.int(1)])].merging(
                            rest
                        ) { $1 }))), ["resource": .string("pods")])
    }

    private func names(_ snapshot: Snapshot) throws -> [String] {
        let value = try #require(try snapshot[pods().key]?.result.get())
        return value[field: "items"]?.elements?.compactMap { $0.text("metadata.name") } ?? []
    }

    @Test func `elements are written as they come, and what was unknown of them stays so`() async throws {
        let (snapshot, counts, _) = try await record { recorder in
            let lists = try #require(recorder.lists(of: pods().key))
            for number in 0..<2_500 { try lists.take(Archive.pod(number), of: "items") }
            recorder.record(pods(), lists)
            recorder.record(Archive.fact("node.swap", .failure(Unknown(.denied, "no"))), nil)
        }
        #expect(try names(snapshot) == (0..<2_500).map { "pod-\($0)" })
        let value = try #require(try snapshot[pods().key]?.result.get())
        #expect(value.text("resourceVersion") == "7")
        #expect(value[field: "items"]?.elements?.first?.reason("secret") == "redacted")
        #expect(counts == (2, 1))
        #expect(snapshot.keys.map(\.collector) == ["kubernetes", "node.swap"])
    }

    @Test func `a list that is begun anew, or never ends, leaves nothing behind`() async throws {
        let secret = "only-in-what-was-given-up"
        let (snapshot, counts, bytes) = try await record { recorder in
            let lost = try #require(recorder.lists(of: Fact.Key(collector: "made.up")))
            for _ in 0..<5_000 { try lost.take(.string(secret), of: "items") }
            recorder.record(Archive.fact("made.up", .failure(Unknown(.truncated, "it broke off"))), lost)
            let lists = try #require(recorder.lists(of: pods().key))
            for number in 0..<2_500 { try lists.take(Archive.pod(number), of: "items") }
            lists.restart("items")
            for number in 0..<3 { try lists.take(Archive.pod(number), of: "items") }
            recorder.record(pods(), lists)
        }
        #expect(try names(snapshot) == ["pod-0", "pod-1", "pod-2"])
        #expect(counts == (2, 1))
        var unpacked: [UInt8] = []
        let inflater = try Inflater(limit: 64 << 20)
        try unsafe inflater.inflate(bytes) { (piece) throws(ArchiveError) in unsafe unpacked.append(contentsOf: piece) }
        #expect(!String(decoding: unpacked, as: UTF8.self).contains(secret))
        #expect(!String(decoding: unpacked, as: UTF8.self).contains("pod-3"))
    }

    @Test func `a list of none is a list`() async throws {
        let (snapshot, _, _) = try await record { recorder in
            recorder.record(pods(["items": .list([])]), recorder.lists(of: pods().key))
        }
        let value = try #require(try snapshot[pods().key]?.result.get())
        #expect(value[field: "items"]?.elements?.isEmpty == true)
    }

    @Test func `of one key the first that was had counts`() async throws {
        let (snapshot, counts, _) = try await record { recorder in
            recorder.record(
                Archive.fact("kubernetes", .failure(Unknown(.notAllowed, "no")), ["resource": .string("pods")]), nil)
            let lists = try #require(recorder.lists(of: pods().key))
            let others = try #require(recorder.lists(of: pods().key))
            try lists.take(Archive.pod(1), of: "items")
            try others.take(Archive.pod(2), of: "items")
            recorder.record(pods(), others)
            recorder.record(pods(), lists)
            recorder.record(
                Archive.fact("kubernetes", .failure(Unknown(.notAllowed, "no")), ["resource": .string("pods")]), nil)
            #expect(recorder.lists(of: pods().key) == nil)
        }
        #expect(try names(snapshot) == ["pod-2"])
        #expect(counts == (1, 0))
    }

    @Test func `what a person wants removed is removed everywhere`() async throws {
        let (snapshot, _, bytes) = try await record(redacting: ["jane"]) { recorder in
            let key = Fact.Key(collector: "kubernetes", parameters: ["namespace": .string("jane")])
            let lists = try #require(recorder.lists(of: key))
            for _ in 0..<100 { try lists.take(.map(["owner": .string("jane"), "n": .int(1)]), of: "items") }
            var fact = pods()
            fact.key = key
            recorder.record(fact, lists)
            recorder.record(Archive.fact("node.swap", .failure(Unknown(.denied, "jane may not"))), nil)
        }
        #expect(snapshot.subject.server == "https://[redacted].example")
        #expect(snapshot.text == "[redacted] was here")
        #expect(snapshot.facts.count == 2)
        #expect(!snapshot.facts.contains { "\($0)".contains("jane") })
        #expect(snapshot.facts.contains { "\($0.result)".contains("[redacted] may not") })
        var unpacked: [UInt8] = []
        let inflater = try Inflater(limit: 64 << 20)
        try unsafe inflater.inflate(bytes) { (piece) throws(ArchiveError) in unsafe unpacked.append(contentsOf: piece) }
        #expect(!String(decoding: unpacked, as: UTF8.self).contains("jane"))
    }

    @Test func `a list that is taken out by its name is not in the file`() async throws {
        let (snapshot, _, bytes) = try await record(redacting: ["items"]) { recorder in
            let lists = try #require(recorder.lists(of: pods().key))
            for number in 0..<100 { try lists.take(Archive.pod(number), of: "items") }
            recorder.record(pods(), lists)
        }
        #expect(try names(snapshot).isEmpty)
        var unpacked: [UInt8] = []
        let inflater = try Inflater(limit: 64 << 20)
        try unsafe inflater.inflate(bytes) { (piece) throws(ArchiveError) in unsafe unpacked.append(contentsOf: piece) }
        #expect(!String(decoding: unpacked, as: UTF8.self).contains("pod-7"))
    }

    @Test func `a place that is not there is told at once`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: ArchiveError.self) {
            _ = try SnapshotRecorder(folder.appending(path: "no/such/folder").path(), catalogue: .builtIn)
        }
    }
}
