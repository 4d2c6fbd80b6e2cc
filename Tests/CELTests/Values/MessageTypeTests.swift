import CEL
import Testing

@Suite struct MessageTypeTests {
    private static let rule: MessageType = MessageType(
        "example.Rule",
        fields: [
            "name": .init(.string), "weight": .init(.int32, default: .int(10), hasPresence: true),
            "limit": .init(.nullable(.uint32)), "ratio": .init(.float), "since": .init(.timestamp),
            "tags": .init(.list(.string)), "labels": .init(.map(.string, .string)), "pauses": .init(.list(.duration)),
            "data": .init(.json), "options": .init(.jsonObject), "payload": .init(.any),
            "next": .init(.message { rule }),
        ])

    static let library = Library("example", types: [rule], constants: ["example.Level.HIGH": .int(2)])

    private static let environment: Environment = {
        var environment = Environment(variables: ["rule": .opaque("example.Rule", []), "x": .dyn], adding: [library])
        environment.container = "example"
        return environment
    }()

    private static func evaluate(_ source: String) throws -> Value {
        var message = MessageValue(rule)
        try message.set("name", to: .string("given"))
        let unknown = Value.unknown(UnknownSet(UnknownAttribute(reason: "denied")))
        return try environment.compile(source).evaluate(["rule": .opaque(message), "x": unknown]).value
    }

    @Test(arguments: [
        // What was set reads so, what was not as its default.
        "Rule{name: 'a'}.name == 'a' && Rule{name: 'a'}.weight == 10 && Rule{}.tags == [] && Rule{}.limit == null",
        "Rule{}.since == timestamp(0) && Rule{}.labels == {} && Rule{}.data == null && Rule{}.ratio == 0.0",
        "Rule{}.next.next.next.weight == 10", ".example.Rule{next: Rule{weight: 3}}.next.weight == 3",
        "rule.name == 'given' && rule.weight == 10 && !has(rule.next)",
        // A field that is no name in CEL is quoted.
        "Rule{`name`: 'a'}.`name` == 'a'",
        // Presence: a zero of a field with a default, a wrapper or a message counts as set.
        "!has(Rule{}.name) && !has(Rule{name: ''}.name) && has(Rule{name: 'a'}.name)",
        "has(Rule{weight: 10}.weight) && has(Rule{limit: 0u}.limit) && has(Rule{next: Rule{}}.next)",
        "!has(Rule{tags: []}.tags) && has(Rule{tags: ['a']}.tags)",
        "Rule{}.?name.orValue('none') == 'none' && Rule{name: 'a'}.?name.orValue('none') == 'a'",
        "Rule{?name: optional.none(), ?weight: optional.of(1)} == Rule{weight: 1}",
        "optional.ofNonZeroValue(Rule{}) == optional.none() && optional.ofNonZeroValue(rule).hasValue()",
        // Null unsets what has no null of its own, and goes from lists and maps.
        "Rule{limit: null, since: null, next: null} == Rule{}",
        "Rule{pauses: [duration('1s'), null]}.pauses.size() == 1",
        "has(Rule{data: null}.data) && Rule{payload: null}.payload == null",
        // What is stored as JSON is JSON.
        "Rule{data: 1}.data == 1.0 && type(Rule{data: 1}.data) == double",
        "Rule{data: 9007199254740993}.data == '9007199254740993' && Rule{data: b'foo'}.data == 'Zm9v'",
        "Rule{data: {1: [duration('1.5s'), timestamp(0)]}}.data == {'1': ['1.5s', '1970-01-01T00:00:00Z']}",
        "Rule{options: {'a': 1u}}.options == {'a': 1.0}", "Rule{payload: 1u}.payload == 1u",
        // Equality and types.
        "Rule{name: 'a', weight: 1} == Rule{weight: 1, name: 'a'} && Rule{weight: 10} != Rule{}",
        "type(Rule{}) == Rule && type(rule) == example.Rule && type(Rule) == type",
        "Level.HIGH == 2 && example.Level.HIGH + 1 == 3",
        "[Rule{weight: 1}, Rule{weight: 2}].map(r, r.weight) == [1, 2]",
        "Rule{ratio: 0.1}.ratio != 0.1", "Rule{ratio: 1e300}.ratio == double('inf')",
    ])
    func `a type of one's own is made, read and compared`(source: String) throws {
        let value = try Self.evaluate(source)
        #expect(value.description == "true", "\(value)")
    }

    @Test(arguments: [
        ("Rule{weight: 2147483648}", "overflow"), ("Rule{limit: 4294967296u}", "overflow"),
        ("Rule{name: dyn(1)}", "noSuchOverload"), ("Rule{tags: dyn(null)}", "noSuchOverload"),
        ("Rule{tags: [dyn(1)]}", "noSuchOverload"), ("Rule{options: dyn({1: 2})}", "noSuchOverload"),
        ("Rule{data: optional.of(1)}", "noSuchOverload"), ("dyn(Rule{}).nme", "noSuchField"),
        ("has(dyn(Rule{}).nme)", "noSuchField"), ("dyn(Rule{}).?nme", "noSuchField"),
    ])
    func `what does not fit is an error`(source: String, code: String) throws {
        guard case .error(let error) = try Self.evaluate(source) else {
            Issue.record("\(source) has a value")
            return
        }
        #expect(error.code.rawValue == code)
    }

    @Test(arguments: [
        ("Rule{nme: 'a'}", "Rule has no field 'nme'", "name"),
        ("rule.wieght > 1", "example.Rule has no field 'wieght'", "weight"),
        ("Rule{name: 1}", "'name' must be string, this is int", nil),
        ("example.Rul{}", "there is no type 'example.Rul' to make", "example.Rule"),
    ])
    func `mistakes are found where they stand`(source: String, message: String, suggestion: String?) throws {
        let error = try #require(throws: CompilationError.self) { try Self.environment.compile(source) }
        #expect(error.issues.first?.message == message)
        #expect(error.issues.first?.suggestion == suggestion)
    }

    @Test func `an unknown field makes the value unknown`() throws {
        guard case .unknown = try Self.evaluate("Rule{name: x}") else {
            Issue.record("not unknown")
            return
        }
    }

    @Test func `a value is told as people write it`() throws {
        #expect(
            try Self.evaluate("Rule{weight: 3, name: 'a'}").description == #"example.Rule{name: "a", weight: 3}"#)
    }
}
