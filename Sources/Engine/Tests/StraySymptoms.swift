internal import Playbooks

/// Symptoms that match the texts of other playbooks' tests, where nobody says that they should.
struct StraySymptoms {
    private let playbooks: [String: Playbook]
    private let results: [PlaybookTestRunner.Result]

    init(_ playbooks: [Playbook], _ results: [PlaybookTestRunner.Result]) {
        self.playbooks = Dictionary(playbooks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.results = results
    }

    var all: [ShownByTests.Stray] {
        results.filter { !$0.text.isEmpty }.flatMap { result in
            result.diagnosis.symptoms.map(\.playbook).filter { name in
                name != result.playbook && !result.others.contains(name) && !isRelated(name, result.playbook)
            }.flatMap { strays(of: $0, in: result) }
        }
    }

    /// Whether a cause of one explains a cause of the other.
    private func isRelated(_ one: String, _ other: String) -> Bool {
        func explains(_ one: String, _ other: String) -> Bool {
            playbooks[one]?.causes.contains { $0.explains.contains { $0.hasPrefix(other + "/") } } ?? false
        }
        return explains(one, other) || explains(other, one)
    }

    private func strays(of name: String, in result: PlaybookTestRunner.Result) -> [ShownByTests.Stray] {
        guard let playbook = playbooks[name] else { return [] }
        return playbook.symptoms.indices.compactMap { index in
            var alone = playbook
            alone.symptoms = [playbook.symptoms[index]]
            guard !SymptomMatcher([alone]).matches(in: result.text).isEmpty else { return nil }
            return ShownByTests.Stray(
                playbook: name, symptom: index, testCase: result.name, place: result.location)
        }
    }
}
