extension WellKnownMessage {
    /// The plain value that the message with these fields stands for.
    func make(_ fields: [String: Value]) -> Value {
        switch self {
        case .bool: wrapped(fields, zero: .bool(false))
        case .int64: wrapped(fields, zero: .int(0))
        case .int32:
            ranged(wrapped(fields, zero: .int(0))) {
                if case .int(let number) = $0 { Int32(exactly: number) != nil } else { true }
            }
        case .uint64: wrapped(fields, zero: .uint(0))
        case .uint32:
            ranged(wrapped(fields, zero: .uint(0))) {
                if case .uint(let number) = $0 { UInt32(exactly: number) != nil } else { true }
            }
        case .float:
            if case .double(let number) = wrapped(fields, zero: .double(0)) {
                .double(Double(Float(number)))
            } else {
                wrapped(fields, zero: .double(0))
            }
        case .double: wrapped(fields, zero: .double(0))
        case .string: wrapped(fields, zero: .string(""))
        case .bytes: wrapped(fields, zero: .bytes([]))
        case .timestamp: timestamp(fields)
        case .duration: duration(fields)
        case .struct: fields["fields"] ?? .map(Map())
        case .empty: .map(Map())
        case .listValue: fields["values"] ?? .list([])
        case .value: fields.first(where: { $0.key != "null_value" })?.value.asJSONNumber ?? .null
        }
    }

    private func wrapped(_ fields: [String: Value], zero: Value) -> Value {
        guard let value = fields["value"] else { return zero }
        return value.typeName == zero.typeName ? value : .noOverload(rawValue, value)
    }

    private func ranged(_ value: Value, _ isInRange: (Value) -> Bool) -> Value {
        isInRange(value) ? value : .error(EvaluationError(.overflow, "\(value) does not fit into 32 bits"))
    }

    private func parts(_ fields: [String: Value]) -> (seconds: Int64, nanoseconds: Int64)? {
        guard case .int(let seconds) = fields["seconds"] ?? .int(0),
            case .int(let nanoseconds) = fields["nanos"] ?? .int(0)
        else { return nil }
        return (seconds, nanoseconds)
    }

    private func timestamp(_ fields: [String: Value]) -> Value {
        guard let (seconds, nanoseconds) = parts(fields), 0..<1_000_000_000 ~= nanoseconds,
            let time = Timestamp(checkedSeconds: seconds, nanoseconds: Int32(nanoseconds))
        else { return .error(EvaluationError(.overflow, "the time is not within the years 1 to 9999")) }
        return .timestamp(time)
    }

    private func duration(_ fields: [String: Value]) -> Value {
        guard let (seconds, nanoseconds) = parts(fields),
            let span = Duration(seconds: seconds, nanosecondsDelta: nanoseconds)
        else { return .error(EvaluationError(.overflow, "the duration is longer than 292 years")) }
        return .duration(span)
    }
}

extension Value {
    /// JSON knows doubles only.
    fileprivate var asJSONNumber: Value {
        switch self {
        case .int(let number): .double(Double(number))
        case .uint(let number): .double(Double(number))
        default: self
        }
    }
}
