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
    ///   `["facts", "swap", "devices"]`, and what type stands there; `*` stands for any element, and alone for a part of
    ///   what the expression itself made. Where it gives `nil`, a size has no bound, and neither has the cost of what
    ///   goes over it.
    /// - Parameter sharing: how many elements of a list are equal at most where an expression looks for one by a key:
    ///   a loop within a loop then tries so many, since an index finds them. Where it is `nil`, all may be.
    public func estimatedCost(
        sharing: UInt64? = nil, sizes: (_ path: [String], _ type: ValueType) -> ClosedRange<UInt64>? = { _, _ in nil }
    ) -> CostRange {
        withoutActuallyEscaping(sizes) { sizes in
            var estimator = CostEstimator(checked: checked, sharing: sharing, sizes: sizes)
            return estimator.estimate(checked.expression).cost + estimator.indexing
        }
    }
}

/// As cel-go's `checker/cost.go`.
private struct CostEstimator {
    struct Part {
        var cost: CostRange
        /// Of the value: characters, elements, entries.
        var size: CostRange
        /// Of each element, where the value has some.
        var element = CostRange(0, .max)
        /// Where the value stands in the variables.
        var path: [String]?
    }

    let checked: Checked
    let sharing: UInt64?
    let sizes: (_ path: [String], _ type: ValueType) -> ClosedRange<UInt64>?
    /// Of going over lists once, to index them.
    private(set) var indexing = CostRange.zero
    private var scopes: [(name: String, part: Part)] = []

    init(
        checked: Checked, sharing: UInt64?,
        sizes: @escaping (_ path: [String], _ type: ValueType) -> ClosedRange<UInt64>?
    ) {
        self.checked = checked
        self.sharing = sharing
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
                return Part(cost: .one, size: local.part.size, element: local.part.element, path: local.part.path)
            }
            return Part(cost: .one, size: .one)
        case .select(let operand, let field, _):
            let base = estimate(operand)
            let type = checked.type(of: expression)
            return place(base.path.map { $0 + [field] }, cost: base.cost + .one, type: type)
        case .presence(let operand, _): return Part(cost: estimate(operand).cost, size: .one)
        case .call(let call): return self.call(call, expression)
        case .and(let operands), .or(let operands):
            let costs = operands.map { estimate($0).cost }
            // The first operand may decide.
            let highest = costs.reduce(CostRange.zero, +).highest
            return Part(cost: CostRange(costs.first?.lowest ?? 0, highest), size: .one)
        case .conditional(let condition, let then, let otherwise):
            let (one, two) = (estimate(then), estimate(otherwise))
            return Part(
                cost: estimate(condition).cost + one.cost.union(two.cost), size: one.size.union(two.size),
                element: one.element.union(two.element))
        case .list(let elements):
            let cost = elements.reduce(CostRange(10, 10)) { $0 + estimate($1.value).cost }
            return Part(cost: cost, size: size(UInt64(elements.count)), element: union(elements.map(\.value)))
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

    private func place(_ path: [String]?, cost: CostRange, type: ValueType) -> Part {
        let size = sized(type)
        guard size.highest == .max, let known = sizes(path ?? ["*"], type) else {
            return Part(cost: cost, size: size, path: path)
        }
        return Part(cost: cost, size: CostRange(known.lowerBound, known.upperBound), path: path)
    }

    /// Of any of these.
    private mutating func union(_ parts: [Expression]) -> CostRange {
        var size: CostRange?
        for part in parts {
            let next = estimate(part).size
            size = size?.union(next) ?? next
        }
        return size ?? .zero
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
        return Part(cost: cost + result.cost, size: result.size, element: result.element, path: result.path)
    }

    /// What a loop's variable holds.
    private func element(of source: Part, _ type: ValueType) -> Part {
        let elementType: ValueType =
            switch type {
            case .list(let element): element
            case .map(_, let value): value
            default: .dyn
            }
        guard source.path != nil || source.element.highest == .max || sized(elementType).highest < .max else {
            return Part(cost: .one, size: source.element)
        }
        return place(source.path.map { $0 + ["*"] }, cost: .one, type: elementType)
    }

