internal import CEL
internal import Playbooks

extension Template {
    /// What the template comes to: the value itself where it is a single hole, else text; unknown or an error where
    /// a hole is.
    func value(in scope: some Metered) -> Value {
        if parts.count == 1, case .expression(let condition) = parts[0] {
            return scope.value(of: condition)
        }
        let values = parts.map { part -> Value in
            switch part {
            case .literal(let text): .string(text)
            case .expression(let condition): scope.value(of: condition)
            }
        }
        return Value.firstFailure(of: values) ?? .string(values.map(\.text).joined())
    }

    /// The text, with `<facts.x.y>` where a value is missing.
    func filled(in scope: some Metered) -> FilledText {
        var filled = FilledText()
        for part in parts {
            switch part {
            case .literal(let text): filled.text += text
            case .expression(let condition):
                let value = scope.value(of: condition)
                filled.append(value, from: condition, startsText: filled.text.isEmpty)
            }
        }
        return filled
    }
}

/// A template's text and what could not be filled in.
struct FilledText {
    var text = ""
    /// `facts.x.y`: why.
    var missing: [(name: String, why: String)] = []
    /// Whether the text begins with something that was filled in.
    var startsWithValue = false
    /// Whether a filled-in value was empty text.
    var hasEmptyValue = false

    fileprivate mutating func append(_ value: Value, from condition: Condition, startsText: Bool) {
        switch value {
        case .unknown(let set):
            let attribute = set.attributes.min { $0.path.joined(separator: ".") < $1.path.joined(separator: ".") }
            let path = attribute?.path ?? []
            let name = path.isEmpty ? condition.placeholder : path.joined(separator: ".")
            text += "<\(name)>"
            missing.append((name, attribute?.detail ?? "not known"))
        case .error(let error):
            text += "<\(condition.placeholder)>"
            missing.append((condition.placeholder, error.message))
        default:
            let filled = value.text
            if filled.isEmpty { hasEmptyValue = true }
            if startsText && !filled.isEmpty { startsWithValue = true }
            text += filled
        }
    }
}

extension Condition {
    /// What stands for the value where there is none: the one path that it reads, else the expression.
    var placeholder: String {
        if program.references.count == 1, let path = program.references.first { return path.joined(separator: ".") }
        let source = program.source.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return source.count <= 60 ? source : source.prefix(59) + "…"
    }
}

extension Value {
    /// All unknowns together, else the first error, else `nil`.
    static func firstFailure(of values: some Sequence<Value>) -> Value? {
        var unknown: Set<UnknownAttribute> = []
        var error: EvaluationError?
        for value in values {
            switch value {
            case .unknown(let set): unknown.formUnion(set.attributes)
            case .error(let found): error = error ?? found
            default: break
            }
        }
        if !unknown.isEmpty { return .unknown(UnknownSet(unknown)) }
        return error.map { .error($0) }
    }
}
