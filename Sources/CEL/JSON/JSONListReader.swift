/// Reads a list of a JSON text while the text comes in, an element at a time.
///
/// The list is the text itself or a field of it. An element is handed on as soon as it is complete, with what the
/// projection reads of it; of all else in it only brackets and quotes are looked at. What is kept of the text is the
/// element that is not complete yet.
public struct JSONListReader {
    private enum Place {
        case start
        /// Before the first field, or its end.
        case fields
        case field
        case afterField
        /// Before the first element, or its end.
        case elements
        case element
        case afterElement
        case end
    }

    private let name: String?
    private let plan: JSONPlan
    private let limits: JSONLimits
    private let shared = SharedValues()
    private var place = Place.start
    private var pending: [UInt8] = []
    /// What has to be there before it pays to look for the end of a value once more.
    private var enough = 0
    /// Of the first byte that is pending.
    private var (offset, line, lineStart) = (0, 1, 0)
    private var fields: [(key: Value, value: Value)] = []

    /// Whether the list was met.
    public private(set) var isFound = false
    /// Of elements that were handed on since the list began.
    public private(set) var count = 0

    /// - Parameters:
    ///   - name: of the field that is the list; `nil`: the text is the list.
    ///   - projection: what is read of each element.
    ///   - keepsTags: fields whose names start with `$` are kept too.
    ///   - limits: `bytes` of one element or of one other field.
    public init(
        _ name: String?, reading projection: Projection, keepsTags: Bool = false, limits: JSONLimits = JSONLimits()
    ) {
        self.name = name
        plan = JSONPlan(projection, keepsTags: keepsTags)
        self.limits = limits
    }

    /// Begins with another text; values that it shares with earlier ones take no memory again.
    public mutating func restart() {
        (place, pending, enough, fields, isFound, count) = (.start, [], 0, [], false, 0)
        (offset, line, lineStart) = (0, 1, 0)
    }

