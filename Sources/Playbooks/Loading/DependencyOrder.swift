/// Puts names that need each other in an order in which each comes after those that it needs.
struct DependencyOrder {
    /// Every name once; members of a circle stand where the text has them.
    private(set) var names: [String] = []
    /// Each circle once, from the member that the text has first: `[a, b]` where a needs b and b needs a.
    private(set) var circles: [[String]] = []

    private enum State { case entered, done }

    /// - Parameter needs: what each of the names needs; others are ignored.
    init(_ all: [String], needs: [String: Set<String>]) {
        let index = Dictionary(all.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let needed = { (name: String) -> [String] in
            (needs[name] ?? []).compactMap { index[$0] }.sorted().map { all[$0] }
        }
        var state: [String: State] = [:]
        for name in all where state[name] == nil {
            // No recursion: chains may be longer than a stack is deep.
            var path: [(name: String, rest: ArraySlice<String>)] = [(name, needed(name)[...])]
            state[name] = .entered
            while let last = path.last {
                guard let next = last.rest.first else {
                    state[last.name] = .done
                    names.append(last.name)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].rest = last.rest.dropFirst()
                switch state[next] {
                case .done: break
                case .entered:
                    let start = path.firstIndex { $0.name == next } ?? 0
                    circles.append(path[start...].map(\.name))
                case nil:
                    state[next] = .entered
                    path.append((next, needed(next)[...]))
                }
            }
        }
    }
}
