/// A text that libyaml may read: UTF-8 without control characters, of a bearable size.
struct Source {
    /// In UTF-8.
    ///
    /// A text in UTF-16 has been recoded; directives that libyaml does not know have become comments.
    var bytes: [UInt8]
    /// Behind a byte order mark.
    let start: Int
    let isASCII: Bool
    /// Whether a line starts with `%` or with a dot.
    let hasDirectives: Bool
    /// What is wrong and yet does not keep anyone from reading.
    var errors: [YAMLError] = []

    struct Unreadable: Error {
        var errors: [YAMLError]
    }

    /// How many bad characters are told at once.
    private static let reportedCharacters = 20

    static func read(_ sequence: some Sequence<UInt8>, limits: Limits) -> Result<Source, Unreadable> {
        var bytes = Array(sequence)
        guard bytes.count <= limits.bytes else {
            return .failure(
                .init(errors: [
                    YAMLError(
                        code: .tooLarge, message: "the text has more than \(limits.bytes) bytes",
                        mark: Mark(line: 1, column: 1, offset: 0))
                ]))
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            guard let recoded = utf8(fromUTF16: bytes) else {
                return .failure(
                    .init(errors: [
                        YAMLError(
                            code: .encoding, message: "the text starts like UTF-16 but is not; save it as UTF-8",
                            mark: Mark(line: 1, column: 1, offset: 0))
                    ]))
            }
            bytes = recoded
        }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var check = CharacterCheck(bytes: bytes, start: start, limit: reportedCharacters)
        check.run()
        guard check.errors.isEmpty else { return .failure(.init(errors: check.errors)) }
        var source = Source(
            bytes: bytes, start: start, isASCII: check.isASCII, hasDirectives: check.hasDirectives)
        if source.hasDirectives { source.prepareDirectives() }
        return .success(source)
    }

    /// The text without its byte order mark; `nil` where it is not well-formed.
    private static func utf8(fromUTF16 bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count.isMultiple(of: 2), !bytes.starts(with: [0xFF, 0xFE, 0, 0]) else { return nil }
        let high = bytes[0] == 0xFE ? 0 : 1
        let units = stride(from: 2, to: bytes.count, by: 2).map { index in
            UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + 1 - high])
        }
        return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
    }

    /// The line and column of an offset, counted from an earlier place: for errors only.
    static func mark(at offset: Int, from earlier: Mark, in bytes: [UInt8]) -> Mark {
        var mark = earlier
        var index = earlier.offset
        while index < offset {
            switch bytes[index] {
            case UInt8(ascii: "\r") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                mark.line += 1
                mark.column = 1
            case 0x80...0xBF: break
            default: mark.column += 1
            }
            index += 1
        }
        mark.offset = offset
        return mark
    }

    /// The column behind the last character; `nil` where a line break ends the text, or nothing is in it.
    var unendedColumn: Int? {
        let line = bytes[start...].reversed().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return line.isEmpty ? nil : line.count { $0 & 0xC0 != 0x80 } + 1
    }

    func mark(at offset: Int) -> Mark { mark(at: offset, from: Mark(line: 1, column: 1, offset: start)) }

    func mark(at offset: Int, from earlier: Mark) -> Mark { Source.mark(at: offset, from: earlier, in: bytes) }
}
