import Testing
import YAML

@Suite(.enabled(if: Suite.isThere, "the yaml-test-suite's cases are not beside the project"))
struct ConformanceTests {
    @Test(arguments: (Suite.cases ?? []).filter(\.libyaml))
    func `what libyaml reads right, this reads right`(test: Suite.Case) {
        #expect(Suite.verdict(on: test) == .right)
    }
}
