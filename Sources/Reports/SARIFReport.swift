internal import CEL
internal import Engine
internal import Facts
package import Playbooks

/// SARIF 2.1.0: a rule is `playbook/cause`, a result is a confirmed or failed finding.
struct SARIFReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        let shown = diagnosis.findings.filter { $0.status == .confirmed || $0.status == .failed }
        let rules = shown.map { finding in
            object([
                ("id", .string("\(finding.playbook)/\(finding.cause)")),
                ("shortDescription", object([("text", .string(finding.title))])),
            ])
        }
        return sarifText(rules: rules, results: shown.map { result($0, subject: diagnosis.subject) })
    }

    private func result(_ finding: Finding, subject: Diagnosis.Subject) -> Value {
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
        return object([
            ("ruleId", .string(rule)),
            ("level", .string(level(finding.severity))),
            ("message", object([("text", .string(message.isEmpty ? finding.title : message))])),
            ("locations", .list([location])),
            ("partialFingerprints", object([("triage/v1", .string("\(rule)@\(subject.server)"))])),
        ])
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

private func sarifText(rules: [Value], results: [Value]) -> String {
    let driver = object([("name", .string("triage")), ("rules", .list(List(rules)))])
    let run = object([("tool", object([("driver", driver)])), ("results", .list(List(results)))])
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
