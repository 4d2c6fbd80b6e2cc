package import CEL

extension ValueType {
    /// With its article, for messages: `a list of text`.
    package var phrase: String {
        switch self {
        case .dyn: "any value"
        case .null: "null"
        case .bool: "true or false"
        case .int: "a whole number"
        case .uint: "a whole number that is not negative"
        case .double: "a number"
        case .string: "text"
        case .bytes: "bytes"
        case .timestamp: "a time"
        case .duration: "a duration"
        case .list(.dyn): "a list"
        case .list(let element): "a list (each \(element.phrase))"
        case .map, .object: "a mapping"
        case .nullable(let wrapped): "\(wrapped.phrase) or null"
        case .optional(let wrapped): "an optional (\(wrapped.phrase))"
        case .type: "a type"
        case .opaque(let name, _): "a \(name)"
        case .parameter(let name): "a \(name)"
        case .error: "an error"
        }
    }

    /// Whether `{{ }}` can write values of the type.
    var isWritableAsText: Bool {
        switch self {
        case .dyn, .bool, .int, .uint, .double, .string, .timestamp, .duration, .opaque: true
        case .nullable(let wrapped): wrapped.isWritableAsText
        case .null, .bytes, .list, .map, .object, .optional, .type, .parameter, .error: false
        }
    }

    var isObject: Bool { if case .object = self { true } else { false } }
    var isList: Bool { if case .list = self { true } else { false } }

    /// Whether a value of the type can stand where the other is expected.
    func fits(_ expected: ValueType) -> Bool {
        switch (self, expected) {
        case (.dyn, _), (_, .dyn), (_, .parameter): true
        case (.null, .nullable): true
        case (.nullable(let wrapped), .nullable(let other)): wrapped.fits(other)
        case (_, .nullable(let other)): fits(other)
        case (.list(let element), .list(let other)): element.fits(other)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            key.fits(otherKey) && value.fits(otherValue)
        case (.object(let fields), .map(let key, let value)):
            ValueType.string.fits(key) && fields.values.allSatisfy { $0.fits(value) }
        case (.object(let fields), .object(let others)):
            fields.allSatisfy { name, type in others[name].map(type.fits) ?? false }
        default: self == expected
        }
    }
}
