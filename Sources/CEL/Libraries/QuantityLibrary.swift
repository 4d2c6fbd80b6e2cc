extension Library {
    /// Kubernetes' quantities; exact, whatever their size.
    static let quantity = Library(
        "kubernetes.quantity", functions: quantityReading + quantityNumbers + quantityArithmetic)

    private static let quantityReading = [
        Function(
            "quantity", "The quantity that a text such as `500m` or `1.5Gi` names.",
            overloads: [
                Overload(
                    "string_to_quantity", [.string], Quantity.type, cost: Cost.traversal,
                    .function(Quantity.init(parsing:)))
            ],
            examples: [
                .init("quantity('200M') == quantity('0.2G')", equals: "true"),
                .init("quantity('1.5Gi') == quantity('1536Mi')", equals: "true"),
            ]),
        Function(
            "isQuantity", "Whether the text is a quantity.",
            overloads: [
                Overload(
                    "is_quantity_string", [.string], .bool, cost: Cost.traversal,
                    .function { (text: String) in (try? Quantity(parsing: text)) != nil })
            ],
            examples: [
                .init("isQuantity('1.3Gi')", equals: "true"), .init("isQuantity('200K')", equals: "false"),
                .init("isQuantity('Mi')", equals: "false"), .init("isQuantity('1,3G')", equals: "false"),
            ]),
    ]

    private static let quantityNumbers = [
        Function(
            "sign", "-1, 0 or 1.",
            overloads: [
                Overload("quantity_sign", [Quantity.type], .int, .function { (q: Quantity) in q.amount.signum }),
                Overload(
                    "quantity_sign_member", member: true, [Quantity.type], .int,
                    .function { (q: Quantity) in q.amount.signum }),
            ],
            examples: [.init("quantity('-5Ki').sign()", equals: "-1"), .init("sign(quantity('0'))", equals: "0")]),
        Function(
            "isInteger", "Whether it is a whole number that an `int` can hold.",
            overloads: [
                Overload(
                    "quantity_is_integer", member: true, [Quantity.type], .bool,
                    .function { (q: Quantity) in q.amount.int64 != nil })
            ],
            examples: [
                .init("quantity('50k').isInteger()", equals: "true"),
                .init("quantity('500m').isInteger()", equals: "false"),
                .init("quantity('9999999999999999999999999999999999999G').isInteger()", equals: "false"),
            ]),
        Function(
            "asInteger", "The whole number that it is.",
            overloads: [Overload("quantity_get_int", member: true, [Quantity.type], .int, .function(integer))],
            examples: [
                .init("quantity('50k').asInteger()", equals: "50000"),
                .init("quantity('1.5Ki').asInteger()", equals: "1536"),
            ]),
        Function(
            "asApproximateFloat", "The nearest double.",
            overloads: [
                Overload(
                    "quantity_get_float", member: true, [Quantity.type], .double,
                    .function { (q: Quantity) in q.amount.double })
            ],
            examples: [
                .init("quantity('50.703k').asApproximateFloat()", equals: "50703.0"),
                .init("quantity('500m').asApproximateFloat()", equals: "0.5"),
            ]),
    ]

    private static let quantityArithmetic = [
        Function(
            "add", "The sum with another quantity or an integer.",
            overloads: [
                Overload(
                    "quantity_add", member: true, [Quantity.type, Quantity.type], Quantity.type,
                    .function { (left: Quantity, right: Quantity) in left + right }),
                Overload(
                    "quantity_add_int", member: true, [Quantity.type, .int], Quantity.type,
                    .function { (left: Quantity, right: Int64) in
                        left + Quantity(amount: FixedPoint(right), format: .exponent)
                    }),
            ],
            examples: [
                .init("quantity('50k').add(quantity('20')) == quantity('50.02k')", equals: "true"),
                .init("quantity('50k').add(20) == quantity('50020')", equals: "true"),
            ]),
        Function(
            "sub", "The difference from another quantity or an integer.",
            overloads: [
                Overload(
                    "quantity_sub", member: true, [Quantity.type, Quantity.type], Quantity.type,
                    .function { (left: Quantity, right: Quantity) in left - right }),
                Overload(
                    "quantity_sub_int", member: true, [Quantity.type, .int], Quantity.type,
                    .function { (left: Quantity, right: Int64) in
                        left - Quantity(amount: FixedPoint(right), format: .exponent)
                    }),
            ],
            examples: [
                .init("quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')", equals: "true")
            ]),
        comparison(
            "isGreaterThan", "quantity_is_greater_than", "Whether it is more than the other.", .bool,
            .function { (left: Quantity, right: Quantity) in left.amount.compared(to: right.amount) > 0 },
            ("'150Mi'", "'100Mi'", "true"), ("'50M'", "'50Mi'", "false")),
        comparison(
            "isLessThan", "quantity_is_less_than", "Whether it is less than the other.", .bool,
            .function { (left: Quantity, right: Quantity) in left.amount.compared(to: right.amount) < 0 },
            ("'50M'", "'50Mi'", "true"), ("'1'", "'1000m'", "false")),
        comparison(
            "compareTo", "quantity_compare_to", "-1, 0 or 1: less, the same or more.", .int,
            .function { (left: Quantity, right: Quantity) in Int64(left.amount.compared(to: right.amount)) },
            ("'200M'", "'0.2G'", "0"), ("'-1'", "'1n'", "-1")),
    ]

    private static func comparison(
        _ name: String, _ id: String, _ summary: String, _ result: ValueType, _ implementation: Overload.Implementation,
        _ examples: (String, String, String)...
    ) -> Function {
        Function(
            name, summary,
            overloads: [Overload(id, member: true, [Quantity.type, Quantity.type], result, implementation)],
            examples: examples.map { .init("quantity(\($0.0)).\(name)(quantity(\($0.1)))", equals: $0.2) })
    }
}

// The documentation's promise, by value; Kubernetes itself refuses some whole numbers that are written with a fraction.
private func integer(_ quantity: Quantity) throws(EvaluationError) -> Int64 {
    guard let number = quantity.amount.int64 else {
        throw .invalidArgument("cannot convert value to integer: \(quantity)")
    }
    return number
}
