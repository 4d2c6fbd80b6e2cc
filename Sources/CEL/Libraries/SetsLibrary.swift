private let lists: [ValueType] = [.list(.parameter("T")), .list(.parameter("T"))]

extension Library {
    /// cel-go's sets extension: lists looked at as sets.
    static let sets = Library(
        "sets",
        functions: [
            Function(
                "sets.contains", "Whether every element of the second list equals one of the first.",
                overloads: [
                    Overload("list_sets_contains_list", lists, .bool, cost: Cost.crossComparison, .function(contains))
                ],
                examples: [
                    .init("sets.contains([1, 2.0, 3u], [1.0, 2u, 3])", equals: "true"),
                    .init("sets.contains([], [1])", equals: "false"), .init("sets.contains([], [])", equals: "true"),
                ]),
            Function(
                "sets.equivalent", "Whether each element of either list equals one of the other.",
                overloads: [
                    Overload(
                        "list_sets_equivalent_list", lists, .bool, cost: Cost.crossComparison,
                        .function { (left: List, right: List) in both(contains(left, right), contains(right, left)) })
                ],
                examples: [
                    .init("sets.equivalent([1], [1u, 1.0])", equals: "true"),
                    .init("sets.equivalent([1, 2], [1])", equals: "false"),
                ]),
            Function(
                "sets.intersects", "Whether one element at least equals one of the other list.",
                overloads: [
                    Overload(
                        "list_sets_intersects_list", lists, .bool, cost: Cost.crossComparison,
                        .function(intersects))
                ],
                examples: [
                    .init("sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])", equals: "true"),
                    .init("sets.intersects([1], [])", equals: "false"),
                ]),
        ])
}

private func contains(_ set: List, _ part: List) -> Value {
    var unknowns: UnknownSet?
    for element in part {
        switch Membership.isMember(element, .list(set)) {
        case .bool(true): continue
        case .unknown(let unknown): unknowns.add(unknown)
        case let other: return other
        }
    }
    return unknowns.map(Value.unknown) ?? .bool(true)
}

private func intersects(_ left: List, _ right: List) -> Value {
    var unknowns: UnknownSet?
    for element in left {
        switch Membership.isMember(element, .list(right)) {
        case .bool(false): continue
        case .unknown(let unknown): unknowns.add(unknown)
        case let other: return other
        }
    }
    return unknowns.map(Value.unknown) ?? .bool(false)
}

/// `&&`: false wins over unknown.
private func both(_ left: Value, _ right: Value) -> Value {
    switch (left, right) {
    case (.bool(false), _), (_, .bool(false)): return .bool(false)
    case (.unknown(let one), .unknown(let two)):
        return .unknown(UnknownSet(one.attributes.union(two.attributes)))
    case (.unknown, _): return left
    default: return right
    }
}
