internal import Facts

/// What to look at next: of the facts that can still be had the one that would decide most, the cheapest of equals.
package struct NextFact: Sendable, Hashable {
    package var missing: MissingFact
    /// `playbook/cause` of those that lack it.
    package var wouldDecide: [String]

    package init(missing: MissingFact, wouldDecide: [String]) {
        self.missing = missing
        self.wouldDecide = wouldDecide
    }

    /// `nil` where a cause is confirmed, or no finding lacks anything that can be had.
    init?(deciding findings: [Finding]) {
        guard !findings.contains(where: { $0.status == .confirmed }) else { return nil }
        var candidates: [(next: NextFact, weight: Double)] = []
        for finding in findings where finding.status == .undetermined {
            let wanted = finding.missing.filter(\.canBeHad)
            var counted: Set<String> = []
            // A cause that lacks several facts is decided by one of them only in part.
            for missing in wanted where counted.insert(missing.origin).inserted {
                let name = "\(finding.playbook)/\(finding.cause)"
                let weight = 1 / Double(Set(wanted.map(\.origin)).count)
                if let index = candidates.firstIndex(where: { $0.next.missing.origin == missing.origin }) {
                    candidates[index].next.wouldDecide.append(name)
                    candidates[index].weight += weight
                } else {
                    candidates.append((NextFact(missing: missing, wouldDecide: [name]), weight))
                }
            }
        }
        let best = candidates.min {
            ($0.weight, $1.next.missing.cost, $1.next.missing.fact) > (
                $1.weight, $0.next.missing.cost, $0.next.missing.fact
            )
        }
        guard let best else { return nil }
        self = best.next
    }
}

extension MissingFact {
    /// What makes no sense here, or was taken out on purpose, no command can bring.
    fileprivate var canBeHad: Bool {
        switch Unknown.Reason(rawValue: reason) {
        case .notApplicable, .redacted: false
        default: true
        }
    }
}
