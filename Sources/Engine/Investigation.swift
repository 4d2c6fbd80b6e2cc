internal import CEL
package import Facts
internal import Playbooks

/// A diagnosis and all that it rests on: it can be saved, and asked why.
package struct Investigation: Sendable {
    let library: PlaybookLibrary
    /// What took part because of the inquiry, best first.
    let asked: [Playbook]
    let memory: WorkingMemory
    package let diagnosis: Diagnosis
    /// The facts that were collected.
    package let snapshot: Snapshot
    /// What a person could say that may change the answer, the most useful first.
    package let questions: [Question]

    init(
        library: PlaybookLibrary, asked: [Playbook], matches: [SymptomMatch], text: String, memory: WorkingMemory,
        problems: [Problem]
    ) {
        self.library = library
        self.asked = asked
        self.memory = memory
        var evaluation = Evaluation(asked: asked, library: library, costs: memory.costs)
        evaluation.update(memory)
        if evaluation.askOthers() { evaluation.update(memory) }
        let subject = memory.subject
        let findings = evaluation.findings(memory)
        let isExhausted = memory.isExhausted || evaluation.meter.isExhausted
        var diagnosis = Diagnosis(
            subject: subject, symptoms: matches.map(\.matchedSymptom), findings: findings,
            problems: problems + (isExhausted ? [evaluation.meter.costs.problem] : []),
            collectedAt: memory.situation.now,
            nearest: matches.isEmpty && !text.isEmpty ? library.nearestPlaybooks(to: text) : [],
            next: NextFact(deciding: findings))
        diagnosis.skipped = asked.flatMap { evaluation.scopes[$0.name]?.skipped ?? [] }
        self.diagnosis = diagnosis
        questions = evaluation.questions(memory)
        snapshot = Snapshot(
            subject: subject, now: memory.situation.now, text: text,
            facts: memory.facts)
    }
}

extension Costs {
    /// That they were used up, and by whom mostly.
    fileprivate var problem: Problem {
        Problem(
            .budgetExhausted,
            "the conditions of this diagnosis cost more than \(most) units together"
                + (costliest.map { ", most of it in '\($0)'" } ?? "")
                + "; what is left is not evaluated: name fewer playbooks", at: .commandLine)
    }
}

extension WorkingMemory {
    /// What the diagnosis is about, as far as the facts tell.
    var subject: Diagnosis.Subject {
        let kubeconfig = try? self[Self.kubeconfigKey]?.result.get()
        return Diagnosis.Subject(
            context: kubeconfig?.at(["contextName"])?.string ?? "",
            server: kubeconfig?.at(["cluster", "server"])?.string ?? "", platform: platform.string ?? "unknown")
    }
}
