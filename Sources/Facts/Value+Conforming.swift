package import CEL

/// Where a value is not what its declared type says.
package struct Mismatch: Error, Sendable, Hashable {
    /// Fields and indices below the value.
    package var path: [String]
    /// Lower case, no full stop.
    package var message: String
    /// The fields that there are, where one was misspelt.
    package var choices: [String]

    package init(path: [String], message: String, choices: [String] = []) {
        self.path = path
        self.message = message
        self.choices = choices
    }
}

extension Value {
    /// The value as its declared type has it, and everything that does not fit.
    ///
    /// Text becomes a time, a duration or bytes where the type says so, a whole number a fraction: what JSON and YAML
    /// cannot tell apart. Unknown parts fit everywhere.
    package func conforming(to type: ValueType) -> (value: Value, mismatches: [Mismatch]) {
        var conforming = Conforming()
        let value = conforming.value(self, as: type)
        return (value, conforming.mismatches)
    }
}

private struct Conforming {
    var mismatches: [Mismatch] = []
    private var path: [String] = []

    mutating func value(_ value: Value, as type: ValueType) -> Value {
        if case .unknown = value { return value }
        switch (type, value) {
        case (.dyn, _), (.parameter, _), (.opaque, _), (.type, _), (.error, _): return value
        case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string),
            (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration):
            return value
        case (.nullable, .null): return value
        case (.nullable(let inner), _): return self.value(value, as: inner)
        case (.optional, .optional): return value
        case (.optional(let inner), _): return self.value(value, as: inner)
        case (.double, .int(let number)): return .double(Double(number))
        case (.uint, .int(let number)) where number >= 0: return .uint(UInt64(number))
        case (.int, .double(let number)):
            return Int64(exactly: number).map { .int($0) } ?? mismatch(value, type)
        case (.timestamp, .string(let text)):
            return Timestamp(rfc3339: text).map { .timestamp($0) } ?? mismatch(value, type)
        case (.duration, .string(let text)):
            return CEL.Duration(text: text).map { .duration($0) } ?? mismatch(value, type)
        case (.bytes, .string(let text)):
            return [UInt8](base64: text).map { .bytes($0) } ?? mismatch(value, type)
        case (.list(let element), .list(let list)): return self.list(list, of: element)
        case (.map(_, let element), .map(let map)): return self.map(map) { _ in element }
        case (.object(let fields), .map(let map)): return object(map, fields)
        default: return mismatch(value, type)
        }
    }

    private mutating func list(_ list: List, of element: ValueType) -> Value {
        var elements: [Value] = []
        for (index, value) in list.enumerated() {
            path.append(String(index))
            elements.append(self.value(value, as: element))
            path.removeLast()
        }
        return .list(List(elements))
    }

    private mutating func object(_ map: Map, _ fields: [String: ValueType]) -> Value {
        for entry in map.entries {
            guard case .string(let name) = entry.key else { continue }
            if fields[name] == nil {
                mismatches.append(
                    Mismatch(path: path + [name], message: "there is no field '\(name)'", choices: fields.keys.sorted())
                )
            }
        }
        return self.map(map) { fields[$0] }
    }

    private mutating func map(_ map: Map, type: (String) -> ValueType?) -> Value {
        var entries: [(key: Value, value: Value)] = []
        for entry in map.entries {
            let name = entry.key.stringKey
            path.append(name)
            entries.append((entry.key, type(name).map { value(entry.value, as: $0) } ?? entry.value))
            path.removeLast()
        }
        return .map(Map(entries))
    }

    private mutating func mismatch(_ value: Value, _ type: ValueType) -> Value {
        mismatches.append(Mismatch(path: path, message: "expected \(type.words), found \(value.briefly)"))
        return value
    }
}

extension ValueType {
    /// For messages.
    package var words: String {
        switch self {
        case .dyn, .parameter, .error: "any value"
        case .null: "null"
        case .bool: "true or false"
        case .int: "a whole number"
        case .uint: "a whole number that is not negative"
        case .double: "a number"
        case .string: "text"
        case .bytes: "bytes in base64"
        case .timestamp: "a time such as 2026-11-24T00:00:00Z"
        case .duration: "a duration such as 1h30m"
        case .list(let element): "a list, each element \(element.words)"
        case .map, .object: "a mapping"
        case .nullable(let type): "\(type.words), or null"
        case .optional(let type): "\(type.words), or nothing"
        case .type: "a type"
        case .opaque(let name, _): name
        }
    }
}

extension Value {
    fileprivate var stringKey: String {
        if case .string(let text) = self { text } else { description }
    }

    /// Short enough for a message.
    fileprivate var briefly: String {
        switch self {
        case .list(let list): "a list of \(list.count)"
        case .map: "a mapping"
        default: description.count <= 60 ? description : description.prefix(59) + "…"
        }
    }
}

extension [UInt8] {
    /// RFC 4648, padded.
    init?(base64 text: String) {
        guard text.utf8.count % 4 == 0 else { return nil }
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        var padding = 0
        for character in text.utf8 {
            let six: UInt32
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): six = UInt32(character - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): six = UInt32(character - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): six = UInt32(character - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"): six = 62
            case UInt8(ascii: "/"): six = 63
            case UInt8(ascii: "="):
                padding += 1
                six = 0
            default: return nil
            }
            if padding > 2 || (padding > 0 && character != UInt8(ascii: "=")) { return nil }
            bits = bits << 6 | six
            count += 1
            if count % 4 == 0 {
                bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
                bits = 0
            }
        }
        bytes.removeLast(Swift.min(padding, bytes.count))
        self = bytes
    }
}
