/// Finds many needles in one pass over a text's skeleton (Aho and Corasick, 1975), without ever making the skeleton.
///
/// A table from state and class of byte to state; the highest bit says that needles end there. Measured on a log
/// of 100 MB: see the benchmark that `SymptomMatcherBenchmark` names.
struct NeedleAutomaton {
    private static let hit: UInt32 = 1 << 31
    private static let drop: UInt8 = 0xFF
    private static let special: UInt8 = 0xFE

    /// By byte: its class, or what to do with it.
    private let classes: [UInt8]
    private let stride: Int
    /// By state times stride plus class: the next state times stride, and `hit`.
    private let table: [UInt32]
    /// By state: the needles that end there.
    private let outputs: [[Int]]

    /// - Parameter needles: skeletons; an empty one is never found.
    init(_ needles: [[UInt8]]) {
        var classes = [UInt8](repeating: 0, count: 256)
        var count = 1
        for byte in Set(needles.joined()).sorted() {
            // More classes than that cannot be told apart; the check of each hit does.
            classes[Int(byte)] = UInt8(min(count, 0xFD))
            count = min(count + 1, 0xFD)
        }
        stride = count
        let trie = Trie(needles, classes: classes, stride: count)
        table = trie.table
        outputs = trie.outputs
        for byte in UInt8.min...UInt8.max {
            switch Skeleton.kind(of: byte) {
            case .keep: classes[Int(byte)] = classes[Int(Skeleton.lowercase(byte))]
            case .drop: classes[Int(byte)] = Self.drop
            case .special: classes[Int(byte)] = Self.special
            }
        }
        self.classes = classes
        keptSpecials = trie.classes
    }

    /// Classes of the bytes that are special in a text and yet may be part of a needle.
    private let keptSpecials: [UInt8]

    /// Reports each needle's end: the offset of its last byte, in ascending order.
    func scan(_ text: TextBytes, report: (_ needle: Int, _ offset: Int) -> Void) {
        unsafe classes.withUnsafeBufferPointer { classes in
            unsafe table.withUnsafeBufferPointer { table in
                unsafe scan(text, classes, table, report)
            }
        }
    }

    private func scan(
        _ text: TextBytes, _ classes: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt32>, _ report: (Int, Int) -> Void
    ) {
        var state: UInt32 = 0
        var index = 0
        let count = text.count
        while index < count {
            var byteClass = unsafe classes[Int(text.buffer[index])]
            var next = index + 1
            if byteClass >= Self.special {
                if byteClass == Self.drop {
                    index = next
                    continue
                }
                let step = Skeleton.special(text, at: index)
                next = step.next
                guard let byte = step.byte else {
                    index = next
                    continue
                }
                byteClass = keptSpecials[Int(byte)]
            }
            let entry = unsafe table[Int(state) + Int(byteClass)]
            state = entry & ~Self.hit
            if entry & Self.hit != 0 {
                for needle in outputs[Int(state) / stride] { report(needle, index) }
            }
            index = next
        }
    }

    /// The automaton while it is built.
    private struct Trie {
        var table: [UInt32]
        var outputs: [[Int]] = [[]]
        let classes: [UInt8]

        init(_ needles: [[UInt8]], classes: [UInt8], stride: Int) {
            self.classes = classes
            var children = [[Int32]](repeating: [Int32](repeating: -1, count: stride), count: 1)
            for (index, needle) in needles.enumerated() where !needle.isEmpty {
                var state = 0
                for byte in needle {
                    let byteClass = Int(classes[Int(byte)])
                    if children[state][byteClass] < 0 {
                        children[state][byteClass] = Int32(children.count)
                        children.append([Int32](repeating: -1, count: stride))
                        outputs.append([])
                    }
                    state = Int(children[state][byteClass])
                }
                outputs[state].append(index)
            }
            // Breadth first: where the trie has no edge, go where the longest proper suffix would.
            var failure = [Int](repeating: 0, count: children.count)
            var queue = [0]
            var head = 0
            while head < queue.count {
                let state = queue[head]
                head += 1
                for byteClass in 0..<stride {
                    let child = Int(children[state][byteClass])
                    let fallback = state == 0 ? 0 : Int(children[failure[state]][byteClass])
                    if child < 0 {
                        children[state][byteClass] = Int32(fallback)
                    } else {
                        failure[child] = fallback
                        outputs[child] += outputs[fallback]
                        queue.append(child)
                    }
                }
            }
            table = []
            table.reserveCapacity(children.count * stride)
            for row in children {
                for child in row {
                    table.append(UInt32(Int(child) * stride) | (outputs[Int(child)].isEmpty ? 0 : NeedleAutomaton.hit))
                }
            }
        }
    }
}