    private mutating func comprehension(_ loop: Expression.Comprehension) -> Part {
        var source = estimate(loop.source)
        let isRepeated = !scopes.isEmpty && !scopes.contains { loop.source.mentions($0.name) }
        let element = self.element(of: source, checked.type(of: loop.source))
        scopes.append((loop.variable, element))
        if let second = loop.secondVariable { scopes.append((second, element)) }
        defer { scopes.removeLast(loop.secondVariable == nil ? 1 : 2) }
        let filter = loop.filter.map { estimate($0).cost } ?? .zero
        let body = estimate(loop.body)
        if isRepeated { useIndex(of: loop, &source, body.cost) }
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
            return Part(
                cost: source.cost + CostRange(11, 11) + count * step, size: CostRange(0, count.highest),
                element: element.size)
        case .map, .transformList:
            let step = filter + body.cost + CostRange(12, 12)
            let least = loop.filter == nil ? step.lowest : filter.lowest.plus(1)
            let cost = CostRange(count.lowest.times(least), count.highest.times(step.highest))
            return Part(
                cost: source.cost + CostRange(11, 11) + cost,
                size: CostRange(loop.filter == nil ? count.lowest : 0, count.highest), element: body.size)
        case .transformMap, .transformMapEntry:
            let step = filter + CostRange(0, body.cost.highest.plus(2))
            return Part(cost: source.cost + CostRange(31, 31) + count * step, size: CostRange(0, count.highest))
        }
    }

    /// `Join`: the first time over all of it, once more to index it, and from then on to those with the key.
    private mutating func useIndex(of loop: Expression.Comprehension, _ source: inout Part, _ body: CostRange) {
        guard let sharing, let (fields, key) = loop.join(checked) else { return }
        let first = body.highest.plus(Self.highestStep).plus(UInt64(fields.count + 1))
        indexing = indexing + CostRange(0, source.size.highest.times(first))
        source.cost = source.cost + CostRange(0, estimate(key).cost.highest.plus(1))
        source.size = CostRange(0, min(source.size.highest, sharing))
    }

    /// What a loop adds to its body for an element it keeps.
    private static let highestStep: UInt64 = 13

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
        let result = self.result(call, arguments, checked.type(of: expression))
        let whole = Part(
            cost: before + own(overloads, arguments, result.size), size: result.size, element: result.element)
        guard arguments.count == 2 else { return whole }
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
            return Part(cost: before + .one, size: result.size)
        default: return whole
        }
    }

    /// How large what a function makes is: most make no more than they are given.
    private func result(
        _ call: Expression.Call, _ arguments: [Part], _ type: ValueType
    ) -> (size: CostRange, element: CostRange) {
        let size = sized(type)
        guard size.highest == .max else { return (size, .one) }
        switch call.function {
        case "range", "lists.range": return (size, .one)
        // Each occurrence, each place between two elements, or each clause may hold all of another argument.
        case "replace", "join", "format":
            let product = arguments.reduce(UInt64(1)) { product, part in
                let content = part.element.highest == .max ? part.size.highest : part.element.highest
                return product.times(max(part.size.highest, content).plus(1))
            }
            return (CostRange(0, product), .one)
        // As many parts as characters: then each is one long, and fewer longer ones cost less.
        case "split": return (CostRange(0, arguments[0].size.highest.plus(1)), CostRange(0, 1))
        default:
            let given = arguments.reduce(type == .string ? Self.numberLength : 0) { $0.plus($1.size.highest) }
            let element = arguments.reduce(UInt64(0)) { largest, part in
                max(largest, part.element.highest == .max ? part.size.highest : part.element.highest)
            }
            return (CostRange(0, given), CostRange(0, element))
        }
    }

    /// The longest text of a number, time or type.
    private static let numberLength: UInt64 = 64

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
