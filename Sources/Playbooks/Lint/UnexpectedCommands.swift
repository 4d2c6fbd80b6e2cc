extension LintRule {
    /// What a remedy runs is filled in from facts: only a case that spells it out shows that it is right.
    static let unexpectedCommands = LintRule(.unexpectedCommands) { subject in
        guard let tests = subject.tests else { return [] }
        let playbook = subject.playbook
        return playbook.remedies.filter { remedy in
            remedy.runsSomething && !tests.commands.contains("\(playbook.name)/\(remedy.id)")
        }.map { remedy in
            subject.problem(
                .unexpectedCommands,
                "no test says what '\(remedy.id)' runs; expected it under 'commands' of a case in"
                    + " tests/\(playbook.name)_test.yaml", at: remedy.location)
        }
    }
}

extension Remedy {
    /// Whether any of its steps is a command.
    package var runsSomething: Bool {
        steps.contains { if case .run = $0.action { true } else { false } }
    }
}
