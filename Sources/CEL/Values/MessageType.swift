/// A type of one's own whose values expressions can make: `example.Rule{name: 'a', weight: 2}`.
///
/// It is protobuf's idea of a message, as plain data: every field reads as its default where it was not set, and `has`
/// tells which were.
public struct MessageType: Sendable {
    public struct Field: Sendable {
        public var type: FieldType
        /// What reads where the field was not set; `nil`: the type's zero.
        public var defaultValue: Value?
        /// Whether `has` tells a field that was set to its default from one that was not set.
        public var hasPresence: Bool

        public init(_ type: FieldType, default defaultValue: Value? = nil, hasPresence: Bool = false) {
            self.type = type
            self.defaultValue = defaultValue
            self.hasPresence = hasPresence
        }
    }

    /// With its namespace.
    public var name: String
    public var fields: [String: Field]

    public init(_ name: String, fields: [String: Field]) {
        self.name = name
        self.fields = fields
    }
}

extension MessageType: Constructible {
    var valueType: ValueType { .opaque(name, []) }
    var fieldTypes: [String: ValueType] { fields.mapValues(\.type.valueType) }

    func make(_ fields: [String: Value]) -> Value {
        var message = MessageValue(self)
        do throws(EvaluationError) {
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) { try message.set(name, to: value) }
            return .opaque(message)
        } catch {
            return .error(error)
        }
    }
}

/// A value of a `MessageType`.
public struct MessageValue: OpaqueValue {
    public let type: MessageType
    /// Those that were set.
    private(set) var values: [String: Value] = [:]

    /// One of which no field is set.
    public init(_ type: MessageType) { self.type = type }

    public var typeName: String { type.name }
    /// The fields that were set.
    public var fields: Map { Map(values) }

    /// Sets a field, or unsets it where null or a zero does that; throws where the value does not fit.
    public mutating func set(_ name: String, to value: Value) throws(EvaluationError) {
        guard let field = type.fields[name] else {
            throw EvaluationError(.noSuchField, "\(type.name) has no field '\(name)'")
        }
        if case .null = value, field.type.dropsNull {
            values[name] = nil
            return
        }
        let stored = field.type.stored(value)
        if case .error(let error) = stored { throw error }
        let isUnset = !field.hasPresence && !field.type.tellsZeroFromUnset && stored.isZero
        values[name] = isUnset ? nil : stored
    }

    /// What the field reads as, set or not; `nil` where the type has none of that name.
    public subscript(name: String) -> Value? {
        values[name] ?? type.fields[name].map { $0.defaultValue ?? $0.type.zero }
    }

    /// Whether the field was set.
    public func has(_ name: String) -> Bool { values[name] != nil }

    public func isEqual(to other: any OpaqueValue) -> Bool {
        guard let other = other as? MessageValue, other.typeName == typeName else { return false }
        return Value.map(fields).isEqual(to: .map(other.fields))
    }

    public var description: String {
        let fields = values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return "\(type.name){\(fields.joined(separator: ", "))}"
    }
}
