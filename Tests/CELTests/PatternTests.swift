import Testing

@testable import CEL

@Suite struct PatternTests {
    @Test(arguments: [
        ("abc", "xxabcxx", true), ("^abc$", "xxabc", false), ("", "", true), ("(?i)ÄB", "xäb", true),
        (#"\d+"#, "no digits", false), ("a.c", "a☃c", true), ("a\0b", "xa\0bx", true), ("b$", "a\0b", true),
    ])
    func `matches anywhere unless anchored`(pattern: String, text: String, expected: Bool) throws {
        #expect(try Pattern(pattern).matches(text) == expected)
        #expect(try Pattern(pattern).matches(text[...]) == expected)
    }

    @Test func `named groups are known by number`() throws {
        let pattern = try Pattern(#"(?P<host>[a-z.]+):(\d+)(?P<path>/.*)?"#)
        #expect(pattern.groupCount == 3)
        #expect(pattern.groupNames == [1: "host", 3: "path"])
    }

    @Test func `ranges are UTF-8 offsets and a group that took no part is nil`() throws {
        let match = try #require(try Pattern(#"(ö+)(x)?(\d*)"#).firstMatch(in: "aööb"))
        #expect(match == [1..<5, 1..<5, nil, 5..<5])
    }

    @Test func `an empty text has an empty match`() throws {
        #expect(try Pattern("(a*)").firstMatch(in: "") == [0..<0, 0..<0])
        #expect(try Pattern("a").firstMatch(in: "aa", from: 3) == nil)
        #expect(try Pattern("a").firstMatch(in: "aa", from: -1) == nil)
    }

    @Test(arguments: [
        ("a", "banana", [1..<2, 3..<4, 5..<6]), ("a*", "baac", [0..<0, 1..<3, 4..<4]),
        ("", "☃x", [0..<0, 3..<3, 4..<4]),
        ("^a", "aa", [0..<1]), (#"\b"#, "ab c", [0..<0, 2..<2, 3..<3, 4..<4]), ("x", "", []),
    ])
    func `all matches are found from left to right`(pattern: String, text: String, expected: [Range<Int>]) throws {
        #expect(try Pattern(pattern).allMatches(in: text).compactMap { $0[0] } == expected)
    }

    @Test func `bytes that are no UTF-8 are ordinary input`() throws {
        let pattern = try Pattern("b.d")
        #expect(pattern.matches([0xFF, 0x62, 0x63, 0x64, 0xC3]))
        #expect(!pattern.matches([0x62, 0xFF, 0x64]))
        #expect(!pattern.matches([] as [UInt8]))
    }

    @Test(arguments: ["(", "[a", #"\1"#, "(?=a)", "a**", "a{1001}", "(((a{100}){100}){100})"])
    func `a bad pattern is refused with a reason`(source: String) {
        let failure = #expect(throws: Pattern.Failure.self) { try Pattern(source) }
        #expect(failure?.message.isEmpty == false)
    }

    @Test func `a pattern over a limit is refused`() {
        let long = #expect(throws: Pattern.Failure.self) { try Pattern(String(repeating: "a", count: 4097)) }
        #expect(long?.message == "the pattern has 4097 bytes, the limit is 4096")
        let large = #expect(throws: Pattern.Failure.self) { try Pattern(#"\pL{900}"#) }
        #expect(large?.message.contains("too large") == true)
    }

    @Test func `a pattern that would blow up elsewhere takes linear time`() throws {
        #expect(try !Pattern("(x+x+)+y").matches(String(repeating: "x", count: 100_000)))
    }
}

@Suite struct PatternSetTests {
    @Test func `finds exactly the patterns that match one by one`() throws {
        let sources = ["refused", "^error", #"\d{3}"#, "(?i)TIMEOUT", "", "z$"]
        let patterns = try sources.map { try Pattern($0) }
        let set = PatternSet(patterns)
        for text in ["", "connection refused", "error: timeout 504", "buzz", "e\0rror 123\nz", "\u{1F600}"] {
            #expect(set.matches(text) == patterns.indices.filter { patterns[$0].matches(text) })
        }
    }

    @Test func `an empty set matches nothing`() {
        #expect(PatternSet([]).matches("anything") == [])
    }

    @Test func `a set of hundreds of patterns finds each`() throws {
        let set = PatternSet(try (0..<500).map { try Pattern("problem number \($0)\\b.*(?:detail|cause)") })
        #expect(set.matches("x problem number 417 has a cause") == [417])
    }

    @Test func `a set too large for one automaton still answers`() throws {
        let large = try (0..<400).map { try Pattern(#"[^a]{900}"# + "end\($0)") }
        let set = PatternSet(large + [try Pattern("needle")])
        #expect(set.matches("hay needle hay") == [400])
    }
}
