package import CEL

/// What a person wants removed from facts beyond what is a secret for everybody: RE2 patterns.
///
/// Every match in any text is replaced. What stands under a key that matches is removed whole, and so is a number that
/// matches.
package struct RedactionPatterns: Sendable {
    private let patterns: [Pattern]

    package static let mark = "[redacted]"

    package init(_ sources: [String]) throws(Pattern.Failure) {
        var patterns: [Pattern] = []
        for source in sources {
            let pattern: Pattern
            do throws(Pattern.Failure) { pattern = try Pattern(source) } catch {
                throw Pattern.Failure(message: "'\(source)' is no pattern: \(error.message)")
            }
            guard !pattern.matches("") else {
                throw Pattern.Failure(message: "'\(source)' matches everything, also no text at all")
            }
            patterns.append(pattern)
        }
        self.patterns = patterns
    }

    private init() { patterns = [] }
    package static let none = RedactionPatterns()

    package var isEmpty: Bool { patterns.isEmpty }

    package func applied(to text: String) -> String {
        patterns.reduce(text) { text, pattern in
            let matches = pattern.allMatches(in: text).compactMap { $0.first ?? nil }
            guard !matches.isEmpty else { return text }
            let bytes = Array(text.utf8)
            var (result, offset): ([UInt8], Int) = ([], 0)
            for match in matches {
                result += bytes[offset..<match.lowerBound]
                result += Self.mark.utf8
                offset = match.upperBound
            }
            return String(decoding: result + bytes[offset...], as: UTF8.self)
        }
    }

    /// The value without what matches; names of declared fields stay, so that it is still of its type.
    package func applied(to value: Value, as type: ValueType) -> Value {
        switch value {
        case .string(let text): return .string(applied(to: text))
        case .int, .uint, .double, .bytes: return isMatch(value) ? Self.removed : value
        case .list(let list): return .list(List(list.map { applied(to: $0, as: type.element) }))
        case .map(let map): return .map(applied(to: map, as: type))
        case .unknown(let set):
            return .unknown(
                UnknownSet(
                    Set(
                        set.attributes.map {
                            UnknownAttribute(
                                path: $0.path, reason: $0.reason, detail: applied(to: $0.detail),
                                hint: applied(to: $0.hint))
                        })))
        case .error(let error): return .error(EvaluationError(error.code, applied(to: error.message)))
        case .null, .bool, .timestamp, .duration, .type, .opaque, .optional: return value
        }
    }

    private static let removed = Unknown(.redacted, "removed as the person asked").value

    private func isMatch(_ value: Value) -> Bool {
        switch value {
        case .bytes(let bytes): patterns.contains { $0.matches(bytes) }
        default: patterns.contains { $0.matches(value.description) }
        }
    }

    private func applied(to map: Map, as type: ValueType) -> Map {
        Map(
            map.entries.map { key, value in
                guard case .string(let name) = key else { return (key, applied(to: value, as: type.field(""))) }
                let isMatch = patterns.contains { $0.matches(name) }
                let inner = isMatch ? Self.removed : applied(to: value, as: type.field(name))
                return (type.declares(name) ? key : .string(applied(to: name)), inner)
            })
    }
}

extension RedactionPatterns {
    /// The fact without what matches; its key stays, for what asked for it looks for it by that.
    package func applied(to fact: Fact, as type: ValueType) -> Fact {
        var fact = fact
        fact.provenance.source = applied(to: fact.provenance.source)
        switch fact.result {
        case .success(let value): fact.result = .success(applied(to: value, as: type))
        case .failure(let unknown):
            fact.result = .failure(
                Unknown(unknown.reason, applied(to: unknown.detail), hint: applied(to: unknown.hint)))
        }
        return fact
    }

    package func applied(to subject: Snapshot.Subject) -> Snapshot.Subject {
        Snapshot.Subject(
            context: applied(to: subject.context), server: applied(to: subject.server), platform: subject.platform)
    }
}

extension ValueType {
    fileprivate func declares(_ name: String) -> Bool {
        switch self {
        case .object(let fields): fields[name] != nil
        case .nullable(let inner), .optional(let inner): inner.declares(name)
        default: false
        }
    }
}
