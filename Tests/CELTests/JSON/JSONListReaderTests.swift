import Testing

@testable import CEL

/// Lists as they come over a wire: in pieces that end anywhere.
@Suite struct JSONListReaderTests {
    static let page = #"""
        {"kind": "PodList", "metadata": {"resourceVersion": "10", "continue": "a\"b"}, "items": [
          {"metadata": {"name": "p0", "labels": {"app": "web", "tier": "front"}, "managedFields": [{"x": "}]\\"}]},
           "spec": {"containers": [{"name": "c", "env": [{"name": "A"}]}, {"name": "d"}], "weight": -1.5e3}},
          {"metadata": {"name": "p\u00e9", "labels": {}}, "spec": {"containers": [], "on": true}},
          {"metadata": null}, 7, "text", [1, 2]
        ], "after": [{}]}
        """#

    static let projection = Projection(fields: [
        "metadata": Projection(fields: ["name": .nothing, "labels": Projection(elements: .nothing)]),
        "spec": Projection(fields: ["containers": Projection(elements: Projection(fields: ["name": .nothing]))]),
    ])

    struct Result: Equatable {
        var elements: [String]
        var rest: String
    }

    static func read(
        _ bytes: [UInt8], _ name: String? = "items", reading projection: Projection = projection,
        pieces: Int, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> Result {
        var reader = JSONListReader(name, reading: projection, limits: limits)
        var elements: [String] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = Array(bytes[start..<min(bytes.count, start + pieces)])
            let failure = unsafe piece.withUnsafeBytes { buffer -> JSONError? in
                do throws(JSONError) {
                    try unsafe reader.take(buffer) { elements.append($0.description) }
                    return nil
                } catch { return error }
            }
            if let failure { throw failure }
        }
        let rest = try reader.finish { elements.append($0.description) }
        return Result(elements: elements, rest: Value.map(rest).description)
    }

    /// The same from the whole text.
    static func expected(_ text: String, _ projection: Projection) throws -> [String] {
        guard case .map(let map) = try Value.parseJSON(text), case .list(let items)? = map["items"] else { return [] }
        return items.map { $0.projected(projection).description }
    }

    @Test(arguments: [1, 2, 3, 7, 16, 64, 100_000])
    func `pieces of any size give what the whole text gives`(size: Int) throws {
        for projection in [Self.projection, .whole, .nothing] {
            let result = try Self.read(Array(Self.page.utf8), reading: projection, pieces: size)
            #expect(try result.elements == Self.expected(Self.page, projection))
            #expect(result.rest.contains("PodList") && result.rest.contains("resourceVersion"))
            #expect(!result.rest.contains("items"))
        }
    }

    @Test func `what is cut off anywhere is an error, and so is what goes on behind the end`() {
        let bytes = Array(Self.page.utf8)
        for end in 0..<bytes.count {
            #expect(throws: JSONError.self) { try Self.read(Array(bytes[..<end]), pieces: 13) }
        }
        for more in ["x", "{}", ","] {
            #expect(throws: JSONError.self) { try Self.read(bytes + Array(more.utf8), pieces: 50) }
        }
    }

    @Test(arguments: [
        ("[]", 1), (#"{"items": [1,]}"#, 14), (#"{"items": [1 2]}"#, 14), (#"{"items": [}"#, 12), (#"{"a": 1,}"#, 9),
        (#"{"a" 1}"#, 6), (#"{"items": [], "items": []}"#, 15), (#"{"items": [{"metadata": x}]}"#, 25), ("nope", 1),
        (#"{"items": [tru]}"#, 12), ("{\"items\":\n[1,\n2 3]}", 3),
    ])
    func `a mistake is told at its place`(text: String, column: Int) {
        for size in [1, 5, 100] {
            do {
                let result = try Self.read(Array(text.utf8), pieces: size)
                Issue.record("\(text) gives \(result)")
            } catch {
                #expect(error.column == column, "\(text): \(error)")
                #expect(error.line == text.utf8.prefix(error.offset).count { $0 == 0x0A } + 1)
            }
        }
    }

    /// What nobody reads is not judged, but what is read must stand where it seems to.
    @Test(arguments: [
        (#"{"a": [1, 2}, "b": 3}"#, false), (#"{"a": {"x": 1], "b": 3}"#, false), (#"{"a": [{]}, "b": 3}"#, true),
        (#"{"a": [[{}], {"y": [}]], "b": 3}"#, true), (#"{"a": "]}", "b": [{"\"": "}"}]}"#, true),
        (#"{"a": [tru, 01, .], "b": 3}"#, true), (#"{"a": {"x" 1}, "b": 3}"#, true),
    ])
    func `in what nobody reads as many brackets of each kind are closed as opened`(item: String, isTaken: Bool) {
        // Long enough that several blocks of bytes are looked at.
        let padding = #""\#(String(repeating: "-", count: 100))": [],"#
        let padded = item.replacing(#"{"a":"#, with: "{" + padding + #""a":"#)
        for text in [item, padded].map({ #"{"items": ["# + $0 + "]}" }) {
            for size in [1, 64, 1000] {
                let taken = (try? Self.read(Array(text.utf8), reading: .nothing, pieces: size)) != nil
                #expect(taken == isTaken, "\(text) in pieces of \(size)")
            }
        }
    }

    @Test func `nothing is deeper or longer than it may be`() {
        let deep = #"{"items": [{"a": "# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}]}"
        for projection in [Projection.whole, .nothing] {
            for size in [3, 1000] {
                #expect(throws: Never.self) {
                    try Self.read(Array(deep.utf8), reading: projection, pieces: size, limits: JSONLimits(depth: 43))
                }
                #expect(throws: JSONError.self) {
                    try Self.read(Array(deep.utf8), reading: projection, pieces: size, limits: JSONLimits(depth: 42))
                }
            }
        }
        let long = #"{"items": [{"a": ""# + String(repeating: "x", count: 100_000) + #""}]}"#
        #expect(throws: JSONError.self) {
            try Self.read(Array(long.utf8), pieces: 1000, limits: JSONLimits(bytes: 50_000))
        }
        #expect(throws: Never.self) { try Self.read(Array(long.utf8), pieces: 1000) }
    }

    @Test func `no list, an empty one, null and a text by itself are told apart`() throws {
        var reader = JSONListReader("items", reading: .whole)
        func found(_ text: String) throws -> Bool {
            reader.restart()
            try unsafe Array(text.utf8).withUnsafeBytes { try unsafe reader.take($0) { _ in } }
            _ = try reader.finish { _ in }
            return reader.isFound
        }
        #expect(try found(#"{"kind": "Status"}"#) == false)
        #expect(try found(#"{"items": null}"#))
        #expect(try found("\u{FEFF}{\"items\": [ ] } \n"))
        #expect(
            try Self.read(Array("[1, {\"metadata\": {\"name\": \"n\", \"x\": 1}}]".utf8), nil, pieces: 4).elements.count
                == 2)
    }

    @Test func `values that come again take no memory again`() throws {
        let pods = (0..<100).map { number in
            #"{"name":"pod-with-a-long-name-\#(number)","labels":{"app":"an-application-of-some-name"},"ids":[1,2]}"#
        }
        var reader = JSONListReader(nil, reading: .whole)
        var maps: [Value] = []
        try unsafe Array(("[" + pods.joined(separator: ",") + "]").utf8).withUnsafeBytes { bytes in
            try unsafe reader.take(bytes) { maps.append($0) }
        }
        _ = try reader.finish { maps.append($0) }
        var identities: Set<ObjectIdentifier> = []
        var lists: Set<UInt> = []
        for case .map(let pod) in maps {
            if case .map(let labels)? = pod["labels"] { identities.insert(ObjectIdentifier(labels.table)) }
            if case .list(let list)? = pod["ids"] { lists.insert(list.identity) }
        }
        #expect(maps.count == 100)
        #expect(identities.count == 1)
        #expect(lists.count == 1)
    }

    @Test func `a tag is kept whatever is read`() throws {
        let text = #"[{"a": {"$unknown": [{"reason": "redacted"}], "b": 1}, "c": {"$map": {"$x": 1}}, "d": 1}]"#
        var reader = JSONListReader(nil, reading: Projection(fields: ["a": .nothing]), keepsTags: true)
        var found: [String] = []
        try unsafe Array(text.utf8).withUnsafeBytes { try unsafe reader.take($0) { found.append($0.description) } }
        _ = try reader.finish { _ in }
        #expect(found == [#"{"a": {"$unknown": [{"reason": "redacted"}]}}"#])
    }
}
