internal import CEL
internal import YAML

/// Compares a document with its shape and tells everything that is not of the form.
struct FormCheck {
    /// How many elements a list or a mapping of names may have: more than anybody writes, and few enough to compare
    /// each with each.
    private static let mostElements = 500

    let source: SourceText
    private let mayRepeatKeys: Bool
    private(set) var problems: [Problem] = []

    /// - Parameter mayRepeatKeys: whether a mapping has a key twice; the first one counts then.
    init(_ source: SourceText, mayRepeatKeys: Bool) {
        self.source = source
        self.mayRepeatKeys = mayRepeatKeys
    }

    /// - Parameter what: the value's name in messages, such as `'title'`; made only where there is one.
    mutating func check(_ node: Node, as kind: Shape.Kind, what: @autoclosure () -> String) {
        switch kind {
        case .anything: break
        case .object(let shape): checkObject(node, shape, what: what())
        case .named(let style, let value): checkNamed(node, style, value, what: what())
        case .list(let element, let isEmptyAllowed): checkList(node, element, isEmptyAllowed, what: what())
        case .either(let first, let second):
            guard kind.accepts(formOf: node) else { return reportForm(node, expected: kind.description, what: what()) }
            check(node, as: first.accepts(formOf: node) ? first : second, what: what())
        default: checkScalar(node, as: kind, what: what())
        }
    }

    // MARK: Mappings and lists

    private mutating func checkObject(_ node: Node, _ shape: Shape, what: @autoclosure () -> String) {
        guard case .mapping(let written) = node.content else {
            return reportForm(node, expected: "a mapping", what: what())
        }
        let kept = eachKeyOnce(written)
        let entries = kept.span
        var isPresent = KeySet()
        var next = 0
        var unknown: [Int] = []
        for index in entries.indices {
            guard case .scalar(let name) = entries[index].key.content else { continue }
            guard let number = shape.number(of: name.text, from: next) else {
                unknown.append(index)
                continue
            }
            next = number + 1
            isPresent.insert(number)
            let key = shape.keys[number]
            check(entries[index].value, as: key.kind, what: "'\(key.name)'")
        }
        if !unknown.isEmpty {
            let free = shape.keys.indices.filter { !isPresent.contains($0) }.map { shape.keys[$0].name }
            for index in unknown { reportUnknownKey(entries[index].key, shape, free) }
        }
        checkKeysAreScalars(written, what: what())
        for number in shape.keys.indices where shape.keys[number].isRequired && !isPresent.contains(number) {
            let key = shape.keys[number]
            report(.missingKey, "\(shape.name) needs '\(key.name)': \(key.summary.asClause)", at: node)
        }
        if !shape.exactlyOneOf.isEmpty { checkExactlyOne(node, shape) }
    }

    private mutating func checkExactlyOne(_ node: Node, _ shape: Shape) {
        let present = shape.exactlyOneOf.filter { node[$0] != nil }
        guard present.count != 1 else { return }
        let choices = shape.exactlyOneOf.map { "'\($0)'" }.joined(separator: " or ")
        if present.count > 1, let second = Mapping(node)?.keyNode(present[1]) {
            report(.notExactlyOne, "\(shape.name) has \(choices), not both", at: second)
        } else {
            report(.notExactlyOne, "\(shape.name) needs \(choices)", at: node)
        }
    }

    private mutating func checkNamed(
        _ node: Node, _ style: Shape.NameStyle, _ kind: Shape.Kind, what: @autoclosure () -> String
    ) {
        guard case .mapping(let written) = node.content else {
            return reportForm(node, expected: "a mapping of names", what: what())
        }
        checkKeysAreScalars(written, what: what())
        let kept = eachKeyOnce(written)
        let entries = kept.span
        guard isOfBearableSize(node, entries.count, what: what()) else { return }
        for index in entries.indices {
            guard case .scalar(let name) = entries[index].key.content else { continue }
            if !style.allows(name.text) { reportName(entries[index].key, name.text, style) }
            check(entries[index].value, as: kind, what: "'\(name.text)'")
        }
    }

