import CEL

/// A case of cel-spec's simple tests, converted to JSON Lines.
struct ConformanceCase {
    let file: String
    let name: String
    let expression: String
    let needsProtobuf: Bool
    private let json: Value

    init(line: String) throws {
        json = try Value.parseJSON(line)
        file = json["file"].text
        name = "\(json["file"].text)/\(json["section"].text)/\(json["name"].text)"
        expression = json["expr"].text
        needsProtobuf = json["needs_protobuf"].flag
    }

    /// Why plain data cannot say what the case is about; `nil` where they can.
    var obstacle: Obstacle? {
        if expression.contains("proto.getExt") || expression.contains("proto.hasExt") { return .extensionField }
        if expression.contains("google.protobuf.Any{"), json["expect"]["value"] != nil { return .serialized }
        // The type is deduced without the data.
        if !json["check_only"].flag, !hasWrongType, bindsMessage { return .boundMessage }
        return nil
    }

    /// The data keep the type's name of a message that is bound, and not its fields: we bind one that has none set.
    private var bindsMessage: Bool { json["bindings"].members.values.contains { $0["value"]["object"] != nil } }

    private var hasWrongType: Bool {
        guard let type = json["expect"]["type"], let program = try? environment().compile(expression) else {
            return false
        }
        return type != .description(of: program.resultType)
    }

    enum Obstacle: String, CaseIterable {
        case boundMessage = "reads the fields of a bound message, of which the data keep only the type's name"
        case extensionField = "reads a field that another file adds to a message (protobuf's extensions)"
        case serialized = "holds a message in protobuf's wire format (google.protobuf.Any)"
    }

    /// What is wrong with our answer; `nil` where nothing is.
    func failure() -> String? {
        let expected = json["expect"]
        let program: Program
        do {
            program = try environment().compile(expression)
        } catch {
            if expected["error"] != nil { return nil }
            return "does not compile: \(error.issues.map { "\($0.offset): \($0.message)" })"
        }
        if let type = expected["type"], type != .description(of: program.resultType) {
            return "has type \(program.resultType), expected \(type)"
        }
        if json["check_only"].flag { return nil }
        guard let variables = bindings() else { return "binds a message" }
        return failure(program.evaluate(variables, budget: .max).value)
            ?? failure(program.evaluate(Reads(of: [program]).projected(variables), budget: .max).value).map {
                $0 + ", of what it reads"
            }
    }

    private func failure(_ value: Value) -> String? {
        let expected = json["expect"]
        if expected["error"] != nil {
            if case .error = value { return nil }
            return "is \(value), expected an error"
        }
        if expected["unknown"] != nil {
            if case .unknown = value { return nil }
            return "is \(value), expected unknown"
        }
        if let name = expected["value"]["object"] {
            guard case .opaque(let message as MessageValue) = value, message.typeName == name.text else {
                return "is \(value), expected a \(name)"
            }
            return nil
        }
        guard let wanted = expected["value"].flatMap(Value.init(tagged:)) else { return "expects a message" }
        return value.isExactly(wanted) ? nil : "is \(value), expected \(wanted)"
    }

    private func environment() -> Environment {
        var variables: [String: ValueType] = [:]
        var functions: [Function] = []
        for (name, declaration) in json["type_env"].members {
            if let type = declaration["type"] {
                variables[name] = ValueType(spec: type)
            } else {
                functions.append(
                    Function(name, "", overloads: declaration["overloads"].items.map(Overload.init(spec:))))
            }
        }
        for name in json["bindings"].members.keys where variables[name] == nil { variables[name] = .dyn }
        var environment = Environment(
            variables: variables,
            adding: [Library("declared", functions: functions), ConformanceTypes.library(enumerations)])
        environment.container = json["container"].text
        environment.isChecked = !json["disable_check"].flag
        environment.expandsMacros = !json["disable_macros"].flag
        return environment
    }

