import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Archives
@testable import Collectors

@Suite struct SnapshotArchiveTests {
    static let now = Timestamp(seconds: 1_795_478_400)

    static func fact(_ collector: String, _ result: Result<Value, Unknown>, _ parameters: [String: Value] = [:]) -> Fact
    {
        Fact(
            key: Fact.Key(collector: collector, parameters: parameters), result: result,
            provenance: Provenance(
                collector: collector, source: "GET https://x/", collectedAt: now,
                duration: CEL.Duration(seconds: 0, nanoseconds: 12_000_000)))
    }

    static func pod(_ number: Int) -> Value {
        .map([
            "metadata": .map(["name": .string("pod-\(number)"), "labels": .map(["app": .string("a\(number % 7)")])]),
            "spec": .map(["nodeName": .string("n\(number)"), "filler": .string(String(repeating: "x", count: 200))]),
            "secret": Unknown(.redacted, "not for you").value,
        ])
    }

    static let pods = fact(
        "kubernetes",
        .success(
            .map([
                "items": .list(List((0..<10_000).map(pod))), "resourceVersion": .string("7"), "namespace": .string(""),
            ])), ["resource": .string("pods")])

    static let facts = [
        fact("made.first", .success(.map(["name": .string("kind"), "confidence": .string("certain")]))),
        fact("node.swap", .failure(Unknown(.denied, "no", hint: "ask"))), pods,
        fact(
            "made.up",
            .success(.map(["t": .timestamp(now), "$tag": .uint(3), "list": .list([.null, .bytes([0, 255])])]))),
    ]

    private func archive(_ facts: [Fact] = Self.facts, text: String = "some\ntext \u{1B}[0m") async throws -> String {
        let path = try temporaryFolder().appending(path: "facts.triage").path(percentEncoded: false)
        let snapshot = Snapshot(
            subject: .init(context: "c", server: "https://s", platform: "kind"), now: Self.now, text: text,
            facts: facts)
        try await SnapshotWriter.write(snapshot, to: path, catalogue: .builtIn)
        return path
    }

