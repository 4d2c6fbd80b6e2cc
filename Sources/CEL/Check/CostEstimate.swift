/// What an evaluation may cost, before anything is evaluated.
public struct CostRange: Sendable, Hashable {
    public var lowest: UInt64
    /// `UInt64.max` where a size has no bound.
    public var highest: UInt64

    public init(_ lowest: UInt64, _ highest: UInt64) {
        self.lowest = lowest
        self.highest = highest
    }

    static let zero = CostRange(0, 0)
    static let one = CostRange(1, 1)

    static func + (left: CostRange, right: CostRange) -> CostRange {
        CostRange(left.lowest.plus(right.lowest), left.highest.plus(right.highest))
    }

    static func * (left: CostRange, right: CostRange) -> CostRange {
        CostRange(left.lowest.times(right.lowest), left.highest.times(right.highest))
    }

    /// Either of the two.
    func union(_ other: CostRange) -> CostRange {
        CostRange(min(lowest, other.lowest), max(highest, other.highest))
    }

    /// A tenth, rounded up: reading so many characters.
    var traversal: CostRange { CostRange(lowest.tenth, highest.tenth) }
}

extension UInt64 {
    fileprivate func plus(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    fileprivate func times(_ other: UInt64) -> UInt64 {
        if self == 0 || other == 0 { return 0 }
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    fileprivate var tenth: UInt64 { self == .max ? .max : self / 10 + (self % 10 == 0 ? 0 : 1) }
}

extension Program {
    /// What an evaluation costs at least and at most, in Kubernetes' units.
    ///
    /// - Parameter sizes: how many characters, elements or entries there are at a path, such as
    ///   `["facts", "swap", "devices"]`; `*` stands for any element. Where it gives `nil`, a size has no bound, and
    ///   neither has the cost of what goes over it.
    public func estimatedCost(sizes: (_ path: [String]) -> ClosedRange<UInt64>? = { _ in nil }) -> CostRange {
        withoutActuallyEscaping(sizes) { sizes in
            var estimator = CostEstimator(checked: checked, sizes: sizes)
            return estimator.estimate(checked.expression).cost
        }
    }
}

/// As cel-go's `checker/cost.go`.
private struct CostEstimator {
    struct Part {
        var cost: CostRange
        /// Of the value: characters, elements, entries.
        var size: CostRange
        /// Where the value stands in the variables.
        var path: [String]?
    }

    let checked: Checked
    let sizes: (_ path: [String]) -> ClosedRange<UInt64>?
    private var scopes: [(name: String, part: Part)] = []

    init(checked: Checked, sizes: @escaping (_ path: [String]) -> ClosedRange<UInt64>?) {
        self.checked = checked
        self.sizes = sizes
    }

    private static let anySize = CostRange(0, .max)

    mutating func estimate(_ expression: Expression) -> Part {
        if case .variable(let name)? = checked.resolution(of: expression) {
            return place([name], cost: .one, type: checked.type(of: expression))
        }
        switch expression.kind {
        case .literal(let value): return Part(cost: .zero, size: size(UInt64(value.costSize)))
        case .identifier(let name, _):
            if let local = scopes.last(where: { $0.name == name }) {
                return Part(cost: .one, size: local.part.size, path: local.part.path)
            }
            return Part(cost: .one, size: .one)
        case .select(let operand, let field, _):
            let base = estimate(operand)
            return base.path.map { place($0 + [field], cost: base.cost + .one, type: checked.type(of: expression)) }
                ?? Part(cost: base.cost + .one, size: sized(checked.type(of: expression)))
        case .presence(let operand, _): return Part(cost: estimate(operand).cost, size: .one)
        case .call(let call): return self.call(call, expression)
        case .and(let operands), .or(let operands):
            let costs = operands.map { estimate($0).cost }
            // The first operand may decide.
            let highest = costs.reduce(CostRange.zero, +).highest
            return Part(cost: CostRange(costs.first?.lowest ?? 0, highest), size: .one)
        case .conditional(let condition, let then, let otherwise):
            let (one, two) = (estimate(then), estimate(otherwise))
            return Part(cost: estimate(condition).cost + one.cost.union(two.cost), size: one.size.union(two.size))
        case .list(let elements):
            let cost = elements.reduce(CostRange(10, 10)) { $0 + estimate($1.value).cost }
            return Part(cost: cost, size: size(UInt64(elements.count)))
        case .map(let entries):
            let cost = entries.reduce(CostRange(30, 30)) { $0 + estimate($1.key).cost + estimate($1.value).cost }
            return Part(cost: cost, size: size(UInt64(entries.count)))
        case .message(_, let fields):
            return Part(cost: fields.reduce(CostRange(40, 40)) { $0 + estimate($1.value).cost }, size: .one)
        case .comprehension(let loop): return comprehension(loop)
        case .bind(let name, let value, let body): return bound([(name, value)], body)
        case .block(let values, let body):
            return bound(values.enumerated().map { ("@index\($0.offset)", $0.element) }, body)
        case .optionalMap(let operand, let name, let body, _):
            let source = estimate(operand)
            scopes.append((name, source))
            defer { scopes.removeLast() }
            let mapped = estimate(body)
            return Part(
                cost: source.cost + CostRange(0, mapped.cost.highest.plus(1)), size: mapped.size.union(.zero))
        case .invalid: return Part(cost: .zero, size: .one)
        }
    }

    private func size(_ count: UInt64) -> CostRange { CostRange(count, count) }

    /// Of a value of which nothing is known but its type.
    private func sized(_ type: ValueType) -> CostRange {
        switch type {
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type: .one
        case .object(let fields): CostRange(0, UInt64(fields.count))
        case .dyn, .string, .bytes, .list, .map, .nullable, .optional, .opaque, .parameter, .error: Self.anySize
        }
    }

    private func place(_ path: [String], cost: CostRange, type: ValueType = .dyn) -> Part {
        let known = sizes(path).map { CostRange($0.lowerBound, $0.upperBound) }
        return Part(cost: cost, size: known ?? sized(type), path: path)
    }

    private mutating func bound(_ values: [(name: String, value: Expression)], _ body: Expression) -> Part {
        var cost = CostRange.zero
        for entry in values {
            let part = estimate(entry.value)
            cost = cost + part.cost
            scopes.append((entry.name, part))
        }
        defer { scopes.removeLast(values.count) }
        let result = estimate(body)
        return Part(cost: cost + result.cost, size: result.size, path: result.path)
    }

    private mutating func comprehension(_ loop: Expression.Comprehension) -> Part {
        let source = estimate(loop.source)
        let element = source.path.map { place($0 + ["*"], cost: .one) } ?? Part(cost: .one, size: Self.anySize)
        scopes.append((loop.variable, element))
        if let second = loop.secondVariable { scopes.append((second, element)) }
        defer { scopes.removeLast(loop.secondVariable == nil ? 1 : 2) }
        let filter = loop.filter.map { estimate($0).cost } ?? .zero
        let body = estimate(loop.body)
        let count = source.size
        switch loop.kind {
        case .all, .exists:
            let step = CostRange(loop.kind == .exists ? 4 : 3, loop.kind == .exists ? 4 : 3) + body.cost
            // The first element may decide.
            let cost = CostRange(count.lowest == 0 ? 0 : step.lowest, (count * step).highest)
            return Part(cost: source.cost + .one + cost, size: .one)
        case .existsOne:
            let step = body.cost + CostRange(1, 2)
            return Part(cost: source.cost + CostRange(2, 2) + count * step, size: .one)
        case .filter:
            let step = body.cost + CostRange(1, 13)
            return Part(cost: source.cost + CostRange(11, 11) + count * step, size: CostRange(0, count.highest))
        case .map, .transformList:
            let step = filter + body.cost + CostRange(12, 12)
            let least = loop.filter == nil ? step.lowest : filter.lowest.plus(1)
            let cost = CostRange(count.lowest.times(least), count.highest.times(step.highest))
            return Part(
                cost: source.cost + CostRange(11, 11) + cost,
                size: CostRange(loop.filter == nil ? count.lowest : 0, count.highest))
        case .transformMap, .transformMapEntry:
            let step = filter + CostRange(0, body.cost.highest.plus(2))
            return Part(cost: source.cost + CostRange(31, 31) + count * step, size: CostRange(0, count.highest))
        }
    }

    private mutating func call(_ call: Expression.Call, _ expression: Expression) -> Part {
        var overloads: [Overload] = []
        var isMember = call.target != nil
        if case .call(let found, let member)? = checked.resolution(of: expression) {
            overloads = found.map(\.overload)
            isMember = member
        }
        var arguments: [Part] = []
        if isMember, let target = call.target { arguments.append(estimate(target)) }
        for argument in call.arguments { arguments.append(estimate(argument)) }
        let before = arguments.reduce(CostRange.zero) { $0 + $1.cost }
        let result = sized(checked.type(of: expression))
        guard arguments.count == 2 else {
            return Part(cost: before + own(overloads, arguments, result), size: result)
        }
        let (one, two) = (arguments[0], arguments[1])
        let isText = checked.type(of: expression) != .list(.dyn)
        switch call.function {
        case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
            let shorter = CostRange(min(one.size.lowest, two.size.lowest), min(one.size.highest, two.size.highest))
            return Part(cost: before + shorter.traversal, size: .one)
        case "_+_":
            let size = one.size + two.size
            switch checked.type(of: expression) {
            case .string, .bytes: return Part(cost: before + size.traversal, size: size)
            case .dyn where isText: return Part(cost: before + CostRange(1, max(1, size.traversal.highest)), size: size)
            default: return Part(cost: before + .one, size: size)
            }
        case "@in":
            if case .map = checked.type(of: call.arguments[1]) { return Part(cost: before + .one, size: .one) }
            return Part(cost: before + CostRange(0, max(1, two.size.highest)), size: .one)
        case "_[_]", "_[?_]":
            if let path = one.path {
                var component = "*"
                if case .literal(.string(let key)) = call.arguments[1].kind { component = key }
                return place(path + [component], cost: before + .one, type: checked.type(of: expression))
            }
            return Part(cost: before + .one, size: result)
        default: return Part(cost: before + own(overloads, arguments, result), size: result)
        }
    }

    /// The function's own cost.
    private func own(_ overloads: [Overload], _ arguments: [Part], _ result: CostRange) -> CostRange {
        overloads.map { overload -> CostRange in
            switch CallCost(overload) {
            case .one: .one
            case .traversal(let index): index < arguments.count ? arguments[index].size.traversal : .one
            case .search: arguments[0].size.traversal * arguments[1].size.traversal
            case .match:
                (arguments[0].size + .one).traversal
                    * CostRange(arguments[1].size.lowest.plus(3) / 4, arguments[1].size.highest.plus(3) / 4)
            // Known only with the arguments: at most what all of them together and each with each cost.
            case .custom:
                CostRange(
                    0,
                    arguments.reduce(UInt64(12)) { $0.plus($1.size.highest.times(4)) }
                        .plus(arguments.reduce(UInt64(1)) { $0.times(max(1, $1.size.highest)) }))
            }
        }.reduce(nil) { (range: CostRange?, next) in range?.union(next) ?? next } ?? .one
    }
}