    /// The first of the entries whose keys have the same text.
    private func eachKeyOnce(_ entries: [Node.Entry]) -> [Node.Entry] {
        guard mayRepeatKeys else { return entries }
        var seen: Set<String> = []
        return entries.filter { entry in
            guard case .scalar(let name) = entry.key.content else { return true }
            return seen.insert(name.text).inserted
        }
    }

    private mutating func checkList(
        _ node: Node, _ kind: Shape.Kind, _ isEmptyAllowed: Bool, what: @autoclosure () -> String
    ) {
        guard let elements = node.elements else {
            if let scalar = node.scalar, node.resolved != .null {
                let written = source.slice(node)
                return report(
                    .wrongType, "\(what()) must be a list, not \(scalar.text.quotedForMessage)", at: node,
                    suggestion: written.map { "[\($0)]" })
            }
            return reportForm(node, expected: "a list", what: what())
        }
        guard isOfBearableSize(node, elements.count, what: what()) else { return }
        if elements.isEmpty, !isEmptyAllowed { report(.invalidValue, "\(what()) must not be empty", at: node) }
        let span = elements.span
        for index in span.indices { check(span[index], as: kind, what: "an element of \(what())") }
    }

    private mutating func isOfBearableSize(_ node: Node, _ count: Int, what: @autoclosure () -> String) -> Bool {
        guard count > Self.mostElements else { return true }
        report(.tooLarge, "\(what()) has \(count) elements; expected at most \(Self.mostElements)", at: node)
        return false
    }

    private mutating func checkKeysAreScalars(_ entries: [Node.Entry], what: @autoclosure () -> String) {
        let span = entries.span
        for index in span.indices {
            if case .scalar = span[index].key.content { continue }
            let key = span[index].key
            report(.wrongType, "a key of \(what()) must be text, not \(key.formName)", at: key)
        }
    }

    // MARK: Scalars

    private mutating func checkScalar(_ node: Node, as kind: Shape.Kind, what: @autoclosure () -> String) {
        guard let scalar = node.scalar, let value = node.resolved else {
            return reportForm(node, expected: kind.description, what: what())
        }
        if case .null = value, scalar.style == .plain {
            return report(.wrongType, "\(what()) has no value; expected \(kind.description)", at: node)
        }
        switch kind {
        case .scalar, .anything: break
        case .expression:
            if scalar.text.isBlank {
                report(.invalidValue, "\(what()) is empty; expected \(kind.description)", at: node)
            }
        case .boolean:
            guard case .bool = value else { return reportNotBoolean(node, scalar, what: what()) }
        case .integer:
            guard case .int = value else { return reportForm(node, expected: kind.description, what: what()) }
        case .duration: checkDuration(node, scalar, value, what: what())
        case .version: checkVersion(node, scalar, what: what())
        case .text, .template, .argument, .url, .choice, .name, .causeReference, .timestamp, .constant:
            guard case .string(let text) = value else { return reportNotText(node, scalar, what: what()) }
            checkText(text, node, as: kind, what: what())
        case .list, .named, .object, .either: preconditionFailure("not a scalar kind")
        }
    }

    private mutating func checkText(_ text: String, _ node: Node, as kind: Shape.Kind, what: @autoclosure () -> String)
    {
        switch kind {
        case .choice(let words): checkChoice(text, words, node, what: what())
        case .constant(let constant): checkChoice(text, [constant], node, what: what(), code: .unknownAPIVersion)
        case .name(let style): if !style.allows(text) { reportName(node, text, style) }
        case .causeReference:
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            if parts.count > 2 || !parts.allSatisfy(Shape.NameStyle.kebab.allows) {
                report(.invalidName, "\(text.quotedForMessage) is not \(kind.description)", at: node)
            }
        case .url:
            if !text.isWebAddress {
                report(.invalidValue, "\(text.quotedForMessage) is not \(kind.description)", at: node)
            }
        case .argument: break
        default:
            if text.isBlank { report(.invalidValue, "\(what()) is empty; expected \(kind.description)", at: node) }
        }
    }

