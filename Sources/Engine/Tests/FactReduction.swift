internal import CEL
internal import Facts
internal import Playbooks

/// Cuts the facts of a case down, as long as everything that a test can expect stays as it is.
struct FactReduction {
    /// Lists are not made shorter than this: that nothing is wrong with no pods at all proves little.
    private static let leastElements = 3
    /// Each trial is a diagnosis.
    private var trialsLeft = 400

    private let runner: PlaybookTestRunner
    private let playbook: Playbook
    private let outcome: TestOutcome
    private(set) var testCase: PlaybookTestCase

    init(_ runner: PlaybookTestRunner, _ playbook: Playbook, _ testCase: PlaybookTestCase, _ outcome: TestOutcome) {
        self.runner = runner
        self.playbook = playbook
        self.testCase = testCase
        self.outcome = outcome
    }

    /// - Parameter words: the names by which anything is read.
    mutating func run(words: Set<String>) async {
        let names = playbook.facts.map(\.name).filter { testCase.facts[$0] != nil }
        for name in names { await keep(name) { $0.keeping(words) } }
        for name in names { await shortenLists(of: name) }
    }

    /// Whether the case comes to the same with the value in place of the fact's; if so, it stays.
    @discardableResult
    private mutating func keep(_ name: String, _ change: (Value) -> Value) async -> Bool {
        guard trialsLeft > 0, let value = try? testCase.facts[name]?.result.get() else { return false }
        trialsLeft -= 1
        var trial = testCase
        trial.facts[name]?.result = .success(change(value))
        let found = await runner.investigate(trial, of: playbook).diagnosis
        guard TestOutcome(found, of: playbook) == outcome else { return false }
        testCase = trial
        return true
    }

    /// Takes ever smaller parts out of each list that is long, the outer ones first.
    private mutating func shortenLists(of name: String) async {
        var open: [[String]] = [[]]
        while let path = open.popLast(), trialsLeft > 0 {
            guard case .list(var list)? = try? testCase.facts[name]?.result.get().at(path) else {
                open += parts(of: name, at: path)
                continue
            }
            var size = list.count / 2
            while size > 0, list.count > Self.leastElements {
                var start = 0
                while start < list.count, list.count > Self.leastElements {
                    let end = min(start + min(size, list.count - Self.leastElements), list.count)
                    let shorter = List(Array(list[..<start]) + Array(list[end...]))
                    if await keep(name, { $0.replacing(path[...], with: .list(shorter)) }) {
                        list = shorter
                    } else {
                        start = end
                    }
                }
                size /= 2
            }
            open += parts(of: name, at: path)
        }
    }

    private func parts(of name: String, at path: [String]) -> [[String]] {
        switch try? testCase.facts[name]?.result.get().at(path) {
        case .list(let list): list.indices.reversed().map { path + [String($0)] }
        case .map(let map):
            map.entries.reversed().compactMap { if case .string(let key) = $0.key { path + [key] } else { nil } }
        default: []
        }
    }
}

extension Value {
    /// The value without the entries of maps that go by other names.
    fileprivate func keeping(_ names: Set<String>) -> Value {
        switch self {
        case .list(let list): .list(List(list.map { $0.keeping(names) }))
        case .map(let map):
            .map(
                Map(
                    map.entries.compactMap { entry in
                        if case .string(let key) = entry.key, !names.contains(key) { return nil }
                        return (entry.key, entry.value.keeping(names))
                    }))
        default: self
        }
    }
}
