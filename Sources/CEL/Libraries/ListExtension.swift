private let element = ValueType.parameter("T")

/// The types whose values have an order, with their names in overloads.
let orderedTypes: [(name: String, type: ValueType)] = [
    ("int", .int), ("uint", .uint), ("double", .double), ("bool", .bool), ("duration", .duration),
    ("timestamp", .timestamp), ("string", .string), ("bytes", .bytes),
]

extension Library {
    /// cel-go's list extension.
    ///
    /// The macro `sortBy` becomes `@sortByAssociatedKeys`.
    static let listExtension = Library("lists", functions: listParts + listOrders)

    private static let listParts = [
        Function(
            "distinct", "The elements without those that equal an earlier one.",
            overloads: [
                Overload(
                    "list_distinct", member: true, [.list(element)], .list(element), cost: Cost.selfComparison,
                    .function(distinct))
            ],
            examples: [
                .init("[1, 2, 2, 3, 1].distinct()", equals: "[1, 2, 3]"),
                .init("[1, 1.0, 'a'].distinct()", equals: "[1, 'a']"),
            ]),
        Function(
            "flatten", "The list with its lists' elements in their place, one level deep or as many as given.",
            overloads: [
                Overload(
                    "list_flatten", member: true, [.list(.dyn)], .list(.dyn), cost: Cost.listBuilding,
                    .function { (list: List) throws(EvaluationError) in try flatten(list, 1) }),
                Overload(
                    "list_flatten_int", member: true, [.list(.dyn), .int], .list(.dyn), cost: Cost.listBuilding,
                    .function(flatten)),
            ],
            examples: [
                .init("[1, [2, [3, 4]]].flatten()", equals: "[1, 2, [3, 4]]"),
                .init("[1, [2, [3, [4]]]].flatten(2)", equals: "[1, 2, 3, [4]]"),
            ]),
        Function(
            "lists.range", "The whole numbers from 0 to before the given one.",
            overloads: [Overload("lists_range", [.int], .list(.int), cost: Cost.listBuilding, .function(range))],
            examples: [.init("lists.range(3)", equals: "[0, 1, 2]"), .init("lists.range(-1)", equals: "[]")]),
        Function(
            "reverse", "The list's elements, or the string's characters, from the last to the first.",
            overloads: [
                Overload(
                    "list_reverse", member: true, [.list(element)], .list(element), cost: Cost.listBuilding,
                    .function { (list: List) in List(list.reversed()) })
            ],
            examples: [.init("[5, 3, 1].reverse()", equals: "[1, 3, 5]")]),
        Function(
            "slice", "The elements from a position to before another.",
            overloads: [
                Overload(
                    "list_slice", member: true, [.list(element), .int, .int], .list(element), cost: Cost.listBuilding,
                    .function(slice))
            ],
            examples: [.init("[1, 2, 3, 4].slice(1, 3)", equals: "[2, 3]")]),
        Function(
            "first", "The first element, if there is one.",
            overloads: [
                Overload(
                    "list_first", member: true, [.list(element)], .optional(element),
                    .function { (list: List) in list.first })
            ],
            examples: [.init("[1, 2].first().value()", equals: "1"), .init("[].first().hasValue()", equals: "false")]),
        Function(
            "last", "The last element, if there is one.",
            overloads: [
                Overload(
                    "list_last", member: true, [.list(element)], .optional(element),
                    .function { (list: List) in list.last })
            ],
            examples: [.init("[1, 2].last().value()", equals: "2"), .init("[].last().orValue(0)", equals: "0")]),
    ]

