/// Values that may be absent; cel-go's `OptionalTypes`. The forms `a.?b`, `a[?b]`, `optMap` are syntax.
extension Library {
    static let optionals = Library(
        "optionals",
        functions: [
            Function(
                "optional.of", "An optional with this value.",
                overloads: [
                    Overload("optional_of", [a], .optional(a), .unary { .optional(OptionalValue($0)) })
                ],
                examples: [.init("optional.of(1).value()", equals: "1")]),
            Function(
                "optional.none", "An optional without a value.",
                overloads: [
                    Overload("optional_none", [], .optional(a), .nullary { .optional(OptionalValue(nil)) })
                ],
                examples: [.init("optional.none().hasValue()", equals: "false")]),
            Function(
                "optional.ofNonZeroValue", "An optional that has the value unless it is empty, zero, false or null.",
                overloads: [
                    Overload(
                        "optional_ofNonZeroValue", [a], .optional(a),
                        .unary { .optional(OptionalValue($0.isZero ? nil : $0)) })
                ],
                examples: [.init("optional.ofNonZeroValue('').hasValue()", equals: "false")]),
            Function(
                "optional.unwrap", "The values of those that have one.",
                overloads: [Overload("optional_unwrap", [.list(.optional(a))], .list(a), .unary(unwrap))],
                examples: [.init("optional.unwrap([optional.of(1), optional.none()])", equals: "[1]")]),
            Function(
                "unwrapOpt", "The values of those that have one.",
                overloads: [
                    Overload("optional_unwrapOpt", member: true, [.list(.optional(a))], .list(a), .unary(unwrap))
                ],
                examples: [.init("[optional.of(1), optional.none()].unwrapOpt()", equals: "[1]")]),
            Function(
                "hasValue", "Whether there is a value.",
                overloads: [
                    Overload(
                        "optional_hasValue", member: true, [.optional(a)], .bool,
                        .unary { value in
                            guard case .optional(let optional) = value else { return .noOverload("hasValue", value) }
                            return .bool(optional.value != nil)
                        })
                ],
                examples: [.init("{'a': 1}.?a.hasValue()", equals: "true")]),
            Function(
                "value", "The value; an error where there is none.",
                overloads: [
                    Overload(
                        "optional_value", member: true, [.optional(a)], a,
                        .unary { value in
                            guard case .optional(let optional) = value else { return .noOverload("value", value) }
                            return optional.value
                                ?? .error(EvaluationError(.invalidArgument, "the optional has no value"))
                        })
                ],
                examples: [.init("{'a': 1}.?a.value()", equals: "1")]),
            Function(
                "or", "This optional, or the other where it has no value.",
                overloads: [
                    Overload(
                        "optional_or_optional", member: true, [.optional(a), .optional(a)], .optional(a),
                        .binary { value, other in
                            guard case .optional(let optional) = value else { return .noOverload("or", value, other) }
                            return optional.value == nil ? other : value
                        })
                ],
                examples: [.init("{}.?a.or(optional.of(2)).value()", equals: "2")]),
            Function(
                "orValue", "The value, or the other where there is none.",
                overloads: [
                    Overload(
                        "optional_orValue_value", member: true, [.optional(a), a], a,
                        .binary { value, other in
                            guard case .optional(let optional) = value else {
                                return .noOverload("orValue", value, other)
                            }
                            return optional.value ?? other
                        })
                ],
                examples: [.init("{}.?a.orValue(2)", equals: "2")]),
        ])

    private static func unwrap(_ value: Value) -> Value {
        guard case .list(let list) = value else { return .noOverload("unwrap", value) }
        var values: [Value] = []
        for element in list.elements {
            guard case .optional(let optional) = element else { return .noOverload("unwrap", value) }
            if let content = optional.value { values.append(content) }
        }
        return .list(List(values))
    }
}

extension Value {
    /// Whether it is its type's zero: false, 0, empty, null.
    var isZero: Bool {
        switch self {
        case .null, .bool(false), .int(0), .uint(0), .double(0), .string(""): true
        case .bytes(let bytes): bytes.isEmpty
        case .list(let list): list.isEmpty
        case .map(let map): map.count == 0
        case .timestamp(let time): time == Timestamp(seconds: 0)
        case .duration(let span): span == Duration(seconds: 0)
        case .optional(let optional): optional.value == nil
        case .opaque(let message as MessageValue): message.fields.count == 0
        case .bool, .int, .uint, .double, .string, .type, .opaque, .unknown, .error: false
        }
    }
}
