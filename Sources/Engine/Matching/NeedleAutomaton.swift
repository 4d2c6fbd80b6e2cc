/// Finds many needles in one pass over a text's skeleton (Aho and Corasick, 1975), without ever making the skeleton.
///
/// A table from state and class of byte to state. States at which needles end have the highest numbers, so one
/// comparison tells. What the skeleton drops leads from every state to itself, so that words cost no branches; a long
/// text is read at two places in turn, since each waits for its own table only. `make bench-symptoms` measures it.
struct NeedleAutomaton: Sendable {
    private static let special: UInt8 = 0xFF
    private static let dropped = 1

    /// By byte: its class, or `special`.
    private let classes: [UInt8]
    /// The same, with the classes of bytes that are special in a text and yet may be part of a needle.
    private let keptClasses: [UInt8]
    private let stride: Int
    /// By state times stride plus class: the next state times stride.
    private let table: [UInt32]
    /// From here on needles end.
    private let firstHit: UInt32
    /// By state, from the first hit on: the needles that end there.
    private let outputs: [[Int]]

    /// - Parameter needles: skeletons; an empty one is never found.
    init(_ needles: [[UInt8]]) {
        var kept = [UInt8](repeating: 0, count: 256)
        var count = Self.dropped + 1
        for byte in Set(needles.joined()).sorted() {
            // More classes than that are not told apart; the check of each hit does.
            kept[Int(byte)] = UInt8(min(count, 0xFE))
            count = min(count + 1, 0xFF)
        }
        let trie = Trie(needles, classes: kept, stride: count)
        keptClasses = kept
        stride = count
        table = trie.table
        firstHit = trie.firstHit
        outputs = trie.hits
        classes = (UInt8.min...UInt8.max).map { byte in
            switch Skeleton.kind(of: byte) {
            case .keep: kept[Int(Skeleton.lowercase(byte))]
            case .drop: UInt8(Self.dropped)
            case .special: Self.special
            }
        }
    }

    /// Where needles end: each state of the automaton and the offset of the last byte, in ascending order.
    private struct Hits {
        var found: [(state: UInt32, offset: Int)] = []

        /// What the skeleton drops leaves the state as it is and is no hit of its own.
        @inline(never)
        mutating func append(_ state: UInt32, _ offset: Int, _ byteClass: UInt8) {
            if byteClass != UInt8(NeedleAutomaton.dropped) { found.append((state, offset)) }
        }
    }

    /// Reports each needle's end: the offset of its last byte, in ascending order.
    func scan(_ text: TextBytes, report: (_ needle: Int, _ offset: Int) -> Void) {
        for hits in scan(text) {
            for (state, offset) in hits.found {
                for needle in outputs[Int(state - firstHit) / stride] { report(needle, offset) }
            }
        }
    }

    private func scan(_ text: TextBytes) -> [Hits] {
        unsafe classes.withUnsafeBufferPointer { classes in
            unsafe table.withUnsafeBufferPointer { table in
                let bounds = boundaries(of: text)
                guard bounds.count == 3 else {
                    var hits = Hits()
                    unsafe scan(text, 0..<text.count, classes, table, &hits)
                    return [hits]
                }
                return unsafe scanInTurn(text, bounds, classes, table)
            }
        }
    }

    /// Where a long text is divided: at ends of lines, where there are some.
    private func boundaries(of text: TextBytes) -> [Int] {
        guard text.count >= 1 << 16 else { return [] }
        return (0...2).map { part in
            var boundary = text.count / 2 * part
            if part == 2 { return text.count }
            let latest = boundary + 8192
            while boundary > 0, boundary < latest, text[boundary - 1] != 0x0A { boundary += 1 }
            return boundary
        }
    }

    private func scanInTurn(
        _ text: TextBytes, _ bounds: [Int], _ classes: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt32>
    ) -> [Hits] {
        // Single variables: an array would be checked for other owners at every byte.
        var (hits0, hits1) = (Hits(), Hits())
        var (state0, state1): (UInt32, UInt32) = (0, 0)
        var (index0, index1) = (bounds[0], bounds[1])
        let (end0, end1) = (bounds[1], bounds[2])
        while index0 < end0 && index1 < end1 {
            unsafe step(text, &index0, &state0, classes, table, &hits0)
            unsafe step(text, &index1, &state1, classes, table, &hits1)
        }
        unsafe finish(text, index0..<max(index0, end0), state0, classes, table, &hits0)
        unsafe finish(text, index1..<max(index1, end1), state1, classes, table, &hits1)
        return [hits0, hits1]
    }

