internal import Engine
internal import Facts
internal import Playbooks

/// For a person at a terminal: causes with evidence and remedies first, then what could not be seen, then the rest.
struct TextReport: Report {
    var options: TextOptions
    /// Also every cause that was ruled out, one a line.
    var isWide: Bool

    func render(_ diagnosis: Diagnosis) -> String {
        var text = TerminalText(width: options.width)
        let confirmed = diagnosis.findings.filter { $0.status == .confirmed }
        addSubject(diagnosis.subject, to: &text)
        addVerdict(diagnosis, to: &text)
        for finding in confirmed { addConfirmed(finding, to: &text) }
        addFailed(diagnosis.findings.filter { $0.status == .failed }, to: &text)
        addUndetermined(diagnosis.findings.filter { $0.status == .undetermined }, to: &text)
        addNext(diagnosis.next, to: &text)
        addRuledOut(diagnosis.findings.filter { $0.status == .ruledOut }, to: &text)
        if isWide { addSkipped(diagnosis.skipped, to: &text) }
        addSuppressed(diagnosis.suppressed, to: &text)
        for problem in diagnosis.problems { addProblem(problem, to: &text) }
        return text.rendered(inColor: options.isColored)
    }

    private func addSubject(_ subject: Diagnosis.Subject, to text: inout TerminalText) {
        let parts = [("context", subject.context), ("server", subject.server), ("platform", subject.platform)]
            .filter { !$0.1.isEmpty && $0.1 != "unknown" }
        guard !parts.isEmpty else { return }
        text.line(parts.map { "\($0) \($1)" }.joined(separator: "  "), .dim)
    }

    private func addVerdict(_ diagnosis: Diagnosis, to text: inout TerminalText) {
        let verdict = Verdict(of: diagnosis)
        guard let sentence = verdict.sentence else { return }
        let isGood = verdict == .nothingWrong || verdict == .onlyAccepted
        text.wrapped(sentence, indent: 0, isGood ? .green : .yellow)
        guard verdict == .unknownText else { return }
        if let nearest = diagnosis.nearestSentence { text.wrapped(nearest, indent: 2) }
        text.wrapped("Look with 'triage search WORDS', or teach it with 'triage new NAME'.", indent: 2)
    }

    private func addConfirmed(_ finding: Finding, to text: inout TerminalText) {
        text.line()
        text.add("✗ \(finding.playbook)/\(finding.cause)", .red)
        text.line("  \(finding.severity.rawValue)", .dim)
        text.wrapped(finding.title, indent: 2, .bold)
        if !finding.because.isEmpty { text.wrapped(finding.because, indent: 2) }
        if let lapsed = finding.lapsed { text.wrapped("This \(lapsed.lapsedSentence).", indent: 2, .yellow) }
        if !finding.explains.isEmpty {
            text.wrapped("This explains \(finding.explains.joined(separator: ", ")).", indent: 2, .dim)
        }
        addEvidence(finding.evidence, to: &text)
        addRemedies(finding, to: &text)
    }

    private func addEvidence(_ evidence: [Evidence], to text: inout TerminalText) {
        guard !evidence.isEmpty else { return }
        text.line()
        text.line("  Evidence", .cyan)
        for item in evidence {
            text.add("    \(item.fact)", .plain)
            text.wrapped(" = \(shortText(of: item.value))", indent: 6)
            text.wrapped("\(item.source), \(timeText(item.collectedAt))", indent: 6, .dim)
        }
    }

    private func addRemedies(_ finding: Finding, to text: inout TerminalText) {
        guard !finding.remedies.isEmpty else { return }
        text.line()
        text.line(finding.remedies.count == 1 ? "  Remedy" : "  Remedies, the preferred first", .cyan)
        for (number, remedy) in finding.remedies.enumerated() {
            text.add("    \(number + 1). ")
            text.add(remedy.title, .bold)
            text.line("  \(remedy.risk.rawValue)", remedy.risk == .safe ? .green : .yellow)
            for step in remedy.steps { addStep(step, to: &text) }
            if let verify = remedy.verify { text.wrapped("mended when \(verify)", indent: 7, .dim) }
        }
        text.line("    Step by step, asking before each: triage fix \(finding.playbook)", .dim)
    }

