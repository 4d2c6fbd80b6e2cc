internal import CEL

/// What only shows once playbooks stand side by side: what they ask of one another, and what their causes explain.
struct LibraryCheck {
    struct Member {
        var name: String
        var causes: [PlaybookOutline.Cause]
        var asks: [String]
        var disabledCauses: [String]
    }

    private let members: [Member]
    /// Names of playbooks that exist and could not be loaded: what names them is not wrong for that.
    private let broken: Set<String>
    /// The member itself, for places; `nil` where it cannot be compiled, which is told elsewhere.
    private let playbook: (Int) -> Playbook?

    init(_ members: [Member], broken: Set<String>, playbook: @escaping (Int) -> Playbook?) {
        self.members = members
        self.broken = broken
        self.playbook = playbook
    }

    var problems: [Problem] {
        let explaining = explaining
        let isSilent = explaining.isEmpty && members.allSatisfy(\.asks.isEmpty)
        return isSilent ? [] : missingCauses(explaining) + circles(explaining)
    }

    /// The causes that explain anything.
    private var explaining: [(member: Int, cause: PlaybookOutline.Cause)] {
        members.indices.flatMap { index in
            members[index].causes.compactMap { $0.explains.isEmpty ? nil : (index, $0) }
        }
    }

    private func cause(_ id: String, of member: Int) -> Cause? { playbook(member)?.causes.first { $0.id == id } }

    /// What causes explain, and what playbooks ask, has to be there.
    private func missingCauses(_ explaining: [(member: Int, cause: PlaybookOutline.Cause)]) -> [Problem] {
        let places = Dictionary(
            members.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let explained = explaining.flatMap { member, outline in
            outline.explains.compactMap { reference in
                missing(reference, namedBy: member, among: places) {
                    cause(outline.id, of: member).map { $0.explainsLocations[reference] ?? $0.location }
                }
            }
        }
        let asked = members.indices.flatMap { member in
            members[member].asks.compactMap { reference in
                missing(reference, namedBy: member, among: places) {
                    playbook(member).map { $0.asksLocations[reference] ?? $0.location }
                }
            }
        }
        return explained + asked
    }

    private func missing(
        _ reference: String, namedBy member: Int, among places: [String: Int], at location: () -> Location?
    ) -> Problem? {
        let parts = reference.split(separator: "/").map(String.init)
        guard parts.count == 2, parts[0] != members[member].name, !broken.contains(parts[0]) else { return nil }
        let ids = places[parts[0]].map { members[$0].causes.map(\.id) + members[$0].disabledCauses }
        guard ids?.contains(parts[1]) != true, let location = location() else { return nil }
        guard let ids else {
            let nearest = nearestName(to: parts[0], among: places.keys.sorted())
            return Problem(
                .unknownCause, "there is no playbook \(parts[0].quotedForMessage)\(didYouMean(nearest))", at: location,
                suggestion: nearest.map { "\($0)/\(parts[1])" })
        }
        let nearest = nearestName(to: parts[1], among: ids)
        return Problem(
            .unknownCause,
            "the playbook '\(parts[0])' has no cause \(parts[1].quotedForMessage)\(didYouMean(nearest))", at: location,
            suggestion: nearest.map { "\(parts[0])/\($0)" })
    }

    /// What explains nothing is in no circle.
    private func circles(_ explaining: [(member: Int, cause: PlaybookOutline.Cause)]) -> [Problem] {
        let references = explaining.map { "\(members[$0.member].name)/\($0.cause.id)" }
        let needs = Dictionary(
            zip(references, explaining.map { Set($0.cause.explains) }), uniquingKeysWith: { first, _ in first })
        return DependencyOrder(references, needs: needs).circles.compactMap { circle in
            // A cause that explains itself has been told by the loader.
            guard circle.count > 1, let index = references.firstIndex(of: circle[0]),
                let cause = cause(explaining[index].cause.id, of: explaining[index].member)
            else { return nil }
            let way = (circle + [circle[0]]).map { "'\($0)'" }.joined(separator: " explains ")
            return Problem(.explainsCycle, "causes cannot explain each other: \(way)", at: cause.location)
        }
    }
}