    private func scan(
        _ text: TextBytes, _ range: Range<Int>, _ classes: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt32>, _ hits: inout Hits
    ) {
        unsafe finish(text, range, 0, classes, table, &hits)
    }

    /// Reads a part to its end, and beyond it as long as something has begun that may end there.
    private func finish(
        _ text: TextBytes, _ range: Range<Int>, _ start: UInt32, _ classes: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt32>, _ hits: inout Hits
    ) {
        var state = start
        var index = range.lowerBound
        while index < range.upperBound { unsafe step(text, &index, &state, classes, table, &hits) }
        while state != 0, index < text.count { unsafe step(text, &index, &state, classes, table, &hits) }
    }

    @inline(__always)
    private func step(
        _ text: TextBytes, _ index: inout Int, _ state: inout UInt32, _ classes: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt32>, _ hits: inout Hits
    ) {
        let byteClass = unsafe classes[Int(text.buffer[index])]
        if byteClass == Self.special {
            (index, state) = special(text, index, state, &hits)
            return
        }
        state = unsafe table[Int(state) + Int(byteClass)]
        if state >= firstHit { hits.append(state, index, byteClass) }
        index += 1
    }

    // Takes and returns values, so that the loop keeps them in registers.
    @inline(never)
    private func special(
        _ text: TextBytes, _ index: Int, _ state: UInt32, _ hits: inout Hits
    ) -> (next: Int, state: UInt32) {
        let step = Skeleton.special(text, at: index)
        guard let byte = step.byte else { return (step.next, state) }
        let state = table[Int(state) + Int(keptClasses[Int(byte)])]
        if state >= firstHit { hits.append(state, index, 0) }
        return (step.next, state)
    }
}

/// The automaton while it is built.
private struct Trie {
    private(set) var table: [UInt32] = []
    private(set) var firstHit: UInt32 = 0
    private(set) var hits: [[Int]] = []
    private var children: [Int32]
    private var outputs: [[Int]] = [[]]
    private let stride: Int
    private var count: Int { outputs.count }

    init(_ needles: [[UInt8]], classes: [UInt8], stride: Int) {
        self.stride = stride
        children = Array(repeating: -1, count: stride)
        for (index, needle) in needles.enumerated() where !needle.isEmpty {
            var state = 0
            for byte in needle { state = child(of: state, Int(classes[Int(byte)])) }
            outputs[state].append(index)
        }
        connect()
        number()
    }

    private mutating func child(of state: Int, _ byteClass: Int) -> Int {
        let known = Int(children[state * stride + byteClass])
        if known >= 0 { return known }
        let made = count
        children[state * stride + byteClass] = Int32(made)
        children += repeatElement(-1, count: stride)
        outputs.append([])
        return made
    }

    /// Breadth first: where the trie has no edge, go where the longest proper suffix would.
    private mutating func connect() {
        var failure = [Int](repeating: 0, count: count)
        var queue = [0]
        var head = 0
        while head < queue.count {
            let state = queue[head]
            head += 1
            for byteClass in 0..<stride {
                let edge = state * stride + byteClass
                let fallback = state == 0 ? 0 : Int(children[failure[state] * stride + byteClass])
                if children[edge] < 0 {
                    children[edge] = Int32(fallback)
                } else {
                    let child = Int(children[edge])
                    failure[child] = fallback
                    outputs[child] += outputs[fallback]
                    queue.append(child)
                }
            }
            children[state * stride + 1] = Int32(state)
        }
    }

    /// States with outputs get the highest numbers; the root stays 0.
    private mutating func number() {
        let order = (0..<count).filter { outputs[$0].isEmpty } + (0..<count).filter { !outputs[$0].isEmpty }
        var numbers = [UInt32](repeating: 0, count: count)
        for (number, state) in order.enumerated() { numbers[state] = UInt32(number * stride) }
        hits = order.map { outputs[$0] }.filter { !$0.isEmpty }
        firstHit = UInt32((count - hits.count) * stride)
        table.reserveCapacity(children.count)
        for state in order {
            for edge in state * stride..<(state + 1) * stride { table.append(numbers[Int(children[edge])]) }
        }
    }
}
