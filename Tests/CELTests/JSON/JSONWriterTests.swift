import Testing

@testable import CEL

@Suite struct JSONWriterTests {
    private struct Colour: OpaqueValue {
        var typeName: String { "paint.Colour" }
        var description: String { "red" }
        func isEqual(to other: any OpaqueValue) -> Bool { other is Colour }
    }

    @Test(arguments: [
        (Value.null, "null"), (.bool(true), "true"), (.int(-5), "-5"), (.uint(.max), "18446744073709551615"),
        (.double(1), "1.0"), (.double(0.1), "0.1"), (.double(1e300), "1e+300"), (.double(.nan), "\"NaN\""),
        (.double(-.infinity), "\"-Infinity\""), (.string("a\"\\\u{1}\n☃"), #""a\"\\\u0001\n☃""#),
        (.bytes([0, 1, 255]), "\"AAH/\""), (.list([]), "[]"), (.list([.int(1), .null]), "[1,null]"), (.map([:]), "{}"),
        (.map(["b": .int(1), "a": .list([.int(2)])]), #"{"b":1,"a":[2]}"#),
        (.map(Map([(.int(1), .null), (.bool(true), .null), (.uint(2), .null)])), #"{"1":null,"true":null,"2":null}"#),
        (.timestamp(Timestamp(seconds: 1_234_567_890, nanoseconds: 50)), "\"2009-02-13T23:31:30.00000005Z\""),
        (.timestamp(Timestamp(seconds: -62_135_596_800)), "\"0001-01-01T00:00:00Z\""),
        (.timestamp(Timestamp(seconds: 253_402_300_799, nanoseconds: 999_000_000)), "\"9999-12-31T23:59:59.999Z\""),
        (.timestamp(Timestamp(seconds: 951_782_400)), "\"2000-02-29T00:00:00Z\""),
        (.duration(Duration(seconds: 3, nanoseconds: 500_000_000)), "\"3.5s\""),
        (.duration(Duration(seconds: 0, nanoseconds: -1)), "\"-0.000000001s\""),
        (.duration(Duration(seconds: -90)), "\"-90s\""),
        (.type(TypeValue(name: "int")), "\"int\""), (.optional(OptionalValue(nil)), "null"),
        (.optional(OptionalValue(.int(1))), "1"), (.opaque(Colour()), "\"red\""),
    ])
    func `every value has its form`(value: Value, json: String) throws {
        #expect(try JSONWriter().string(value) == json)
    }

    @Test func `the indented layout puts every entry on a line`() throws {
        let value = Value.map(["b": .list([.int(1), .map([:])]), "a": .list([])])
        let writer = JSONWriter(layout: .indented(by: 2), keys: .sorted)
        #expect(
            try writer.string(value) == """
                {
                  "a": [],
                  "b": [
                    1,
                    {}
                  ]
                }
                """)
    }

    @Test func `the canonical form does not depend on the order of insertion`() throws {
        let one = Value.map(["b": .int(1), "a": .int(2), "\u{1F600}": .null, "\u{FFFD}": .null])
        let other = Value.map(["\u{FFFD}": .null, "\u{1F600}": .null, "a": .int(2), "b": .int(1)])
        #expect(try JSONWriter.canonical.bytes(one) == JSONWriter.canonical.bytes(other))
        #expect(try JSONWriter.canonical.string(one) == "{\"a\":2,\"b\":1,\"\u{FFFD}\":null,\"\u{1F600}\":null}")
    }

    @Test func `an unknown is refused, with its place, unless something stands in for it`() throws {
        let unknown = Value.unknown(UnknownSet(UnknownAttribute(reason: "denied")))
        let value = Value.map(["a": .list([.int(1), unknown])])
        let refusal = #expect(throws: JSONWriter.Refusal.self) { try JSONWriter().string(value) }
        #expect(refusal?.description == "a.1: unknown(denied) has no form in JSON")
        let writer = JSONWriter { _ in .map(["unknown": .bool(true)]) }
        #expect(try writer.string(value) == #"{"a":[1,{"unknown":true}]}"#)
        #expect(throws: JSONWriter.Refusal.self) { try JSONWriter { $0 }.string(value) }
    }

    @Test func `two keys that would become one are refused`() {
        let value = Value.map(Map([(.int(1), .null), (.string("1"), .null)]))
        #expect(throws: JSONWriter.Refusal.self) { try JSONWriter().string(value) }
    }

    @Test(arguments: [
        (Value.uint(1), "1u"), (.bytes([0x61, 0x22, 0xFF]), #"b"a\"\xff""#),
        (.string("a\u{7}\u{85}é"), #""a\x07\x85é""#),
        (.timestamp(Timestamp(seconds: 0)), #"timestamp("1970-01-01T00:00:00Z")"#),
        (.duration(Duration(seconds: 1)), #"duration("1s")"#), (.double(.nan), #"double("NaN")"#),
        (.optional(OptionalValue(.string("a"))), #"optional.of("a")"#),
        (.optional(OptionalValue(nil)), "optional.none()"),
        (.opaque(Colour()), #"colour("red")"#), (.map(Map([(.bool(true), .double(2))])), "{true: 2.0}"),
    ])
    func `the literal form reads like an expression`(value: Value, literal: String) {
        #expect(value.description == literal)
    }
}
