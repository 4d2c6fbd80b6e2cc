internal import CEL
internal import Engine
internal import Facts
internal import Playbooks

/// For a ticket or a chat: what was found, on what it rests, what to do.
struct MarkdownReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        var lines = ["# Diagnosis", ""]
        let subject = diagnosis.subject
        lines += ["- Context: \(code(subject.context))", "- Server: \(code(subject.server))"]
        lines += ["- Platform: \(prose(subject.platform))", "- Collected: \(timeText(diagnosis.collectedAt))", ""]
        if let sentence = Verdict(of: diagnosis).sentence { lines += [sentence, ""] }
        if let nearest = diagnosis.nearestSentence { lines += [prose(nearest), ""] }
        for finding in diagnosis.findings where finding.status == .confirmed { lines += confirmed(finding) }
        lines += undetermined(diagnosis.findings.filter { $0.status == .undetermined })
        lines += failed(diagnosis.findings.filter { $0.status == .failed })
        if let next = diagnosis.next {
            lines += ["## What next", "", prose(next.sentence), ""] + (next.commandText.map(fenced) ?? []) + [""]
        }
        let ruledOut = diagnosis.findings.filter { $0.status == .ruledOut }
        if !ruledOut.isEmpty {
            lines +=
                ["## Ruled out", ""] + ruledOut.map { "- \(code("\($0.playbook)/\($0.cause)")) \(prose($0.title))" } + [
                    ""
                ]
        }
        if !diagnosis.suppressed.isEmpty {
            lines += ["## Known and accepted: \(diagnosis.suppressed.count)", ""]
            lines += diagnosis.suppressed.map {
                "- \(code($0.name)) (\($0.finding.status.rawValue)), \(prose($0.suppression.sentence))"
            }
            lines.append("")
        }
        if !diagnosis.problems.isEmpty {
            lines += ["## Problems", ""] + diagnosis.problems.map { "- \(prose(problemText($0)))" } + [""]
        }
        return lines.joined(separator: "\n")
    }

    private func confirmed(_ finding: Finding) -> [String] {
        var lines = ["## ✗ \(prose(finding.title))", ""]
        lines += ["\(code("\(finding.playbook)/\(finding.cause)")), \(finding.severity.rawValue)", ""]
        if !finding.because.isEmpty { lines += [prose(finding.because), ""] }
        if let lapsed = finding.lapsed { lines += ["This \(prose(lapsed.lapsedSentence)).", ""] }
        if !finding.explains.isEmpty {
            lines += ["Explains " + finding.explains.map(code).joined(separator: ", ") + ".", ""]
        }
        if !finding.evidence.isEmpty {
            lines += ["| fact | value | source |", "|---|---|---|"]
            lines += finding.evidence.map {
                "| \(cell($0.fact)) | \(cell(shortText(of: $0.value))) | \(cell($0.source)) |"
            }
            lines.append("")
        }
        for remedy in finding.remedies {
            lines += ["### \(prose(remedy.title)) (\(remedy.risk.rawValue))", ""]
            for step in remedy.steps {
                switch step {
                case .run: lines += fenced(stepText(step))
                case .say(let sentence): lines.append("- \(prose(sentence))")
                }
            }
            if let verify = remedy.verify { lines += ["", "Mended when \(code(verify))."] }
            lines.append("")
        }
        return lines
    }

    private func undetermined(_ findings: [Finding]) -> [String] {
        guard !findings.isEmpty else { return [] }
        var lines = ["## Could not be told", ""]
        for finding in findings {
            lines.append("- \(code("\(finding.playbook)/\(finding.cause)")) \(prose(finding.title))")
            for missing in finding.missing {
                let detail = missing.detail.isEmpty ? "" : ": \(missing.detail)"
                lines.append("  - lacks \(code(missing.fact)) (\(prose(missing.reason + detail)))")
                if !missing.needs.isEmpty {
                    lines.append("    - it needs: \(prose(missing.needs.joined(separator: "; ")))")
                }
                if !missing.hint.isEmpty { lines.append("    - to get it: \(prose(missing.hint))") }
            }
        }
        return lines + [""]
    }

    private func failed(_ findings: [Finding]) -> [String] {
        guard !findings.isEmpty else { return [] }
        return ["## Conditions that failed", ""]
            + findings.map { finding in
                "- \(code("\(finding.playbook)/\(finding.cause)"))"
                    + (finding.failure.map { " \(prose(problemText($0)))" } ?? "")
            } + [""]
    }

    private func fenced(_ text: String) -> [String] { MarkdownText.fenced(text) }
    private func prose(_ text: String) -> String { MarkdownText.prose(text) }
    private func code(_ text: String) -> String { MarkdownText.code(text) }
    private func cell(_ text: String) -> String { MarkdownText.cell(text) }
}
