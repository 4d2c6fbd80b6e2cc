/// What only shows once playbooks stand side by side: what their causes explain in one another.
struct LibraryCheck {
    struct Member {
        var name: String
        var causes: [PlaybookOutline.Cause]
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
        return explaining.isEmpty ? [] : missingCauses(explaining) + circles(explaining)
    }

    /// The causes that explain anything.
    private var explaining: [(member: Int, cause: PlaybookOutline.Cause)] {
        members.indices.flatMap { index in
            members[index].causes.compactMap { $0.explains.isEmpty ? nil : (index, $0) }
        }
    }

    private func cause(_ id: String, of member: Int) -> Cause? { playbook(member)?.causes.first { $0.id == id } }

    private func missingCauses(_ explaining: [(member: Int, cause: PlaybookOutline.Cause)]) -> [Problem] {
        let places = Dictionary(
            members.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        return explaining.flatMap { member, outline in
            outline.explains.compactMap { reference -> Problem? in
                let parts = reference.split(separator: "/").map(String.init)
                guard parts.count == 2, parts[0] != members[member].name, !broken.contains(parts[0]) else {
                    return nil
                }
                let target = places[parts[0]]
                let ids = target.map { members[$0].causes.map(\.id) + members[$0].disabledCauses }
                guard ids?.contains(parts[1]) != true, let cause = cause(outline.id, of: member) else { return nil }
                let place = cause.explainsLocations[reference] ?? cause.location
                guard let ids else {
                    let nearest = nearestName(to: parts[0], among: places.keys.sorted())
                    return Problem(
                        .unknownCause, "there is no playbook \(parts[0].quotedForMessage)\(didYouMean(nearest))",
                        at: place, suggestion: nearest.map { "\($0)/\(parts[1])" })
                }
                let nearest = nearestName(to: parts[1], among: ids)
                return Problem(
                    .unknownCause,
                    "the playbook '\(parts[0])' has no cause \(parts[1].quotedForMessage)\(didYouMean(nearest))",
                    at: place, suggestion: nearest.map { "\(parts[0])/\($0)" })
            }
        }
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
