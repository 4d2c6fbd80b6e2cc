internal import CEL
internal import Facts
package import Playbooks

/// Something that a person could say and that no collector found out.
package enum Question: Sendable {
    /// An input of a playbook; one of type `bool` is an observation: yes or no.
    case input(Input, playbook: String)
    /// Which platform this is.
    case platform

    package var name: String {
        switch self {
        case .input(let input, _): "inputs.\(input.name)"
        case .platform: "platform"
        }
    }
}

extension Evaluation {
    /// What a person could say that may change the answer: what open causes lack first, then what remedies do.
    func questions(_ memory: WorkingMemory) -> [Question] {
        var counts: [(question: Question, weight: Int)] = []
        func ask(_ question: Question, weight: Int) {
            if let index = counts.firstIndex(where: { $0.question.name == question.name }) {
                counts[index].weight += weight
            } else {
                counts.append((question, weight))
            }
        }
        let isPlatformKnown = memory.platform.string.map { $0 != "unknown" } ?? false
        let echoes = echoes
        for hypothesis in hypotheses {
            guard let scope = scopes[hypothesis.playbook.name] else { continue }
            var conditions: [Condition] = []
            var weight = 1
            switch hypothesis.verdict {
            case .undetermined(let set):
                for input in scope.inputs(behind: set) {
                    ask(.input(input, playbook: scope.playbook.name), weight: 1000)
                }
                (conditions, weight) = ([hypothesis.cause.when], 1000)
            case .confirmed where !echoes.contains(hypothesis.id):
                let remedies = hypothesis.playbook.remedies.filter { hypothesis.cause.remedies.contains($0.id) }
                conditions = remedies.flatMap { scope.conditions(of: $0, thatApply: false) }
                let applying = remedies.flatMap { scope.conditions(of: $0, thatApply: true) }
                for input in scope.inputsMissing(in: applying) {
                    ask(.input(input, playbook: scope.playbook.name), weight: 1)
                }
            case .confirmed, .ruledOut, .failed: continue
            }
            if !isPlatformKnown, conditions.contains(where: { scope.paths(mentionedBy: $0).contains(["platform"]) }) {
                ask(.platform, weight: weight)
            }
        }
        return counts.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element.question)
    }
}

extension Scope {
    /// The inputs that nobody gave and that stand behind what is unknown: directly, or as a parameter of a fact that
    /// could not be had with the default.
    fileprivate func inputs(behind set: UnknownSet) -> [Input] {
        var names: [String] = []
        for path in set.attributes.map(\.path).sorted(by: { $0.lexicographicallyPrecedes($1) }) where path.count > 1 {
            if path[0] == "inputs" { names.append(path[1]) }
            guard path[0] == "facts", let fact = playbook.facts.first(where: { $0.name == path[1] }) else { continue }
            for condition in fact.parameters.values.flatMap(\.conditions) {
                names += paths(mentionedBy: condition).filter { $0.count > 1 && $0[0] == "inputs" }.map { $0[1] }
                    .sorted()
            }
        }
        return playbook.inputs.filter { names.contains($0.name) && memory.situation.inputs[$0.name] == nil }
    }

    /// The inputs without a value that the conditions read.
    fileprivate func inputsMissing(in conditions: [Condition]) -> [Input] {
        let names = Set(
            conditions.flatMap { paths(mentionedBy: $0) }.filter { $0.count > 1 && $0[0] == "inputs" }.map { $0[1] })
        return playbook.inputs.filter {
            names.contains($0.name) && $0.defaultValue == nil && memory.situation.inputs[$0.name] == nil
        }
    }

    /// All that the remedy's steps read, or only what those read that apply here.
    fileprivate func conditions(of remedy: Remedy, thatApply: Bool) -> [Condition] {
        func applies(_ when: Condition?) -> Bool {
            guard thatApply, let when, case .ruledOut = Verdict(value(of: when)) else { return true }
            return false
        }
        guard applies(remedy.when) else { return [] }
        return [remedy.when].compactMap(\.self)
            + (remedy.steps + remedy.rollback).filter { applies($0.when) }.flatMap { step in
                [step.when].compactMap(\.self) + step.templates.flatMap(\.conditions)
            }
    }
}