    /// Takes the next bytes of the text.
    public mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ use: (Value) -> Void
    ) throws(JSONError) {
        unsafe pending.append(contentsOf: bytes)
        guard pending.count >= enough else { return }
        try advance(isLast: false, use)
    }

    /// Says that there are no more, and gives the fields that stand beside the list.
    public mutating func finish(_ use: (Value) -> Void) throws(JSONError) -> Map {
        try advance(isLast: true, use)
        return Map(fields)
    }

    /// Reads on as far as what is there goes.
    private mutating func advance(isLast: Bool, _ use: (Value) -> Void) throws(JSONError) {
        let bytes = pending
        pending = []
        var used = 0
        let failure = unsafe bytes.withUnsafeBufferPointer { buffer -> JSONError? in
            var parser = unsafe JSONParser(bytes: buffer, limits: limits, sharing: shared)
            do throws(JSONError) {
                while try step(&parser, isLast: isLast, use) { used = parser.position }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw absolute(failure) }
        pass(bytes[..<used])
        pending = Array(bytes[used...])
        enough = pending.count < Self.longElement ? 0 : 2 * pending.count
        guard pending.count <= limits.bytes else {
            throw absolute(
                JSONError(
                    .tooLong, "what starts here has more than \(limits.bytes) bytes", offset: 0, line: 1, column: 1))
        }
    }

    private static let longElement = 32 << 10

    // MARK: Steps

    /// Reads the next token; `false` where it is not complete yet.
    private mutating func step(
        _ parser: inout JSONParser, isLast: Bool, _ use: (Value) -> Void
    ) throws(JSONError) -> Bool {
        if place == .start, offset == 0 {
            // A byte order mark may be there, but only whole.
            guard isLast || parser.count >= 3 else { return false }
            if parser.position == 0 { parser.skipByteOrderMark() }
        }
        parser.skipWhitespace()
        guard parser.position < parser.count else {
            if isLast, place != .end { throw parser.unexpected(expected) }
            return false
        }
        switch place {
        case .start:
            guard parser.take(name == nil ? UInt8(ascii: "[") : UInt8(ascii: "{")) else {
                throw parser.unexpected(expected)
            }
            (isFound, place) = (name == nil, name == nil ? .elements : .fields)
        case .fields where parser.take(UInt8(ascii: "}")), .afterField where parser.take(UInt8(ascii: "}")):
            place = .end
        case .elements where parser.take(UInt8(ascii: "]")), .afterElement where parser.take(UInt8(ascii: "]")):
            place = name == nil ? .end : .afterField
        case .afterField:
            guard parser.take(UInt8(ascii: ",")) else { throw parser.unexpected(expected) }
            place = .field
        case .afterElement:
            guard parser.take(UInt8(ascii: ",")) else { throw parser.unexpected(expected) }
            place = .element
        case .fields, .field: return try field(&parser, isLast: isLast)
        case .elements, .element: return try element(&parser, isLast: isLast, use)
        case .end: throw parser.unexpected(expected)
        }
        return true
    }

    private var expected: String {
        switch place {
        case .start: name == nil ? "a list" : "an object"
        case .fields, .field: "a key in double quotes"
        case .afterField: "',' or '}'"
        case .elements, .element: "a value"
        case .afterElement: "',' or ']'"
        case .end: "the end of the text"
        }
    }

    private mutating func element(
        _ parser: inout JSONParser, isLast: Bool, _ use: (Value) -> Void
    ) throws(JSONError) -> Bool {
        parser.depth = name == nil ? 1 : 2
        guard try parser.isComplete(isLast: isLast) else { return false }
        let value = try parser.value(plan)
        count += 1
        place = .afterElement
        use(value)
        return true
    }

    private mutating func field(_ parser: inout JSONParser, isLast: Bool) throws(JSONError) -> Bool {
        parser.depth = 1
        guard parser.peek() == UInt8(ascii: "\"") else { throw parser.unexpected(expected) }
        guard try parser.isComplete(isLast: isLast) else { return false }
        let start = parser.position
        let key = try parser.string()
        parser.skipWhitespace()
        guard parser.take(UInt8(ascii: ":")) else {
            guard parser.position == parser.count, !isLast else { throw parser.unexpected("':'") }
            return false
        }
        parser.skipWhitespace()
        guard parser.position < parser.count else {
            guard !isLast else { throw parser.unexpected("a value") }
            return false
        }
        if key == name, isFound {
            // What was handed on cannot be taken back.
            throw parser.failure(.duplicateKey, "the key \(quoted(key)) is here twice", at: start)
        }
        if key == name, parser.take(UInt8(ascii: "[")) {
            (isFound, place) = (true, .elements)
            return true
        }
        guard try parser.isComplete(isLast: isLast) else { return false }
        if key == name { isFound = true }
        let value = try parser.value(key == name ? JSONPlan(.nothing) : .whole)
        if key != name {
            fields.removeAll { $0.key.isSameKey(as: .string(key)) }
            fields.append((.string(key), value))
        }
        place = .afterField
        return true
    }

    // MARK: Places

    private mutating func pass(_ bytes: ArraySlice<UInt8>) {
        if let last = bytes.lastIndex(of: 0x0A) {
            line += bytes.count { $0 == 0x0A }
            lineStart = offset + last + 1
        }
        offset += bytes.count
    }

    /// Seen from the start of the text.
    private func absolute(_ error: JSONError) -> JSONError {
        var error = error
        if error.line == 1 { error.column += offset - lineStart }
        error.line += line - 1
        error.offset += offset
        return error
    }
}

extension JSONParser {
    fileprivate mutating func skipByteOrderMark() {
        if count >= 3, byte(at: 0) == 0xEF, byte(at: 1) == 0xBB, byte(at: 2) == 0xBF { position = 3 }
    }

    /// Whether the value that starts here is there to its end.
    fileprivate func isComplete(isLast: Bool) throws(JSONError) -> Bool {
        guard !isLast else { return true }
        switch peek() {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""): return try end() != nil
        default:
            // A number may go on.
            for offset in position..<count {
                switch byte(at: offset) {
                case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09: return true
                default: continue
                }
            }
            return false
        }
    }
}
