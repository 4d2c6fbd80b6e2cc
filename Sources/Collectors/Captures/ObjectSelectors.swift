internal import CEL
internal import Facts

/// What an API server would leave out of a list: label and field selectors, applied to saved objects.
///
/// Sources: apimachinery, `labels.Parse` and `fields.ParseSelector`.
struct ObjectSelectors: Sendable {
    private enum Requirement: Sendable {
        case isOneOf(String, Set<String>)
        case isNoneOf(String, Set<String>)
        case exists(String)
        case isAbsent(String)

        var key: String {
            switch self {
            case .isOneOf(let key, _), .isNoneOf(let key, _), .exists(let key), .isAbsent(let key): key
            }
        }

        func holds(_ value: (String) -> String?) -> Bool {
            switch self {
            case .isOneOf(let key, let values): value(key).map(values.contains) ?? false
            case .isNoneOf(let key, let values): value(key).map { !values.contains($0) } ?? true
            case .exists(let key): value(key) != nil
            case .isAbsent(let key): value(key) == nil
            }
        }
    }

    private var labels: [Requirement] = []
    private var fields: [Requirement] = []

    init(labels: String, fields: String) throws(Unknown) {
        for part in Self.split(labels) { self.labels.append(try Self.label(part)) }
        for part in Self.split(fields) { self.fields.append(try Self.field(part)) }
    }

    /// What of an object tells whether it is selected.
    var reads: Projection {
        Projection(paths: (labels.isEmpty ? [] : ["metadata.labels.*"]) + fields.map { $0.key + ".*" })
    }

    func select(_ object: Value) -> Bool {
        let given = object[field: "metadata"]?[field: "labels"]
        return labels.allSatisfy { $0.holds { given?[field: $0]?.text } }
            && fields.allSatisfy { $0.holds { Self.value(of: $0, in: object) } }
    }

    /// A field that an object lacks counts as empty, as the API server has it.
    private static func value(of path: String, in object: Value) -> String {
        var current: Value? = object
        for step in path.split(separator: ".") { current = current?[field: String(step)] }
        switch current {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        // Events: `source` selects by the component.
        case .map(let map): return map["component"]?.text ?? ""
        default: return ""
        }
    }

    /// At the commas that stand outside of parentheses.
    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var (current, depth) = ("", 0)
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        return (parts + [current]).map { $0.trimmingWhitespace() }.filter { !$0.isEmpty }
    }

    private static func label(_ text: String) throws(Unknown) -> Requirement {
        if let equality = equality(text) { return equality }
        let words = text.split(separator: " ", maxSplits: 1).map { String($0).trimmingWhitespace() }
        if words.count == 1 {
            return text.hasPrefix("!") ? .isAbsent(String(text.dropFirst()).trimmingWhitespace()) : .exists(text)
        }
        guard let open = words[1].firstIndex(of: "("), words[1].hasSuffix(")") else {
            throw Unknown(.malformed, "'\(text)' is no label selector")
        }
        let values = words[1][words[1].index(after: open)...].dropLast().split(separator: ",")
            .map { String($0).trimmingWhitespace() }
        switch String(words[1][..<open]).trimmingWhitespace() {
        case "in": return .isOneOf(words[0], Set(values))
        case "notin": return .isNoneOf(words[0], Set(values))
        default: throw Unknown(.malformed, "'\(text)' is no label selector")
        }
    }

    private static func field(_ text: String) throws(Unknown) -> Requirement {
        guard let equality = equality(text) else { throw Unknown(.malformed, "'\(text)' is no field selector") }
        return equality
    }

    private static func equality(_ text: String) -> Requirement? {
        for sign in ["!=", "==", "="] {
            guard let range = text.firstRange(of: sign) else { continue }
            let key = String(text[..<range.lowerBound]).trimmingWhitespace()
            let value = String(text[range.upperBound...]).trimmingWhitespace()
            return sign == "!=" ? .isNoneOf(key, [value]) : .isOneOf(key, [value])
        }
        return nil
    }
}
