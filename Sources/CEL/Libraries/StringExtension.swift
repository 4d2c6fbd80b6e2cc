extension Library {
    /// cel-spec's string extension.
    ///
    /// Positions count characters (code points) from 0.
    static let stringExtension = Library("strings", functions: stringPositions + stringParts + stringForms)

    private static let stringPositions = [
        Function(
            "charAt", "The character at a position; empty at the string's end.",
            overloads: [
                Overload(
                    "string_char_at_int", member: true, [.string, .int], .string, cost: Cost.traversal,
                    .function(characterAt))
            ],
            examples: [.init("'hello'.charAt(4)", equals: "'o'"), .init("'hello'.charAt(5)", equals: "''")]),
        Function(
            "indexOf", "The position of the first occurrence, from a position on where one is given; -1 for none.",
            overloads: [
                Overload(
                    "string_index_of_string", member: true, [.string, .string], .int, cost: Cost.traversal,
                    .function { (text: String, part: String) in
                        text.firstIndex(ofPart: part, from: 0).map(Int64.init) ?? -1
                    }),
                Overload(
                    "string_index_of_string_int", member: true, [.string, .string, .int], .int, cost: Cost.traversal,
                    .function(indexOf)),
            ],
            examples: [
                .init("'hello mellow'.indexOf('ello')", equals: "1"),
                .init("'hello mellow'.indexOf('ello', 2)", equals: "7"),
                .init("'hello mellow'.indexOf('jello')", equals: "-1"),
                .init("'hello mellow'.indexOf('', 2)", equals: "2"),
            ]),
        Function(
            "lastIndexOf",
            "The position of the last occurrence, that starts at or before a position where one is given; -1 for none.",
            overloads: [
                Overload(
                    "string_last_index_of_string", member: true, [.string, .string], .int, cost: Cost.traversal,
                    .function { (text: String, part: String) in
                        text.lastIndex(ofPart: part, upTo: .max).map(Int64.init) ?? -1
                    }),
                Overload(
                    "string_last_index_of_string_int", member: true, [.string, .string, .int], .int,
                    cost: Cost.traversal, .function(lastIndexOf)),
            ],
            examples: [
                .init("'hello mellow'.lastIndexOf('ello')", equals: "7"),
                .init("'hello mellow'.lastIndexOf('ello', 6)", equals: "1"),
                .init("'hello mellow'.lastIndexOf('')", equals: "12"),
            ]),
        Function(
            "substring", "The characters from a position to the end, or to before another position.",
            overloads: [
                Overload(
                    "string_substring_int", member: true, [.string, .int], .string, cost: Cost.traversal,
                    .function { (text: String, start: Int64) throws(EvaluationError) in
                        try substring(text, start, nil)
                    }),
                Overload(
                    "string_substring_int_int", member: true, [.string, .int, .int], .string, cost: Cost.traversal,
                    .function { (text: String, start: Int64, end: Int64) throws(EvaluationError) in
                        try substring(text, start, end)
                    }),
            ],
            examples: [
                .init("'tacocat'.substring(4)", equals: "'cat'"), .init("'tacocat'.substring(0, 4)", equals: "'taco'"),
            ]),
    ]

    private static let stringParts = [
        Function(
            "replace",
            "The string with every occurrence replaced, or the first so many; all where the limit is negative.",
            overloads: [
                Overload(
                    "string_replace_string_string", member: true, [.string, .string, .string], .string,
                    cost: Cost.rewriting,
                    .function { (text: String, old: String, new: String) throws(EvaluationError) in
                        try text.replacing(part: old, with: new)
                    }),
                Overload(
                    "string_replace_string_string_int", member: true, [.string, .string, .string, .int], .string,
                    cost: Cost.rewriting,
                    .function { (text: String, old: String, new: String, limit: Int64) throws(EvaluationError) in
                        try text.replacing(part: old, with: new, limit: limit < 0 ? .max : Int(limit))
                    }),
            ],
            examples: [
                .init("'hello hello'.replace('he', 'we')", equals: "'wello wello'"),
                .init("'hello hello'.replace('he', 'we', 1)", equals: "'wello hello'"),
                .init("'hello hello'.replace('he', 'we', 0)", equals: "'hello hello'"),
                .init("'ab'.replace('', '-')", equals: "'-a-b-'"),
            ]),
        Function(
            "split", "The parts between the separators, at most so many where a limit is given and not negative.",
            overloads: [
                Overload(
                    "string_split_string", member: true, [.string, .string], .list(.string), cost: Cost.rewriting,
                    .function { (text: String, separator: String) in text.split(atPart: separator) }),
                Overload(
                    "string_split_string_int", member: true, [.string, .string, .int], .list(.string),
                    cost: Cost.rewriting,
                    .function { (text: String, separator: String, limit: Int64) in
                        text.split(atPart: separator, limit: limit < 0 ? .max : Int(limit))
                    }),
            ],
            examples: [
                .init("'hello hello hello'.split(' ')", equals: "['hello', 'hello', 'hello']"),
                .init("'hello hello hello'.split(' ', 2)", equals: "['hello', 'hello hello']"),
                .init("'hello hello hello'.split(' ', 0)", equals: "[]"),
                .init("'añb'.split('')", equals: "['a', 'ñ', 'b']"),
            ]),
        Function(
            "join", "The list's strings in one, with the separator between them.",
            overloads: [
                Overload(
                    "list_join", member: true, [.list(.string)], .string, cost: Cost.building,
                    .function { (list: KnownList) throws(EvaluationError) in try join(list, "") }),
                Overload(
                    "list_join_string", member: true, [.list(.string), .string], .string, cost: Cost.building,
                    .function(join)),
            ],
            examples: [
                .init("['hello', 'mellow'].join(' ')", equals: "'hello mellow'"),
                .init("['hello', 'mellow'].join()", equals: "'hellomellow'"), .init("[].join('/')", equals: "''"),
            ]),
        Function(
            "trim", "The string without the white space (Unicode's) at its ends.",
            overloads: [
                Overload("string_trim", member: true, [.string], .string, cost: Cost.traversal, .function(trim))
            ],
            examples: [.init(#"'  \ttrim\n    '.trim()"#, equals: "'trim'")]),
    ]

    private static let stringForms = [
        Function(
            "lowerAscii", "The string with its ASCII letters in lower case.",
            overloads: [
                Overload(
                    "string_lower_ascii", member: true, [.string], .string, cost: Cost.traversal,
                    .function { (text: String) in
                        text.mappingBytes { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
                    })
            ],
            examples: [.init("'TacoCÆt Xii'.lowerAscii()", equals: "'tacocÆt xii'")]),
        Function(
            "upperAscii", "The string with its ASCII letters in upper case.",
            overloads: [
                Overload(
                    "string_upper_ascii", member: true, [.string], .string, cost: Cost.traversal,
                    .function { (text: String) in
                        text.mappingBytes { $0 &- UInt8(ascii: "a") < 26 ? $0 & ~0x20 : $0 }
                    })
            ],
            examples: [.init("'TacoCÆt Xii'.upperAscii()", equals: "'TACOCÆT XII'")]),
        Function(
            "reverse", "The string's characters, or the list's elements, from the last to the first.",
            overloads: [
                Overload(
                    "string_reverse", member: true, [.string], .string, cost: Cost.traversal,
                    .function { (text: String) in String(String.UnicodeScalarView(text.unicodeScalars.reversed())) })
            ],
            examples: [.init("'gums'.reverse()", equals: "'smug'"), .init("'a☺'.reverse()", equals: "'☺a'")]),
        Function(
            "strings.quote", "The string as a literal in double quotes, with CEL's escapes.",
            overloads: [
                Overload("strings_quote", [.string], .string, cost: Cost.rewriting, .function(quote))
            ],
            examples: [
                .init(#"strings.quote('a "word"')"#, equals: #"'"a \\"word\\""'"#),
                .init(#"strings.quote("\a\n")"#, equals: #"'"\\a\\n"'"#),
            ]),
        Function(
            "format", "The string with each `%` clause replaced by the next of the list's values.",
            overloads: [
                Overload(
                    "string_format", member: true, [.string, .list(.dyn)], .string, cost: Cost.building,
                    .function { (template: String, arguments: List) throws(EvaluationError) -> Value in
                        // Whatever the format asks for: a text about something unknown is unknown.
                        if let unknowns = Value.list(arguments).unknownParts { return .unknown(unknowns) }
                        return .string(try FormatString.fill(template, with: arguments))
                    })
            ],
            examples: [
                .init("'%s is %d'.format(['a', 1])", equals: "'a is 1'"),
                .init("'%.1f%%'.format([12.34])", equals: "'12.3%'"),
                .init("'%s'.format([[1, {'b': null}]])", equals: "'[1, {b: null}]'"),
                .init("'%x %X %o %b'.format([255, 'hi', 8, -5])", equals: "'ff 6869 10 -101'"),
                .init("'%e'.format([1234.5])", equals: "'1.234500e+03'"),
            ]),
    ]
}

private func characterAt(_ text: String, _ index: Int64) throws(EvaluationError) -> String {
    let scalars = text.unicodeScalars
    guard index >= 0,
        let position = scalars.index(scalars.startIndex, offsetBy: Int(index), limitedBy: scalars.endIndex)
    else {
        throw .outOfRange(index)
    }
    return position == scalars.endIndex ? "" : String(scalars[position])
}

// cel-spec's cases have a position beyond the end as an error, where cel-go's documentation says -1.
private func indexOf(_ text: String, _ part: String, _ start: Int64) throws(EvaluationError) -> Int64 {
    guard start >= 0, start <= text.unicodeScalars.count else { throw .outOfRange(start) }
    return text.firstIndex(ofPart: part, from: Int(start)).map(Int64.init) ?? -1
}

private func lastIndexOf(_ text: String, _ part: String, _ start: Int64) throws(EvaluationError) -> Int64 {
    guard start >= 0, start <= text.unicodeScalars.count else { throw .outOfRange(start) }
    return text.lastIndex(ofPart: part, upTo: Int(start)).map(Int64.init) ?? -1
}

private func substring(_ text: String, _ start: Int64, _ end: Int64?) throws(EvaluationError) -> String {
    if let end, start > end {
        throw .invalidArgument("invalid substring range: start \(start) is behind end \(end)")
    }
    let scalars = text.unicodeScalars
    guard start >= 0, let from = scalars.index(scalars.startIndex, offsetBy: Int(start), limitedBy: scalars.endIndex)
    else {
        throw .outOfRange(start)
    }
    guard let end else { return String(scalars[from...]) }
    guard let to = scalars.index(from, offsetBy: Int(end - start), limitedBy: scalars.endIndex) else {
        throw .outOfRange(end)
    }
    return String(scalars[from..<to])
}

private func join(_ list: KnownList, _ separator: String) throws(EvaluationError) -> String {
    var text = ""
    for (index, element) in list.enumerated() {
        guard case .string(let part) = element else {
            throw EvaluationError(.noSuchOverload, "join: element \(index) is a \(element.typeName), not a string")
        }
        if index > 0 { text += separator }
        text += part
        try ResultLimit.check(bytes: text.utf8.count)
    }
    return text
}

private func trim(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
        let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
}

private func quote(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\u{7}": literal += "\\a"
        case "\u{8}": literal += "\\b"
        case "\u{C}": literal += "\\f"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case "\u{B}": literal += "\\v"
        case "\\": literal += "\\\\"
        case "\"": literal += "\\\""
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}
