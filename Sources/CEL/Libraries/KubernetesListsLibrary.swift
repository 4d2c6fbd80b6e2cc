private let element = ValueType.parameter("A")

extension Library {
    /// Kubernetes' list functions.
    static let kubernetesLists = Library("kubernetes.lists", functions: orders + sums + positions)

    private static let orders = [
        Function(
            "isSorted", "Whether no element is less than the one before it.",
            overloads: orderedTypes.map { ordered in
                Overload(
                    "list_\(ordered.name)_is_sorted_bool", member: true, [.list(ordered.type)], .bool,
                    cost: Cost.elements, .function(isSorted))
            },
            examples: [
                .init("['a', 'b', 'b', 'c'].isSorted()", equals: "true"),
                .init("[2.0, 1.0].isSorted()", equals: "false"),
                .init("[].isSorted()", equals: "true"),
            ]),
        Function(
            "min", "The least element; an error for an empty list.", overloads: extremes("min", -1),
            examples: [.init("[3, 1, 2].min()", equals: "1"), .init("['b', 'a'].min()", equals: "'a'")]),
        Function(
            "max", "The greatest element; an error for an empty list.", overloads: extremes("max", 1),
            examples: [
                .init("[3, 1, 2].max()", equals: "3"),
                .init("[duration('1m'), duration('1s')].max()", equals: "duration('1m')"),
            ]),
    ]

    private static func extremes(_ name: String, _ preferred: Int) -> [Overload] {
        orderedTypes.map { ordered in
            Overload(
                "list_\(ordered.name)_\(name)_\(ordered.name)", member: true, [.list(ordered.type)], ordered.type,
                cost: Cost.elements,
                .function { (list: KnownList) throws(EvaluationError) -> Value in
                    guard let first = list.first else { throw .invalidArgument("\(name) called on empty list") }
                    guard first.hasOrder else { return .noSuchOverload }
                    var extreme = first
                    for value in list.dropFirst() {
                        guard let order = value.compared(to: extreme) else { return .noSuchOverload }
                        if order == preferred { extreme = value }
                    }
                    return extreme
                })
        }
    }

    private static let sums = [
        Function(
            "sum", "The sum of numbers or durations; 0 for an empty list.",
            overloads: [
                sum("int", .int, .int(0)), sum("uint", .uint, .uint(0)), sum("double", .double, .double(0)),
                sum("duration", .duration, .duration(Duration(seconds: 0))),
            ],
            examples: [
                .init("[1, 3].sum()", equals: "4"), .init("[1.5, 3.0].sum()", equals: "4.5"),
                .init("[duration('1m'), duration('1s')].sum()", equals: "duration('61s')"),
            ])
    ]

    private static func sum(_ name: String, _ type: ValueType, _ zero: Value) -> Overload {
        Overload(
            "list_\(name)_sum_\(name)", member: true, [.list(type)], type, cost: Cost.elements,
            .function { (list: KnownList) throws(EvaluationError) -> Value in
                guard var total = list.first else { return zero }
                for value in list.dropFirst() { total = try CEL.sum(total, value) }
                return list.count == 1 ? try CEL.sum(total, total.zero) : total
            })
    }

    private static let positions = [
        Function(
            "indexOf", "The position of the first element that equals the value; -1 for none.",
            overloads: [
                Overload(
                    "list_a_index_of_int", member: true, [.list(element), element], .int, cost: Cost.elements,
                    .function { (list: List, value: Value) in position(of: value, in: list.enumerated()) })
            ],
            examples: [.init("[1, 2, 2, 3].indexOf(2)", equals: "1"), .init("['a'].indexOf('b')", equals: "-1")]),
        Function(
            "lastIndexOf", "The position of the last element that equals the value; -1 for none.",
            overloads: [
                Overload(
                    "list_a_last_index_of_int", member: true, [.list(element), element], .int, cost: Cost.elements,
                    .function { (list: List, value: Value) in position(of: value, in: list.enumerated().reversed()) })
            ],
            examples: [.init("['a', 'b', 'b', 'c'].lastIndexOf('b')", equals: "2")]),
        Function(
            "includes", "Whether the value is an element of the list, or equals the receiver that is none.",
            overloads: [
                Overload(
                    "list_includes_dyn_dyn", member: true, [.dyn, .dyn], .bool, cost: Cost.elements,
                    .function { (target: Value, value: Value) in
                        guard case .list = target else {
                            return Membership.isMember(value, .list([target]))
                        }
                        return Membership.isMember(value, target)
                    })
            ],
            examples: [.init("[1, 2].includes(2)", equals: "true"), .init("'a'.includes('b')", equals: "false")]),
    ]
}

/// The first position, in the order of looking, whose element equals the value.
private func position(of value: Value, in elements: some Sequence<(offset: Int, element: Value)>) -> Value {
    var unknowns: UnknownSet?
    for (offset, element) in elements {
        switch element.isEqual(to: value, unknowns: &unknowns) {
        case true?: return unknowns.map(Value.unknown) ?? .int(Int64(offset))
        case false?, nil: continue
        }
    }
    return unknowns.map(Value.unknown) ?? .int(-1)
}

private func isSorted(_ list: KnownList) -> Value {
    guard list.allSatisfy(\.hasOrder) else { return .noSuchOverload }
    for (left, right) in zip(list, list.dropFirst()) {
        guard let order = left.compared(to: right) else {
            // NaN has no order with anything, which is no reason to call the list unsorted.
            guard left.typeName == right.typeName else { return .noSuchOverload }
            continue
        }
        if order > 0 { return .bool(false) }
    }
    return .bool(true)
}

extension Value {
    /// What adds nothing to a value of this type.
    fileprivate var zero: Value {
        switch self {
        case .int: .int(0)
        case .uint: .uint(0)
        case .double: .double(0)
        case .duration: .duration(Duration(seconds: 0))
        default: self
        }
    }
}

private func sum(_ left: Value, _ right: Value) throws(EvaluationError) -> Value {
    switch (left, right) {
    case (.int(let left), .int(let right)):
        let (sum, overflows) = left.addingReportingOverflow(right)
        if !overflows { return .int(sum) }
    case (.uint(let left), .uint(let right)):
        let (sum, overflows) = left.addingReportingOverflow(right)
        if !overflows { return .uint(sum) }
    case (.double(let left), .double(let right)): return .double(left + right)
    case (.duration(let left), .duration(let right)):
        let nanoseconds = left.nanosecondCount + right.nanosecondCount
        if let sum = Duration(nanosecondCount: nanoseconds) { return .duration(sum) }
    default: return .noSuchOverload
    }
    throw EvaluationError(.overflow, "the sum overflows")
}

extension Duration {
    fileprivate var nanosecondCount: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// `nil` beyond what Go's durations hold, 292 years.
    fileprivate init?(nanosecondCount: Int128) {
        guard let count = Int64(exactly: nanosecondCount) else { return nil }
        self.init(seconds: count / 1_000_000_000, nanoseconds: Int32(count % 1_000_000_000))
    }
}
