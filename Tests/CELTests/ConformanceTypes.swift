import CEL

/// The messages and enumerations that cel-spec's cases use, declared as plain data: what a library of one's own can do.
struct ConformanceTypes {
    /// `proto2` tells a field that was set to its default from one that was not.
    enum Syntax: String, CaseIterable { case proto2, proto3 }

    /// How enumerations are seen: as ints, or as types of their own (cel-spec's "strong" enums).
    enum Enumerations { case ints, types }

    static func library(_ enumerations: Enumerations) -> Library {
        var functions: [Function] = []
        var constants: [String: Value] = [:]
        for syntax in Syntax.allCases {
            for enumeration in [Enumeration.global(syntax), .nested(syntax)] {
                for (number, name) in enumeration.names.enumerated() {
                    constants["\(enumeration.name).\(name)"] = enumeration.value(Int64(number), enumerations)
                }
                if enumerations == .types { functions += enumeration.functions }
            }
        }
        return Library("conformance", functions: functions, types: types[enumerations] ?? [], constants: constants)
    }

    /// A message of this name, no field of which is set.
    static func emptyMessage(_ name: String, _ enumerations: Enumerations) -> Value? {
        types[enumerations]?.first { $0.name == name }.map { .opaque(MessageValue($0)) }
    }

    private static let types: [Enumerations: [MessageType]] = [
        .ints: Syntax.allCases.flatMap { types($0, .ints) }, .types: Syntax.allCases.flatMap { types($0, .types) },
    ]

    private static func types(_ syntax: Syntax, _ enumerations: Enumerations) -> [MessageType] {
        [
            allTypes(syntax, enumerations), nested(syntax, enumerations), message(syntax), group(syntax),
            MessageType(
                "\(package(syntax)).TestRequired", fields: ["required_int32": .init(.int32, hasPresence: true)]),
        ]
    }

    static func package(_ syntax: Syntax) -> String { "cel.expr.conformance.\(syntax.rawValue)" }

    private static func nested(_ syntax: Syntax, _ enumerations: Enumerations) -> MessageType {
        MessageType(
            "\(package(syntax)).NestedTestAllTypes",
            fields: [
                "child": .init(.message { nested(syntax, enumerations) }),
                "payload": .init(.message { allTypes(syntax, enumerations) }),
            ])
    }

    private static func message(_ syntax: Syntax) -> MessageType {
        MessageType(
            "\(package(syntax)).TestAllTypes.NestedMessage",
            fields: ["bb": .init(.int32, hasPresence: syntax == .proto2)])
    }

    private static func group(_ syntax: Syntax) -> MessageType {
        MessageType(
            "\(package(syntax)).TestAllTypes.NestedGroup",
            fields: [
                "single_id": .init(.int32, hasPresence: true), "single_name": .init(.string, hasPresence: true),
            ])
    }

    private static let scalars: [String: FieldType] = [
        "int32": .int32, "int64": .int, "uint32": .uint32, "uint64": .uint, "sint32": .int32, "sint64": .int,
        "fixed32": .uint32, "fixed64": .uint, "sfixed32": .int32, "sfixed64": .int, "float": .float,
        "double": .double, "bool": .bool, "string": .string, "bytes": .bytes,
    ]

    private static let wellKnown: [String: FieldType] = [
        "any": .any, "duration": .duration, "timestamp": .timestamp, "struct": .jsonObject, "value": .json,
        "list_value": .jsonList, "null_value": .int32, "field_mask": .message { fieldMask },
        "empty": .message { empty },
        "int64_wrapper": .nullable(.int), "int32_wrapper": .nullable(.int32), "double_wrapper": .nullable(.double),
        "float_wrapper": .nullable(.float), "uint64_wrapper": .nullable(.uint), "uint32_wrapper": .nullable(.uint32),
        "string_wrapper": .nullable(.string), "bool_wrapper": .nullable(.bool), "bytes_wrapper": .nullable(.bytes),
    ]

    private static let fieldMask = MessageType("google.protobuf.FieldMask", fields: ["paths": .init(.list(.string))])
    private static let empty = MessageType("google.protobuf.Empty", fields: [:])