    private func remove(_ path: String) {
        try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent())
    }

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

    // MARK: - What is written is read

    @Test func `every fact comes back as it was`() async throws {
        let path = try await archive()
        defer { remove(path) }
        #expect(SnapshotArchive.isArchive(path))
        let snapshot = try SnapshotArchive.open(path, catalogue: .builtIn)
        #expect(snapshot.subject == .init(context: "c", server: "https://s", platform: "kind"))
        #expect(snapshot.now == Self.now)
        #expect(snapshot.text == "some\ntext \u{1B}[0m")
        #expect(snapshot.keys == Self.facts.map(\.key))
        for fact in Self.facts {
            let read = try #require(await snapshot.fact(fact.key))
            #expect(read.provenance == fact.provenance)
            switch (fact.result, read.result) {
            case (.success(let one), .success(let two)):
                let isSame = sorted(one) == sorted(two)
                #expect(isSame, "\(fact.key)")
            case (.failure(let one), .failure(let two)): #expect(one == two)
            default: Issue.record("\(fact.key) came back as \(read.result)")
            }
        }
        #expect(await snapshot.fact(Fact.Key(collector: "absent")) == nil)
    }

    /// Fields in one order, unknowns in words.
    private func sorted(_ value: Value) -> String {
        switch value {
        case .map(let map):
            "{" + map.entries.map { "\($0.key): \(sorted($0.value))" }.sorted().joined(separator: ", ") + "}"
        case .list(let list): "[" + list.map(sorted).joined(separator: ", ") + "]"
        default: "\(value)"
        }
    }

    @Test func `the facts of an archive can be written again`() async throws {
        let path = try await archive()
        defer { remove(path) }
        let again = path + ".2"
        try await SnapshotWriter.write(
            SnapshotArchive.open(path, catalogue: .builtIn), to: again, catalogue: .builtIn)
        #expect(try bytes(path) == bytes(again))
    }

    @Test func `long lists are kept in chunks, and only what is read is made of them`() async throws {
        let path = try await archive()
        defer { remove(path) }
        let snapshot = try SnapshotArchive.open(path, catalogue: .builtIn)
        let names = Projection(fields: [
            "items": Projection(elements: Projection(fields: ["metadata": Projection(fields: ["name": .nothing])]))
        ])
        let value = try #require(try await snapshot.fact(Self.pods.key, reading: names)?.result.get())
        let items = try #require(value[field: "items"]?.elements)
        #expect(items.count == 10_000)
        #expect(items.last?.description == #"{"metadata": {"name": "pod-9999"}}"#)
        let version = try #require(
            try await snapshot.fact(
                Self.pods.key, reading: Projection(fields: ["resourceVersion": .nothing]))?.result.get())
        #expect(version[field: "resourceVersion"]?.text == "7")
        #expect(version[field: "items"] == nil)
    }

    @Test func `a list is written as it comes`() async throws {
        let path = try temporaryFolder().appending(path: "facts.triage").path(percentEncoded: false)
        defer { remove(path) }
        let writer = try SnapshotWriter(path, catalogue: .builtIn)
        for number in 0..<5 { try writer.append(Array(#"{"n":\#(number)}"#.utf8), to: "items", of: Self.pods.key) }
        try writer.add(
            Self.fact(
                "kubernetes", .success(.map(["resourceVersion": .string("8"), "namespace": .string("x")])),
                ["resource": .string("pods")]))
        try writer.finish(subject: .init(), now: Self.now, text: "")
        let value = try #require(
            try await SnapshotArchive.open(path, catalogue: .builtIn).fact(Self.pods.key)?.result.get())
        #expect(value[field: "items"]?.elements?.compactMap { $0[field: "n"]?.number } == [0, 1, 2, 3, 4])
        #expect(value[field: "resourceVersion"]?.text == "8")
    }

    @Test func `tar reads it`() async throws {
        let path = try await archive()
        defer { remove(path) }
        let tar = URL(filePath: "/usr/bin/tar")
        try #require(
            FileManager.default.isExecutableFile(atPath: tar.path(percentEncoded: false)), "tar is not installed here")
        let list = URL(filePath: path + ".list")
        try Data().write(to: list)
        let process = Process()
        process.executableURL = tar
        process.arguments = ["-tzf", path]
        process.standardOutput = try FileHandle(forWritingTo: list)
        try await process.runToEnd()
        #expect(process.terminationStatus == 0)
        let names = try String(contentsOf: list, encoding: .utf8).split(separator: "\n")
        #expect(names.first == "triage-snapshot.json")
        #expect(names.last == "index.json")
        #expect(names.contains("facts/0001-made.first.json"))
        #expect(names.filter { $0.hasPrefix("facts/0002-kubernetes/items-") }.count > 2)
    }

    // MARK: - What is hostile or broken

    @Test func `an archive that is cut off anywhere says so`() async throws {
        let path = try await archive()
        defer { remove(path) }
        let whole = try bytes(path)
        for length in [whole.count - 1, whole.count - 42, whole.count - 100, whole.count / 2, 700] {
            try write(Array(whole[..<length]), path)
            #expect(throws: Snapshot.Issue.self) { try SnapshotArchive.open(path, catalogue: .builtIn) }
            let issue = #expect(throws: Snapshot.Issue.self) { try SnapshotArchive.open(path, catalogue: .builtIn) }
            #expect(issue?.kind == .truncated)
        }
        try write(Array(whole[..<5]), path)
        #expect(!SnapshotArchive.isArchive(path))
    }

    @Test func `a damaged byte is found where it is read, and the other facts are there`() async throws {
        let path = try await archive()
        defer { remove(path) }
        let whole = try bytes(path)
        var damagedFacts = 0
        for place in stride(from: 300, to: whole.count, by: max(1, whole.count / 20)) {
            var bytes = whole
            bytes[place] ^= 0x20
            try write(bytes, path)
            let snapshot: Snapshot
            do { snapshot = try SnapshotArchive.open(path, catalogue: .builtIn) } catch {
                #expect(error.isFatal)
                continue
            }
            var unknown = 0
            for fact in Self.facts {
                let read = try #require(await snapshot.fact(fact.key))
                switch (fact.result, read.result) {
                case (.success(let one), .success(let two)):
                    let isSame = sorted(one) == sorted(two)
                    #expect(isSame, "\(fact.key)")
                case (.failure(let one), .failure(let two)): #expect(one == two)
                case (_, .failure(let reason)):
                    #expect(reason.reason == .malformed)
                    unknown += 1
                default: Issue.record("a fact that was unknown has a value")
                }
            }
            #expect(unknown <= 1)
            damagedFacts += unknown
        }
        #expect(damagedFacts > 0)
    }

    /// An archive whose index is as the test has it.
    private func archive(index: String, members: [(String, [UInt8])] = []) throws -> String {
        let path = try temporaryFolder().appending(path: "facts.triage").path(percentEncoded: false)
        var bytes = try SnapshotFormat.member(SnapshotFormat.markerPath, Array("{}".utf8))
        var filled = index
        for (number, (name, content)) in members.enumerated() {
            let member = try SnapshotFormat.member(name, content)
            filled = filled.replacing("OFFSET\(number)", with: "\(bytes.count)")
                .replacing("PACKED\(number)", with: "\(member.count)")
            bytes += member
        }
        let offset = bytes.count
        bytes += try SnapshotFormat.member(SnapshotFormat.indexPath, Array(filled.utf8), isLast: true)
        try write(bytes + SnapshotFormat.footer(indexOffset: offset), path)
        return path
    }

    private static let head =
        #""apiVersion": "triage/v1", "kind": "SnapshotArchive", "formatVersion": 1, "now": "2026-11-24T00:00:00Z""#

    struct Hostile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var index: String
        var kind: Snapshot.Issue.Kind
    }

    @Test(arguments: [
        Hostile(testDescription: "no JSON", index: "{", kind: .damaged),
        Hostile(testDescription: "another kind", index: #"{"kind": "List"}"#, kind: .invalid),
        Hostile(
            testDescription: "a later version", index: "{\(head.replacing("1,", with: "2,"))}", kind: .invalid),
        Hostile(
            testDescription: "a path that leads out",
            index:
                #"{\#(head), "facts": [{"collector": "x", "value": {"path": "../../etc/passwd", "offset": 0, "packed": 9, "size": 9}}]}"#,
            kind: .unsafe),
        Hostile(
            testDescription: "a place beyond the end",
            index:
                #"{\#(head), "facts": [{"collector": "x", "value": {"path": "a", "offset": 9223372036854775807, "packed": 9223372036854775807, "size": 9}}]}"#,
            kind: .damaged),
        Hostile(
            testDescription: "a negative place",
            index:
                #"{\#(head), "facts": [{"collector": "x", "value": {"path": "a", "offset": -4, "packed": 9, "size": 9}}]}"#,
            kind: .damaged),
        Hostile(
            testDescription: "a member of a terabyte",
            index:
                #"{\#(head), "facts": [{"collector": "x", "value": {"path": "a", "offset": 0, "packed": 9, "size": 1099511627776}}]}"#,
            kind: .tooLarge),
        Hostile(
            testDescription: "too many facts",
            index: #"{\#(head), "facts": [\#(String(repeating: "{},", count: 100_000)){}]}"#, kind: .tooLarge),
        Hostile(
            testDescription: "a fact of nobody", index: #"{\#(head), "facts": [{"value": 1}]}"#, kind: .damaged),
        Hostile(testDescription: "no time", index: #"{"kind": "SnapshotArchive", "formatVersion": 1}"#, kind: .damaged),
    ])
    func `a hostile index is refused`(hostile: Hostile) throws {
        let path = try archive(index: hostile.index)
        defer { remove(path) }
        let issue = #expect(throws: Snapshot.Issue.self) { try SnapshotArchive.open(path, catalogue: .builtIn) }
        #expect(issue?.kind == hostile.kind, "\(issue?.message ?? "")")
    }

    @Test func `a bomb is unpacked no further than it said it would be`() async throws {
        let path = try archive(
            index:
                #"{\#(Self.head), "facts": [{"collector": "x", "value": {"path": "a", "offset": OFFSET0, "packed": PACKED0, "size": 10}}]}"#,
            members: [("a", [UInt8](repeating: 0x20, count: 200 << 20))])
        defer { remove(path) }
        let fact = try await SnapshotArchive.open(path, catalogue: .builtIn).fact(Fact.Key(collector: "x"))
        guard case .failure(let unknown)? = fact?.result else {
            Issue.record("the bomb has a value")
            return
        }
        #expect(unknown.reason == .malformed)
    }

    @Test func `another archive is not taken for a snapshot`() throws {
        let path = try temporaryFolder().appending(path: "bundle.tar.gz").path(percentEncoded: false)
        defer { remove(path) }
        try write(SnapshotFormat.member("support-bundle/version.yaml", Array("a: 1".utf8), isLast: true), path)
        #expect(!SnapshotArchive.isArchive(path))
        let issue = #expect(throws: Snapshot.Issue.self) { try SnapshotArchive.open(path, catalogue: .builtIn) }
        #expect(issue?.kind == .invalid)
    }

    // MARK: - Crashes

    /// The same in the process that is killed and in the one that looks afterwards.
    private static let killedPath = FileManager.default.temporaryDirectory.appending(
        path: "triage-killed-while-writing.tar.gz"
    ).path(percentEncoded: false)

    @Test func `a writer that is killed leaves the old file as it was`() async throws {
        let path = Self.killedPath
        let folder = URL(filePath: path).deletingLastPathComponent()
        defer {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
            where name.hasPrefix("triage-killed-while-writing") {
                try? FileManager.default.removeItem(at: folder.appending(path: name))
            }
        }
        try write(Array("old".utf8), path)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let writer = try SnapshotWriter(Self.killedPath, catalogue: .builtIn)
            let element = (0..<4096).map { _ in UInt8.random(in: 48...57) }
            for _ in 0..<2000 { try writer.append(element, to: "items", of: Fact.Key(collector: "x")) }
            kill(getpid(), SIGKILL)
        }
        #expect(try bytes(path) == Array("old".utf8))
        // What has no name until it is whole is gone with its writer.
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
            .filter { $0.hasPrefix("triage-killed-while-writing") }
        #expect(left == ["triage-killed-while-writing.tar.gz"])
        try await SnapshotWriter.write(
            Snapshot(now: Self.now, facts: Self.facts), to: path, catalogue: .builtIn)
        #expect(try SnapshotArchive.open(path, catalogue: .builtIn).keys.count == Self.facts.count)
    }

    @Test func `a writer that gives up leaves nothing behind`() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "facts").path(percentEncoded: false)
        do {
            let writer = try SnapshotWriter(path, catalogue: .builtIn)
            try writer.append([0x30], to: "items", of: Fact.Key(collector: "x"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) == [])
    }
}

extension SnapshotWriter {
    /// Writes a snapshot as a whole, those of its facts that are not in memory too.
    static func write(_ snapshot: Snapshot, to path: String, catalogue: Catalogue) async throws {
        let writer = try SnapshotWriter(path, catalogue: catalogue)
        for key in snapshot.keys {
            if let fact = await snapshot.fact(key) { try writer.add(fact) }
        }
        try writer.finish(subject: snapshot.subject, now: snapshot.now, text: snapshot.text)
    }
}

/// A folder of its own for a test, to be removed by it.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "triage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}