    private func addStep(_ step: ProposedRemedy.Step, to text: inout TerminalText) {
        switch step {
        case .run(let arguments, let isPrivileged):
            // Never broken at the width: a command is there to be copied.
            text.line("       $ \(commandLine(arguments, isPrivileged: isPrivileged))", .green)
        case .say(let sentence):
            text.add("       - ")
            text.wrapped(sentence, indent: 9)
        }
    }

    private func addFailed(_ findings: [Finding], to text: inout TerminalText) {
        guard !findings.isEmpty else { return }
        text.line()
        text.line("Conditions that failed (the playbook is at fault, not the cluster)", .yellow)
        for finding in findings {
            text.line("  \(finding.playbook)/\(finding.cause)", .bold)
            if let failure = finding.failure { text.wrapped(problemText(failure), indent: 4) }
        }
    }

    /// By what is missing, since one fact often blocks many causes.
    private func addUndetermined(_ findings: [Finding], to text: inout TerminalText) {
        guard !findings.isEmpty else { return }
        text.line()
        text.line("Could not be told (\(findings.count))", .yellow)
        var blocked: [(missing: MissingFact, causes: [String])] = []
        for finding in findings {
            let name = "\(finding.playbook)/\(finding.cause)"
            for missing in finding.missing {
                if let index = blocked.firstIndex(where: { $0.missing == missing }) {
                    blocked[index].causes.append(name)
                } else {
                    blocked.append((missing, [name]))
                }
            }
            if finding.missing.isEmpty { text.line("  \(name)") }
        }
        for (missing, causes) in blocked {
            text.add("  ? \(missing.fact)", .bold)
            text.wrapped(
                " \(missing.reason)" + (missing.detail.isEmpty ? "" : ": \(missing.detail)"), indent: 4)
            text.wrapped("would decide \(causes.joined(separator: ", "))", indent: 4, .dim)
            if !missing.needs.isEmpty {
                text.wrapped("it needs: \(missing.needs.joined(separator: "; "))", indent: 4, .dim)
            }
            if !missing.hint.isEmpty { text.wrapped("to get it: \(missing.hint)", indent: 4) }
        }
    }

    private func addNext(_ next: NextFact?, to text: inout TerminalText) {
        guard let next else { return }
        text.line()
        text.line("What next", .cyan)
        text.wrapped(next.sentence, indent: 2)
        if let command = next.commandText { text.line("  $ \(command)", .green) }
    }

    private func addSuppressed(_ suppressed: [SuppressedFinding], to text: inout TerminalText) {
        guard !suppressed.isEmpty else { return }
        text.line()
        text.line("Known and accepted: \(suppressed.count)", .dim)
        for one in suppressed {
            text.wrapped("\(one.name) (\(one.finding.status.rawValue)), \(one.suppression.sentence)", indent: 4, .dim)
        }
    }

    private func addRuledOut(_ findings: [Finding], to text: inout TerminalText) {
        guard !findings.isEmpty else { return }
        text.line()
        guard isWide else {
            text.line(
                "Ruled out: \(findings.count) \(findings.count == 1 ? "cause" : "causes") (-o wide names them)", .dim)
            return
        }
        text.line("Ruled out", .dim)
        for finding in findings { text.wrapped("\(finding.playbook)/\(finding.cause)  \(finding.title)", indent: 2) }
    }

    /// By why they were not had, since one reason often covers many.
    private func addSkipped(_ skipped: [SkippedFact], to text: inout TerminalText) {
        guard !skipped.isEmpty else { return }
        text.line()
        text.line("Facts that were not had", .dim)
        var reasons: [(sentence: String, names: [String])] = []
        for fact in skipped {
            let sentence = "\(fact.reason): \(fact.detail)"
            if let index = reasons.firstIndex(where: { $0.sentence == sentence }) {
                reasons[index].names.append("\(fact.playbook)/\(fact.fact)")
            } else {
                reasons.append((sentence, ["\(fact.playbook)/\(fact.fact)"]))
            }
        }
        for (sentence, names) in reasons {
            text.wrapped(sentence, indent: 2, .dim)
            text.wrapped(names.joined(separator: ", "), indent: 4, .dim)
        }
    }

    private func addProblem(_ problem: Problem, to text: inout TerminalText) {
        text.line(problemText(problem), problem.severity == .error ? .red : .yellow)
    }
}
