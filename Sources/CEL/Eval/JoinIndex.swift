/// How a loop finds the few elements that can matter, instead of trying each.
///
/// Of `deployments.exists(d, d.metadata.name == h.spec.name && …)` an element whose name is another makes the `&&` false,
/// whatever the rest of it is, and so it decides nothing. Elements whose name is equal are tried in full, and so are
/// those of which the name cannot be told (absent, unknown, of another kind): the result is that of trying each.
struct Join: Sendable {
    /// Of the index in the frame.
    let id: Int
    /// The path within an element; may be empty.
    let fields: [SelectNode.Field]
    /// The other side of the equality, the same for all elements.
    let key: any Node

    static let minimumCount = 8

    /// The positions to try, or `nil` where all have to be.
    ///
    /// The first time that a loop meets a list it goes over all of it: an index pays when it is met again.
    func candidates(in list: List, _ frame: inout Frame) -> Candidates? {
        guard let index = frame.extras.index(of: id), index.identity == list.identity, index.list.count == list.count
        else {
            frame.extras.setIndex(JoinIndex(list), of: id)
            return nil
        }
        let key = key.evaluate(&frame)
        guard let hash = key.joinHash else { return nil }
        if !index.isBuilt {
            frame.charge(UInt64(list.count) * UInt64(fields.count + 1))
            guard !frame.isExhausted else { return Candidates(index: index, matching: -1, irregular: Int.max) }
            index.build(fields)
        }
        frame.charge(1)
        return index.candidates(hash)
    }
}

extension Expression.Comprehension {
    /// The path within an element and the other side of an equality without which the loop's condition does not hold;
    /// `nil` where there is none, or the loop cares for elements of which it does not hold.
    func join(_ checked: Checked) -> (fields: [SelectNode.Field], key: Expression)? {
        guard secondVariable == nil else { return nil }
        switch kind {
        case .exists, .existsOne, .filter: break
        case .all, .map, .transformList, .transformMap, .transformMapEntry: return nil
        }
        var conjuncts = [body]
        if case .and(let operands) = body.kind { conjuncts = operands }
        for conjunct in conjuncts {
            guard case .call(let call) = conjunct.kind, call.function == "_==_" else { continue }
            for (element, other) in [(0, 1), (1, 0)] {
                guard let fields = path(call.arguments[element], checked), !call.arguments[other].mentions(variable)
                else { continue }
                return (fields, call.arguments[other])
            }
        }
        return nil
    }

    /// The fields between the loop's variable and this expression, if it is a path from there.
    private func path(_ expression: Expression, _ checked: Checked) -> [SelectNode.Field]? {
        switch expression.kind {
        case .identifier(variable, isAbsolute: false) where checked.resolution(of: expression) == nil: []
        case .select(let operand, let name, isOptional: false) where checked.resolution(of: expression) == nil:
            path(operand, checked).map { $0 + [.init(name, endingAt: expression.range.upperBound)] }
        default: nil
        }
    }
}

/// Positions in a list by the hash of what stands at a path in each element.
final class JoinIndex {
    fileprivate struct Row {
        var hash: UInt64 = 0
        /// The next position in the same bucket, -1 where there is none.
        var next: Int32 = -1
    }

    let list: List
    let identity: UInt
    private(set) var isBuilt = false
    /// The first position of each bucket, -1 where there is none; a power of two long.
    private var heads: [Int32] = []
    fileprivate var rows: [Row] = []
    /// Positions without a hash, in order.
    fileprivate var irregular: [Int32] = []

    init(_ list: List) {
        self.list = list
        identity = list.identity
    }

    func build(_ fields: [SelectNode.Field]) {
        isBuilt = true
        let elements = list.elements
        var size = 8
        while size < elements.count * 2 { size *= 2 }
        heads = Array(repeating: -1, count: size)
        rows = Array(repeating: Row(), count: elements.count)
        // From the end, so that each bucket comes out in order.
        for position in elements.indices.reversed() {
            guard let hash = elements[position].value(at: fields)?.joinHash else {
                irregular.append(Int32(position))
                continue
            }
            let bucket = Int(truncatingIfNeeded: hash) & (size - 1)
            rows[position] = Row(hash: hash, next: heads[bucket])
            heads[bucket] = Int32(position)
        }
        irregular.reverse()
    }

    func candidates(_ hash: UInt64) -> Candidates {
        var matching = Int(heads[Int(truncatingIfNeeded: hash) & (heads.count - 1)])
        while matching >= 0, rows[matching].hash != hash { matching = Int(rows[matching].next) }
        return Candidates(index: self, hash: hash, matching: matching, irregular: 0)
    }
}

/// Positions of a list, in order.
struct Candidates: Sequence, IteratorProtocol {
    let index: JoinIndex
    var hash: UInt64 = 0
    fileprivate var matching: Int
    fileprivate var irregular: Int

    mutating func next() -> Int? {
        let other = irregular < index.irregular.count ? Int(index.irregular[irregular]) : Int.max
        guard matching >= 0, matching < other else {
            guard other != Int.max else { return nil }
            irregular += 1
            return other
        }
        defer {
            repeat {
                matching = Int(index.rows[matching].next)
            } while matching >= 0 && index.rows[matching].hash != hash
        }
        return matching
    }
}

extension Value {
    /// The same for equal values; `nil` for those that are not worth it.
    fileprivate var joinHash: UInt64? { if case .null = self { 0x51_7CC1_B727_220A } else { keyHash } }

    fileprivate func value(at fields: [SelectNode.Field]) -> Value? {
        var value = self
        for field in fields {
            guard case .map(let map) = value, let found = map.table.value(for: field.key) else { return nil }
            value = found
        }
        return value
    }
}
