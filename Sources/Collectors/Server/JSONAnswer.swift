internal import CEL
internal import Facts

/// Reading single fields of an answer.
extension Value {
    subscript(field name: String) -> Value? {
        guard case .map(let map) = self else { return nil }
        return map[name]
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var elements: [Value]? { if case .list(let list) = self { list.elements } else { nil } }
    var isTrue: Bool { if case .bool(let flag) = self { flag } else { false } }
    var number: Int64? { if case .int(let number) = self { number } else { nil } }
}

extension HTTPResponse {
    /// The body as JSON; `nil` where it is none.
    var json: Value? { try? Value.parseJSON(body) }

    /// The `Status` object that an API server answers errors with.
    var statusObject: (reason: String, message: String)? {
        guard let json, json[field: "kind"]?.text == "Status" else { return nil }
        return (json[field: "reason"]?.text ?? "", json[field: "message"]?.text ?? "")
    }

    /// Whether this is how a Kubernetes API server answers `/version`: its version, or a refusal in its own words.
    var isAPIServersVersion: Bool {
        if status == 200 { return json?[field: "gitVersion"]?.text != nil }
        return statusObject != nil
    }
}
