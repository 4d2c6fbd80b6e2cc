internal import CEL
package import Engine
internal import Facts
internal import Playbooks

/// An explanation as JSON, with every fact in full.
package func explanationText(of explanation: CauseExplanation) -> String {
    jsonText(of: document(of: explanation)) + "\n"
}

private func document(of explanation: CauseExplanation) -> Value {
    var fields: [(String, Value)] = [
        ("apiVersion", .string("triage/v1")), ("kind", .string("Explanation")),
        ("playbook", .string(explanation.playbook)), ("cause", .string(explanation.cause)),
        ("title", .string(explanation.title)), ("status", .string(explanation.status.rawValue)),
        ("verdict", .string(explanation.verdict)),
    ]
    if let decider = explanation.decider {
        fields.append(
            (
                "decider",
                object([
                    ("text", .string(decider.text)), ("value", decider.value ?? .null),
                    ("file", .string(decider.location.file)), ("line", .int(Int64(decider.location.line))),
                    ("column", .int(Int64(decider.location.column))),
                    ("evidence", list(decider.readings, evidenceDocument)),
                ])
            ))
    }
    fields += [
        ("expressions", list(explanation.expressions, expressionDocument)),
        ("facts", list(explanation.facts, readingDocument)), ("missing", list(explanation.missing, missingDocument)),
    ]
    return object(fields)
}

private func expressionDocument(_ expression: CauseExplanation.Expression) -> Value {
    object([
        ("name", .string(expression.name)), ("source", .string(expression.source)),
        ("file", .string(expression.location.file)), ("line", .int(Int64(expression.location.line))),
        ("value", expression.value),
        (
            "parts",
            list(expression.parts) { part in
                var fields: [(String, Value)] = [
                    ("text", .string(part.text)), ("depth", .int(Int64(part.depth))),
                    ("decides", .bool(part.isDecisive)),
                ]
                // Absent where another part had decided already.
                if let value = part.value { fields.append(("value", value)) }
                return object(fields)
            }
        ),
    ])
}

private func readingDocument(_ reading: CauseExplanation.Reading) -> Value {
    var fields: [(String, Value)] = [("name", .string(reading.name))]
    switch reading.result {
    case .success(let value): fields.append(("value", value))
    case .failure(let unknown):
        fields.append(
            (
                "unknown",
                object([
                    ("reason", .string(unknown.reason.rawValue)), ("detail", .string(unknown.detail)),
                    ("hint", .string(unknown.hint)),
                ])
            ))
    }
    if let provenance = reading.provenance {
        fields += [
            ("collector", .string(provenance.collector)), ("source", .string(provenance.source)),
            ("collectedAt", .timestamp(provenance.collectedAt)),
        ]
    }
    fields.append(("command", list(reading.command) { .string($0) }))
    return object(fields)
}
