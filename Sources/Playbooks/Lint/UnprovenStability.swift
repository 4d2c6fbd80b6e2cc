extension LintRule {
    /// Who relies on a cause that is called stable relies on its tests.
    static let unprovenStability = LintRule(.unprovenStability) { subject in
        guard let tests = subject.tests else { return [] }
        let playbook = subject.playbook
        return playbook.causes.filter { $0.stability == .stable }.compactMap { cause in
            let shown = tests.causes["\(playbook.name)/\(cause.id)"] ?? []
            let lacking = ShownByTests.Status.allCases.filter { !shown.contains($0) }
            guard !lacking.isEmpty else { return nil }
            return subject.problem(
                .unprovenStability,
                "'\(cause.id)' is called stable, but no test \(lacking.map(\.words).joined(separator: ", none "));"
                    + " expected such a case in tests/\(playbook.name)_test.yaml", at: cause.location)
        }
    }
}

extension ShownByTests.Status {
    fileprivate var words: String {
        switch self {
        case .confirmed: "confirms it"
        case .ruledOut: "rules it out"
        case .undetermined: "leaves it undetermined for want of a fact"
        }
    }
}