    private mutating func checkChoice(
        _ text: String, _ words: [String], _ node: Node, what: @autoclosure () -> String,
        code: Problem.Code = .invalidChoice
    ) {
        guard !words.contains(text) else { return }
        let nearest = nearestName(to: text, among: words)
        let expected = words.map { "'\($0)'" }.joined(separator: ", ")
        report(
            code, "\(what()) cannot be \(text.quotedForMessage); expected \(expected)\(didYouMean(nearest))",
            at: node, suggestion: nearest)
    }

    private mutating func checkDuration(
        _ node: Node, _ scalar: Scalar, _ value: CoreValue, what: @autoclosure () -> String
    ) {
        guard let seconds = seconds(of: value), seconds > 0, seconds <= 600 else {
            return report(
                .invalidValue,
                "\(what()) cannot be \(scalar.text.quotedForMessage); expected more than 0 and at most 10m, such as 10s",
                at: node)
        }
    }

    private mutating func checkVersion(_ node: Node, _ scalar: Scalar, what: @autoclosure () -> String) {
        guard !isSemanticVersion(scalar.text) else { return }
        let parts = scalar.text.split(separator: ".", omittingEmptySubsequences: false)
        let areNumbers = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) }
        let padded =
            areNumbers && parts.count < 3
            ? (parts.map(String.init) + Array(repeating: "0", count: 3 - parts.count)).joined(separator: ".") : nil
        report(
            .invalidVersion,
            "\(what()) must be a semantic version of three numbers, such as 1.0.0, not \(scalar.text.quotedForMessage)"
                + didYouMean(padded.flatMap { isSemanticVersion($0) ? $0 : nil }),
            at: node, suggestion: padded.flatMap { isSemanticVersion($0) ? $0 : nil })
    }

    // MARK: Reports

    private mutating func reportUnknownKey(_ node: Node, _ shape: Shape, _ free: [String]) {
        let key = node.scalar?.text ?? ""
        let nearest = nearestName(to: key, among: free)
        let expected = nearest == nil ? "; expected \(shape.keys.map { "'\($0.name)'" }.joined(separator: ", "))" : ""
        report(
            .unknownKey, "\(shape.name) has no key \(key.quotedForMessage)\(didYouMean(nearest))\(expected)", at: node,
            suggestion: nearest)
    }

    private mutating func reportName(_ node: Node, _ name: String, _ style: Shape.NameStyle) {
        let suggestion = style.suggestion(for: name)
        report(
            .invalidName,
            "\(name.quotedForMessage) is not a name here; expected \(style.description)\(didYouMean(suggestion))",
            at: node, suggestion: suggestion)
    }

    private mutating func reportNotText(_ node: Node, _ scalar: Scalar, what: @autoclosure () -> String) {
        let quoted = "\"\(scalar.text)\""
        report(
            .wrongType,
            "\(what()) must be text, but \(scalar.text.quotedForMessage) is read as \(node.formName)"
                + "; write \(quoted)", at: node, suggestion: quoted)
    }

    private mutating func reportNotBoolean(_ node: Node, _ scalar: Scalar, what: @autoclosure () -> String) {
        let word: String? =
            switch scalar.text.lowercased() {
            case "yes", "on", "y", "true": "true"
            case "no", "off", "n", "false": "false"
            default: nil
            }
        report(
            .wrongType, "\(what()) must be true or false, not \(scalar.text.quotedForMessage)\(didYouMean(word))",
            at: node, suggestion: word)
    }

    private mutating func reportForm(_ node: Node, expected: String, what: @autoclosure () -> String) {
        if node.resolved == .null {
            return report(.wrongType, "\(what()) has no value; expected \(expected)", at: node)
        }
        // An unquoted {{ … }} is a mapping with a mapping as its key.
        if source.bytes[min(node.span.start.offset, source.bytes.count)...].starts(with: Array("{{".utf8)) {
            return report(
                .wrongType, "\(what()) must be \(expected); put quotes around text that starts with {{", at: node)
        }
        report(.wrongType, "\(what()) must be \(expected), not \(node.formName)", at: node)
    }

    private mutating func report(_ code: Problem.Code, _ message: String, at node: Node, suggestion: String? = nil) {
        problems.append(Problem(code, message, at: source.location(of: node), suggestion: suggestion))
    }
}

