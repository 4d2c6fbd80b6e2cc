internal import Engine
internal import Playbooks

/// JUnit's XML: a suite is a playbook, a case is a cause; confirmed fails, undetermined is skipped, failed is an error.
struct JUnitReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        let findings = diagnosis.findings + diagnosis.suppressed.map(\.finding)
        let accepted = Dictionary(
            diagnosis.suppressed.map { ($0.name, $0.suppression) }, uniquingKeysWith: { first, _ in first })
        var playbooks: [String] = []
        for finding in findings where !playbooks.contains(finding.playbook) {
            playbooks.append(finding.playbook)
        }
        let suites = playbooks.map { name in suite(name, findings.filter { $0.playbook == name }, accepted) }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"triage\">\n"
            + properties(diagnosis) + suites.joined() + "</testsuites>\n"
    }

    /// What is no case: what the text is like, what to look at next, how much is accepted.
    private func properties(_ diagnosis: Diagnosis) -> String {
        var pairs: [(String, String)] = []
        if !diagnosis.nearest.isEmpty { pairs.append(("nearest", diagnosis.nearest.joined(separator: ", "))) }
        if let next = diagnosis.next {
            pairs.append(("next", next.sentence))
            if let command = next.commandText { pairs.append(("next-command", command)) }
        }
        if !diagnosis.suppressed.isEmpty { pairs.append(("suppressed", "\(diagnosis.suppressed.count)")) }
        guard !pairs.isEmpty else { return "" }
        let elements = pairs.map { "      <property name=\"\($0)\" value=\"\(markupText($1))\"/>\n" }.joined()
        return "  <testsuite name=\"triage\" tests=\"0\">\n    <properties>\n" + elements
            + "    </properties>\n  </testsuite>\n"
    }

    private func suite(_ name: String, _ findings: [Finding], _ accepted: [String: Suppression]) -> String {
        func isAccepted(_ finding: Finding) -> Bool { accepted["\(finding.playbook)/\(finding.cause)"] != nil }
        func count(_ status: Finding.Status) -> Int { findings.count { $0.status == status && !isAccepted($0) } }
        return "  <testsuite name=\"\(markupText(name))\" tests=\"\(findings.count)\" failures=\"\(count(.confirmed))\""
            + " errors=\"\(count(.failed))\" skipped=\"\(count(.undetermined) + findings.count(where: isAccepted))\">\n"
            + findings.map { testCase($0, accepted["\($0.playbook)/\($0.cause)"]) }.joined() + "  </testsuite>\n"
    }

    private func testCase(_ finding: Finding, _ suppression: Suppression?) -> String {
        let head = "    <testcase classname=\"\(markupText(finding.playbook))\" name=\"\(markupText(finding.cause))\""
        if let suppression {
            return head + ">\n      <skipped message=\"\(markupText(suppression.sentence))\"/>\n    </testcase>\n"
        }
        switch finding.status {
        case .ruledOut: return head + "/>\n"
        case .confirmed:
            let message = markupText(finding.title)
            return head + ">\n      <failure message=\"\(message)\" type=\"\(finding.severity.rawValue)\">"
                + markupText(finding.because) + "</failure>\n    </testcase>\n"
        case .undetermined:
            let missing = finding.missing.map { "\($0.fact): \($0.reason)" }.joined(separator: "; ")
            return head + ">\n      <skipped message=\"\(markupText(missing))\"/>\n    </testcase>\n"
        case .failed:
            let message = finding.failure.map(problemText) ?? ""
            return head + ">\n      <error message=\"\(markupText(message))\"/>\n    </testcase>\n"
        }
    }
}

/// Foreign text inside XML or HTML, in elements and in quoted attributes.
func markupText(_ text: String) -> String {
    // Scalar by scalar: a quote with a combining mark behind it is another character, and still ends an attribute.
    escapingControlCharacters(text).unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
}
