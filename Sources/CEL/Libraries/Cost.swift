/// Run-time costs in Kubernetes' units (apiserver's CEL library, cost.go; cel-go, ext/costs.go).
///
/// A string's size is its bytes, not its characters: never less than the reference has, and known at once.
enum Cost {
    typealias Function = @Sendable ([Value], Value) -> UInt64

    /// Reading the first argument once: a tenth of a unit for each of its characters.
    static let traversal: Function = { arguments, _ in tenths(size(arguments.first)) }
    /// Reading the first argument and building something as long.
    static let rewriting: Function = { arguments, _ in tenths(2 * size(arguments.first)) }
    /// Building the result.
    static let building: Function = { _, result in tenths(2 * size(result)) }
    /// Matching the first argument with the second one, a pattern of which four characters are a step.
    static let matching: Function = { arguments, _ in
        guard arguments.count > 1 else { return 1 }
        let text = tenths(1 + size(arguments[0]))
        let pattern = (size(arguments[1]) + 3) / 4
        return multiply(text, max(1, pattern))
    }
    /// Matching the second argument with a form's pattern, of sixty characters at most.
    static let formatValidation: Function = { arguments, _ in multiply(tenths(1 + size(arguments.last)), 15) }
    /// A unit for each element of the first argument; of strings also their reading.
    static let elements: Function = { arguments, _ in
        guard case .list(let list)? = arguments.first else { return 1 }
        return list.reduce(0) { sum, element in add(sum, add(1, isText(element) ? tenths(size(element)) : 0)) }
    }
    /// A list of the result's size.
    static let listBuilding: Function = { _, result in add(11, size(result)) }
    /// Comparing each element of a list with each.
    static let selfComparison: Function = { arguments, _ in
        let count = size(arguments.last)
        return add(11, multiply(2, multiply(count, count)))
    }
    /// Comparing each element of one list with each of the other.
    static let crossComparison: Function = { arguments, _ in
        guard arguments.count > 1 else { return 1 }
        return add(1, multiply(size(arguments[0]), size(arguments[1])))
    }

    private static func size(_ value: Value?) -> UInt64 {
        switch value {
        case .string(let text)?: UInt64(text.utf8.count)
        case .bytes(let bytes)?: UInt64(bytes.count)
        case .list(let list)?: UInt64(list.count)
        case .map(let map)?: UInt64(map.count)
        default: 1
        }
    }

    private static func isText(_ value: Value) -> Bool {
        switch value {
        case .string, .bytes: true
        default: false
        }
    }

    private static func tenths(_ size: UInt64) -> UInt64 { size / 10 + (size % 10 > 0 ? 1 : 0) }

    private static func add(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }

    private static func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (product, overflows) = left.multipliedReportingOverflow(by: right)
        return overflows ? .max : product
    }
}
