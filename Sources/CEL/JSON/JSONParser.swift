extension Value {
    /// Reads one JSON text (RFC 8259) and nothing but white space around it.
    ///
    /// Whole numbers become `int`, above `Int64.max` `uint`, and beyond that, or with a fraction or an exponent,
    /// `double`. A byte order mark in front is passed over, as the RFC allows.
    ///
    /// - Parameter projection: what is wanted of it; of the rest only brackets and quotes are looked at.
    public static func parseJSON(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), reading projection: Projection = .whole
    ) throws(JSONError) -> Value {
        let plan = JSONPlan(projection)
        let result = unsafe bytes.withUnsafeBytes { (buffer) -> Result<Value, JSONError> in
            do throws(JSONError) {
                var parser = unsafe JSONParser(bytes: buffer.bindMemory(to: UInt8.self), limits: limits)
                return .success(try parser.document(plan))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads one JSON text from a string.
    public static func parseJSON(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> Value {
        try parseJSON(Array(text.utf8), limits: limits)
    }

    /// Reads one JSON text from memory that somebody else owns.
    public static func parseJSON(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> Value {
        var parser = unsafe JSONParser(bytes: bytes.bindMemory(to: UInt8.self), limits: limits)
        return try parser.document()
    }
}

// The bytes are read through `byte(at:)`, `decode`, `text(_:)`, `key(_:in:)` and `skip` only, and the parser never
// outlives the closure that lent them.
@safe struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let count: Int
    let limits: JSONLimits
    /// What was there before, to be used again; `nil`: nothing is.
    let shared: SharedValues?
    var position = 0
    var depth = 0
    // What the lists and objects that are still open hold, so that each is made at its end with the right size.
    private var elements: [Value] = []
    private var entries: [(key: Value, value: Value)] = []
    private var keyOffsets: [Int] = []

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, sharing shared: SharedValues? = nil) {
        unsafe self.bytes = bytes
        count = bytes.count
        self.limits = limits
        self.shared = shared
    }

    mutating func document(_ plan: JSONPlan = .whole) throws(JSONError) -> Value {
        if count > limits.bytes {
            throw failure(
                .tooLong, "the text has \(count) bytes, the limit is \(limits.bytes)", at: 0)
        }
        if count >= 3, byte(at: 0) == 0xEF, byte(at: 1) == 0xBB, byte(at: 2) == 0xBF { position = 3 }
        skipWhitespace()
        let value = try value(plan)
        skipWhitespace()
        if position < count {
            throw unexpected("the end of the text")
        }
        return value
    }

    // MARK: values

    mutating func value(_ plan: JSONPlan) throws(JSONError) -> Value {
        switch peek() {
        case UInt8(ascii: "{"): return try object(plan)
        case UInt8(ascii: "["): return try list(plan)
        default: return try scalar()
        }
    }

    mutating func passScalar() throws(JSONError) { _ = try scalar() }

    private mutating func scalar() throws(JSONError) -> Value {
        guard let byte = peek() else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(JSONError) -> Value {
        let length = word.utf8CodeUnitCount
        for index in 0..<length {
            guard position + index < count, unsafe word.utf8Start[index] == byte(at: position + index) else {
                throw failure(.unexpectedCharacter, "expected '\(word)'", at: position)
            }
        }
        position += length
        return value
    }

    private mutating func list(_ plan: JSONPlan) throws(JSONError) -> Value {
        guard let plan = plan.elements else {
            try skip()
            return .list([])
        }
        try enter()
        let start = elements.count
        skipWhitespace()
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipWhitespace()
                elements.append(try value(plan))
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw unexpected("',' or ']'") }
        }
        depth -= 1
        defer { elements.removeSubrange(start...) }
        return .list(shared?.list(elements[start...]) ?? List(elements[start...].exactly))
    }

    private mutating func object(_ plan: JSONPlan) throws(JSONError) -> Value {
        guard !plan.readsNothing else {
            try skip()
            return .map(Map())
        }
        try enter()
        let start = entries.count
        skipWhitespace()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                try entry(plan)
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw unexpected("',' or '}'") }
        }
        depth -= 1
        defer {
            entries.removeSubrange(start...)
            keyOffsets.removeSubrange(start...)
        }
        let map = shared?.map(entries[start...]) ?? Map(entries[start...].exactly)
        return .map(map.hasDuplicates ? Map(try lastOfEach(entries[start...])) : map)
    }

    private mutating func entry(_ plan: JSONPlan) throws(JSONError) {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
        let keyOffset = position
        let (key, below) = try key(plan)
        skipWhitespace()
        guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
        skipWhitespace()
        guard let below else { return try skip() }
        entries.append((key, try value(below)))
        keyOffsets.append(keyOffset)
    }

    /// The key, and what is wanted of what stands behind it; `nil`: nothing.
    private mutating func key(_ plan: JSONPlan) throws(JSONError) -> (key: Value, below: JSONPlan?) {
        if !plan.isWhole, let range = plainString() {
            // Most keys are none that is wanted, and need not become a text.
            if let name = unsafe plan.name(UnsafeBufferPointer(rebasing: bytes[range])) {
                position = range.upperBound + 1
                return (name.key, name.plan)
            }
            guard plan.elements != nil || plan.keepsTags else {
                position = range.upperBound + 1
                return (.null, nil)
            }
        }
        let key = try string()
        return (.string(key), plan[key])
    }

    /// The entries in the order of their keys' first appearance, each with its last value.
    private func lastOfEach(
        _ entries: ArraySlice<(key: Value, value: Value)>
    ) throws(JSONError) -> [(key: Value, value: Value)] {
        var kept: [(key: Value, value: Value)] = []
        var positions: [ExactString: Int] = [:]
        for (index, entry) in entries.enumerated() {
            guard case .string(let key) = entry.key else { continue }
            if let position = positions[ExactString(key)] {
                if limits.duplicateKeys == .refuse {
                    let offset = keyOffsets[entries.startIndex + index]
                    throw failure(.duplicateKey, "the key \(quoted(key)) is here twice", at: offset)
                }
                kept[position].value = entry.value
            } else {
                positions[ExactString(key)] = kept.count
                kept.append(entry)
            }
        }
        return kept
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > limits.depth {
            throw failure(.tooDeep, "more than \(limits.depth) lists and objects in each other", at: position)
        }
        position += 1
    }
}
