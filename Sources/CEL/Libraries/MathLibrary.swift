extension Library {
    /// cel-spec's math extension.
    ///
    /// The macros `math.greatest` and `math.least` become `math.@max` and `math.@min`.
    static let math = Library(
        "math",
        functions: extremes + rounding + signs + bits + [
            Function(
                "math.sqrt", "The square root; NaN of a negative number.",
                overloads: [
                    Overload("math_sqrt_double", [.double], .double, .function { (x: Double) in x.squareRoot() }),
                    Overload("math_sqrt_int", [.int], .double, .function { (x: Int64) in Double(x).squareRoot() }),
                    Overload("math_sqrt_uint", [.uint], .double, .function { (x: UInt64) in Double(x).squareRoot() }),
                ],
                examples: [
                    .init("math.sqrt(16)", equals: "4.0"), .init("math.sqrt(2.25)", equals: "1.5"),
                    .init("math.isNaN(math.sqrt(-1))", equals: "true"),
                ])
        ])

    private static let extremes = [
        Function(
            "math.@max", "The greatest of its arguments: what `math.greatest` becomes.",
            overloads: extremeOverloads("max", prefers: 1),
            examples: [
                .init("math.greatest(1, 2u, 1.5)", equals: "2u"),
                .init("math.greatest([-42.0, -21.5])", equals: "-21.5"),
            ]),
        Function(
            "math.@min", "The least of its arguments: what `math.least` becomes.",
            overloads: extremeOverloads("min", prefers: -1),
            examples: [
                .init("math.least(1, 2u, 1.5)", equals: "1"), .init("math.least([-42.0, -21.5])", equals: "-42.0"),
            ]),
    ]

    private static let rounding = [
        rounding("ceil", .up, "The least whole number that is not less.", ("1.2", "2.0"), ("-1.2", "-1.0")),
        rounding("floor", .down, "The greatest whole number that is not greater.", ("1.2", "1.0"), ("-1.2", "-2.0")),
        rounding(
            "round", .toNearestOrAwayFromZero, "The nearest whole number; halves are rounded away from zero.",
            ("1.5", "2.0"), ("-1.5", "-2.0")),
        rounding("trunc", .towardZero, "The whole number without the fraction.", ("1.7", "1.0"), ("-1.3", "-1.0")),
    ]

    private static func rounding(
        _ name: String, _ rule: FloatingPointRoundingRule, _ summary: String, _ examples: (String, String)...
    ) -> Function {
        Function(
            "math.\(name)", summary,
            overloads: [
                Overload("math_\(name)_double", [.double], .double, .function { (x: Double) in x.rounded(rule) })
            ],
            examples: examples.map { .init("math.\(name)(\($0.0))", equals: $0.1) })
    }

    private static let signs = [
        Function(
            "math.abs", "The number without its sign.",
            overloads: [
                Overload("math_abs_double", [.double], .double, .function { (x: Double) in x.magnitude }),
                Overload("math_abs_int", [.int], .int, .function(absolute)),
                Overload("math_abs_uint", [.uint], .uint, .function { (x: UInt64) in x }),
            ],
            examples: [.init("math.abs(-1)", equals: "1"), .init("math.abs(-1.5)", equals: "1.5")]),
        Function(
            "math.sign", "-1, 0 or 1, of the argument's type; NaN of NaN.",
            overloads: [
                Overload(
                    "math_sign_double", [.double], .double,
                    .function { (x: Double) in x.isNaN ? x : x > 0 ? 1 : x < 0 ? -1 : 0 }),
                Overload("math_sign_int", [.int], .int, .function { (x: Int64) in x.signum() }),
                Overload("math_sign_uint", [.uint], .uint, .function { (x: UInt64) -> UInt64 in x == 0 ? 0 : 1 }),
            ],
            examples: [.init("math.sign(-42)", equals: "-1"), .init("math.sign(0u)", equals: "0u")]),
        Function(
            "math.isNaN", "Whether the number is none.",
            overloads: [Overload("math_isNaN_double", [.double], .bool, .function { (x: Double) in x.isNaN })],
            examples: [.init("math.isNaN(0.0 / 0.0)", equals: "true"), .init("math.isNaN(1.2)", equals: "false")]),
        Function(
            "math.isInf", "Whether the number is infinite.",
            overloads: [Overload("math_isInf_double", [.double], .bool, .function { (x: Double) in x.isInfinite })],
            examples: [.init("math.isInf(-1.0 / 0.0)", equals: "true"), .init("math.isInf(1.2)", equals: "false")]),
        Function(
            "math.isFinite", "Whether the number is neither infinite nor NaN.",
            overloads: [Overload("math_isFinite_double", [.double], .bool, .function { (x: Double) in x.isFinite })],
            examples: [.init("math.isFinite(1.2)", equals: "true"), .init("math.isFinite(1.0 / 0.0)", equals: "false")]),
    ]

    private static let bits = [
        bitwise(
            "bitAnd", "The bits that are set in both.", { $0 & $1 }, { $0 & $1 }, ("-3, -5", "-7"), ("3u, 2u", "2u")),
        bitwise(
            "bitOr", "The bits that are set in either.", { $0 | $1 }, { $0 | $1 }, ("-2, -4", "-2"), ("1u, 2u", "3u")),
        bitwise(
            "bitXor", "The bits that are set in one only.", { $0 ^ $1 }, { $0 ^ $1 }, ("1, 3", "2"), ("3u, 5u", "6u")),
        Function(
            "math.bitNot", "The bits that are not set.",
            overloads: [
                Overload("math_bitNot_int_int", [.int], .int, .function { (x: Int64) in ~x }),
                Overload("math_bitNot_uint_uint", [.uint], .uint, .function { (x: UInt64) in ~x }),
            ],
            examples: [
                .init("math.bitNot(1)", equals: "-2"), .init("math.bitNot(0u)", equals: "18446744073709551615u"),
            ]),
        Function(
            "math.bitShiftLeft", "The bits moved to the left; 0 from 64 on.",
            overloads: [
                Overload(
                    "math_bitShiftLeft_int_int", [.int, .int], .int,
                    .function { (x: Int64, offset: Int64) throws(EvaluationError) in x << (try checked(offset)) }),
                Overload(
                    "math_bitShiftLeft_uint_int", [.uint, .int], .uint,
                    .function { (x: UInt64, offset: Int64) throws(EvaluationError) in x << (try checked(offset)) }),
            ],
            examples: [
                .init("math.bitShiftLeft(-1, 2)", equals: "-4"), .init("math.bitShiftLeft(1u, 200)", equals: "0u"),
            ]),
        Function(
            "math.bitShiftRight", "The bits moved to the right, with zeros from the left whatever the sign.",
            overloads: [
                Overload(
                    "math_bitShiftRight_int_int", [.int, .int], .int,
                    .function { (x: Int64, offset: Int64) throws(EvaluationError) in
                        Int64(bitPattern: UInt64(bitPattern: x) >> (try checked(offset)))
                    }),
                Overload(
                    "math_bitShiftRight_uint_int", [.uint, .int], .uint,
                    .function { (x: UInt64, offset: Int64) throws(EvaluationError) in x >> (try checked(offset)) }),
            ],
            examples: [
                .init("math.bitShiftRight(1024, 2)", equals: "256"),
                .init("math.bitShiftRight(-1024, 3)", equals: "2305843009213693824"),
            ]),
    ]

    private static func bitwise(
        _ name: String, _ summary: String, _ ints: @escaping @Sendable (Int64, Int64) -> Int64,
        _ uints: @escaping @Sendable (UInt64, UInt64) -> UInt64, _ examples: (String, String)...
    ) -> Function {
        Function(
            "math.\(name)", summary,
            overloads: [
                Overload("math_\(name)_int_int", [.int, .int], .int, .function { (x: Int64, y: Int64) in ints(x, y) }),
                Overload(
                    "math_\(name)_uint_uint", [.uint, .uint], .uint, .function { (x: UInt64, y: UInt64) in uints(x, y) }
                ),
            ],
            examples: examples.map { .init("math.\(name)(\($0.0))", equals: $0.1) })
    }
}

