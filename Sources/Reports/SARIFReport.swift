internal import CEL
internal import Engine
internal import Facts
package import Playbooks

/// SARIF 2.1.0: a rule is `playbook/cause`, a result is a confirmed or failed finding.
struct SARIFReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        let shown = diagnosis.findings.filter { $0.status == .confirmed || $0.status == .failed }
        let rules = (shown + diagnosis.suppressed.map(\.finding)).map { finding in
            object([
                ("id", .string("\(finding.playbook)/\(finding.cause)")),
                ("shortDescription", object([("text", .string(finding.title))])),
            ])
        }
        let results =
            shown.map { result($0, subject: diagnosis.subject) }
            + diagnosis.suppressed.map { result($0.finding, subject: diagnosis.subject, $0.suppression) }
        return sarifText(rules: rules, results: results, notes: notes(on: diagnosis))
    }

    /// What is no result of a rule: what the text is like, and what to look at next.
    private func notes(on diagnosis: Diagnosis) -> [String] {
        [
            diagnosis.nearestSentence,
            diagnosis.next.map { next in "\(next.sentence)\(next.commandText.map { "; to get it: \($0)" } ?? "")" },
        ].compactMap(\.self)
    }

    private func result(
        _ finding: Finding, subject: Diagnosis.Subject, _ suppression: Suppression? = nil
    ) -> Value {
        let rule = "\(finding.playbook)/\(finding.cause)"
        let message = finding.status == .failed ? finding.failure.map(problemText) ?? finding.title : finding.because
        // A place in a file is required by code scanners; the playbook is what the finding rests on.
        let location = object([
            ("physicalLocation", physicalLocation(file: "playbooks/\(finding.playbook).yaml", line: 1, column: 1)),
            (
                "logicalLocations",
                .list([
                    object([
                        ("fullyQualifiedName", .string("\(subject.context)/\(rule)")), ("kind", .string("cluster")),
                    ])
                ])
            ),
        ])
        var fields: [(String, Value)] = [
            ("ruleId", .string(rule)),
            ("level", .string(level(finding.severity))),
            ("message", object([("text", .string(message.isEmpty ? finding.title : message))])),
            ("locations", .list([location])),
            ("partialFingerprints", object([("triage/v1", .string("\(rule)@\(subject.server)"))])),
        ]
        if let suppression {
            let accepted = object([
                ("kind", .string("external")), ("status", .string("accepted")),
                ("justification", .string(suppression.sentence)),
            ])
            fields.append(("suppressions", .list([accepted])))
        }
        return object(fields)
    }

    private func level(_ severity: Playbook.Severity) -> String {
        switch severity {
        case .info: "note"
        case .warning: "warning"
        case .error, .critical: "error"
        }
    }
}

/// Problems of playbooks as SARIF, for `lint`.
package func sarifText(of problems: [Problem]) -> String {
    let codes = problems.map(\.code.rawValue).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let results = problems.map { problem in
        object([
            ("ruleId", .string(problem.code.rawValue)),
            ("level", .string(problem.severity == .error ? "error" : "warning")),
            ("message", object([("text", .string(problem.message))])),
            (
                "locations",
                .list([
                    object([
                        (
                            "physicalLocation",
                            physicalLocation(
                                file: problem.location.file, line: problem.location.line,
                                column: problem.location.column)
                        )
                    ])
                ])
            ),
        ])
    }
    return sarifText(rules: codes.map { object([("id", .string($0))]) }, results: results)
}

/// Problems of playbooks as one JSON document.
package func jsonText(of problems: [Problem]) -> String {
    jsonText(of: object([("problems", list(problems, problemDocument))])) + "\n"
}

private func sarifText(rules: [Value], results: [Value], notes: [String] = []) -> String {
    let driver = object([("name", .string("triage")), ("rules", .list(List(rules)))])
    var fields: [(String, Value)] = [("tool", object([("driver", driver)])), ("results", .list(List(results)))]
    if !notes.isEmpty {
        let notifications = list(notes) { note in
            object([("level", .string("note")), ("message", object([("text", .string(note))]))])
        }
        fields.append(
            (
                "invocations",
                .list([object([("executionSuccessful", .bool(true)), ("toolExecutionNotifications", notifications)])])
            ))
    }
    let run = object(fields)
    return jsonText(
        of: object([
            ("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")), ("version", .string("2.1.0")),
            ("runs", .list([run])),
        ])) + "\n"
}

private func physicalLocation(file: String, line: Int, column: Int) -> Value {
    object([
        ("artifactLocation", object([("uri", .string(file))])),
        ("region", object([("startLine", .int(Int64(max(1, line)))), ("startColumn", .int(Int64(max(1, column))))])),
    ])
}