    private var enumerations: ConformanceTypes.Enumerations {
        json["section"].text.hasPrefix("strong") ? .types : .ints
    }

    private func bindings() -> [String: Value]? {
        var variables: [String: Value] = [:]
        for (name, binding) in json["bindings"].members {
            if let object = binding["value"]["object"] {
                guard let message = ConformanceTypes.emptyMessage(object.text, enumerations) else { return nil }
                variables[name] = message
            } else if let value = binding["value"] {
                guard let plain = Value(tagged: value) else { return nil }
                variables[name] = plain
            } else if binding["unknown"] != nil {
                variables[name] = .unknown(UnknownSet(UnknownAttribute(reason: "unknown")))
            } else {
                variables[name] = .error(EvaluationError(.invalidArgument, "bound to an error"))
            }
        }
        return variables
    }
}

extension Overload {
    fileprivate init(spec: Value) {
        self.init(
            spec["id"].text, member: spec["receiver"].flag, spec["args"].items.map(ValueType.init(spec:)),
            spec["result"].map(ValueType.init(spec:)) ?? .dyn,
            .variadic { _ in .error(EvaluationError(.noSuchOverload, "declared only")) })
    }
}

extension ValueType {
    fileprivate init(spec: Value) {
        if case .string(let name) = spec {
            let names: [String: ValueType] = [
                "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string, "bytes": .bytes,
                "null": .null, "dyn": .dyn, "timestamp": .timestamp, "duration": .duration,
            ]
            self = names[name] ?? .dyn
            return
        }
        guard let (kind, content) = spec.members.first else {
            self = .dyn
            return
        }
        switch kind {
        case "list": self = .list(ValueType(spec: content))
        case "map": self = .map(ValueType(spec: content.items[0]), ValueType(spec: content.items[1]))
        case "wrapper": self = .nullable(ValueType(spec: content))
        case "param": self = .parameter(content.text)
        case "type": self = .type(ValueType(spec: content))
        case "abstract":
            let parameters = content.items.dropFirst().map(ValueType.init(spec:))
            self =
                content.items[0].text == "optional_type"
                ? .optional(parameters.first ?? .dyn) : .opaque(content.items[0].text, parameters)
        case "message":
            let messages: [String: ValueType] = [
                "Timestamp": .timestamp, "Duration": .duration, "Struct": .map(.string, .dyn), "ListValue": .list(.dyn),
                "BoolValue": .nullable(.bool), "Int32Value": .nullable(.int), "Int64Value": .nullable(.int),
                "UInt32Value": .nullable(.uint), "UInt64Value": .nullable(.uint), "FloatValue": .nullable(.double),
                "DoubleValue": .nullable(.double), "StringValue": .nullable(.string), "BytesValue": .nullable(.bytes),
            ]
            self =
                messages[content.text.replacing("google.protobuf.", with: "")]
                ?? (content.text.hasPrefix("google.") ? .dyn : .opaque(content.text, []))
        default: self = .dyn
        }
    }
}

extension Value {
    fileprivate static func description(of type: ValueType) -> Value {
        func tagged(_ key: String, _ value: Value) -> Value { .map([key: value]) }
        return switch type {
        case .list(let element): tagged("list", description(of: element))
        case .map(let key, let value): tagged("map", .list([description(of: key), description(of: value)]))
        case .nullable(let inner): tagged("wrapper", description(of: inner))
        case .optional(let inner): tagged("abstract", .list([.string("optional_type"), description(of: inner)]))
        case .opaque(let name, _) where name.hasPrefix("cel.expr.conformance"): tagged("message", .string(name))
        case .opaque(let name, let parameters):
            tagged("abstract", .list(List([.string(name)] + parameters.map(description(of:)))))
        case .type(let inner): tagged("type", description(of: inner))
        case .null: .string("null")
        default: .string(type.description)
        }
    }

    fileprivate static func != (left: Value, right: Value) -> Bool { !left.isExactly(right) }

