package import CEL
package import Facts
internal import Playbooks

/// A fact that a diagnosis may ask for, before anything is asked.
package struct PlannedFact: Sendable {
    package var playbook: String
    /// Its name in the playbook.
    package var name: String
    package var collector: String
    package var cost: Declaration.Cost
    /// With defaults; `nil` where other facts must be had first.
    package var parameters: [String: Value]?
    /// The parameters that other facts give, once these are there.
    package var openParameters: [String]
}

extension Diagnostician {
    /// What may be asked for, the cheapest first: every fact of the playbooks that take part.
    ///
    /// A diagnosis asks for fewer of them: only those that can still change its answer.
    package func plan(_ inquiry: Inquiry) -> [PlannedFact] {
        let text = inquiry.text
        let matches = symptomMatches(in: text)
        let situation = Situation(
            now: source.now, inputs: inquiry.inputs,
            matches: Dictionary(matches.map { ($0.playbook, $0) }, uniquingKeysWith: { first, _ in first }))
        let memory = WorkingMemory(situation, catalogue: catalogue)
        var facts: [PlannedFact] = []
        for playbook in participants(of: inquiry, text: text, matches: matches) {
            let scope = Scope(playbook, memory: memory)
            for fact in playbook.facts {
                guard let declaration = catalogue[fact.collector]?.declaration else { continue }
                let request = scope.request(for: fact.name)
                facts.append(
                    PlannedFact(
                        playbook: playbook.name, name: fact.name, collector: fact.collector, cost: declaration.cost,
                        parameters: request?.parameters ?? fact.constantParameters(declaration),
                        openParameters: request == nil ? fact.openParameters : []))
            }
        }
        return facts.enumerated().sorted { ($0.element.cost, $0.offset) < ($1.element.cost, $1.offset) }.map(\.element)
    }
}

extension FactDeclaration {
    fileprivate var openParameters: [String] {
        parameters.compactMap { if case .constant = $0.value { nil } else { $0.key } }.sorted()
    }

    /// What is the same whatever other facts say, where that is everything the collector must be given.
    fileprivate func constantParameters(_ declaration: Declaration) -> [String: Value]? {
        var known: [String: Value] = [:]
        for parameter in declaration.parameters { known[parameter.name] = parameter.defaultValue }
        for (name, parameter) in parameters {
            guard case .constant(let value) = parameter else { continue }
            known[name] = value
        }
        let isEnough = declaration.parameters.allSatisfy { !$0.isRequired || known[$0.name] != nil }
        return isEnough ? known : nil
    }
}
