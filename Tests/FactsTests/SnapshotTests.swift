import CEL
import Testing

@testable import Facts

@Suite struct SnapshotTests {
    static let now = Timestamp(seconds: 1_795_478_400)

    struct MadeUp: Collector {
        let declaration: Declaration
        init(_ name: String, _ type: ValueType) {
            declaration = Declaration(name, summary: "Made up.", returns: type, cost: .file)
        }
        func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation
        {
            throw Unknown(.notCollected, "made up")
        }
    }

    static let catalogue = Catalogue([
        MadeUp(
            "certificate",
            .object([
                "notAfter": .timestamp, "age": .duration, "der": .bytes, "size": .uint, "ratio": .double,
                "names": .list(.string), "dates": .list(.timestamp), "anything": .dyn, "maybe": .nullable(.timestamp),
            ])),
        MadeUp("open", .dyn),
    ])

    static func fact(_ collector: String, _ result: Result<Value, Unknown>, _ parameters: [String: Value] = [:]) -> Fact
    {
        Fact(
            key: Fact.Key(collector: collector, parameters: parameters), result: result,
            provenance: Provenance(
                collector: collector, source: "GET https://x/", collectedAt: now,
                duration: CEL.Duration(seconds: 0, nanoseconds: 12_000_000)))
    }

    private func roundTrip(_ facts: [Fact]) throws -> Snapshot {
        let snapshot = Snapshot(
            subject: .init(context: "c", server: "https://s", platform: "kind"), now: Self.now,
            text: "some\ntext \u{1B}[0m",
            facts: facts)
        let (read, issues) = Snapshot.read(snapshot.document(Self.catalogue), catalogue: Self.catalogue)
        #expect(issues.isEmpty)
        let again = try #require(read)
        #expect(again.subject == snapshot.subject)
        #expect(again.now == snapshot.now)
        #expect(again.text == snapshot.text)
        return again
    }

    static let rich = Value.map([
        "notAfter": .timestamp(now), "age": .duration(CEL.Duration(seconds: -3, nanoseconds: -500_000_000)),
        "der": .bytes([0, 255, 7, 1]), "size": .uint(.max), "ratio": .double(2), "names": .list([.string("a\u{0}b")]),
        "dates": .list([.timestamp(now), Unknown(.denied, "no", hint: "ask").value]), "maybe": .null,
        "anything": .map([
            "t": .timestamp(now), "u": .uint(3), "d": .double(.infinity), "i": .int(.min), "b": .bytes([1, 2]),
            "$timestamp": .string("not a tag"), "one": .map(["$uint": .string("not a tag either")]),
            "keys": .map(Map([(.int(1), .bool(true)), (.bool(false), .string("x"))])),
        ]),
    ])

    @Test func `every kind of value is read back as it was written`() throws {
        let again = try roundTrip([
            Self.fact("certificate", .success(Self.rich)), Self.fact("open", .success(Self.rich)),
        ])
        for collector in ["certificate", "open"] {
            let value = try #require(again[Fact.Key(collector: collector)]).result.get()
            #expect(value.description == Self.rich.description)
        }
    }

