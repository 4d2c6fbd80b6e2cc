import CEL
import Facts
import Playbooks
import Testing

@testable import Engine

@Suite struct DiagnosisTests {
    static let swapType = ValueType.object([
        "devices": .list(.object(["name": .string, "sizeKiB": .int])), "failSwapOn": .bool,
    ])

    static let swapText = playbookText(
        "swap", facts: "swap: swap",
        define: "fails: '!has(facts.swap.failSwapOn) || facts.swap.failSwapOn'",
        causes: """
            - id: active
              title: Swap is active
              when: size(facts.swap.devices) > 0 && fails
              because: "{{ size(facts.swap.devices) }} device(s): {{ facts.swap.devices.map(d, d.name).join(', ') }}"
              remedies: [off]
            """,
        remedies: """
            off:
              title: Turn it off
              risk: disruptive
              steps: [{run: [swapoff, -a], privileged: true}, {say: "look at {{ facts.swap.devices[0].name }}"}]
              verify: size(facts.swap.devices) == 0
            """)

    static let oneDevice = Value.map(["devices": .list([.map(["name": .string("/dev/sda2"), "sizeKiB": .int(4)])])])

    private func swap(_ answer: Answer) async -> Diagnosis {
        let world = MadeUp().adding("swap", Self.swapType, answer)
        return await world.diagnose(world.playbooks(Self.swapText))
    }

    @Test func `what is a fault only where somebody asks is none when everything is looked at`() async {
        let world = MadeUp().adding("swap", Self.swapType, .value(Self.oneDevice))
        let playbooks = world.playbooks(
            playbookText(
                "swap", symptom: "swap is on", facts: "swap: swap",
                causes: """
                    - id: active
                      title: Swap is active
                      when: isAsked && size(facts.swap.devices) > 0
                    """))
        #expect(await world.diagnose(playbooks).summary == ["swap/active: ruled-out"])
        #expect(await world.diagnose(playbooks, Inquiry(names: ["swap"])).summary == ["swap/active: confirmed"])
        #expect(await world.diagnose(playbooks, Inquiry(text: "swap is on")).summary == ["swap/active: confirmed"])
    }

    @Test func `a confirmed cause comes with its reason, its evidence and its remedy`() async throws {
        let diagnosis = await swap(.value(Self.oneDevice))
        #expect(diagnosis.summary == ["swap/active: confirmed"])
        #expect(diagnosis.exitCode == .confirmed)
        let finding = try #require(diagnosis.findings.first)
        #expect(finding.because == "1 device(s): /dev/sda2")
        #expect(finding.evidence.map(\.fact) == ["swap.devices", "swap.failSwapOn"])
        #expect(finding.evidence.map(\.value.description) == [#"[{"name": "/dev/sda2", "sizeKiB": 4}]"#, "null"])
        #expect(finding.evidence.allSatisfy { $0.source == "made up swap" && $0.collectedAt == MadeUp.now })
        let remedy = try #require(finding.remedies.first)
        #expect(remedy.steps == [.run(["swapoff", "-a"], isPrivileged: true), .say("look at /dev/sda2")])
        #expect(remedy.verify == "size(facts.swap.devices) == 0")
        #expect(remedy.isRunnable)
    }

    @Test func `a healthy system has no confirmed cause`() async {
        let diagnosis = await swap(.fields(["devices": .list([])]))
        #expect(diagnosis.summary == ["swap/active: ruled-out"])
        #expect(diagnosis.exitCode == .nothingFound)
    }

