import CEL
import Facts
import Playbooks
import Synchronization
import Testing

@testable import Engine

@Suite struct FactPlanTests {
    static let parameterized: [Declaration.Parameter] = [
        .init("path", .string, "Where.", defaultValue: .string("/default")), .init("other", .string, "More."),
    ]

    @Test func `an expensive fact is not asked for where a cheap one has decided`() async {
        let world = MadeUp().adding("dear", .bool, cost: .list, .bool(true)).adding(
            "cheap", .bool, cost: .memory, .bool(false))
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "dear: dear\ncheap: cheap",
                    causes: "- {id: a, title: T, when: facts.dear && facts.cheap}")))
        #expect(diagnosis.summary == ["p/a: ruled-out"])
        #expect(world.log.all == ["cheap"])
    }

    @Test func `what no cause needs is not asked for`() async {
        let world = MadeUp().adding("used", .bool, .bool(false)).adding("unused", .bool, .bool(false))
        _ = await world.diagnose(
            world.playbooks(
                playbookText("p", facts: "used: used\nunused: unused", causes: "- {id: a, title: T, when: facts.used}"))
        )
        #expect(world.log.all == ["used"])
    }

    @Test func `what a reason and a remedy say is asked for once the cause is confirmed`() async {
        let text = playbookText(
            "p", facts: "yes: yes\nname: name\nwhere: where\nlater: later",
            causes: "- {id: a, title: T, when: facts.yes, because: \"{{ facts.name }}\", remedies: [r]}",
            remedies: """
                r:
                  title: R
                  risk: safe
                  when: facts.where == 'here'
                  steps: [{say: "do {{ facts.later }}"}]
                  verify: "!facts.yes"
                """)
        func asked(_ yes: Bool, _ place: String) async -> Set<String> {
            let world = MadeUp().adding("yes", .bool, .bool(yes)).adding("name", .string, .value(.string("n")))
                .adding("where", .string, .value(.string(place))).adding("later", .string, .value(.string("l")))
            _ = await world.diagnose(world.playbooks(text))
            return Set(world.log.all)
        }
        #expect(await asked(false, "here") == ["yes"])
        #expect(await asked(true, "there") == ["yes", "name", "where"])
        #expect(await asked(true, "here") == ["yes", "name", "where", "later"])
    }

    @Test func `playbooks that ask the same share the fact`() async {
        let log = CallLog()
        let world = MadeUp().adding(
            MadeUpCollector("file", .string, parameters: Self.parameterized, log: log) {
                .string($0["path"]?.text ?? "")
            })
        let causes = "- {id: a, title: T, when: facts.f == 'x'}"
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText("one", facts: "f: file", causes: causes),
                playbookText("two", facts: "f: {collector: file, with: {path: /default}}", causes: causes),
                playbookText("three", facts: "f: {collector: file, with: {path: /other}}", causes: causes)))
        #expect(diagnosis.findings.count == 3)
        #expect(log.all.sorted() == ["file path=/default", "file path=/other"])
    }

    @Test func `a parameter may come from another fact, which is asked for first`() async {
        let log = CallLog()
        let world = MadeUp().adding(
            "where", .object(["path": .string]), cost: .network, .fields(["path": .string("/x")])
        )
        .adding(
            MadeUpCollector("file", .string, cost: .memory, parameters: Self.parameterized, log: log) {
                .string($0["path"]?.text ?? "")
            })
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "where: where\nf: {collector: file, with: {path: \"{{ facts.where.path }}/y\"}}",
                    causes: "- {id: a, title: T, when: facts.f == '/x/y'}")))
        #expect(diagnosis.summary == ["p/a: confirmed"])
        #expect(log.all == ["file path=/x/y"])
    }

    @Test func `a fact whose parameter cannot be had says what it needs`() async throws {
        let world = MadeUp().adding(
            "where", .object(["path": .string]), .unknown(Unknown(.noKubeconfig, "none", hint: "set it"))
        )
        .adding(MadeUpCollector("file", .string, parameters: Self.parameterized) { _ in .string("") })
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "where: where\nf: {collector: file, with: {path: \"{{ facts.where.path }}\"}}",
                    causes: "- {id: a, title: T, when: facts.f == 'x'}")))
        let missing = try #require(diagnosis.findings.first?.missing.first)
        #expect(missing.fact == "f")
        #expect(missing.reason == "noKubeconfig")
        #expect(missing.detail == "its parameter 'path' needs facts.where: none")
        #expect(missing.hint == "set it")
    }

    @Test func `a parameter that another fact lacks makes the fact not found`() async {
        let world = MadeUp().adding("where", .object(["path": .string]), .fields([:]))
            .adding(MadeUpCollector("file", .string, parameters: Self.parameterized) { _ in .string("") })
        let diagnosis = await world.diagnose(
            world.playbooks(
                playbookText(
                    "p", facts: "where: where\nf: {collector: file, with: {path: \"{{ facts.where.path }}\"}}",
                    causes: "- {id: a, title: T, when: facts.f == 'x'}")))
        #expect(diagnosis.summary == ["p/a: undetermined"])
        #expect(diagnosis.findings.first?.missing.first?.reason == "notFound")
    }

    // MARK: Deadlines

    /// Answers only when it is cancelled, as the contract asks.
    static func stuck(_ name: String, log: CallLog = CallLog()) -> MadeUpCollector {
        MadeUpCollector(name, .bool, log: log) { _ throws(Unknown) in
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            await withTaskCancellationHandler {
                for await _ in stream {}
            } onCancel: {
                continuation.finish()
            }
            throw Unknown(.unreachable, "cancelled")
        }
    }

    @Test func `a collector that does not answer in time is unknown, timed out`() async throws {
        let world = MadeUp().adding(Self.stuck("stuck"))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "stuck: {collector: stuck, timeout: 3s}", causes: "- {id: a, title: T, when: facts.stuck}"))
        let waited = CallLog()
        let diagnosis = await world.diagnostician(playbooks, sleep: { waited.add("\($0)") }).diagnose(Inquiry())
        let missing = try #require(diagnosis.findings.first?.missing.first)
        #expect(missing.reason == "timedOut")
        #expect(missing.detail == "no answer within 3 s")
        #expect(waited.all == ["3.0"])
    }

    /// Tells for how many seconds it is waited for.
    private struct Patient: Collector {
        let declaration = Declaration("patient", summary: "Made up.", returns: .double, cost: .list)

        func collect(
            _ parameters: [String: Value], in surroundings: Surroundings
        ) async throws(Unknown) -> Observation {
            Observation(.double(surroundings.secondsLeft(or: -1)), source: "made up")
        }
    }

    @Test func `a collector knows how long it is waited for`() async throws {
        let world = MadeUp().adding(Patient())
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "seconds: {collector: patient, timeout: 10m}",
                causes: "- {id: a, title: T, when: facts.seconds > 300.0 && facts.seconds <= 600.0}"))
        let diagnosis = await world.diagnostician(playbooks).diagnose(Inquiry())
        #expect(diagnosis.confirmed == ["p/a"])
    }

    @Test func `when the time for all is up the answer rests on what there is`() async throws {
        let world = MadeUp().adding("cheap", .bool, cost: .memory, .bool(true)).adding(Self.stuck("stuck"))
            .adding("dear", .bool, cost: .list, .bool(true))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "cheap: cheap\nstuck: stuck\ndear: dear",
                causes: """
                    - {id: seen, title: T, when: facts.cheap}
                    - {id: unseen, title: T, when: facts.stuck && facts.dear}
                    """))
        var limits = Diagnostician.Limits()
        limits.totalSeconds = 1
        let diagnostician = world.diagnostician(
            playbooks, limits: limits,
            sleep: { seconds in
                // The time for all is up at once; a fact's own deadline never comes.
                if seconds > 1 { try await Task.sleep(for: .seconds(3600)) }
                while !world.log.all.contains("cheap") { await Task.yield() }
            })
        let diagnosis = await diagnostician.diagnose(Inquiry())
        #expect(diagnosis.finding("p/unseen")?.status == .undetermined)
        #expect(diagnosis.finding("p/unseen")?.missing.allSatisfy { $0.reason == "timedOut" } == true)
        #expect(!world.log.all.contains("dear"))
    }

    @Test func `facts of one batch are asked for at the same time, so many at once`() async {
        let running = Mutex<(now: Int, most: Int)>((0, 0))
        var world = MadeUp()
        for index in 0..<12 {
            world = world.adding(
                MadeUpCollector("c\(index)", .bool) { _ throws(Unknown) in
                    running.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    for _ in 0..<50 { await Task.yield() }
                    running.withLock { $0.now -= 1 }
                    return .bool(true)
                })
        }
        let names = (0..<12).map { "c\($0)" }
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: names.map { "\($0): \($0)" }.joined(separator: "\n"),
                causes: "- {id: a, title: T, when: \(names.map { "facts.\($0)" }.joined(separator: " && "))}"))
        var limits = Diagnostician.Limits()
        limits.concurrency = 3
        let diagnosis = await world.diagnostician(playbooks, limits: limits).diagnose(Inquiry())
        #expect(diagnosis.summary == ["p/a: confirmed"])
        #expect(running.withLock { $0.most } <= 3)
    }

    // MARK: Snapshots

    @Test func `a snapshot gives the same diagnosis as live`() async throws {
        let type = ValueType.object(["at": .timestamp, "n": .int, "part": .string])
        let world = MadeUp()
            .adding(
                "a", type,
                .fields(["at": .timestamp(Timestamp(seconds: 5)), "n": .int(2), "part": Unknown(.redacted, "r").value])
            )
            .adding("b", .dyn, .fields(["t": .timestamp(Timestamp(seconds: 9)), "list": .list([.int(1)])]))
            .adding("c", .bool, .unknown(Unknown(.denied, "no", hint: "ask")))
        let playbooks = world.playbooks(
            playbookText(
                "p", facts: "a: a\nb: b\nc: c",
                causes: """
                    - {id: one, title: T, when: "facts.a.at < now && facts.b.t < now", because: "{{ facts.a.at }}"}
                    - {id: two, title: T, when: facts.c}
                    - {id: three, title: T, when: facts.a.part == 'x'}
                    - {id: four, title: T, when: size(facts.b.list) == 2}
                    """))
        let diagnostician = world.diagnostician(playbooks)
        let live = await diagnostician.investigate(Inquiry(text: "the symptom of p"))
        let saved = await diagnostician.collected(Inquiry(text: "the symptom of p"))
        let (read, problems) = Snapshot.load(
            saved.document(world.catalogue), file: "s.json", catalogue: world.catalogue)
        #expect(problems.isEmpty)
        var remembered = diagnostician
        remembered.source = .snapshot(try #require(read))
        let later = await remembered.diagnose(Inquiry())
        #expect(later.summary == live.diagnosis.summary)
        #expect(later.symptoms == live.diagnosis.symptoms)
        #expect(later.findings.map(\.because) == live.diagnosis.findings.map(\.because))
        #expect(later.findings.map(\.missing) == live.diagnosis.findings.map(\.missing))
        #expect(
            later.findings.map { $0.evidence.map { "\($0)" } }
                == live.diagnosis.findings.map { $0.evidence.map { "\($0)" } })
    }

    @Test func `what a snapshot does not hold was not collected`() async {
        let world = MadeUp().adding("a", .bool, .bool(true))
        var diagnostician = world.diagnostician(
            world.playbooks(playbookText("p", facts: "a: a", causes: "- {id: a, title: T, when: facts.a}")))
        diagnostician.source = .snapshot(Snapshot(now: MadeUp.now))
        let diagnosis = await diagnostician.diagnose(Inquiry())
        #expect(diagnosis.findings.first?.missing.first?.reason == "notCollected")
        #expect(world.log.all.isEmpty)
    }

    @Test func `a new text is looked at beside a snapshot's facts`() async {
        let text = MadeUpCollectorOfText()
        let world = MadeUp().adding(text)
        var diagnostician = world.diagnostician(
            world.playbooks(
                playbookText(
                    "p", facts: "text: text", causes: "- {id: a, title: T, when: facts.text == 'the symptom of p'}")))
        diagnostician.source = .snapshot(
            Snapshot(
                now: MadeUp.now, text: "old",
                facts: [
                    Fact(
                        key: Fact.Key(collector: "text"), result: .success(.string("old")),
                        provenance: Provenance(
                            collector: "text", source: "s", collectedAt: MadeUp.now, duration: CEL.Duration(seconds: 0))
                    )
                ]))
        #expect(await diagnostician.diagnose(Inquiry(text: "the symptom of p")).summary == ["p/a: confirmed"])
        #expect(await diagnostician.diagnose(Inquiry(names: ["p"])).summary == ["p/a: ruled-out"])
    }
}

struct MadeUpCollectorOfText: Collector {
    let declaration = Declaration("text", summary: "The text.", returns: .string, cost: .memory)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        Observation(.string(surroundings.text), source: "the text")
    }
}