private let numbers: [(name: String, type: ValueType)] = [("int", .int), ("uint", .uint), ("double", .double)]

/// Every pair of number types; the result of a mixed pair is known only when it runs.
private func extremeOverloads(_ name: String, prefers preferred: Int) -> [Overload] {
    let pair: @Sendable (Value, Value) -> Value = { left, right in
        guard isNumber(left), isNumber(right) else { return .noSuchOverload }
        return right.compared(to: left) == preferred ? right : left
    }
    let single = numbers.map { number in
        Overload(
            "math_@\(name)_\(number.name)", [number.type], number.type, .unary { isNumber($0) ? $0 : .noSuchOverload })
    }
    let pairs = numbers.flatMap { left in
        numbers.map { right in
            Overload(
                "math_@\(name)_\(left.name)_\(right.name)", [left.type, right.type],
                left.name == right.name ? left.type : .dyn, .binary(pair))
        }
    }
    let lists = numbers.map { number in
        Overload(
            "math_@\(name)_list_\(number.name)", [.list(number.type)], number.type, cost: Cost.elements,
            .function { (list: KnownList) throws(EvaluationError) -> Value in
                guard let first = list.first else {
                    throw .invalidArgument("math.@\(name)(list) argument must not be empty")
                }
                return list.dropFirst().reduce(isNumber(first) ? first : .noSuchOverload, pair)
            })
    }
    return single + pairs + lists
}

private func isNumber(_ value: Value) -> Bool {
    switch value {
    case .int, .uint, .double: true
    default: false
    }
}

private func absolute(_ number: Int64) throws(EvaluationError) -> Int64 {
    guard number != .min else { throw EvaluationError(.overflow, "integer overflow") }
    return Int64(number.magnitude)
}

private func checked(_ offset: Int64) throws(EvaluationError) -> Int64 {
    guard offset >= 0 else { throw .invalidArgument("negative offset: \(offset)") }
    return offset
}
