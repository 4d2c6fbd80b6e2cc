/// cel-spec's standard functions and operators.
extension Library {
    static let standard = Library(
        "standard", functions: operators + collections + strings + conversions + timestamps,
        constants: ["google.protobuf.NullValue.NULL_VALUE": .int(0)])

    // MARK: Operators

    private static let operators: [Function] = [
        Function(
            "_+_", "The sum; or two strings, bytes or lists, one behind the other.",
            overloads: [
                Overload("add_int64", [.int, .int], .int, .binary(Arithmetic.add)),
                Overload("add_uint64", [.uint, .uint], .uint, .binary(Arithmetic.add)),
                Overload("add_double", [.double, .double], .double, .binary(Arithmetic.add)),
                Overload("add_string", [.string, .string], .string, .binary(Arithmetic.add)),
                Overload("add_bytes", [.bytes, .bytes], .bytes, .binary(Arithmetic.add)),
                Overload("add_list", [.list(a), .list(a)], .list(a), .binary(Arithmetic.add)),
                Overload(
                    "add_timestamp_duration", [.timestamp, .duration], .timestamp, .binary(Arithmetic.add)),
                Overload(
                    "add_duration_timestamp", [.duration, .timestamp], .timestamp, .binary(Arithmetic.add)),
                Overload("add_duration_duration", [.duration, .duration], .duration, .binary(Arithmetic.add)),
            ],
            examples: [.init("1 + 2", equals: "3"), .init("'a' + 'b'", equals: "'ab'")]),
        Function(
            "_-_", "The difference.",
            overloads: [
                Overload("subtract_int64", [.int, .int], .int, .binary(Arithmetic.subtract)),
                Overload("subtract_uint64", [.uint, .uint], .uint, .binary(Arithmetic.subtract)),
                Overload("subtract_double", [.double, .double], .double, .binary(Arithmetic.subtract)),
                Overload(
                    "subtract_timestamp_timestamp", [.timestamp, .timestamp], .duration,
                    .binary(Arithmetic.subtract)),
                Overload(
                    "subtract_timestamp_duration", [.timestamp, .duration], .timestamp,
                    .binary(Arithmetic.subtract)),
                Overload(
                    "subtract_duration_duration", [.duration, .duration], .duration,
                    .binary(Arithmetic.subtract)),
            ],
            examples: [.init("duration('1h') - duration('1m')", equals: "duration('59m')")]),
        Function(
            "_*_", "The product.", overloads: numeric("multiply", Arithmetic.multiply),
            examples: [.init("6 * 7", equals: "42")]),
        Function(
            "_/_", "The quotient; of whole numbers, without the remainder.",
            overloads: numeric("divide", Arithmetic.divide), examples: [.init("7 / 2", equals: "3")]),
        Function(
            "_%_", "The remainder, with the sign of the first.",
            overloads: [
                Overload("modulo_int64", [.int, .int], .int, .binary(Arithmetic.remainder)),
                Overload("modulo_uint64", [.uint, .uint], .uint, .binary(Arithmetic.remainder)),
            ],
            examples: [.init("-7 % 3", equals: "-1")]),
        Function(
            "-_", "The number with the other sign.",
            overloads: [
                Overload("negate_int64", [.int], .int, .unary(Arithmetic.negate)),
                Overload("negate_double", [.double], .double, .unary(Arithmetic.negate)),
            ],
            examples: [.init("-(1)", equals: "0 - 1")]),
        Function(
            "!_", "Not.", overloads: [Overload("logical_not", [.bool], .bool, .unary(not))],
            examples: [.init("!true", equals: "false")]),
        Function(
            "_<_", "Whether the first comes before the second.",
            overloads: ordered("less") { $0 == .less }, examples: [.init("1 < 2.5", equals: "true")]),
        Function(
            "_<=_", "Whether the first does not come behind the second.",
            overloads: ordered("less_equals") { $0 == .less || $0 == .equal },
            examples: [.init("'a' <= 'b'", equals: "true")]),
        Function(
            "_>_", "Whether the first comes behind the second.",
            overloads: ordered("greater") { $0 == .greater }, examples: [.init("2u > 1", equals: "true")]),
        Function(
            "_>=_", "Whether the first does not come before the second.",
            overloads: ordered("greater_equals") { $0 == .greater || $0 == .equal },
            examples: [.init("duration('1h') >= duration('60m')", equals: "true")]),
        Function(
            "@in", "Whether a list has the element, or a map the key.",
            overloads: [
                Overload("in_list", [a, .list(a)], .bool, .binary(Membership.isMember)),
                Overload("in_map", [a, .map(a, b)], .bool, .binary(Membership.isMember)),
            ],
            examples: [.init("2 in [1, 2]", equals: "true"), .init("'k' in {'k': 1}", equals: "true")]),
    ]

    static let a = ValueType.parameter("A")
    static let b = ValueType.parameter("B")