    @Test func `an unknown fact keeps its reason, and facts of other parameters are other facts`() throws {
        let unknown = Unknown(.needsRoot, "only root may", hint: "sudo")
        let again = try roundTrip([
            Self.fact("open", .failure(unknown), ["path": .string("/a")]),
            Self.fact("open", .success(.int(1)), ["path": .string("/b")]),
        ])
        let first = try #require(again[Fact.Key(collector: "open", parameters: ["path": .string("/a")])])
        guard case .failure(unknown) = first.result else {
            Issue.record("\(first.result)")
            return
        }
        #expect(first.provenance.source == "GET https://x/")
        #expect(first.provenance.duration.nanoseconds == 12_000_000)
        #expect(again[Fact.Key(collector: "open", parameters: ["path": .string("/c")])] == nil)
        #expect(again.facts.count == 2)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "\u{0}", #"{"kind": "Snapshot"}"#, #"{"kind": "Diagnosis", "apiVersion": "triage/v1"}"#,
        #"{"kind": "Snapshot", "apiVersion": "triage/v9", "now": "2026-11-24T00:00:00Z", "facts": []}"#,
        #"{"kind": "Snapshot", "apiVersion": "triage/v1", "now": "yesterday", "facts": []}"#,
        #"{"kind": "Snapshot", "apiVersion": "triage/v1", "now": "2026-11-24T00:00:00Z", "facts": {}}"#,
        #"{"kind": "Snapshot", "kind": "Snapshot", "apiVersion": "triage/v1", "now": "2026-11-24T00:00:00Z"}"#,
    ])
    func `what is no snapshot is refused with a reason`(text: String) {
        let (snapshot, issues) = Snapshot.read(Array(text.utf8), catalogue: Self.catalogue)
        #expect(snapshot == nil)
        #expect(issues.count == 1)
        #expect(issues.first?.isFatal == true)
    }

    @Test func `a value that does not fit its declaration is unknown, and said to be`() throws {
        let text = """
            {"kind": "Snapshot", "apiVersion": "triage/v1", "now": "2026-11-24T00:00:00Z", "facts": [
              {"collector": "certificate", "value": {"notAftr": "2026-11-24T00:00:00Z"}},
              {"collector": "open"}, {"value": 1}, 7,
              {"collector": "new", "value": {"a": 1}}]}
            """
        let (read, issues) = Snapshot.read(Array(text.utf8), catalogue: Self.catalogue)
        let snapshot = try #require(read)
        #expect(issues.count == 4)
        #expect(issues.allSatisfy { !$0.isFatal })
        guard case .failure(let unknown)? = snapshot[Fact.Key(collector: "certificate")]?.result else {
            Issue.record("the fact must be unknown")
            return
        }
        #expect(unknown.reason == .malformed)
        #expect(snapshot.facts.count == 2)
    }

    @Test func `a cut or changed snapshot never crashes the reader`() {
        let document = Snapshot(now: Self.now, facts: [Self.fact("certificate", .success(Self.rich))]).document(
            Self.catalogue)
        for length in 0..<document.count {
            _ = Snapshot.read(Array(document.prefix(length)), catalogue: Self.catalogue)
        }
        for index in stride(from: 0, to: document.count, by: 3) {
            var changed = document
            changed[index] ^= 0x15
            _ = Snapshot.read(changed, catalogue: Self.catalogue)
        }
    }
}

@Suite struct ValueConformingTests {
    @Test(arguments: [
        (Value.string("2026-11-24T00:00:00Z"), ValueType.timestamp, "timestamp(\"2026-11-24T00:00:00Z\")"),
        (.string("1h30m"), .duration, "duration(\"5400s\")"),
        (.int(3), .double, "3.0"), (.int(3), .uint, "3u"), (.double(4), .int, "4"),
        (.string("AAE="), .bytes, "b\"\\x00\\x01\""), (.null, .nullable(.int), "null"),
        (.list([.int(1)]), .list(.double), "[1.0]"),
    ])
    func `text and numbers become what the declaration says`(value: Value, type: ValueType, expected: String) {
        let (conforming, mismatches) = value.conforming(to: type)
        #expect(mismatches.isEmpty)
        #expect(conforming.description == expected)
    }

    @Test(arguments: [
        (Value.string("tomorrow"), ValueType.timestamp), (.int(-1), .uint), (.double(1.5), .int), (.string("1"), .int),
        (.int(1), .string), (.null, .int), (.map([:]), .list(.int)), (.string("===="), .bytes), (.string("A"), .bytes),
    ])
    func `what does not fit is told`(value: Value, type: ValueType) {
        #expect(value.conforming(to: type).mismatches.count == 1)
    }

    @Test func `a misspelt field is told with its path and the fields that there are`() {
        let type = ValueType.object(["devices": .list(.object(["name": .string]))])
        let value = Value.map(["devices": .list([.map(["nmae": .string("x")])]), "device": .int(1)])
        #expect(
            value.conforming(to: type).mismatches == [
                Mismatch(path: ["device"], message: "there is no field 'device'", choices: ["devices"]),
                Mismatch(path: ["devices", "0", "nmae"], message: "there is no field 'nmae'", choices: ["name"]),
            ])
    }

    @Test func `an unknown part fits everywhere`() {
        let value = Value.map(["a": Unknown(.denied, "no").value])
        #expect(value.conforming(to: .object(["a": .int])).mismatches.isEmpty)
    }
}
