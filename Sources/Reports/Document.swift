internal import CEL
internal import Engine
internal import Facts
internal import Playbooks

/// The diagnosis in DESIGN's wire form, the same tree for JSON and YAML.
///
/// Names here are the format's and stay as they
/// are, whatever the Swift properties are called.
func document(of diagnosis: Diagnosis) -> Value {
    var fields: [(String, Value)] = [
        ("apiVersion", .string("triage/v1")),
        ("kind", .string("Diagnosis")),
        (
            "subject",
            object([
                ("context", .string(diagnosis.subject.context)), ("server", .string(diagnosis.subject.server)),
                ("platform", .string(diagnosis.subject.platform)),
            ])
        ),
        ("collectedAt", .timestamp(diagnosis.collectedAt)),
        ("symptoms", list(diagnosis.symptoms, symptomDocument)),
        ("findings", list(diagnosis.findings, findingDocument)),
        ("suppressed", list(diagnosis.suppressed, suppressedDocument)),
        ("nearest", list(diagnosis.nearest) { .string($0) }),
        ("facts", object([("skipped", list(diagnosis.skipped, skippedDocument))])),
        ("problems", list(diagnosis.problems, problemDocument)),
    ]
    if let next = diagnosis.next {
        fields.append(
            (
                "next",
                object([
                    ("fact", .string(next.missing.fact)), ("reason", .string(next.missing.reason)),
                    ("detail", .string(next.missing.detail)), ("hint", .string(next.missing.hint)),
                    ("needs", list(next.missing.needs) { .string($0) }),
                    ("command", list(next.missing.command) { .string($0) }),
                    ("wouldDecide", list(next.wouldDecide) { .string($0) }),
                ])
            ))
    }
    return object(fields)
}

private func skippedDocument(_ skipped: SkippedFact) -> Value {
    object([
        ("playbook", .string(skipped.playbook)), ("fact", .string(skipped.fact)), ("reason", .string(skipped.reason)),
        ("detail", .string(skipped.detail)),
    ])
}

private func suppressedDocument(_ suppressed: SuppressedFinding) -> Value {
    object([
        ("playbook", .string(suppressed.finding.playbook)), ("cause", .string(suppressed.finding.cause)),
        ("status", .string(suppressed.finding.status.rawValue)), ("title", .string(suppressed.finding.title)),
        ("because", .string(suppressed.finding.because)),
        ("suppression", suppressionDocument(suppressed.suppression)),
    ])
}

private func suppressionDocument(_ suppression: Suppression) -> Value {
    object([
        ("owner", .string(suppression.owner)), ("reason", .string(suppression.reason)),
        ("expires", .timestamp(suppression.expires)), ("file", .string(suppression.location.file)),
        ("line", .int(Int64(suppression.location.line))),
    ])
}

private func symptomDocument(_ symptom: Diagnosis.MatchedSymptom) -> Value {
    object([
        ("playbook", .string(symptom.playbook)), ("line", .int(Int64(symptom.line))), ("text", .string(symptom.text)),
    ])
}

private func findingDocument(_ finding: Finding) -> Value {
    var fields: [(String, Value)] = [
        ("playbook", .string(finding.playbook)),
        ("cause", .string(finding.cause)),
        ("status", .string(finding.status.rawValue)),
        ("severity", .string(finding.severity.rawValue)),
        ("title", .string(finding.title)),
        ("because", .string(finding.because)),
        ("evidence", list(finding.evidence, evidenceDocument)),
        ("missing", list(finding.missing, missingDocument)),
        ("explains", list(finding.explains) { .string($0) }),
        ("remedies", list(finding.remedies, remedyDocument)),
    ]
    if let lapsed = finding.lapsed { fields.append(("expiredSuppression", suppressionDocument(lapsed))) }
    if let failure = finding.failure { fields.append(("failure", problemDocument(failure))) }
    return object(fields)
}

func evidenceDocument(_ evidence: Evidence) -> Value {
    object([
        ("fact", .string(evidence.fact)), ("value", evidence.value), ("source", .string(evidence.source)),
        ("collectedAt", .timestamp(evidence.collectedAt)),
    ])
}

func missingDocument(_ missing: MissingFact) -> Value {
    object([
        ("fact", .string(missing.fact)), ("reason", .string(missing.reason)), ("detail", .string(missing.detail)),
        ("hint", .string(missing.hint)), ("needs", list(missing.needs) { .string($0) }),
        ("command", list(missing.command) { .string($0) }),
    ])
}

private func remedyDocument(_ remedy: ProposedRemedy) -> Value {
    var fields: [(String, Value)] = [
        ("id", .string(remedy.id)), ("title", .string(remedy.title)), ("risk", .string(remedy.risk.rawValue)),
        ("steps", list(remedy.steps) { .string(stepText($0)) }),
        ("commands", commands(of: remedy.steps)),
    ]
    if let verify = remedy.verify { fields.append(("verify", .string(verify))) }
    fields.append(("rollback", list(remedy.rollback) { .string(stepText($0)) }))
    return object(fields)
}

/// The runnable steps as argv, for programs; `steps` has all of them as text.
private func commands(of steps: [ProposedRemedy.Step]) -> Value {
    .list(
        List(
            steps.compactMap { step in
                guard case .run(let arguments, let isPrivileged) = step else { return nil }
                return object([("argv", list(arguments) { .string($0) }), ("privileged", .bool(isPrivileged))])
            }))
}

func problemDocument(_ problem: Problem) -> Value {
    var fields: [(String, Value)] = [
        ("code", .string(problem.code.rawValue)), ("severity", .string(problem.severity.rawValue)),
        ("message", .string(problem.message)), ("file", .string(problem.location.file)),
        ("line", .int(Int64(problem.location.line))), ("column", .int(Int64(problem.location.column))),
    ]
    if let suggestion = problem.suggestion { fields.append(("suggestion", .string(suggestion))) }
    return object(fields)
}

/// A step as one line of text: the command as a person would type it, or the sentence.
func stepText(_ step: ProposedRemedy.Step) -> String {
    switch step {
    case .run(let arguments, let isPrivileged): commandLine(arguments, isPrivileged: isPrivileged)
    case .say(let sentence): sentence
    }
}

func object(_ fields: [(String, Value)]) -> Value {
    .map(Map(fields.map { (key: .string($0.0), value: $0.1) }))
}

func list<Element>(_ elements: [Element], _ transform: (Element) -> Value) -> Value {
    .list(List(elements.map(transform)))
}
