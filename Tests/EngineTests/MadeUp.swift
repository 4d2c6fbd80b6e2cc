import CEL
import Facts
import Playbooks
import Synchronization
import Testing

@testable import Engine

/// What collectors were asked, in order.
final class CallLog: Sendable {
    private let calls = Mutex<[String]>([])
    func add(_ call: String) { calls.withLock { $0.append(call) } }
    var all: [String] { calls.withLock { $0 } }
}

/// A collector whose answers a test makes up.
struct MadeUpCollector: Collector {
    let declaration: Declaration
    let log: CallLog
    let answer: @Sendable ([String: Value]) async throws(Unknown) -> Value

    init(
        _ name: String, _ type: ValueType, cost: Declaration.Cost = .file, parameters: [Declaration.Parameter] = [],
        log: CallLog = CallLog(), answer: @escaping @Sendable ([String: Value]) async throws(Unknown) -> Value
    ) {
        declaration = Declaration(
            name, summary: "Made up.", parameters: parameters, returns: type, cost: cost)
        self.log = log
        self.answer = answer
    }

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let arguments = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
        log.add(([declaration.name] + arguments).joined(separator: " "))
        return Observation(try await answer(parameters), source: "made up \(declaration.name)")
    }
}

/// What a made-up collector answers.
enum Answer: Sendable {
    case value(Value)
    case unknown(Unknown)

    static func bool(_ value: Bool) -> Answer { .value(.bool(value)) }
    static func fields(_ fields: [String: Value]) -> Answer { .value(.map(Map(fields))) }
}

/// A catalogue, a log of what was asked, and playbooks made from text.
struct MadeUp {
    static let now = Timestamp(seconds: 1_795_478_400)

    var collectors: [any Collector] = []
    let log = CallLog()

    /// Adds a collector of a fixed answer.
    func adding(
        _ name: String, _ type: ValueType, cost: Declaration.Cost = .file, _ answer: Answer
    ) -> MadeUp {
        adding(
            MadeUpCollector(name, type, cost: cost, log: log) { _ throws(Unknown) in
                switch answer {
                case .value(let value): return value
                case .unknown(let unknown): throw unknown
                }
            })
    }

    func adding(_ collector: any Collector) -> MadeUp {
        var copy = self
        copy.collectors.append(collector)
        return copy
    }

    var catalogue: Catalogue { Catalogue(collectors) }

    func playbooks(_ texts: String...) -> [Playbook] {
        texts.enumerated().flatMap { index, text in
            let (playbooks, problems) = Loader(catalogue: catalogue).load(
                Array(text.utf8), file: "made-up-\(index).yaml")
            for problem in problems where problem.severity == .error {
                Issue.record("\(problem.location.line):\(problem.location.column): \(problem.message)")
            }
            return playbooks
        }
    }

    /// Without a deadline unless a test has its own: a busy machine is no finding.
    func diagnostician(
        _ playbooks: [Playbook], limits: Diagnostician.Limits = .init(),
        sleep: @escaping @Sendable (Double) async throws -> Void = { _ in try await Task.sleep(for: .seconds(86_400)) }
    ) -> Diagnostician {
        Diagnostician(
            library: PlaybookLibrary(of: playbooks), catalogue: catalogue,
            source: .live(Surroundings(now: Self.now, effects: NoEffects())), limits: limits, sleep: sleep)
    }

    func diagnose(_ playbooks: [Playbook], _ inquiry: Inquiry = Inquiry()) async -> Diagnosis {
        await diagnostician(playbooks).diagnose(inquiry)
    }
}

/// A playbook's text from its parts.
func playbookText(
    _ name: String, symptom: String? = nil, inputs: String = "", facts: String = "", define: String = "",
    causes: String, remedies: String = ""
) -> String {
    func section(_ key: String, _ body: String) -> String {
        body.isEmpty ? "" : "  \(key):\n" + body.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
    return """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata:
          name: \(name)
          title: A made-up playbook
          version: 1.0.0
          severity: error
        spec:
          symptoms:
            - text: \(symptom ?? "the symptom of \(name)")

        """ + section("inputs", inputs) + section("facts", facts) + section("define", define)
            + section("causes", causes) + section("remedies", remedies)
}

extension Diagnosis {
    /// `playbook/cause: status`, in order.
    var summary: [String] { findings.map { "\($0.playbook)/\($0.cause): \($0.status.rawValue)" } }
    var confirmed: [String] {
        findings.filter { $0.status == .confirmed }.map { "\($0.playbook)/\($0.cause)" }
    }
    func finding(_ id: String) -> Finding? { findings.first { "\($0.playbook)/\($0.cause)" == id } }
}

/// Keeps what is recorded in memory.
final class KeptFacts: FactRecorder {
    private let facts = Mutex<[Fact]>([])
    /// In the order in which they came.
    var all: [Fact] { facts.withLock { $0 } }

    func lists(of key: Fact.Key) -> (any ListRecorder)? { all.contains { $0.key == key } ? nil : KeptLists() }

    func record(_ fact: Fact, _ lists: (any ListRecorder)?) {
        var fact = fact
        fact.reading = .whole
        if case .success(.map(let map)) = fact.result, let lists = lists as? KeptLists {
            fact.result = .success(.map(Map(map.entries.map { ($0.key, lists[$0.key] ?? $0.value) })))
        }
        facts.withLock { [fact] facts in
            if !facts.contains(where: { $0.key == fact.key }) { facts.append(fact) }
        }
    }
}

private final class KeptLists: ListRecorder {
    private let lists = Mutex<[String: [Value]]>([:])
    subscript(key: Value) -> Value? {
        guard case .string(let field) = key else { return nil }
        return lists.withLock { $0[field].map { .list(List($0)) } }
    }

    func take(_ element: Value, of field: String) throws(Unknown) {
        lists.withLock { $0[field, default: []].append(element) }
    }

    func restart(_ field: String) { lists.withLock { $0[field] = nil } }
}

extension Diagnostician {
    /// What `collect` gives away, in a snapshot.
    func collected(_ inquiry: Inquiry) async -> Snapshot {
        let kept = KeptFacts()
        var snapshot = await collect(inquiry, into: kept)
        for fact in kept.all { snapshot.insert(fact) }
        return snapshot
    }
}
