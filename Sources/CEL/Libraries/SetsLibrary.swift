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
                        .function { (left: List, right: List) in contains(left, right) && contains(right, left) })
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
                        .function { (left: List, right: List) in
                            left.contains { element in right.contains { $0.isEqual(to: element) } }
                        })
                ],
                examples: [
                    .init("sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])", equals: "true"),
                    .init("sets.intersects([1], [])", equals: "false"),
                ]),
        ])
}

private func contains(_ set: List, _ part: List) -> Bool {
    part.allSatisfy { element in set.contains { $0.isEqual(to: element) } }
}
