/// Why a text is no JSON that can be used, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case unexpectedEnd, unexpectedCharacter, invalidNumber, numberOutOfRange, invalidEscape, invalidUTF8
        case controlCharacter, duplicateKey, tooDeep, tooLong
    }

    public var code: Code
    /// Lower case, no full stop.
    public var message: String
    /// Offset in bytes.
    public var offset: Int
    /// From 1.
    public var line: Int
    /// From 1, in characters (Unicode scalars).
    public var column: Int

    public init(_ code: Code, _ message: String, offset: Int, line: Int, column: Int) {
        self.code = code
        self.message = message
        self.offset = offset
        self.line = line
        self.column = column
    }

    public var description: String { "\(line):\(column): \(message)" }
}

/// What a reader of JSON puts up with.
public struct JSONLimits: Sendable {
    /// What to do where an object has the same key twice.
    public enum DuplicateKeys: Sendable {
        case lastWins
        case refuse
    }

    /// Lists and objects within each other.
    public var depth: Int
    public var bytes: Int
    public var duplicateKeys: DuplicateKeys

    public init(depth: Int = 128, bytes: Int = 64 << 20, duplicateKeys: DuplicateKeys = .lastWins) {
        self.depth = depth
        self.bytes = bytes
        self.duplicateKeys = duplicateKeys
    }
}
