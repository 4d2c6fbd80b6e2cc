/// Puts names that need each other in an order in which each comes after those that it needs.
struct DependencyOrder {
    /// Every name once; members of a circle stand where the text has them.
    private(set) var names: [String] = []
    /// Each circle once, from the member that the text has first: `[a, b]` where a needs b and b needs a.
    private(set) var circles: [[String]] = []

    private var state: [String: State] = [:]
    private var path: [String] = []

    private enum State { case entered, done }

    /// - Parameter needs: what each of the names needs; others are ignored.
    init(_ names: [String], needs: [String: Set<String>]) {
        for name in names { visit(name, all: names, needs: needs) }
    }

    private mutating func visit(_ name: String, all: [String], needs: [String: Set<String>]) {
        switch state[name] {
        case .done: return
        case .entered:
            if let start = path.firstIndex(of: name) { circles.append(Array(path[start...])) }
            return
        case nil: break
        }
        state[name] = .entered
        path.append(name)
        let needed = needs[name] ?? []
        for other in all where needed.contains(other) { visit(other, all: all, needs: needs) }
        path.removeLast()
        state[name] = .done
        names.append(name)
    }
}
