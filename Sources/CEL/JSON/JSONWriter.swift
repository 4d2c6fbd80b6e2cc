/// Writes values as JSON (RFC 8259).
///
/// Timestamps become RFC 3339 strings, durations seconds (`"3.5s"`), bytes base64, types their names, libraries'
/// values their string form, NaN and the infinities `"NaN"` and `"Infinity"`; keys that are no strings become strings.
public struct JSONWriter: Sendable {
    public enum Layout: Sendable {
        case compact
        case indented(by: Int)
    }

    public enum KeyOrder: Sendable {
        case asInserted
        case sorted
    }

    /// Why a value cannot be written.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        /// Where in the value: keys and indices.
        public var path: [String]
        /// Lower case, no full stop.
        public var message: String

        public var description: String {
            path.isEmpty ? message : "\(path.joined(separator: ".")): \(message)"
        }
    }

    /// Sorted keys and no spaces: equal values give equal bytes.
    public static let canonical = JSONWriter(layout: .compact, keys: .sorted)

    public var layout: Layout
    public var keys: KeyOrder
    /// What stands in for an unknown or an error; `nil` refuses it.
    public var substitute: @Sendable (Value) -> Value?

    public init(
        layout: Layout = .compact, keys: KeyOrder = .asInserted,
        substitute: @escaping @Sendable (Value) -> Value? = { _ in nil }
    ) {
        self.layout = layout
        self.keys = keys
        self.substitute = substitute
    }

    public func bytes(_ value: Value) throws(Refusal) -> [UInt8] {
        var output = Output(writer: self)
        try output.write(value)
        return output.bytes
    }

    public func string(_ value: Value) throws(Refusal) -> String {
        String(decoding: try bytes(value), as: UTF8.self)
    }
}

private struct Output {
    let writer: JSONWriter
    var bytes: [UInt8] = []
    var path: [String] = []

    init(writer: JSONWriter) { self.writer = writer }

    mutating func write(_ value: Value, isSubstitute: Bool = false) throws(JSONWriter.Refusal) {
        switch value {
        case .null: append("null")
        case .bool(let bool): append(bool ? "true" : "false")
        case .int(let number): append(String(number))
        case .uint(let number): append(String(number))
        case .double(let number): write(number)
        case .string(let text): appendQuoted(text)
        case .bytes(let bytes): appendQuoted(base64(bytes))
        case .list(let list): try write(list)
        case .map(let map): try write(map)
        case .timestamp(let timestamp): appendQuoted(timestamp.description)
        case .duration(let duration): appendQuoted(duration.description)
        case .type(let type): appendQuoted(type.name)
        case .optional(let optional): try write(optional.value ?? .null)
        case .opaque(let message as MessageValue): try write(message.fields)
        case .opaque(let opaque): appendQuoted(opaque.description)
        case .unknown, .error:
            guard !isSubstitute, let other = writer.substitute(value) else {
                throw refusal("\(value) has no form in JSON")
            }
            try write(other, isSubstitute: true)
        }
    }

    private mutating func write(_ number: Double) {
        if number.isNaN {
            append("\"NaN\"")
        } else if number.isInfinite {
            append(number < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        } else {
            append(number.description)  // the shortest text that reads back as the same number
        }
    }

    private mutating func write(_ list: List) throws(JSONWriter.Refusal) {
        bytes.append(UInt8(ascii: "["))
        path.append("")
        for (index, element) in list.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            path[path.count - 1] = String(index)
            breakLine()
            try write(element)
        }
        path.removeLast()
        if !list.isEmpty { breakLine() }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ map: Map) throws(JSONWriter.Refusal) {
        let entries = try entries(of: map)
        bytes.append(UInt8(ascii: "{"))
        path.append("")
        for (index, entry) in entries.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            path[path.count - 1] = entry.key
            breakLine()
            appendQuoted(entry.key)
            bytes.append(UInt8(ascii: ":"))
            if case .indented = writer.layout { bytes.append(UInt8(ascii: " ")) }
            try write(entry.value)
        }
        path.removeLast()
        if !entries.isEmpty { breakLine() }
        bytes.append(UInt8(ascii: "}"))
    }

    private func entries(of map: Map) throws(JSONWriter.Refusal) -> [(key: String, value: Value)] {
        var entries: [(key: String, value: Value)] = []
        entries.reserveCapacity(map.count)
        var areAllStrings = true
        for (key, value) in map.entries {
            switch key {
            case .string(let text): entries.append((text, value))
            case .bool, .int, .uint:
                areAllStrings = false
                entries.append((keyText(key), value))
            default: throw refusal("\(key) cannot be a key in JSON")
            }
        }
        if !areAllStrings, Set(entries.map { ExactString($0.key) }).count < entries.count {
            throw refusal("two keys of this map would have the same name in JSON")
        }
        if writer.keys == .sorted { entries.sort { $0.key.isOrderedBefore($1.key) } }
        return entries
    }

    private func keyText(_ key: Value) -> String {
        switch key {
        case .bool(let bool): bool ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): String(number)
        default: key.description
        }
    }

    private func refusal(_ message: String) -> JSONWriter.Refusal { JSONWriter.Refusal(path: path, message: message) }

    private mutating func breakLine() {
        guard case .indented(let width) = writer.layout else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: path.count * width))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20, 0x7F:
                append("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
