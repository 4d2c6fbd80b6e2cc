import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

@Suite struct SuppressingTests {
    private func finding(_ cause: String, _ status: Finding.Status) -> Finding {
        Finding(
            playbook: "p", cause: cause, status: status, severity: .error, title: "T", because: "", evidence: [],
            missing: [], explains: [], remedies: [])
    }

    private func diagnosis(_ findings: [Finding]) -> Diagnosis {
        Diagnosis(
            subject: .init(context: "dev-1", server: "https://a", platform: "kind"), symptoms: [], findings: findings,
            problems: [], collectedAt: MadeUp.now)
    }

    private func suppression(
        _ cause: String, seconds: Int64 = 1, scope: Suppression.Scope = .init()
    ) -> Suppression {
        Suppression(
            cause: cause, scope: scope, owner: "o", reason: "r",
            expires: Timestamp(seconds: MadeUp.now.seconds + seconds), location: Location(file: "s", line: 1, column: 1)
        )
    }

    @Test func `what is accepted is counted and no finding`() {
        let result = diagnosis([finding("a", .confirmed), finding("b", .undetermined), finding("c", .ruledOut)])
            .suppressing([suppression("p/a"), suppression("p/b")])
        #expect(result.summary == ["p/c: ruled-out"])
        #expect(result.suppressed.map(\.finding.cause) == ["a", "b"])
        #expect(result.exitCode == .nothingFound)
    }

    @Test func `an expired suppression speaks up again, and says that it did`() {
        let result = diagnosis([finding("a", .confirmed)]).suppressing([suppression("p/a", seconds: 0)])
        #expect(result.summary == ["p/a: confirmed"])
        #expect(result.findings.first?.lapsed?.owner == "o")
        #expect(result.exitCode == .confirmed)
    }

    @Test func `of several the last to expire counts`() {
        let result = diagnosis([finding("a", .confirmed)])
            .suppressing([suppression("p/a", seconds: -5), suppression("p/a", seconds: 5)])
        #expect(result.suppressed.count == 1)
    }

    @Test func `it holds only where its scope is`() {
        let there = suppression("p/a", scope: .init(context: "prod-*"))
        #expect(diagnosis([finding("a", .confirmed)]).suppressing([there]).suppressed.isEmpty)
        let here = suppression("p/a", scope: .init(context: "dev-*", server: "https://a", platform: "kind"))
        #expect(diagnosis([finding("a", .confirmed)]).suppressing([here]).suppressed.count == 1)
    }

    @Test func `a condition that fails is never hidden`() {
        let result = diagnosis([finding("a", .failed)]).suppressing([suppression("p/a")])
        #expect(result.summary == ["p/a: failed"])
    }
}