    private static let listOrders = [
        Function(
            "sort", "The elements from the least to the greatest; they must be of one type that has an order.",
            overloads: orderedTypes.map { ordered in
                Overload(
                    "list_\(ordered.name)_sort", member: true, [.list(ordered.type)], .list(ordered.type),
                    cost: Cost.selfComparison,
                    .function { (list: KnownList) throws(EvaluationError) in try sort(list.list, by: list) })
            },
            examples: [
                .init("[3, 2, 1].sort()", equals: "[1, 2, 3]"), .init("['b', 'a'].sort()", equals: "['a', 'b']"),
            ]),
        Function(
            "@sortByAssociatedKeys", "The elements in the order of another list's: what `sortBy` becomes.",
            overloads: orderedTypes.map { ordered in
                Overload(
                    "list_\(ordered.name)_sortByAssociatedKeys", member: true, [.list(element), .list(ordered.type)],
                    .list(element), cost: Cost.selfComparison,
                    .function { (list: List, keys: KnownList) throws(EvaluationError) in try sort(list, by: keys) })
            },
            examples: [
                .init("[{'n': 2}, {'n': 1}].sortBy(e, e.n)", equals: "[{'n': 1}, {'n': 2}]"),
                .init("['aaa', 'c', 'bb'].sortBy(s, -size(s))", equals: "['aaa', 'bb', 'c']"),
            ]),
    ]
}

private func distinct(_ list: List) -> Value {
    // Strings, by far the most frequent, are looked up; the others are compared with each kept one.
    var strings: Set<ExactString> = []
    var others: [Value] = []
    var kept: [Value] = []
    var unknowns: UnknownSet?
    for value in list {
        if case .string(let text) = value {
            if strings.insert(ExactString(text)).inserted { kept.append(value) }
        } else {
            let isKnown = others.contains { value.isEqual(to: $0, unknowns: &unknowns) == true }
            if case .unknown(let unknown) = value { unknowns.add(unknown) }
            if !isKnown {
                others.append(value)
                kept.append(value)
            }
        }
    }
    return unknowns.map(Value.unknown) ?? .list(List(kept))
}

private func flatten(_ list: List, _ depth: Int64) throws(EvaluationError) -> List {
    guard depth >= 0 else { throw .invalidArgument("level must be non-negative") }
    var elements: [Value] = []
    try flatten(list, depth, into: &elements)
    return List(elements)
}

private func flatten(_ list: List, _ depth: Int64, into elements: inout [Value]) throws(EvaluationError) {
    for value in list {
        if depth > 0, case .list(let inner) = value {
            try flatten(inner, depth - 1, into: &elements)
        } else {
            elements.append(value)
        }
    }
    try ResultLimit.check(elements: Int64(elements.count))
}

private func range(_ count: Int64) throws(EvaluationError) -> List {
    try ResultLimit.check(elements: count)
    return List((0..<max(0, count)).map { .int($0) })
}

private func slice(_ list: List, _ start: Int64, _ end: Int64) throws(EvaluationError) -> List {
    guard start >= 0, end >= 0 else {
        throw EvaluationError(.indexOutOfBounds, "cannot slice(\(start), \(end)): positions must not be negative")
    }
    guard start <= end else {
        throw EvaluationError(.indexOutOfBounds, "cannot slice(\(start), \(end)): the start is behind the end")
    }
    guard end <= list.count else {
        throw EvaluationError(.indexOutOfBounds, "cannot slice(\(start), \(end)): the list has \(list.count) elements")
    }
    return List(list[Int(start)..<Int(end)])
}

private func sort(_ list: List, by keys: KnownList) throws(EvaluationError) -> List {
    guard list.count == keys.count else {
        throw .invalidArgument("there are \(list.count) elements but \(keys.count) keys to sort them by")
    }
    guard let first = keys.first else { return list }
    for key in keys where key.typeName != first.typeName {
        throw .invalidArgument("list elements must have the same type, not \(first.typeName) and \(key.typeName)")
    }
    guard first.hasOrder else { throw .invalidArgument("list elements must be comparable, not \(first.typeName)") }
    let order = keys.indices.sorted { left, right in
        let comparison = keys[left].compared(to: keys[right]) ?? 0
        return comparison == 0 ? left < right : comparison < 0
    }
    return List(order.map { list[$0] })
}

extension Value {
    /// Whether values of its type can be compared.
    var hasOrder: Bool {
        switch self {
        case .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration: true
        case .null, .list, .map, .type, .optional, .opaque, .unknown, .error: false
        }
    }
}
