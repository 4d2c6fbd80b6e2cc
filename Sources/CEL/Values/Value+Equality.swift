/// What two values are to each other; cel-spec, "Equality" and "Ordering".
extension Value {
    /// CEL's `==`: numbers by value whatever their type, strings by code points, lists and maps element by element.
    ///
    /// Values of different types are unequal, and so are unknowns and errors.
    func isEqual(to other: Value) -> Bool {
        var unknowns: UnknownSet?
        return isEqual(to: other, unknowns: &unknowns) ?? false
    }

    /// Less than, equal to or greater than zero; `nil` where the two have no order.
    func compared(to other: Value) -> Int? {
        switch order(other) {
        case .less?: -1
        case .equal?: 0
        case .greater?: 1
        case .unordered?, nil: nil
        }
    }

    /// Whether the two are equal; `nil` where that hangs on unknowns, which are added.
    func isEqual(to other: Value, unknowns: inout UnknownSet?) -> Bool? {
        switch (self, other) {
        case (.string(let one), .string(let two)): return one.isIdentical(to: two)
        case (.bool(let one), .bool(let two)): return one == two
        case (.int(let one), .int(let two)): return one == two
        case (.null, .null): return true
        case (.list(let one), .list(let two)): return Self.areEqual(one.elements, two.elements, &unknowns)
        case (.map(let one), .map(let two)): return Self.areEqual(one.table, two.table, &unknowns)
        case (.bytes(let one), .bytes(let two)): return one == two
        case (.timestamp(let one), .timestamp(let two)): return one == two
        case (.duration(let one), .duration(let two)): return one == two
        case (.type(let one), .type(let two)): return one == two
        case (.optional(let one), .optional(let two)):
            switch (one.value, two.value) {
            case (nil, nil): return true
            case (let one?, let two?): return one.isEqual(to: two, unknowns: &unknowns)
            default: return false
            }
        case (.opaque(let one), .opaque(let two)): return one.isEqual(to: two)
        case (.unknown(let one), .unknown(let two)):
            unknowns.add(one)
            unknowns.add(two)
            return nil
        case (.unknown(let set), _), (_, .unknown(let set)):
            unknowns.add(set)
            return nil
        default: return isEqualNumber(to: other) ?? false
        }
    }

    private static func areEqual(_ one: [Value], _ two: [Value], _ unknowns: inout UnknownSet?) -> Bool? {
        guard one.count == two.count else { return false }
        var isKnown = true
        for index in one.indices {
            switch one[index].isEqual(to: two[index], unknowns: &unknowns) {
            case true?: continue
            case false?: return false
            case nil: isKnown = false
            }
        }
        return isKnown ? true : nil
    }

    private static func areEqual(_ one: Table, _ two: Table, _ unknowns: inout UnknownSet?) -> Bool? {
        guard one.entries.count == two.entries.count else { return false }
        var isKnown = true
        for (key, value) in one.entries {
            guard let other = two.value(for: key) else { return false }
            switch value.isEqual(to: other, unknowns: &unknowns) {
            case true?: continue
            case false?: return false
            case nil: isKnown = false
            }
        }
        return isKnown ? true : nil
    }

    /// Whether two numbers of any types are the same number; `nil` where one is none.
    func isEqualNumber(to other: Value) -> Bool? {
        switch (self, other) {
        case (.int(let one), .int(let two)): one == two
        case (.uint(let one), .uint(let two)): one == two
        case (.double(let one), .double(let two)): one == two
        case (.int(let one), .uint(let two)), (.uint(let two), .int(let one)): one >= 0 && UInt64(one) == two
        case (.int(let one), .double(let two)), (.double(let two), .int(let one)): Int64(exactly: two) == one
        case (.uint(let one), .double(let two)), (.double(let two), .uint(let one)): UInt64(exactly: two) == one
        default: nil
        }
    }

    enum Order { case less, equal, greater, unordered }

    /// `nil` where the two cannot be ordered.
    func order(_ other: Value) -> Order? {
        switch (self, other) {
        case (.int(let one), .int(let two)): Order(one, two)
        case (.uint(let one), .uint(let two)): Order(one, two)
        case (.double(let one), .double(let two)): Order(one, two)
        case (.string(let one), .string(let two)):
            one.isIdentical(to: two) ? .equal : one.isOrderedBefore(two) ? .less : .greater
        case (.int(let one), .uint(let two)): one < 0 ? .less : Order(UInt64(one), two)
        case (.uint(let one), .int(let two)): two < 0 ? .greater : Order(one, UInt64(two))
        // By way of double, as the reference does and cel-spec's "lossy" cases show.
        case (.int(let one), .double(let two)): Order(Double(one), two)
        case (.uint(let one), .double(let two)): Order(Double(one), two)
        case (.double(let one), .int(let two)): Order(one, Double(two))
        case (.double(let one), .uint(let two)): Order(one, Double(two))
        case (.bool(let one), .bool(let two)): Order(one ? 1 : 0, two ? 1 : 0)
        case (.bytes(let one), .bytes(let two)):
            one == two ? .equal : one.lexicographicallyPrecedes(two) ? .less : .greater
        case (.timestamp(let one), .timestamp(let two)):
            one.seconds == two.seconds
                ? Order(one.nanoseconds, two.nanoseconds) : Order(one.seconds, two.seconds)
        case (.duration(let one), .duration(let two)):
            one.seconds == two.seconds
                ? Order(one.nanoseconds, two.nanoseconds) : Order(one.seconds, two.seconds)
        default: nil
        }
    }
}

extension Value.Order {
    @inline(__always)
    init<Number: Comparable>(_ one: Number, _ two: Number) {
        self = one < two ? .less : one == two ? .equal : one > two ? .greater : .unordered
    }
}

extension UnknownSet? {
    mutating func add(_ other: UnknownSet) {
        guard var set = self else {
            self = other
            return
        }
        set.attributes.formUnion(other.attributes)
        self = set
    }
}
