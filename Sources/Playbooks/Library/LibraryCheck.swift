/// What only shows once playbooks stand side by side: what their causes explain in one another.
struct LibraryCheck {
    private let playbooks: [Playbook]
    /// Names of playbooks that exist and could not be loaded: what names them is not wrong for that.
    private let broken: Set<String>

    init(_ playbooks: [Playbook], broken: Set<String>) {
        self.playbooks = playbooks
        self.broken = broken
    }

    var problems: [Problem] { missingCauses + circles }

    /// What causes explain, and what playbooks ask, has to be there.
    private var missingCauses: [Problem] {
        let causes = Dictionary(
            playbooks.map { ($0.name, $0.causes.map(\.id) + $0.disabledCauses) },
            uniquingKeysWith: { first, _ in first })
        let explained = allCauses.flatMap { owner, cause in
            cause.explains.map { ($0, owner, cause.explainsLocations[$0] ?? cause.location) }
        }
        let asked = playbooks.flatMap { playbook in
            playbook.asks.map { ($0, playbook.name, playbook.asksLocations[$0] ?? playbook.location) }
        }
        return (explained + asked).compactMap { reference, owner, place in
            missing(reference, namedBy: owner, at: place, among: causes)
        }
    }

    private func missing(
        _ reference: String, namedBy owner: String, at place: Location, among causes: [String: [String]]
    ) -> Problem? {
        let parts = reference.split(separator: "/").map(String.init)
        guard parts.count == 2, parts[0] != owner, !broken.contains(parts[0]) else { return nil }
        guard let ids = causes[parts[0]] else {
            let nearest = nearestName(to: parts[0], among: causes.keys.sorted())
            return Problem(
                .unknownCause, "there is no playbook \(parts[0].quotedForMessage)\(didYouMean(nearest))", at: place,
                suggestion: nearest.map { "\($0)/\(parts[1])" })
        }
        guard !ids.contains(parts[1]) else { return nil }
        let nearest = nearestName(to: parts[1], among: ids)
        return Problem(
            .unknownCause,
            "the playbook '\(parts[0])' has no cause \(parts[1].quotedForMessage)\(didYouMean(nearest))", at: place,
            suggestion: nearest.map { "\(parts[0])/\($0)" })
    }

    private var circles: [Problem] {
        let references = allCauses.map { "\($0.playbook)/\($0.cause.id)" }
        let needs = Dictionary(
            allCauses.map { ("\($0.playbook)/\($0.cause.id)", Set($0.cause.explains)) },
            uniquingKeysWith: { first, _ in first })
        return DependencyOrder(references, needs: needs).circles.compactMap { circle in
            // A cause that explains itself has been told by the loader.
            guard circle.count > 1, let index = references.firstIndex(of: circle[0]) else { return nil }
            let way = (circle + [circle[0]]).map { "'\($0)'" }.joined(separator: " explains ")
            return Problem(
                .explainsCycle, "causes cannot explain each other: \(way)", at: allCauses[index].cause.location)
        }
    }

    private var allCauses: [(playbook: String, cause: Cause)] {
        playbooks.flatMap { playbook in playbook.causes.map { (playbook.name, $0) } }
    }
}
