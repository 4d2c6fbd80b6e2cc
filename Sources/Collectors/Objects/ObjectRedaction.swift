internal import CEL
internal import Facts

/// Takes out of an object what must never leave the cluster, and what only repeats the rest.
enum ObjectRedaction {
    static func redact(_ object: Value, isSecret: Bool) -> Value {
        guard case .map(let map) = object else { return object }
        let changed = map.changed { key, value in
            switch key {
            case .string("data") where isSecret, .string("stringData") where isSecret:
                .becomes(withoutValues(value))
            case .string("metadata"): EntryChange(metadata(value))
            default: EntryChange(withoutSecretVariables(value))
            }
        }
        return changed.map { .map($0) } ?? object
    }

    /// What has to be there of an object so that nothing of what the projection reads stays that should be taken out:
    /// the name beside a value tells whether it is a secret.
    static func needs(_ projection: Projection) -> Projection {
        guard !projection.isWhole else { return projection }
        var fields = projection.fields.mapValues(needs)
        if projection["value"] != nil, projection["name"] == nil { fields["name"] = .nothing }
        return Projection(fields: fields, elements: projection.elements.map(needs))
    }

    private static let removed = Unknown(.redacted, "values of Secrets are never collected").value

    private static func withoutValues(_ value: Value) -> Value {
        guard case .map(let map) = value else { return removed }
        return .map(Map(map.entries.map { (key: $0.key, value: removed) }))
    }

    // What follows is `nil` where nothing is taken out: then the value stays the one that others share.

    /// The last applied configuration repeats the whole object, a Secret's data and all.
    private static func metadata(_ value: Value) -> Value? {
        guard case .map(let map) = value else { return nil }
        return map.changed { key, value in
            switch key {
            case .string("managedFields"): .isDropped
            case .string("annotations"): EntryChange(annotations(value))
            default: .stays
            }
        }.map { .map($0) }
    }

    private static func annotations(_ value: Value) -> Value? {
        guard case .map(let map) = value else { return nil }
        return map.changed { key, value in
            guard case .string("kubectl.kubernetes.io/last-applied-configuration") = key else {
                return EntryChange(withoutSecretVariables(value))
            }
            return .becomes(Unknown(.redacted, "repeats the object as it was applied").value)
        }.map { .map($0) }
    }

    /// `--token=…`, `--password …`.
    private static func withoutSecretArguments(_ value: Value) -> Value? {
        guard let texts = value.elements?.map(\.text), !texts.contains(nil) else {
            return withoutSecretVariables(value)
        }
        let given = texts.compactMap(\.self)
        let redacted = Redaction.redact(arguments: given)
        return redacted == given ? nil : Value.texts(redacted)
    }

    /// `{name: DB_PASSWORD, value: …}`, wherever it stands.
    private static func withoutSecretVariables(_ value: Value) -> Value? {
        switch value {
        case .list(let list): return list.changed(withoutSecretVariables).map { .list($0) }
        case .map(let map):
            if let name = map["name"]?.text, map["value"] != nil, Redaction.isSecretName(name) {
                return map.changed { key, value in
                    guard case .string("value") = key else { return .stays }
                    return .becomes(Unknown(.redacted, "the value of \(name) may be a secret").value)
                }.map { .map($0) }
            }
            return map.changed { key, value in
                switch key {
                case .string("args"), .string("command"): EntryChange(withoutSecretArguments(value))
                default: EntryChange(withoutSecretVariables(value))
                }
            }.map { .map($0) }
        case .string(let text):
            let redacted = Redaction.redactCredentials(text)
            return redacted == text ? nil : .string(redacted)
        default: return nil
        }
    }
}
