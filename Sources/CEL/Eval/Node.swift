/// A step of the executable form of an expression.
///
/// Nodes are immutable and shared by all evaluations.
protocol Node: AnyObject, Sendable {
    func evaluate(_ frame: inout Frame) -> Value
    /// Where the value stands, as far as it is a place in the variables; asked only when an unknown was met.
    func attributePath(_ frame: inout Frame) -> [String]?
    /// The same for what is found in the value by this index or key.
    func elementPath(_ frame: inout Frame, at component: String) -> [String]?
    /// The names from the variables to the value, where it is found by names alone; else empty.
    var place: ContiguousArray<Key.Probe> { get }
}

extension Node {
    var place: ContiguousArray<Key.Probe> { [] }
    func attributePath(_ frame: inout Frame) -> [String]? { nil }
    func elementPath(_ frame: inout Frame, at component: String) -> [String]? {
        attributePath(&frame).map { $0 + [component] }
    }
}

/// What one evaluation needs while it runs.
struct Frame {
    struct Slot {
        var value: Value = .null
        /// In a list that a loop goes over.
        var position = 0
    }

    /// What few evaluations need.
    final class Extras {
        var patterns: [String: Pattern] = [:]
        private var indices: [JoinIndex?] = []
        /// By `Expression.id`, where an explanation is wanted.
        var recorded: [Value?] = []
        /// Bytes of strings and lists that were joined; the cost alone does not bound them.
        var allocated = 0

        func index(of join: Int) -> JoinIndex? { join < indices.count ? indices[join] : nil }

        func setIndex(_ index: JoinIndex, of join: Int) {
            while indices.count <= join { indices.append(nil) }
            indices[join] = index
        }
    }

    /// Where the variables are no map.
    let activation: (any Activation)?
    /// The same where it is a map: looked up without going through the protocol.
    let variables: Table?
    /// Values of `bind`, of loops' variables, and of variables that are asked for often.
    var slots: [Slot]
    private(set) var cost: UInt64 = 0
    let budget: UInt64
    private(set) var isOutOfMemory = false
    private(set) lazy var extras = Extras()

    init(_ activation: any Activation, slotCount: Int, budget: UInt64) {
        self.activation = activation
        variables = nil
        self.budget = budget
        slots = slotCount == 0 ? [] : Array(repeating: Slot(), count: slotCount)
    }

    init(_ variables: Map, slotCount: Int, budget: UInt64) {
        activation = nil
        self.variables = variables.table
        self.budget = budget
        slots = slotCount == 0 ? [] : Array(repeating: Slot(), count: slotCount)
    }

    @inline(__always)
    mutating func charge(_ units: UInt64) {
        let (sum, overflow) = cost.addingReportingOverflow(units)
        cost = overflow ? .max : sum
    }

    /// Looks at what stands at a node's place without taking it out; `nil` where it takes an evaluation to tell.
    @inline(__always)
    mutating func look<Result>(at place: ContiguousArray<Key.Probe>, _ body: (Value) -> Result?) -> Result? {
        guard !place.isEmpty, let result = variables?.look(along: place, body) else { return nil }
        charge(UInt64(place.count))
        return result
    }

    @inline(__always)
    var isExhausted: Bool { cost > budget || isOutOfMemory }

    /// Whether so many bytes more may be used; charges the whole budget where not.
    mutating func mayAllocate(_ bytes: Int) -> Bool {
        let (sum, overflow) = extras.allocated.addingReportingOverflow(bytes)
        guard !overflow, sum <= Self.maximumAllocation else {
            isOutOfMemory = true
            return false
        }
        extras.allocated = sum
        return true
    }

    /// The same for text that a function made, if it is long and longer than what it was made from.
    @inline(__always)
    mutating func mayKeep(_ result: Value, madeFrom argument: Value) -> Bool {
        switch (result, argument) {
        // Taken out of it, not made.
        case (_, .optional): return true
        case (.string, _), (.bytes, _):
            let size = result.costSize
            return size < 1024 || size <= argument.costSize || mayAllocate(size)
        default: return true
        }
    }

    private static let maximumAllocation = 64 << 20

    /// The error that ends an evaluation; nothing absorbs it.
    var exhaustion: Value {
        let message =
            isOutOfMemory
            ? "the evaluation builds more than \(Self.maximumAllocation) bytes"
            : "the evaluation costs more than its budget of \(budget) units"
        return .error(EvaluationError(.budgetExceeded, message))
    }
}

/// An executable expression.
struct Plan: Sendable {
    var root: any Node
    var slotCount: Int
}

extension Value {
    /// What a function with these arguments gives without being called: the unknowns of both, or the first error.
    static func strict(_ first: Value, _ second: Value) -> Value? {
        switch (first, second) {
        case (.unknown(let one), .unknown(let two)): .unknown(UnknownSet(one.attributes.union(two.attributes)))
        case (.unknown, _): first
        case (_, .unknown): second
        case (.error, _): first
        case (_, .error): second
        default: nil
        }
    }

    static func strict(_ arguments: [Value]) -> Value? {
        var unknowns: UnknownSet?
        var error: Value?
        for argument in arguments {
            switch argument {
            case .unknown(let set): unknowns.add(set)
            case .error: error = error ?? argument
            default: continue
            }
        }
        return unknowns.map(Value.unknown) ?? error
    }

    @inline(__always)
    var isUnknownOrError: Bool {
        switch self {
        case .unknown, .error: true
        default: false
        }
    }

    /// The same error with its place in the expression, where it has none yet.
    func at(_ offset: Int) -> Value {
        guard case .error(var error) = self, error.offset == nil else { return self }
        error.offset = offset
        return .error(error)
    }

    /// The same unknown with its place in the variables, where it has none yet.
    func located(_ path: [String]?) -> Value {
        guard case .unknown(let set) = self, let path, set.attributes.contains(where: \.path.isEmpty) else {
            return self
        }
        return .unknown(
            UnknownSet(
                Set(
                    set.attributes.map { attribute in
                        guard attribute.path.isEmpty else { return attribute }
                        var located = attribute
                        located.path = path
                        return located
                    })))
    }
}
