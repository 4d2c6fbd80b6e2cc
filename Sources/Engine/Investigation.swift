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

    init(
        library: PlaybookLibrary, asked: [Playbook], matches: [SymptomMatch], text: String, memory: WorkingMemory,
        problems: [Problem]
    ) {
        self.library = library
        self.asked = asked
        self.memory = memory
        var evaluation = Evaluation(asked: asked, library: library)
        evaluation.update(memory)
        let subject = memory.subject
        diagnosis = Diagnosis(
            subject: subject, symptoms: matches.map(\.matchedSymptom), findings: evaluation.findings(memory),
            problems: problems, collectedAt: memory.situation.now,
            nearest: matches.isEmpty && !text.isEmpty ? NearestPlaybooks(to: text, among: library.outlines).names : [])
        snapshot = Snapshot(
            subject: subject, now: memory.situation.now, text: text,
            facts: memory.facts)
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
