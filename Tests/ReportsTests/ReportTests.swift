import CEL
import Engine
import Facts
import Playbooks
import Reports
import Testing

/// What a stranger wrote reaches nobody's terminal, page or document as anything but text.
struct ReportTests {
    static let hostile = "a\u{1b}[31mred\u{7}\r<script>|`\u{202e}\n::error::x"

    static var diagnosis: Diagnosis {
        let remedy = ProposedRemedy(
            id: "mend", title: hostile, risk: .safe,
            steps: [.run(["echo", "it's", hostile], isPrivileged: true), .say(hostile)], verify: hostile, rollback: [])
        let time = Timestamp(seconds: 1_795_478_400)
        let confirmed = Finding(
            playbook: "swap-enabled", cause: "swap-active", status: .confirmed, severity: .error, title: hostile,
            because: hostile,
            evidence: [Evidence(fact: "swap.devices", value: .string(hostile), source: hostile, collectedAt: time)],
            missing: [], explains: [], remedies: [remedy])
        let open = Finding(
            playbook: "swap-enabled", cause: "zram-swap", status: .undetermined, severity: .error, title: hostile,
            because: "", evidence: [],
            missing: [MissingFact(fact: "swap", reason: "denied", detail: hostile, hint: hostile)], explains: [],
            remedies: [])
        return Diagnosis(
            subject: .init(context: hostile, server: hostile, platform: "kubeadm"),
            symptoms: [.init(playbook: "swap-enabled", line: 1, text: hostile)], findings: [confirmed, open],
            problems: [], collectedAt: time)
    }

    @Test(arguments: ReportFormat.allCases)
    func `no format passes a control character on`(format: ReportFormat) {
        let text = format.report(TextOptions()).render(Self.diagnosis)
        let foreign = text.unicodeScalars.filter { scalar in
            scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
        }
        #expect(foreign.isEmpty)
        #expect(text.contains("swap-active"))
    }

    @Test func `text that is known and explained by nothing here is not called healthy`() {
        var diagnosis = Self.diagnosis
        diagnosis.findings.removeFirst()
        diagnosis.findings[0].status = .ruledOut
        let text = ReportFormat.text.report(TextOptions())
        #expect(text.render(diagnosis).contains("No known cause holds here"))
        diagnosis.symptoms = []
        #expect(text.render(diagnosis).contains("Nothing wrong found"))
    }

    @Test func `colour is ours alone`() {
        let text = TextOptionsSample.colored.render(Self.diagnosis)
        #expect(text.contains("\u{1b}[1;31m"))
        #expect(!text.contains("\u{1b}[31mred"))
        #expect(text.contains("\\x1b[31mred"))
    }

    @Test func `a page and a test report hold no foreign markup`() {
        for format in [ReportFormat.html, .junit] {
            #expect(!format.report(TextOptions()).render(Self.diagnosis).contains("<script>"))
        }
    }

    @Test func `the JSON document reads back with the names of the format`() throws {
        let text = ReportFormat.json.report(TextOptions()).render(Self.diagnosis)
        guard case .map(let document) = try Value.parseJSON(text), case .list(let findings)? = document["findings"],
            case .map(let finding)? = findings.first
        else {
            Issue.record("not the document: \(text)")
            return
        }
        for name in ["playbook", "cause", "status", "because", "evidence", "missing", "explains", "remedies"] {
            #expect(finding[name] != nil, "\(name)")
        }
        guard case .string(let because)? = finding["because"] else { return }
        #expect(because == Self.hostile)
    }

    @Test func `a command is printed as a shell would take it`() {
        #expect(commandLine(["kubectl", "get", "it's", "--a=b"]) == #"kubectl get 'it'\''s' --a=b"#)
        #expect(commandLine(["swapoff", "-a"], isPrivileged: true) == "sudo swapoff -a")
    }
}

private enum TextOptionsSample {
    static let colored = ReportFormat.text.report(TextOptions(isColored: true))
}