    /// Words that are no names in CEL, or are in other languages.
    private static let words = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "namespace",
        "package", "return", "var", "void", "while",
    ]

    private static let defaults: [String: Value] = [
        "int32": .int(-32), "int64": .int(-64), "uint32": .uint(32), "uint64": .uint(64), "float": .double(3),
        "double": .double(6.4), "bool": .bool(true), "string": .string("empty"), "bytes": .bytes(Array("none".utf8)),
    ]

    private static func allTypes(_ syntax: Syntax, _ enumerations: Enumerations) -> MessageType {
        let hasPresence = syntax == .proto2
        let enumeration = Enumeration.nested(syntax)
        let number = enumeration.type(enumerations)
        let nested = FieldType.message { message(syntax) }
        let recursive = FieldType.message { Self.nested(syntax, enumerations) }
        var all = scalars.merging(wellKnown) { scalar, _ in scalar }
        var fields: [String: MessageType.Field] = [:]
        for (name, type) in all {
            let preset = scalars[name] != nil && hasPresence ? defaults[name] : nil
            fields["single_\(name)"] = .init(type, default: preset, hasPresence: hasPresence)
        }
        for word in words { fields[word] = .init(.bool, hasPresence: hasPresence) }
        all["enum"] = number
        all["message"] = nested
        all["nested_type"] = recursive
        for (name, type) in all { fields["repeated_\(name)"] = .init(.list(type)) }
        for (key, keyType) in scalars where !["float", "double", "bytes"].contains(key) {
            for (name, type) in all { fields["map_\(key)_\(name)"] = .init(.map(keyType, type)) }
        }
        let zero = enumeration.value(0, enumerations)
        let first = hasPresence ? enumeration.value(1, enumerations) : zero
        fields.merge(
            [
                "single_nested_message": .init(nested), "standalone_message": .init(nested),
                "single_nested_enum": .init(number, default: first, hasPresence: true),
                "standalone_enum": .init(number, default: zero, hasPresence: hasPresence),
                "repeated_nested_message": .init(.list(nested)), "repeated_nested_enum": .init(.list(number)),
                "repeated_lazy_message": .init(.list(nested)), "repeated_string_piece": .init(.list(.string)),
                "repeated_cord": .init(.list(.string)), "null_value": .init(.int32), "list_value": .init(.jsonList),
                "field_mask": .init(.message { fieldMask }), "empty": .init(.message { empty }),
                "optional_null_value": .init(.int32, hasPresence: true),
                "optional_bool": .init(.bool, hasPresence: true),
                "optional_string": .init(.string, hasPresence: true), "oneof_type": .init(recursive),
                "oneof_msg": .init(nested), "oneof_bool": .init(.bool, hasPresence: true),
                "nestedgroup": .init(.message { group(syntax) }),
            ]
        ) { _, special in special }
        return MessageType("\(package(syntax)).TestAllTypes", fields: fields)
    }
}

/// An enumeration, and what cel-spec's "strong" ones need: a type, conversions, a value of their own.
struct Enumeration {
    let name: String
    let names: [String]

    static func global(_ syntax: ConformanceTypes.Syntax) -> Self {
        Self(name: "\(ConformanceTypes.package(syntax)).GlobalEnum", names: ["GOO", "GAR", "GAZ"])
    }

    static func nested(_ syntax: ConformanceTypes.Syntax) -> Self {
        Self(name: "\(ConformanceTypes.package(syntax)).TestAllTypes.NestedEnum", names: ["FOO", "BAR", "BAZ"])
    }

    func value(_ number: Int64, _ enumerations: ConformanceTypes.Enumerations) -> Value {
        enumerations == .ints ? .int(number) : .opaque(EnumValue(typeName: name, number: number))
    }

    func type(_ enumerations: ConformanceTypes.Enumerations) -> FieldType {
        enumerations == .ints ? .int32 : .custom(.opaque(name, []), zero: value(0, .types))
    }

    var functions: [Function] {
        let type = ValueType.opaque(name, [])
        let (name, names) = (name, names)
        return [
            Function(
                name, "The value of this number or name.",
                overloads: [
                    Overload(
                        "\(name)_int", [.int], type,
                        .unary { value in
                            guard case .int(let number) = value, Int32(exactly: number) != nil else {
                                return .error(EvaluationError(.overflow, "\(value) does not fit into 32 bits"))
                            }
                            return .opaque(EnumValue(typeName: name, number: number))
                        }),
                    Overload(
                        "\(name)_string", [.string], type,
                        .unary { value in
                            guard case .string(let text) = value, let number = names.firstIndex(of: text) else {
                                return .error(EvaluationError(.invalidArgument, "there is no \(name) \(value)"))
                            }
                            return .opaque(EnumValue(typeName: name, number: Int64(number)))
                        }),
                ]),
            Function(
                "int", "The value's number.",
                overloads: [
                    Overload(
                        "\(name)_to_int", [type], .int,
                        .unary { value in
                            guard case .opaque(let value as EnumValue) = value else { return .null }
                            return .int(value.number)
                        })
                ]),
        ]
    }
}

struct EnumValue: OpaqueValue, Hashable {
    let typeName: String
    let number: Int64

    var description: String { "\(typeName)(\(number))" }
    func isEqual(to other: any OpaqueValue) -> Bool { (other as? EnumValue) == self }
}