    private static func not(_ value: Value) -> Value {
        if case .bool(let flag) = value { .bool(!flag) } else { .noOverload("!_", value) }
    }

    private static func numeric(_ name: String, _ body: @escaping @Sendable (Value, Value) -> Value) -> [Overload] {
        [
            Overload("\(name)_int64", [.int, .int], .int, .binary(body)),
            Overload("\(name)_uint64", [.uint, .uint], .uint, .binary(body)),
            Overload("\(name)_double", [.double, .double], .double, .binary(body)),
        ]
    }

    private static func ordered(
        _ name: String, _ accepts: @escaping @Sendable (Value.Order) -> Bool
    ) -> [Overload] {
        let types: [(String, ValueType)] = [
            ("int64", .int), ("uint64", .uint), ("double", .double), ("bool", .bool), ("string", .string),
            ("bytes", .bytes), ("timestamp", .timestamp), ("duration", .duration),
        ]
        let body = Overload.Implementation.binary { left, right in
            left.order(right).map { .bool(accepts($0)) } ?? .noOverload(name, left, right)
        }
        var overloads = types.map { Overload("\(name)_\($0.0)", [$0.1, $0.1], .bool, body) }
        for (first, firstType) in types.prefix(3) {
            for (second, secondType) in types.prefix(3) where first != second {
                overloads.append(Overload("\(name)_\(first)_\(second)", [firstType, secondType], .bool, body))
            }
        }
        return overloads
    }

    // MARK: Any value

    private static let collections: [Function] = [
        Function(
            "size", "How many characters, bytes, elements or entries there are.",
            overloads: [
                Overload("size_string", [.string], .int, .unary(size)),
                Overload("size_bytes", [.bytes], .int, .unary(size)),
                Overload("size_list", [.list(a)], .int, .unary(size)),
                Overload("size_map", [.map(a, b)], .int, .unary(size)),
                Overload("string_size", member: true, [.string], .int, .unary(size)),
                Overload("bytes_size", member: true, [.bytes], .int, .unary(size)),
                Overload("list_size", member: true, [.list(a)], .int, .unary(size)),
                Overload("map_size", member: true, [.map(a, b)], .int, .unary(size)),
            ],
            examples: [.init("size('née')", equals: "3"), .init("[1, 2].size()", equals: "2")]),
        Function(
            "type", "The type of a value.",
            overloads: [
                Overload("type", [a], .type(a), .unary { .type(TypeValue(name: $0.typeName)) })
            ],
            examples: [.init("type(1)", equals: "int")]),
        Function(
            "dyn", "The value, with its type forgotten by the checker.",
            overloads: [Overload("to_dyn", [a], .dyn, .unary { $0 })], examples: [.init("dyn(1)", equals: "1u")]),
    ]

    static func size(_ value: Value) -> Value {
        switch value {
        case .string(let text): .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): .int(Int64(bytes.count))
        case .list(let list): .int(Int64(list.count))
        case .map(let map): .int(Int64(map.count))
        default: .noOverload("size", value)
        }
    }

    // MARK: Strings

    private static let strings: [Function] = [
        Function(
            "startsWith", "Whether the string begins so.",
            overloads: [
                Overload(
                    "starts_with_string", member: true, [.string, .string], .bool,
                    text { $0.startsWithText($1) })
            ],
            examples: [.init("'kubelet'.startsWith('kube')", equals: "true")]),
        Function(
            "endsWith", "Whether the string ends so.",
            overloads: [
                Overload(
                    "ends_with_string", member: true, [.string, .string], .bool,
                    text { $0.endsWithText($1) })
            ],
            examples: [.init("'a.yaml'.endsWith('.yaml')", equals: "true")]),
        Function(
            "contains", "Whether the other string stands somewhere in this one.",
            overloads: [
                Overload(
                    "contains_string", member: true, [.string, .string], .bool, text { $0.containsText($1) })
            ],
            examples: [.init("'etcdserver'.contains('server')", equals: "true")]),
        Function(
            "matches", "Whether the RE2 pattern matches somewhere in the string.",
            overloads: [
                Overload("matches", [.string, .string], .bool, .binary(matches)),
                Overload("matches_string", member: true, [.string, .string], .bool, .binary(matches)),
            ],
            examples: [.init("'eth0'.matches('^eth[0-9]+$')", equals: "true")]),
    ]

    private static func text(_ body: @escaping @Sendable (String, String) -> Bool) -> Overload.Implementation {
        .binary { left, right in
            guard case .string(let one) = left, case .string(let two) = right else {
                return .noOverload("a string function", left, right)
            }
            return .bool(body(one, two))
        }
    }

    static func matches(_ value: Value, _ pattern: Value) -> Value {
        guard case .string(let text) = value, case .string(let source) = pattern else {
            return .noOverload("matches", value, pattern)
        }
        do throws(Pattern.Failure) {
            return .bool(try Pattern(source).matches(text))
        } catch {
            return .error(EvaluationError(.invalidArgument, error.message))
        }
    }
}
