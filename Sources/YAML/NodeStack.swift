/// Finished nodes whose collection is still open, moved into their collection's own array when it ends.
///
/// An array would copy and then destroy each node there: of the time for 8.9 MB of pods that was a quarter.
///
/// Safe outside: the first `count` places of the storage are initialized, and no pointer leaves the stack.
@safe struct NodeStack: ~Copyable {
    private var storage: UnsafeMutableBufferPointer<Node>
    private(set) var count = 0

    init() { unsafe storage = .allocate(capacity: 64) }

    deinit {
        unsafe storage[..<count].deinitialize()
        unsafe storage.deallocate()
    }

    /// The place behind the last node in the text; `nil` where the stack is empty.
    var lastEnd: Mark? {
        guard count > 0 else { return nil }
        return unsafe storage[count - 1].span.end
    }

    mutating func push(_ node: consuming Node) {
        if unsafe count == storage.count { grow() }
        unsafe storage.initializeElement(at: count, to: consume node)
        count += 1
    }

    mutating func pop() -> Node? {
        guard count > 0 else { return nil }
        count -= 1
        return unsafe storage.moveElement(from: count)
    }

    /// Takes the nodes from `first` on as the items of a sequence.
    mutating func popItems(from first: Int) -> [Node] {
        precondition(first >= 0 && first <= count)
        var items: [Node] = []
        items.reserveCapacity(count - first)
        for index in first..<count { items.append(unsafe storage.moveElement(from: index)) }
        count = first
        return items
    }

    /// Takes the nodes from `first` on as keys and values that take turns.
    mutating func popEntries(from first: Int) -> [Node.Entry] {
        precondition(first >= 0 && first <= count && (count - first).isMultiple(of: 2))
        var entries: [Node.Entry] = []
        entries.reserveCapacity((count - first) / 2)
        for index in stride(from: first, to: count, by: 2) {
            let key = unsafe storage.moveElement(from: index)
            entries.append(Node.Entry(key: key, value: unsafe storage.moveElement(from: index + 1)))
        }
        count = first
        return entries
    }

    private mutating func grow() {
        let larger = unsafe UnsafeMutableBufferPointer<Node>.allocate(capacity: storage.count * 2)
        _ = unsafe larger.moveInitialize(fromContentsOf: storage[..<count])
        unsafe storage.deallocate()
        unsafe storage = larger
    }
}
