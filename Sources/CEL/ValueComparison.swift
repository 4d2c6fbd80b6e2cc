extension Value {
    /// CEL's `==`: numbers by value whatever their type, strings by code points, lists and maps element by element.
    ///
    /// Values of different types are unequal, and so are unknowns and errors.
    func isEqual(to other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.uint(let left), .uint(let right)): left == right
        case (.string(let left), .string(let right)): left.isIdentical(to: right)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.int, .uint), (.int, .double), (.uint, .int), (.uint, .double), (.double, _):
            compared(to: other) == 0
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isEqual(to: $1) }
        case (.map(let left), .map(let right)): left.isEqual(to: right)
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.type(let left), .type(let right)): left == right
        case (.optional(let left), .optional(let right)):
            switch (left.value, right.value) {
            case (nil, nil): true
            case (let left?, let right?): left.isEqual(to: right)
            case (nil, _), (_, nil): false
            }
        case (.opaque(let left), .opaque(let right)): left.isEqual(to: right)
        default: false
        }
    }

    /// Less than, equal to or greater than zero; `nil` where the two have no order.
    func compared(to other: Value) -> Int? {
        switch (self, other) {
        case (.bool(let left), .bool(let right)): order(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)): order(left, right)
        case (.uint(let left), .uint(let right)): order(left, right)
        case (.double(let left), .double(let right)): order(left, right)
        case (.int(let left), .uint(let right)): left < 0 ? -1 : order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? 1 : order(left, UInt64(right))
        // By way of double, as the reference does and cel-spec's "lossy" cases show.
        case (.int(let left), .double(let right)): order(Double(left), right)
        case (.double(let left), .int(let right)): order(left, Double(right))
        case (.uint(let left), .double(let right)): order(Double(left), right)
        case (.double(let left), .uint(let right)): order(left, Double(right))
        case (.string(let left), .string(let right)):
            left.isIdentical(to: right) ? 0 : left.isOrderedBefore(right) ? -1 : 1
        case (.bytes(let left), .bytes(let right)):
            left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
        case (.timestamp(let left), .timestamp(let right)):
            order((left.seconds, left.nanoseconds), (right.seconds, right.nanoseconds))
        case (.duration(let left), .duration(let right)):
            order((left.seconds, left.nanoseconds), (right.seconds, right.nanoseconds))
        default: nil
        }
    }
}

extension Map {
    fileprivate func isEqual(to other: Map) -> Bool {
        guard count == other.count else { return false }
        let values = other.entries
        return entries.enumerated().allSatisfy { index, entry in
            // Maps that were made alike have their keys in the same place.
            if values[index].key.isEqual(to: entry.key) { return values[index].value.isEqual(to: entry.value) }
            return values.contains { $0.key.isEqual(to: entry.key) && $0.value.isEqual(to: entry.value) }
        }
    }
}

private func order<Number: Comparable>(_ left: Number, _ right: Number) -> Int? {
    left < right ? -1 : left > right ? 1 : left == right ? 0 : nil
}

private func order(_ left: (Int64, Int32), _ right: (Int64, Int32)) -> Int {
    left < right ? -1 : left > right ? 1 : 0
}
