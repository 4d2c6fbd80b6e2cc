internal import CEL
internal import Facts

/// Takes out of an object what must never leave the cluster, and what only repeats the rest.
enum ObjectRedaction {
    static func redact(_ object: Value, isSecret: Bool) -> Value {
        guard case .map(let map) = object else { return object }
        var fields: [(key: Value, value: Value)] = []
        for (key, value) in map.entries {
            switch key {
            case .string("data") where isSecret, .string("stringData") where isSecret:
                fields.append((key, withoutValues(value)))
            case .string("metadata"): fields.append((key, metadata(value)))
            default: fields.append((key, withoutSecretVariables(value)))
            }
        }
        return .map(Map(fields))
    }

    private static let removed = Unknown(.redacted, "values of Secrets are never collected").value

    private static func withoutValues(_ value: Value) -> Value {
        guard case .map(let map) = value else { return removed }
        return .map(Map(map.entries.map { (key: $0.key, value: removed) }))
    }

    /// The last applied configuration repeats the whole object, a Secret's data and all.
    private static func metadata(_ value: Value) -> Value {
        guard case .map(let map) = value else { return value }
        return .map(
            Map(
                map.entries.compactMap { key, value in
                    switch key {
                    case .string("managedFields"): nil
                    case .string("annotations"): (key, annotations(value))
                    default: (key, value)
                    }
                }))
    }

    private static func annotations(_ value: Value) -> Value {
        guard case .map(let map) = value else { return value }
        return .map(
            Map(
                map.entries.map { key, value in
                    guard case .string("kubectl.kubernetes.io/last-applied-configuration") = key else {
                        return (key, withoutSecretVariables(value))
                    }
                    return (key, Unknown(.redacted, "repeats the object as it was applied").value)
                }))
    }

    /// `--token=…`, `--password …`.
    private static func withoutSecretArguments(_ value: Value) -> Value {
        guard let texts = value.elements?.map(\.text), !texts.contains(nil) else {
            return withoutSecretVariables(value)
        }
        return Value.texts(Redaction.redact(arguments: texts.compactMap(\.self)))
    }

    /// `{name: DB_PASSWORD, value: …}`, wherever it stands.
    private static func withoutSecretVariables(_ value: Value) -> Value {
        switch value {
        case .list(let list): return .list(List(list.elements.map(withoutSecretVariables)))
        case .map(let map):
            if let name = map["name"]?.text, map["value"] != nil, Redaction.isSecretName(name) {
                return .map(
                    Map(
                        map.entries.map { key, value in
                            if case .string("value") = key {
                                return (key, Unknown(.redacted, "the value of \(name) may be a secret").value)
                            }
                            return (key, value)
                        }))
            }
            return .map(
                Map(
                    map.entries.map { key, value in
                        switch key {
                        case .string("args"), .string("command"): (key, withoutSecretArguments(value))
                        default: (key, withoutSecretVariables(value))
                        }
                    }))
        case .string(let text): return .string(Redaction.redactCredentials(text))
        default: return value
        }
    }
}
