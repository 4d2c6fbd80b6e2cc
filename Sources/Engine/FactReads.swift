internal import CEL
internal import Facts
internal import Playbooks
internal import Synchronization

/// What a playbook's conditions, texts and remedies read of its facts, whatever the facts are.
struct FactReads: Sendable {
    private let facts: Projection

    init(_ playbook: Playbook) {
        let conditions =
            playbook.causes.flatMap { [$0.when] + ($0.because?.conditions ?? []) }
            + playbook.remedies.flatMap(\.conditions)
            + playbook.facts.flatMap { $0.parameters.values.flatMap(\.conditions) }
        let definitions = playbook.definitions.map { ($0.name, $0.condition.program) }
        let reads = Reads(
            of: conditions.map(\.program), definitions: Dictionary(definitions, uniquingKeysWith: { first, _ in first })
        )
        facts = reads["facts"] ?? .nothing
    }

    subscript(fact: String) -> Projection { facts[fact] ?? .nothing }
}

extension Remedy {
    fileprivate var conditions: [Condition] {
        let steps = (steps + rollback).flatMap { step in
            (step.when.map { [$0] } ?? []) + step.templates.flatMap(\.conditions)
        }
        return [when, verify].compactMap(\.self) + steps
    }
}

/// Of each playbook that takes part, worked out once.
final class ReadsOfPlaybooks: Sendable {
    /// Off, everything counts as read: facts that are saved, or laid out.
    private let isInPart: Bool
    private let known = Mutex<[String: FactReads]>([:])

    private init(isInPart: Bool) { self.isInPart = isInPart }

    static let everything = ReadsOfPlaybooks(isInPart: false)
    static func inPart() -> ReadsOfPlaybooks { ReadsOfPlaybooks(isInPart: true) }

    /// What is to be had of the fact that the declaration of a playbook asks a collector for.
    func projection(of fact: String, in playbook: Playbook, from declaration: Declaration) -> Projection {
        guard isInPart, declaration.readsInPart else { return .whole }
        return known.withLock { known in
            let reads = known[playbook.name] ?? FactReads(playbook)
            known[playbook.name] = reads
            return reads[fact]
        }
    }
}
