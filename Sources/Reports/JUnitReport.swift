internal import Engine
internal import Playbooks

/// JUnit's XML: a suite is a playbook, a case is a cause; confirmed fails, undetermined is skipped, failed is an error.
struct JUnitReport: Report {
    func render(_ diagnosis: Diagnosis) -> String {
        var playbooks: [String] = []
        for finding in diagnosis.findings where !playbooks.contains(finding.playbook) {
            playbooks.append(finding.playbook)
        }
        let suites = playbooks.map { name in suite(name, diagnosis.findings.filter { $0.playbook == name }) }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"triage\">\n"
            + suites.joined() + "</testsuites>\n"
    }

    private func suite(_ name: String, _ findings: [Finding]) -> String {
        func count(_ status: Finding.Status) -> Int { findings.count { $0.status == status } }
        return "  <testsuite name=\"\(markupText(name))\" tests=\"\(findings.count)\" failures=\"\(count(.confirmed))\""
            + " errors=\"\(count(.failed))\" skipped=\"\(count(.undetermined))\">\n"
            + findings.map(testCase).joined() + "  </testsuite>\n"
    }

    private func testCase(_ finding: Finding) -> String {
        let head = "    <testcase classname=\"\(markupText(finding.playbook))\" name=\"\(markupText(finding.cause))\""
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
    escapingControlCharacters(text).reduce(into: "") { result, character in
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.append(character)
        }
    }
}
