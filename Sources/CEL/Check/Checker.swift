/// Finds out what each name and call means and which type each part has, and tells all that does not fit.
struct Checker {
    let environment: Environment
    let declarations: Declarations
    /// Off: nothing is a mistake before it is evaluated, and every type is `dyn`.
    let isStrict: Bool
    var inference = TypeInference()
    var types: [ValueType]
    var resolutions: [Checked.Resolution?]
    var issues: [CompilationError.Issue] = []
    private var scopes: [(name: String, type: ValueType)] = []
    private let hasQualifiedVariables: Bool

    init(_ environment: Environment, count: Int, isStrict: Bool) {
        self.environment = environment
        self.isStrict = isStrict
        declarations = environment.declarations
        types = Array(repeating: .dyn, count: count)
        resolutions = Array(repeating: nil, count: count)
        hasQualifiedVariables = environment.variables.keys.contains { $0.contains(".") }
    }

    mutating func run(_ expression: Expression) -> Checked {
        _ = check(expression)
        for index in types.indices { types[index] = inference.finish(types[index]) }
        return Checked(expression: expression, types: types, resolutions: resolutions)
    }

    mutating func fail(
        _ code: CompilationError.Issue.Code, _ message: String, at range: Range<Int>, suggestion: String? = nil
    ) {
        guard isStrict else { return }
        issues.append(.init(code, message, offset: range.lowerBound, length: range.count, suggestion: suggestion))
    }

    mutating func check(_ expression: Expression) -> ValueType {
        let type = isStrict ? inference.resolve(typed(expression)) : dynamic(expression)
        types[expression.id] = type
        return type
    }

    private mutating func dynamic(_ expression: Expression) -> ValueType {
        _ = typed(expression)
        return .dyn
    }

    private mutating func typed(_ expression: Expression) -> ValueType {
        switch expression.kind {
        case .literal(let value): return value.literalType
        case .identifier(let name, let isAbsolute):
            return identifier(name, isAbsolute: isAbsolute, expression)
        case .select(let operand, let field, let isOptional):
            if !isOptional, let type = qualified(expression) { return type }
            return select(field, of: operand, isOptional: isOptional, expression)
        case .presence(let operand, let field):
            _ = select(field, of: operand, isOptional: false, expression)
            return .bool
        case .call(let call): return self.call(call, expression)
        case .and(let operands): return logical(operands, "&&")
        case .or(let operands): return logical(operands, "||")
        case .conditional(let condition, let then, let otherwise):
            expect(condition, .bool, "the condition before '?'")
            return conditional(check(then), check(otherwise), at: otherwise.range)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .message(let name, let fields): return message(name, fields, expression)
        case .comprehension(let loop): return comprehension(loop)
        case .bind(let name, let value, let body):
            let type = check(value)
            return with([(name, type)]) { $0.check(body) }
        case .block(let values, let body): return block(values, body)
        case .optionalMap(let operand, let name, let body, let isFlat):
            return optionalMap(operand, name, body, isFlat: isFlat)
        case .invalid: return .error
        }
    }

    mutating func with(
        _ variables: [(name: String, type: ValueType)], _ body: (inout Checker) -> ValueType
    ) -> ValueType {
        scopes += variables
        defer { scopes.removeLast(variables.count) }
        return body(&self)
    }

    /// Checks a part that must have a type.
    mutating func expect(_ expression: Expression, _ type: ValueType, _ what: String) {
        let found = check(expression)
        guard !inference.assign(found, to: type) else { return }
        fail(.typeMismatch, "\(what) must be \(type), this is \(found)", at: expression.range)
    }

    // MARK: Names

    /// Longest prefix first: the container's names, then those around it.
    ///
    /// cel-spec, "Name Resolution".
    func candidates(_ name: String, isAbsolute: Bool = false) -> [String] {
        guard !isAbsolute, !environment.container.isEmpty else { return [name] }
        var container = Substring(environment.container)
        var names: [String] = []
        while !container.isEmpty {
            names.append("\(container).\(name)")
            container = container.lastIndex(of: ".").map { container[..<$0] } ?? ""
        }
        return names + [name]
    }

