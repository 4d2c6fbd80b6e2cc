extension Library {
    /// cel-go's regex extension: RE2 patterns, with `\1` to `\9` in replacements.
    static let regexExtension = Library(
        "regex",
        functions: [
            Function(
                "regex.extract", "What the pattern, or its only group, matches first.",
                overloads: [
                    Overload(
                        "regex_extract_string_string", [.string, .string], .optional(.string), cost: Cost.matching,
                        .function(extract))
                ],
                examples: [
                    .init("regex.extract('item-A, item-B', r'item-(\\w+)')", equals: "optional.of('A')"),
                    .init("regex.extract('HELLO', 'hello')", equals: "optional.none()"),
                ]),
            Function(
                "regex.extractAll", "All that the pattern, or its only group, matches.",
                overloads: [
                    Overload(
                        "regex_extractAll_string_string", [.string, .string], .list(.string), cost: Cost.matching,
                        .function(extractAll))
                ],
                examples: [
                    .init("regex.extractAll('id:123, id:456', r'id:\\d+')", equals: "['id:123', 'id:456']"),
                    .init("regex.extractAll('id:123, id:456', 'x')", equals: "[]"),
                ]),
            Function(
                "regex.replace",
                "The text with each match replaced, or the first so many; all where the count is negative.",
                overloads: [
                    Overload(
                        "regex_replace_string_string_string", [.string, .string, .string], .string, cost: Cost.matching,
                        .function { (text: String, pattern: String, replacement: String) throws(EvaluationError) in
                            try replace(text, pattern, replacement, -1)
                        }),
                    Overload(
                        "regex_replace_string_string_string_int", [.string, .string, .string, .int], .string,
                        cost: Cost.matching, .function(replace)),
                ],
                examples: [
                    .init("regex.replace('hello world hello', 'hello', 'hi')", equals: "'hi world hi'"),
                    .init("regex.replace('banana', 'a', 'x', 2)", equals: "'bxnxna'"),
                    .init("regex.replace('foo bar', '(fo)o (ba)r', r'\\2 \\1')", equals: "'ba fo'"),
                ]),
        ])
}

/// A pattern that an argument names.
func compiled(_ source: String) throws(EvaluationError) -> Pattern {
    do throws(Pattern.Failure) { return try Pattern.cached(source) } catch {
        throw .invalidArgument("\(quoted(source)) is no pattern: \(error.message)")
    }
}

extension String {
    /// The text at a range of UTF-8 offsets, such as a pattern's match.
    func part(_ range: Range<Int>) -> String {
        String(decoding: utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
    }
}

private func compiledWithOneGroup(_ source: String) throws(EvaluationError) -> Pattern {
    let pattern = try compiled(source)
    guard pattern.groupCount <= 1 else {
        throw .invalidArgument("\(quoted(source)) has \(pattern.groupCount) groups, at most one can be extracted")
    }
    return pattern
}

// As in the reference, a group that matched nothing or the empty text counts as no match.
private func extract(_ text: String, _ source: String) throws(EvaluationError) -> String? {
    let pattern = try compiledWithOneGroup(source)
    guard let match = pattern.firstMatch(in: text), let range = match[pattern.groupCount] else { return nil }
    return pattern.groupCount == 1 && range.isEmpty ? nil : text.part(range)
}

private func extractAll(_ text: String, _ source: String) throws(EvaluationError) -> List {
    let pattern = try compiledWithOneGroup(source)
    let ranges = pattern.allMatches(in: text).compactMap { $0[pattern.groupCount] }
    let isGroup = pattern.groupCount == 1
    return List(ranges.filter { !isGroup || !$0.isEmpty }.map { .string(text.part($0)) })
}

private func replace(
    _ text: String, _ source: String, _ replacement: String, _ count: Int64
) throws(EvaluationError) -> String {
    let pattern = try compiled(source)
    if count == 0 { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var end = 0
    for match in pattern.allMatches(in: text, limit: count < 0 ? .max : Int(count)) {
        guard let whole = match[0] else { continue }
        result += bytes[end..<whole.lowerBound]
        result += try fill(replacement, with: match, of: bytes)
        try ResultLimit.check(bytes: result.count)
        end = whole.upperBound
    }
    return String(decoding: result + bytes[end...], as: UTF8.self)
}

private func fill(
    _ replacement: String, with match: [Range<Int>?], of bytes: [UInt8]
) throws(EvaluationError) -> [UInt8] {
    var result: [UInt8] = []
    var rest = replacement.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
            result.append(byte)
            continue
        }
        switch rest.popFirst() {
        case UInt8(ascii: "\\")?: result.append(UInt8(ascii: "\\"))
        case let digit? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit):
            let group = Int(digit - UInt8(ascii: "0"))
            guard group < match.count else {
                throw .invalidArgument("the replacement names group \(group), the pattern has \(match.count - 1)")
            }
            if let range = match[group] { result += bytes[range] }
        default:
            throw .invalidArgument("in the replacement \(quoted(replacement)) a digit or '\\' must follow '\\'")
        }
    }
    return result
}