    /// `nil` for what is no plain data.
    fileprivate init?(tagged json: Value) {
        guard let (kind, content) = json.members.first else { return nil }
        switch kind {
        case "null": self = .null
        case "bool": self = .bool(content.flag)
        case "int": self = .int(Int64(content.text) ?? 0)
        case "uint": self = .uint(UInt64(content.text) ?? 0)
        case "double": self = .double(Double(content.text) ?? .nan)
        case "string": self = .string(content.text)
        case "bytes":
            let decoded = try? Environment(variables: ["x": .string]).compile("base64.decode(x)")
                .evaluate(["x": content]).value
            self = decoded ?? .null
        case "list":
            let elements = content.items.map(Value.init(tagged:))
            guard elements.allSatisfy({ $0 != nil }) else { return nil }
            self = .list(List(elements.compactMap { $0 }))
        case "map":
            let pairs = content.items.map { (Value(tagged: $0.items[0]), Value(tagged: $0.items[1])) }
            guard pairs.allSatisfy({ $0.0 != nil && $0.1 != nil }) else { return nil }
            self = .map(Map(pairs.map { (key: $0.0 ?? .null, value: $0.1 ?? .null) }))
        case "timestamp":
            self = .timestamp(
                Timestamp(seconds: Int64(content["seconds"].text) ?? 0, nanoseconds: Int32(content["nanos"].number)))
        case "duration":
            self = .duration(
                Duration(seconds: Int64(content["seconds"].text) ?? 0, nanoseconds: Int32(content["nanos"].number)))
        case "type": self = .type(TypeValue(name: content.text))
        case "enum":
            let number = Int64(content.items[1].text) ?? content.items[1].number
            self = .opaque(EnumValue(typeName: content.items[0].text, number: number))
        default: return nil
        }
    }

    /// Of the same types too, and NaN is NaN.
    fileprivate func isExactly(_ other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let two)): one == two
        case (.int(let one), .int(let two)): one == two
        case (.uint(let one), .uint(let two)): one == two
        case (.double(let one), .double(let two)):
            one.isNaN ? two.isNaN : one == two && one.sign == two.sign
        case (.string(let one), .string(let two)): Array(one.utf8) == Array(two.utf8)
        case (.bytes(let one), .bytes(let two)): one == two
        case (.list(let one), .list(let two)):
            one.count == two.count && zip(one, two).allSatisfy { $0.isExactly($1) }
        case (.map(let one), .map(let two)):
            one.count == two.count
                && one.entries.allSatisfy { entry in
                    two.entries.contains { $0.key.isExactly(entry.key) && $0.value.isExactly(entry.value) }
                }
        case (.timestamp(let one), .timestamp(let two)): one == two
        case (.duration(let one), .duration(let two)): one == two
        case (.type(let one), .type(let two)): one == two
        case (.opaque(let one), .opaque(let two)): one.isEqual(to: two)
        default: false
        }
    }

    fileprivate subscript(key: String) -> Value? { if case .map(let map) = self { map[key] } else { nil } }
    fileprivate var members: [String: Value] {
        guard case .map(let map) = self else { return [:] }
        return Dictionary(map.entries.map { ("\($0.key.text)", $0.value) }) { first, _ in first }
    }
    fileprivate var items: [Value] { if case .list(let list) = self { list.elements } else { [] } }
    fileprivate var text: String { if case .string(let text) = self { text } else { "" } }
    fileprivate var flag: Bool { if case .bool(true) = self { true } else { false } }
    fileprivate var number: Int64 { if case .int(let number) = self { number } else { 0 } }
}

extension Value? {
    fileprivate subscript(key: String) -> Value? { self?[key] }
    fileprivate var members: [String: Value] { self?.members ?? [:] }
    fileprivate var items: [Value] { self?.items ?? [] }
    fileprivate var text: String { self?.text ?? "" }
    fileprivate var flag: Bool { self?.flag ?? false }
    fileprivate var number: Int64 { self?.number ?? 0 }
}