    private func local(_ name: String) -> ValueType? { scopes.last { $0.name == name }?.type }

    func isLocal(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .identifier(let name, isAbsolute: false): local(name) != nil
        case .select(let operand, _, _): isLocal(operand)
        default: false
        }
    }

    private mutating func global(_ name: String, isAbsolute: Bool, _ expression: Expression) -> ValueType? {
        for candidate in candidates(name, isAbsolute: isAbsolute) {
            if let type = environment.variables[candidate] {
                resolutions[expression.id] = .variable(candidate)
                return type
            }
            if let type = declarations.types[candidate] {
                resolutions[expression.id] = .constant(.type(TypeValue(name: candidate)))
                return .type(type)
            }
            if let value = declarations.constants[candidate] {
                resolutions[expression.id] = .constant(value)
                return value.literalType
            }
        }
        return nil
    }

    private mutating func identifier(_ name: String, isAbsolute: Bool, _ expression: Expression) -> ValueType {
        if !isAbsolute, let type = local(name) { return type }
        if let type = global(name, isAbsolute: isAbsolute, expression) { return type }
        resolutions[expression.id] = .undeclared(name)
        let known = scopes.map(\.name) + environment.variables.keys
        fail(
            .undeclaredReference, "there is no '\(name)' here", at: expression.range,
            suggestion: nearestName(to: name, among: known.sorted()))
        return .error
    }

    /// The variable or constant that `a.b.c` as a whole names, if any.
    private mutating func qualified(_ expression: Expression) -> ValueType? {
        guard let (name, isAbsolute) = expression.qualifiedName else { return nil }
        guard
            hasQualifiedVariables || !environment.container.isEmpty || declarations.types[name] != nil
                || declarations.constants[name] != nil
        else { return nil }
        guard isAbsolute || !isLocal(expression) else { return nil }
        return global(name, isAbsolute: isAbsolute, expression)
    }

    // MARK: Fields

    private mutating func select(
        _ field: String, of operand: Expression, isOptional: Bool, _ expression: Expression
    ) -> ValueType {
        let type = check(operand)
        let place = expression.range.upperBound
        let isPresence = if case .presence = expression.kind { true } else { false }
        let end = isPresence ? place - 1 : place
        let range = max(expression.range.lowerBound, end - field.utf8.count)..<end
        let found = fieldType(field, of: type, at: range)
        guard isOptional else { return found }
        if case .optional = found { return found }
        return .optional(found)
    }

    mutating func fieldType(_ field: String, of type: ValueType, at range: Range<Int>) -> ValueType {
        switch type {
        case .dyn, .error, .parameter: return .dyn
        case .object(let fields):
            if let type = fields[field] { return type }
            fail(
                .undefinedField, "there is no field '\(field)'; there is \(Self.list(fields.keys))", at: range,
                suggestion: nearestName(to: field, among: fields.keys.sorted()))
            return .error
        case .map(let key, let value):
            guard inference.assign(.string, to: key) else {
                fail(.typeMismatch, "the keys of this map are \(key), not names", at: range)
                return .error
            }
            return value
        case .optional(let inner): return .optional(fieldType(field, of: inner, at: range))
        case .nullable(let inner): return fieldType(field, of: inner, at: range)
        case .opaque(let name, _) where declarations.messages[name] != nil:
            let fields = declarations.messages[name]?.fieldTypes ?? [:]
            if let type = fields[field] { return type }
            fail(
                .undefinedField, "\(name) has no field '\(field)'", at: range,
                suggestion: nearestName(to: field, among: fields.keys.sorted()))
            return .error
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .list, .type, .opaque:
            fail(.typeMismatch, "'\(field)' is asked of \(type.article), which has no fields", at: range)
            return .error
        }
    }

    private static func list(_ names: some Collection<String>) -> String {
        guard !names.isEmpty else { return "none" }
        let sorted = names.sorted()
        let shown = sorted.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return sorted.count > 8 ? shown + " and \(sorted.count - 8) more" : shown
    }

    // MARK: Operators and literals

    private mutating func logical(_ operands: [Expression], _ name: String) -> ValueType {
        for operand in operands { expect(operand, .bool, "what stands beside '\(name)'") }
        return .bool
    }

    private mutating func conditional(_ then: ValueType, _ otherwise: ValueType, at range: Range<Int>) -> ValueType {
        if let type = inference.join(then, otherwise) { return type }
        fail(
            .typeMismatch, "both branches of '?' must have one type; the first is \(then), this is \(otherwise)",
            at: range)
        return .error
    }

    private mutating func list(_ elements: [Expression.Element]) -> ValueType {
        var joined: ValueType?
        for element in elements {
            var type = check(element.value)
            if element.isOptional { type = optionalContent(type, at: element.value.range) }
            joined = join(joined, type)
        }
        return .list(joined ?? inference.fresh())
    }

    private mutating func map(_ entries: [Expression.Entry]) -> ValueType {
        var keys: ValueType?
        var values: ValueType?
        for entry in entries {
            let key = check(entry.key)
            switch key {
            case .bool, .int, .uint, .string, .dyn, .error, .parameter, .nullable: break
            default: fail(.typeMismatch, "a key must be bool, int, uint or string, this is \(key)", at: entry.key.range)
            }
            keys = join(keys, key)
            var value = check(entry.value)
            if entry.isOptional { value = optionalContent(value, at: entry.value.range) }
            values = join(values, value)
        }
        return .map(keys ?? inference.fresh(), values ?? inference.fresh())
    }

    private mutating func join(_ first: ValueType?, _ second: ValueType) -> ValueType {
        guard let first else { return second }
        return inference.join(first, second) ?? .dyn
    }

    mutating func optionalContent(_ type: ValueType, at range: Range<Int>) -> ValueType {
        switch type {
        case .optional(let inner): return inner
        case .dyn, .error, .parameter: return .dyn
        default:
            fail(.typeMismatch, "what stands behind '?' must be optional, this is \(type)", at: range)
            return .error
        }
    }

    private mutating func message(_ name: String, _ fields: [Expression.Field], _ expression: Expression) -> ValueType {
        let isAbsolute = name.hasPrefix(".")
        let name = isAbsolute ? String(name.dropFirst()) : name
        var known: (any Constructible)?
        for candidate in candidates(name, isAbsolute: isAbsolute) where known == nil {
            known = declarations.messages[candidate]
        }
        let range = expression.range.lowerBound..<expression.range.lowerBound + name.utf8.count
        guard let known else {
            for field in fields { _ = check(field.value) }
            resolutions[expression.id] = .undeclared(name)
            fail(
                .undeclaredReference, "there is no type '\(name)' to make", at: range,
                suggestion: nearestName(to: name, among: declarations.messages.keys.sorted()))
            return .error
        }
        resolutions[expression.id] = .message(known)
        let declared = known.fieldTypes
        for field in fields {
            guard let type = declared[field.name] else {
                _ = check(field.value)
                fail(
                    .undefinedField, "\(name) has no field '\(field.name)'", at: field.range,
                    suggestion: nearestName(to: field.name, among: declared.keys.sorted()))
                continue
            }
            expect(field.value, field.isOptional ? .optional(type) : type, "'\(field.name)'")
        }
        return known.valueType
    }
}

extension ValueType {
    /// With its article: `a string`, `an int`.
    var article: String {
        let name = description
        guard let first = name.first else { return name }
        return ("aeiou".contains(first) ? "an " : "a ") + name
    }
}

extension Value {
    /// The type of a literal.
    var literalType: ValueType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .opaque(let opaque): .opaque(opaque.typeName, [])
        default: .dyn
        }
    }
}
