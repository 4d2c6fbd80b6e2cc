internal import CEL
internal import Facts
internal import YAML

/// How a generic collector reads the text that it got.
enum Parser: String, Sendable, CaseIterable {
    case text, lines, json, yaml, regex, table

    /// The parameters that every generic collector shares.
    static let parameters: [Declaration.Parameter] = [
        .init(
            "parser", .string,
            "text: as it is; lines: a list; json, yaml: as it is written; regex: a list of maps, the named groups of "
                + "each match; table: a list of maps by the column names of the first line",
            defaultValue: .string("text")),
        .init("pattern", .string, "for regex: an RE2 pattern with named groups, tried on each line"),
    ]

    /// Reads the text as the parameters `parser` and `pattern` say.
    static func read(_ bytes: [UInt8], _ parameters: [String: Value], what: String) throws(Unknown) -> Value {
        let name = parameters["parser"]?.text ?? "text"
        guard let parser = Parser(rawValue: name) else {
            throw Unknown(
                .malformed, "'\(name)' is no parser: \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        switch parser {
        case .text: return .string(text)
        case .lines: return Value.texts(lines(text).map(String.init))
        case .json:
            do throws(JSONError) { return try Value.parseJSON(bytes) } catch {
                throw Unknown(.malformed, "\(what) is no JSON: \(error)")
            }
        case .yaml: return try yaml(bytes, what: what)
        case .regex:
            guard let source = parameters["pattern"]?.text else {
                throw Unknown(.malformed, "the parser regex needs a pattern")
            }
            return try matches(source, lines(text))
        case .table: return table(lines(text))
        }
    }

    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// One document is its value, several are a list.
    private static func yaml(_ bytes: [UInt8], what: String) throws(Unknown) -> Value {
        let result = YAML.parse(bytes, limits: .kubeconfig)
        if let error = result.errors.first { throw Unknown(.malformed, "\(what) is no YAML: \(error)") }
        let values = result.documents.map { $0.celValue }
        return values.count == 1 ? values[0] : .list(List(values))
    }

    private static func matches(_ source: String, _ lines: [Substring]) throws(Unknown) -> Value {
        let pattern: Pattern
        do throws(Pattern.Failure) { pattern = try Pattern(source) } catch {
            throw Unknown(.malformed, "the pattern cannot be used: \(error)")
        }
        var found: [Value] = []
        for line in lines {
            let line = String(line)
            let bytes = Array(line.utf8)
            guard let groups = pattern.firstMatch(in: line) else { continue }
            var fields: [String: Value] = [:]
            for (number, name) in pattern.groupNames {
                guard groups.indices.contains(number), let range = groups[number] else { continue }
                fields[name] = .string(String(decoding: bytes[range], as: UTF8.self))
            }
            found.append(.map(Map(fields)))
        }
        return .list(List(found))
    }

    /// Columns begin where the header's words do, as far as two spaces part them; the last one takes the rest.
    private static func table(_ lines: [Substring]) -> Value {
        guard let header = lines.first else { return .list([]) }
        let columns = columnStarts(header)
        let rows = lines.dropFirst().filter { !$0.allSatisfy(\.isWhitespace) }
        // Programs that align with tabs or single spaces give no positions to rely on.
        let isAligned = columns.count > 1 && !header.contains("\t")
        let names = isAligned ? columns.map(\.name) : header.split(whereSeparator: \.isWhitespace).map(String.init)
        return .list(
            List(
                rows.map { row in
                    let cells =
                        isAligned
                        ? cut(row, at: columns.map(\.start))
                        : row.split(maxSplits: max(names.count - 1, 0), whereSeparator: \.isWhitespace).map(String.init)
                    let pairs = zip(names, cells).map { (key: Value.string($0), value: Value.string($1)) }
                    return .map(Map(pairs))
                }))
    }

    private static func columnStarts(_ header: Substring) -> [(name: String, start: Int)] {
        var columns: [(name: String, start: Int)] = []
        var name = ""
        var start = 0
        var spaces = 0
        for (position, character) in header.enumerated() {
            if character == " " {
                spaces += 1
                continue
            }
            if spaces > 1 || name.isEmpty {
                if !name.isEmpty { columns.append((name, start)) }
                (name, start) = ("", position)
            } else if spaces == 1 {
                name += " "
            }
            name.append(character)
            spaces = 0
        }
        if !name.isEmpty { columns.append((name, start)) }
        return columns
    }

    private static func cut(_ row: Substring, at starts: [Int]) -> [String] {
        let characters = Array(row)
        return starts.indices.map { index in
            let start = min(starts[index], characters.count)
            let end = index + 1 < starts.count ? min(starts[index + 1], characters.count) : characters.count
            return String(characters[start..<end]).trimmingWhitespace()
        }
    }
}

extension Node {
    /// As CEL sees it; a key of a type that CEL's maps do not have becomes text.
    var celValue: Value {
        fold(
            scalar: { _, scalar in
                switch scalar {
                case .null: .null
                case .bool(let flag): .bool(flag)
                case .int(let number): .int(number)
                case .uint(let number): .uint(number)
                case .double(let number): .double(number)
                case .string(let text): .string(text)
                }
            }, list: { _, items in .list(List(items)) },
            map: { _, pairs in .map(Map(pairs.map { (key: $0.key.asKey, value: $0.value) })) })
    }
}

extension Value {
    fileprivate var asKey: Value {
        switch self {
        case .bool, .int, .uint, .string: self
        default: .string(description)
        }
    }
}