/// Which of the keys of a shape are there.
private struct KeySet {
    private var bits: UInt64 = 0

    mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }
    func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }
}

extension Shape.Kind {
    /// What is expected, for messages.
    var description: String {
        switch self {
        case .text: "text"
        case .template, .argument: "text (with {{ }} for values)"
        case .expression: "a CEL expression"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .duration: "a duration, such as 10s"
        case .version: "a semantic version, such as 1.0.0"
        case .url: "a web address (https://…)"
        case .choice(let words): "one of \(words.map { "'\($0)'" }.joined(separator: ", "))"
        case .name: "a name"
        case .causeReference: "'playbook/cause', or 'cause' for one of the same playbook"
        case .timestamp: "a time, such as 2026-01-31T12:00:00Z"
        case .constant(let text): "'\(text)'"
        case .scalar: "text, a number, true or false"
        case .anything: "a value"
        case .list: "a list"
        case .named: "a mapping of names"
        case .object(let shape): "\(shape.name) (a mapping)"
        case .either(let first, let second): "\(first.description) or \(second.description)"
        }
    }

    /// Whether a value of this kind has the node's form: scalar, list or mapping.
    func accepts(formOf node: Node) -> Bool {
        switch (self, node.content) {
        case (.anything, _), (.list, .sequence), (.named, .mapping), (.object, .mapping): true
        case (.list, _), (.named, _), (.object, _): false
        case (.either(let first, let second), _): first.accepts(formOf: node) || second.accepts(formOf: node)
        case (_, .scalar): true
        case (_, .sequence), (_, .mapping): false
        }
    }
}

extension Node {
    /// What the node is, for messages.
    package var formName: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar:
            switch resolved {
            case .null, nil: "null"
            case .bool: "true or false"
            case .int, .uint, .double: "a number"
            case .string: "text"
            }
        }
    }
}

extension SourceText {
    /// What the file says at a node that stands on one line.
    func slice(_ node: Node) -> String? {
        let range = node.span.start.offset..<max(node.span.start.offset, node.span.end.offset)
        guard range.upperBound <= bytes.count, range.count <= 200 else { return nil }
        let text = bytes[range]
        guard !text.contains(where: \.isLineBreak) else { return nil }
        return String(validating: text, as: UTF8.self)
    }
}

extension String {
    /// In quotes, cut where it is long.
    package var quotedForMessage: String {
        count <= 80 ? "'\(self)'" : "'\(prefix(79))…'"
    }

    var isBlank: Bool {
        // Most texts start with a letter: nothing need be known of characters for that.
        if let first = utf8.first, (0x21...0x7E).contains(first) { return false }
        return allSatisfy(\.isWhitespace)
    }

    var isWebAddress: Bool {
        let rest = hasPrefix("https://") ? dropFirst(8) : hasPrefix("http://") ? dropFirst(7) : ""
        guard let host = rest.split(separator: "/", omittingEmptySubsequences: false).first else { return false }
        return !host.isEmpty && !contains(where: \.isWhitespace)
    }

    /// A sentence as a clause of another: without its full stop.
    var asClause: String { hasSuffix(".") ? String(dropLast()) : self }
}

/// The end of a message that offers a name.
package func didYouMean(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean '\($0)'?" } ?? ""
}
