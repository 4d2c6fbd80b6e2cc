/// What a call costs, in Kubernetes' units: cel-go's `interpreter/runtimecost.go`.
///
/// Strings count by bytes, not by code points, which for ASCII is the same and needs no walk.
enum CallCost: Sendable {
    case one
    /// Each character of the first or second argument.
    case traversal(of: Int)
    /// Finding one string in another.
    case search
    /// Matching a pattern.
    case match
    case custom(@Sendable ([Value], Value) -> UInt64)

    init(_ overload: Overload) {
        if let cost = overload.cost {
            self = .custom(cost)
            return
        }
        switch overload.id {
        case "starts_with_string", "ends_with_string": self = .traversal(of: 1)
        case "string_to_bytes", "bytes_to_string": self = .traversal(of: 0)
        case "contains_string": self = .search
        case "matches", "matches_string": self = .match
        default: self = .one
        }
    }

    /// A tenth of a unit for each character.
    @inline(__always)
    static func traversal(_ size: Int) -> UInt64 { UInt64((size + 9) / 10) }

    static func match(text: Int, pattern: Int) -> UInt64 { traversal(text + 1) * UInt64((pattern + 3) / 4) }

    @inline(__always)
    func units(_ first: Value, _ result: Value) -> UInt64 {
        switch self {
        case .one: 1
        case .traversal: Self.traversal(first.costSize)
        case .custom(let cost): cost([first], result)
        case .search, .match: 1
        }
    }

    @inline(__always)
    func units(_ first: Value, _ second: Value, _ result: Value) -> UInt64 {
        switch self {
        case .one: 1
        case .traversal(let index): Self.traversal(index == 0 ? first.costSize : second.costSize)
        case .search: Self.traversal(first.costSize) * Self.traversal(second.costSize)
        case .match: Self.match(text: first.costSize, pattern: second.costSize)
        case .custom(let cost): cost([first, second], result)
        }
    }

    func units(_ arguments: [Value], _ result: Value) -> UInt64 {
        if case .custom(let cost) = self { cost(arguments, result) } else { 1 }
    }
}

extension Value {
    /// How long it is, where that counts; 1 for what has one size.
    var costSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let list): list.count
        case .map(let map): map.count
        default: 1
        }
    }
}