    @Test(arguments: [Unknown.Reason.denied, .timedOut, .truncated, .redacted, .notFound, .needsRoot])
    func `what could not be seen is neither a pass nor a fail, and says why`(reason: Unknown.Reason) async throws {
        let diagnosis = await swap(.unknown(Unknown(reason, "no luck", hint: "try harder")))
        #expect(diagnosis.summary == ["swap/active: undetermined"])
        #expect(diagnosis.exitCode == .undetermined)
        let missing = try #require(diagnosis.findings.first).missing
        #expect(
            missing.map { [$0.fact, $0.reason, $0.detail, $0.hint] } == [
                ["swap", reason.rawValue, "no luck", "try harder"]
            ])
    }

    @Test func `a part that is missing is named by its path`() async throws {
        let diagnosis = await swap(
            .fields([
                "devices": Self.oneDevice.member("devices") ?? .null, "failSwapOn": Unknown(.needsRoot, "root").value,
            ]))
        #expect(diagnosis.summary == ["swap/active: undetermined"])
        #expect(diagnosis.findings.first?.missing.map(\.fact) == ["swap.failSwapOn"])
    }

    @Test func `a part that is missing does not matter where another decides`() async {
        let diagnosis = await swap(.fields(["devices": .list([]), "failSwapOn": Unknown(.needsRoot, "root").value]))
        #expect(diagnosis.summary == ["swap/active: ruled-out"])
    }

    @Test func `a cause whose condition errs is failed, with the place of the error`() async throws {
        let world = MadeUp().adding("open", .dyn, .fields(["a": .int(1)]))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "open: open",
                    causes:
                        "- id: errs\n  title: Errs\n  when: facts.open.b.c > 1\n- id: fine\n  title: Fine\n  when: facts.open.a == 2"
                )))
        #expect(diagnosis.summary == ["p/errs: failed", "p/fine: ruled-out"])
        let failure = try #require(diagnosis.findings.first?.failure)
        #expect(failure.location.file == "made-up-0.yaml")
        #expect(failure.location.line == 16)
        #expect(failure.message.contains("the condition of cause 'errs' has no value"))
        #expect(diagnosis.exitCode == .badInput)
    }

    // MARK: Order

    /// Causes that all hold, each with a condition of its own.
    private static func causes(_ causes: (id: String, explains: [String])...) -> String {
        causes.enumerated().map { index, cause in
            "- {id: \(cause.id), title: T, when: facts.n > \(index), explains: [\(cause.explains.joined(separator: ", "))]}"
        }.joined(separator: "\n")
    }

    @Test func `a root stands before what it explains, and in its place`() async {
        let world = MadeUp().adding("n", .int, .value(.int(100)))
        let playbooks = world.playbooks(
            playbookText(
                "a", facts: "n: n", causes: Self.causes(("echo", []), ("other", []), ("middle", ["a/echo"]))),
            playbookText("b", facts: "n: n", causes: Self.causes(("root", ["a/middle"]))))
        let diagnosis = await world.diagnose(playbooks)
        #expect(diagnosis.confirmed == ["b/root", "a/middle", "a/echo", "a/other"])
        #expect(diagnosis.finding("b/root")?.explains == ["a/middle"])
    }

    @Test func `causes that explain each other are tolerated`() async {
        let world = MadeUp().adding("yes", .bool, .bool(true))
        let cause = { (id: String, explains: String) in
            Cause(
                id: id, title: id, severity: nil, when: Self.condition("facts.yes"), because: nil, explains: [explains],
                remedies: [], location: Location(file: "x", line: 1, column: 1))
        }
        var made = playbook("p", [])
        made.facts = [
            FactDeclaration(
                name: "yes", collector: "yes", parameters: [:], timeoutSeconds: nil,
                location: Location(file: "x", line: 1, column: 1))
        ]
        made.causes = [cause("one", "p/two"), cause("two", "p/one"), cause("self", "p/self")]
        let diagnosis = await world.diagnose([made])
        #expect(diagnosis.confirmed == ["p/one", "p/two", "p/self"])
    }

    static func condition(_ source: String) -> Condition {
        do {
            return Condition(
                program: try Environment(variables: ["facts": .dyn]).compile(source),
                location: Location(file: "x", line: 1, column: 1))
        } catch { preconditionFailure("\(error)") }
    }

    @Test func `the root is advised and its echo is not`() async {
        let remedies = "mend: {title: Mend, risk: safe, steps: [{say: mend it}], verify: '!facts.yes'}"
        let world = MadeUp().adding("yes", .bool, .bool(true))
        let playbooks = world.playbooks(
            playbookText(
                "echo", facts: "yes: yes", causes: "- {id: e, title: E, when: facts.yes, remedies: [mend]}",
                remedies: remedies),
            playbookText(
                "root", facts: "yes: yes",
                causes: "- {id: r, title: R, when: facts.yes, explains: [echo/e], remedies: [mend]}", remedies: remedies
            ))
        let diagnosis = await world.diagnose(playbooks)
        #expect(diagnosis.finding("root/r")?.remedies.map(\.id) == ["mend"])
        #expect(diagnosis.finding("echo/e")?.remedies.isEmpty == true)
    }

    @Test func `confirmed stands before failed, undetermined and ruled out`() async {
        let world = MadeUp().adding("yes", .bool, .bool(true)).adding("no", .bool, .bool(false))
            .adding("dark", .bool, .unknown(Unknown(.denied, ""))).adding("open", .dyn, .fields([:]))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "yes: yes\nno: no\ndark: dark\nopen: open",
                    causes: """
                        - {id: a, title: A, when: facts.no}
                        - {id: b, title: B, when: facts.dark}
                        - {id: c, title: C, when: facts.open.x}
                        - {id: d, title: D, when: facts.yes}
                        """)))
        #expect(diagnosis.summary == ["p/d: confirmed", "p/c: failed", "p/b: undetermined", "p/a: ruled-out"])
    }

    // MARK: Participation

    static func pair(in world: MadeUp) -> [Playbook] {
        world.playbooks(
            playbookText(
                "refused", symptom: "was refused - did you specify the right host", facts: "yes: yes",
                causes: "- {id: not-loaded, title: T, when: facts.yes}\n- {id: other, title: T, when: '!facts.yes'}"),
            playbookText(
                "invalid", symptom: "no configuration has been provided", facts: "yes: yes\ndark: dark",
                causes: """
                    - {id: empty, title: T, when: facts.yes, explains: [refused/not-loaded]}
                    - {id: not-it, title: T, when: '!facts.yes', explains: [refused/not-loaded]}
                    - {id: unseen, title: T, when: facts.dark, explains: [refused/not-loaded]}
                    - {id: noise, title: T, when: facts.yes == true}
                    """),
            playbookText("unrelated", facts: "yes: yes", causes: "- {id: u, title: T, when: facts.yes}"))
    }

    static let pairWorld = MadeUp().adding("yes", .bool, .bool(true))
        .adding("dark", .bool, .unknown(Unknown(.denied, "dark")))

    @Test func `what explains a confirmed cause takes part, without its noise`() async {
        let diagnosis = await Self.pairWorld.diagnose(
            Self.pair(in: Self.pairWorld), Inquiry(text: "The connection was refused - did you specify the right host?")
        )
        #expect(
            diagnosis.summary
                == ["invalid/empty: confirmed", "refused/not-loaded: confirmed", "refused/other: ruled-out"])
        #expect(diagnosis.symptoms.map(\.playbook) == ["refused"])
    }

    @Test func `text that matches nothing confirms nothing`() async {
        let diagnosis = await Self.pairWorld.diagnose(
            Self.pair(in: Self.pairWorld), Inquiry(text: "NAME   STATUS   AGE\ndefault   Active   32s"))
        #expect(diagnosis.findings.isEmpty)
        #expect(diagnosis.exitCode == .nothingFound)
    }

    @Test func `a named playbook takes part whatever the text says`() async {
        let diagnosis = await Self.pairWorld.diagnose(
            Self.pair(in: Self.pairWorld), Inquiry(text: "nothing of the kind", names: ["unrelated"]))
        #expect(diagnosis.confirmed == ["unrelated/u"])
    }

    @Test func `with nothing said everything is checked`() async {
        let diagnosis = await Self.pairWorld.diagnose(Self.pair(in: Self.pairWorld))
        #expect(Set(diagnosis.findings.map(\.playbook)) == ["refused", "invalid", "unrelated"])
    }

    @Test func `a name that does not exist is a problem with a suggestion`() async {
        let diagnosis = await Self.pairWorld.diagnose(Self.pair(in: Self.pairWorld), Inquiry(names: ["refusd"]))
        #expect(diagnosis.problems.map(\.code) == [.unknownPlaybook])
        #expect(diagnosis.problems.first?.suggestion == "refused")
        #expect(diagnosis.exitCode == .badInput)
    }

    // MARK: Subject, inputs, symptom

    @Test func `the subject is what the kubeconfig and the platform say`() async {
        let world = MadeUp()
            .adding(
                "kubeconfig", .object(["contextName": .string, "cluster": .object(["server": .string])]),
                .fields(["contextName": .string("dev"), "cluster": .map(["server": .string("https://x:6443")])])
            )
            .adding("platform", .object(["name": .string]), .fields(["name": .string("kind")]))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText("p", causes: "- {id: a, title: T, when: platform == 'kind'}")))
        #expect(diagnosis.subject == .init(context: "dev", server: "https://x:6443", platform: "kind"))
        #expect(diagnosis.summary == ["p/a: confirmed"])
        #expect(diagnosis.findings.first?.evidence.map(\.fact) == ["platform"])
    }

    static let inputText = playbookText(
        "p", inputs: "name: {type: string, title: The name}\ncount: {type: int, title: How many, default: 3}",
        causes: "- {id: a, title: T, when: inputs.name == 'x' && inputs.count == 3}")

    @Test func `an input that was not given is missing, and how to give it is said`() async throws {
        let world = MadeUp()
        let diagnosis = await world.diagnose(world.playbooks(Self.inputText))
        #expect(diagnosis.summary == ["p/a: undetermined"])
        let missing = try #require(diagnosis.findings.first?.missing.first)
        #expect(missing.fact == "inputs.name")
        #expect(missing.hint == "--input name=VALUE")
    }

    @Test(arguments: [
        (["name": "x"], "p/a: confirmed"), (["name": "x", "count": "4"], "p/a: ruled-out"),
        (["name": "x", "count": "3"], "p/a: confirmed"),
    ])
    func `an input is converted as declared, else its default counts`(inputs: [String: String], summary: String) async {
        let world = MadeUp()
        let diagnosis = await world.diagnose(world.playbooks(Self.inputText), Inquiry(inputs: inputs))
        #expect(diagnosis.summary == [summary])
        #expect(diagnosis.problems.isEmpty)
    }

    @Test(arguments: [["count": "many"], ["nmae": "x"]])
    func `an input that is not one is a problem`(inputs: [String: String]) async {
        let world = MadeUp()
        let diagnosis = await world.diagnose(world.playbooks(Self.inputText), Inquiry(inputs: inputs))
        #expect(diagnosis.problems.map(\.code) == [.invalidInput])
    }

    @Test func `what a pattern caught is a fact`() async throws {
        let world = MadeUp()
        let text = """
            apiVersion: playbooks.triage/v1
            kind: Playbook
            metadata: {name: p, title: T, version: 1.0.0, severity: error}
            spec:
              symptoms: [{regex: 'user "(?P<user>[^"]+)" cannot (?P<verb>\\w+)'}]
              causes:
                - {id: a, title: T, when: has(facts.symptom.user) && facts.symptom.user == 'jane', because: "{{ facts.symptom.verb }}"}
            """
        let playbooks = world.playbooks(text)
        let diagnosis = await world.diagnose(playbooks, Inquiry(text: #"forbidden: User, user \"jane\" cannot list"#))
        #expect(diagnosis.summary == ["p/a: confirmed"])
        #expect(diagnosis.findings.first?.because == "list")
        #expect(diagnosis.findings.first?.evidence.map(\.source) == ["the text, line 1"])
        #expect(await world.diagnose(playbooks).summary == ["p/a: ruled-out"])
    }

    // MARK: Three values

    @Test func `more facts never turn a decided cause round`() async throws {
        let conditions = [
            "facts.a && facts.b", "facts.a || (facts.b && !facts.c)", "!(facts.a && facts.b) || facts.c",
            "facts.a ? facts.b : facts.c", "[facts.a, facts.b].exists(x, x) && facts.c",
            "[facts.a, facts.b, facts.c].all(x, x)", "d && (facts.b || d)",
        ]
        let causes = conditions.enumerated().map { "- {id: c\($0), title: T, when: \"\($1)\"}" }.joined(separator: "\n")
        let text = playbookText(
            "p", facts: "a: a\nb: b\nc: c", define: "d: facts.a && !facts.c", causes: causes)
        func verdicts(_ values: [Bool?]) async -> [String: Finding.Status] {
            var world = MadeUp()
            for (name, value) in zip(["a", "b", "c"], values) {
                world = world.adding(name, .bool, value.map { .bool($0) } ?? .unknown(Unknown(.denied, "")))
            }
            let diagnosis = await world.diagnose(world.playbooks(text))
            return Dictionary(uniqueKeysWithValues: diagnosis.findings.map { ($0.cause, $0.status) })
        }
        let all: [Bool?] = [true, false, nil]
        let whole = all.flatMap { a in all.flatMap { b in all.map { c in [a, b, c] } } }
        var results: [[Bool?]: [String: Finding.Status]] = [:]
        for values in whole { results[values] = await verdicts(values) }
        for partial in whole {
            let known = try #require(results[partial])
            for complete in whole where !complete.contains(nil) {
                let extends = zip(partial, complete).allSatisfy { $0 == nil || $0 == $1 }
                guard extends else { continue }
                let final = try #require(results[complete])
                for (cause, status) in known where status != .undetermined { #expect(final[cause] == status) }
                #expect(!final.values.contains(.undetermined))
            }
        }
    }

    // MARK: Traps

    @Test func `popeye#288 - nothing scanned is never a perfect score`() async {
        let world = MadeUp().adding(
            "pods", .object(["items": .list(.dyn)]), .unknown(Unknown(.denied, "list pods is forbidden")))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "pods: pods", causes: "- {id: a, title: T, when: 'facts.pods.items.exists(p, p.bad)'}"))
        )
        #expect(diagnosis.exitCode == .undetermined)
    }

    @Test func `k8sgpt#216 - a forbidden list is never 'does not exist'`() async {
        let world = MadeUp().adding(
            "target", .object(["items": .list(.dyn)]), .unknown(Unknown(.denied, "get deployments is forbidden")))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "target: target",
                    causes: "- {id: absent, title: T, when: size(facts.target.items) == 0}")))
        #expect(diagnosis.summary == ["p/absent: undetermined"])
        #expect(diagnosis.findings.first?.missing.first?.detail == "get deployments is forbidden")
    }

    @Test func `aicr#2122 and nuclei#4299 - a fact that timed out is not a pass`() async {
        let world = MadeUp().adding("slow", .bool, .unknown(Unknown(.timedOut, "no answer")))
        let diagnosis = await world.diagnose(
            world.playbooks(playbookText("p", facts: "slow: slow", causes: "- {id: a, title: T, when: facts.slow}")))
        #expect(diagnosis.exitCode == .undetermined)
        #expect(diagnosis.findings.first?.missing.first?.reason == "timedOut")
    }

    @Test func `OpenHands/extensions#456 - redacted is not absent`() async {
        let type = ValueType.object(["token": .string])
        let text = playbookText("p", facts: "user: user", causes: "- {id: a, title: T, when: '!has(facts.user.token)'}")
        let redacted = MadeUp().adding("user", type, .fields(["token": Unknown(.redacted, "removed").value]))
        #expect(await redacted.diagnose(redacted.playbooks(text)).summary == ["p/a: undetermined"])
        let absent = MadeUp().adding("user", type, .fields([:]))
        #expect(await absent.diagnose(absent.playbooks(text)).summary == ["p/a: confirmed"])
    }

    @Test func `troubleshoot#1596 - a cause that was looked at never vanishes`() async {
        let diagnosis = await swap(.fields(["devices": .list([])]))
        #expect(diagnosis.findings.count == 1)
    }

    @Test func `k8sgpt#1667 - a condition is read with its reason, and HPA at minReplicas is no fault`() async {
        let type = ValueType.object([
            "conditions": .list(.object(["type": .string, "status": .string, "reason": .string]))
        ])
        let condition = { (type: String, status: String, reason: String) in
            Value.map(["type": .string(type), "status": .string(status), "reason": .string(reason)])
        }
        let text = playbookText(
            "p", facts: "hpa: hpa",
            causes: """
                - id: a
                  title: T
                  when: facts.hpa.conditions.exists(c, c.type == 'ScalingActive' && c.status == 'False' && c.reason == 'FailedGetResourceMetric')
                """)
        for (conditions, expected) in [
            ([condition("ScalingLimited", "True", "TooFewReplicas")], "p/a: ruled-out"),
            ([condition("ScalingActive", "False", "ScalingDisabled")], "p/a: ruled-out"),
            ([condition("ScalingActive", "False", "FailedGetResourceMetric")], "p/a: confirmed"),
        ] {
            let world = MadeUp().adding("hpa", type, .fields(["conditions": .list(List(conditions))]))
            #expect(await world.diagnose(world.playbooks(text)).summary == [expected])
        }
    }
}
