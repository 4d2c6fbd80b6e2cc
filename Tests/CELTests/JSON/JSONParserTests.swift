import Testing

@testable import CEL

@Suite struct JSONParserTests {
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("false", "false"), ("0", "0"), ("-0", "0"), ("-1", "-1"),
        ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854775808u"), ("18446744073709551615", "18446744073709551615u"),
        ("18446744073709551616", "1.8446744073709552e+19"), ("-9223372036854775809", "-9.223372036854776e+18"),
        ("1.0", "1.0"), ("1e2", "100.0"), ("1E-2", "0.01"), ("-0.0", "-0.0"), ("1.5e+3", "1500.0"),
        (#""""#, #""""#), (#""a\"\\\/\b\f\n\r\t""#, #""a\"\\/\x08\x0c\n\r\t""#), (#""\u00e9\ud83d\ude00""#, #""é😀""#),
        (#""\u0000""#, #""\x00""#), ("[]", "[]"), ("[1, [2,[ ]],{}]", "[1, [2, []], {}]"),
        (#"{"b":1,"a":{"c":null}}"#, #"{"b": 1, "a": {"c": null}}"#), ("\u{FEFF}[1]", "[1]"),
        ("\t\r\n[\n]", "[]"), (#"{"a":1,"a":2}"#, #"{"a": 2}"#),
        (#"{"é":1,"e\u0301":2}"#, "{\"é\": 1, \"e\u{301}\": 2}"),
    ])
    func `reads what the RFC allows`(text: String, literal: String) throws {
        let value = try Value.parseJSON(text)
        #expect(ExactString(value.description) == ExactString(literal))
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd, "1:1: expected a value, but the text ends here"),
        ("{\n  \"a\": tru\n}", .unexpectedCharacter, "2:8: expected 'true'"),
        ("[1 2]", .unexpectedCharacter, "1:4: expected ',' or ']', found '2'"),
        ("[1,]", .unexpectedCharacter, "1:4: expected a value, found ']'"),
        ("{\"a\" 1}", .unexpectedCharacter, "1:6: expected ':', found '1'"),
        ("{a: 1}", .unexpectedCharacter, "1:2: expected a key in double quotes, found 'a'"),
        ("{\"ä\":1,}", .unexpectedCharacter, "1:8: expected a key in double quotes, found '}'"),
        ("{\"a\":1", .unexpectedEnd, "1:7: expected ',' or '}', but the text ends here"),
        ("1 1", .unexpectedCharacter, "1:3: expected the end of the text, found '1'"),
        ("01", .invalidNumber, "1:1: a number cannot start with a superfluous 0"),
        ("-", .invalidNumber, "1:2: expected a digit"), ("1.", .invalidNumber, "1:3: expected a digit"),
        ("1e+", .invalidNumber, "1:4: expected a digit"),
        ("+1", .unexpectedCharacter, "1:1: expected a value, found '+'"),
        ("1e999", .numberOutOfRange, "1:1: this number is beyond what a double holds"),
        ("NaN", .unexpectedCharacter, "1:1: expected a value, found 'N'"),
        ("\"a", .unexpectedEnd, "1:1: the string that starts here has no end"),
        ("\"a\nb\"", .controlCharacter, "1:3: a string cannot hold a line break as it is: write it as an escape"),
        (#""\x""#, .invalidEscape, #"1:2: JSON has no escape '\x'"#),
        (#""\u12g4""#, .invalidEscape, #"1:2: expected four hexadecimal digits after '\u'"#),
        (#""\ud800""#, .invalidEscape, "1:2: one half of a surrogate pair stands alone"),
        (#""\ud800\u0041""#, .invalidEscape, "1:2: one half of a surrogate pair stands alone"),
        (#""\udc00""#, .invalidEscape, "1:2: one half of a surrogate pair stands alone"),
        ("'a'", .unexpectedCharacter, "1:1: expected a value, found '''"),
        ("[1] // no", .unexpectedCharacter, "1:5: expected the end of the text, found '/'"),
    ])
    func `refuses what the RFC forbids and says where`(text: String, code: JSONError.Code, message: String) {
        let error = #expect(throws: JSONError.self) { try Value.parseJSON(text) }
        #expect(error?.code == code)
        #expect(error?.description == message)
    }

    @Test(
        arguments: [
            ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC3, 0xA4, 0xC0, 0x80, 0x22], 3),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
            ([0x22, 0xE2, 0x82, 0x22], 1),
        ] as [([UInt8], Int)])
    func `refuses what is no UTF-8`(bytes: [UInt8], offset: Int) {
        let error = #expect(throws: JSONError.self) { try Value.parseJSON(bytes) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.offset == offset)
    }

    @Test func `a NUL byte is refused outside of strings and inside`() {
        #expect(throws: JSONError.self) { try Value.parseJSON([0x31, 0x00]) }
        #expect(throws: JSONError.self) { try Value.parseJSON([0x22, 0x00, 0x22]) }
    }

    @Test func `limits hold`() throws {
        let limits = JSONLimits(depth: 3, bytes: 20, duplicateKeys: .refuse)
        #expect(try Value.parseJSON("[[[1]]]", limits: limits).description == "[[[1]]]")
        let deep = #expect(throws: JSONError.self) { try Value.parseJSON("[[[[1]]]]", limits: limits) }
        #expect(deep?.code == .tooDeep)
        #expect(deep?.offset == 3)
        let long = #expect(throws: JSONError.self) { try Value.parseJSON("[1,2,3,4,5,6,7,8,9,10]", limits: limits) }
        #expect(long?.code == .tooLong)
        let twice = #expect(throws: JSONError.self) { try Value.parseJSON(#"{"a":1,"a":2}"#, limits: limits) }
        #expect(twice?.code == .duplicateKey)
        #expect(twice?.offset == 7)
    }

    @Test func `deep nesting ends in an error and not in a crash`() {
        let text = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONError.self) { try Value.parseJSON(text) }
    }

    @Test func `of many keys the last value of each stays, at the first place`() throws {
        let entries = (0..<50).map { "\"k\($0 % 25)\":\($0)" }.joined(separator: ",")
        let value = try Value.parseJSON("{\(entries)}")
        guard case .map(let map) = value else {
            Issue.record("no map: \(value)")
            return
        }
        #expect(map.entries.map(\.key.description) == (0..<25).map { "\"k\($0)\"" })
        #expect(map.entries.map(\.value.description) == (25..<50).map { "\($0)" })
    }
}
