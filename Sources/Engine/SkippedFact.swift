internal import Facts
internal import Playbooks

/// A fact of a playbook that took part and that was not had, and why.
package struct SkippedFact: Sendable, Hashable {
    package var playbook: String
    /// As the playbook names it.
    package var fact: String
    /// `notNeeded`, `budget`, or the word of an `Unknown.Reason`.
    package var reason: String
    package var detail: String

    /// Nothing that the fact could say would have changed the answer.
    package static let notNeeded = "notNeeded"
    /// The conditions had used up what they may cost.
    package static let budget = "budget"

    package init(playbook: String, fact: String, reason: String, detail: String) {
        self.playbook = playbook
        self.fact = fact
        self.reason = reason
        self.detail = detail
    }
}

extension Scope {
    /// The facts that were not had, in the order of the playbook.
    var skipped: [SkippedFact] {
        playbook.facts.compactMap { declaration in
            let unknown: Unknown
            var word: String?
            switch state(of: declaration.name) {
            case .had(let fact):
                guard case .failure(let why) = fact.result else { return nil }
                unknown = why
            case .impossible(let why): unknown = why
            case .wanted, .waiting:
                unknown = memory.uncollected
                word =
                    memory.isExhausted
                    ? SkippedFact.budget : unknown.reason == .notCollected ? SkippedFact.notNeeded : nil
            case nil: return nil
            }
            return SkippedFact(
                playbook: playbook.name, fact: declaration.name, reason: word ?? unknown.reason.rawValue,
                detail: unknown.detail)
        }
    }
}
