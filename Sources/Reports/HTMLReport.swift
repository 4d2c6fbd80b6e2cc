internal import CEL
internal import Engine
internal import Facts
internal import Playbooks

/// One self-contained page: no scripts, no outside assets, and a policy that would refuse them.
struct HTMLReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        let confirmed = diagnosis.findings.filter { $0.status == .confirmed }
        let rest = diagnosis.findings.filter { $0.status != .confirmed }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>Diagnosis</title>
            <style>
            body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
            article{border-left:4px solid #c62828;padding:.1rem 1rem;margin:1.5rem 0;background:#fafafa}
            code,pre{font:14px/1.5 ui-monospace,monospace}pre{background:#1b1f24;color:#e6edf3;padding:.6rem 1rem;overflow:auto}
            table{border-collapse:collapse;width:100%}td,th{border:1px solid #d0d7de;padding:.3rem .6rem;text-align:left;overflow-wrap:anywhere}
            .dim{color:#57606a}
            @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}article{background:#161b22}td,th{border-color:#30363d}.dim{color:#8b949e}}
            </style></head><body>
            <h1>Diagnosis</h1>
            <p class="dim">\(markupText(diagnosis.subject.context)) \(markupText(diagnosis.subject.server)), \
            platform \(markupText(diagnosis.subject.platform)), collected \(timeText(diagnosis.collectedAt))</p>
            \(Verdict(of: diagnosis).sentence.map { "<p>\($0)</p>" } ?? confirmed.map(article).joined(separator: "\n"))
            \(diagnosis.nearestSentence.map { "<p>\(markupText($0))</p>" } ?? "")
            \(diagnosis.next.map(nextSection) ?? "")
            \(rest.isEmpty ? "" : table(rest))
            \(diagnosis.suppressed.isEmpty ? "" : suppressedSection(diagnosis.suppressed))
            </body></html>

            """
    }

    private func article(_ finding: Finding) -> String {
        let evidence = finding.evidence.map { item in
            "<tr><td><code>\(markupText(item.fact))</code></td><td>\(markupText(shortText(of: item.value)))</td>"
                + "<td class=\"dim\">\(markupText(item.source))</td></tr>"
        }
        let remedies = finding.remedies.map { remedy in
            let steps = remedy.steps.map { step in
                switch step {
                case .run: "<pre>\(markupText(stepText(step)))</pre>"
                case .say(let sentence): "<p>\(markupText(sentence))</p>"
                }
            }
            let verify = remedy.verify.map { "<p class=\"dim\">Mended when <code>\(markupText($0))</code></p>" } ?? ""
            return "<h3>\(markupText(remedy.title)) <small>\(remedy.risk.rawValue)</small></h3>" + steps.joined()
                + verify
        }
        return "<article><h2>\(markupText(finding.title))</h2><p><code>\(markupText(finding.playbook))/"
            + "\(markupText(finding.cause))</code> <span class=\"dim\">\(finding.severity.rawValue)</span></p>"
            + (finding.lapsed.map { "<p>This \(markupText($0.lapsedSentence)).</p>" } ?? "")
            + "<p>\(markupText(finding.because))</p><table><tr><th>fact</th><th>value</th><th>source</th></tr>"
            + evidence.joined() + "</table>" + remedies.joined() + "</article>"
    }

    private func nextSection(_ next: NextFact) -> String {
        "<h2>What next</h2><p>\(markupText(next.sentence))</p>"
            + (next.commandText.map { "<pre>\(markupText($0))</pre>" } ?? "")
    }

    private func suppressedSection(_ suppressed: [SuppressedFinding]) -> String {
        "<h2>Known and accepted: \(suppressed.count)</h2><ul>"
            + suppressed.map {
                "<li><code>\(markupText($0.name))</code> (\($0.finding.status.rawValue)), "
                    + "\(markupText($0.suppression.sentence))</li>"
            }.joined() + "</ul>"
    }

    private func table(_ findings: [Finding]) -> String {
        let rows = findings.map { finding in
            let missing = finding.missing.map { "\($0.fact): \($0.reason) \($0.detail)" }.joined(separator: "; ")
            return "<tr><td><code>\(markupText(finding.playbook))/\(markupText(finding.cause))</code></td>"
                + "<td>\(finding.status.rawValue)</td><td>\(markupText(missing))</td></tr>"
        }
        return "<h2>The other causes</h2><table><tr><th>cause</th><th>status</th><th>lacks</th></tr>"
            + rows.joined() + "</table>"
    }
}
