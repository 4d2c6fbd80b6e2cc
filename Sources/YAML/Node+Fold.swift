extension Node {
    /// Turns the tree into something else from the leaves up; each step also gets its node, for its place and tag.
    ///
    /// For example, into values of another library:
    /// `node.fold(scalar: { Value($1) }, list: { .list($1) }, map: { .map($1) })`.
    package func fold<Result, Failure: Error>(
        scalar: (Node, CoreValue) throws(Failure) -> Result,
        list: (Node, [Result]) throws(Failure) -> Result,
        map: (Node, [(key: Result, value: Result)]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch content {
        case .scalar(let written):
            return try scalar(self, resolved ?? written.resolved)
        case .sequence(let items):
            var results: [Result] = []
            results.reserveCapacity(items.count)
            for item in items { results.append(try item.fold(scalar: scalar, list: list, map: map)) }
            return try list(self, results)
        case .mapping(let entries):
            var results: [(key: Result, value: Result)] = []
            results.reserveCapacity(entries.count)
            for entry in entries {
                let key = try entry.key.fold(scalar: scalar, list: list, map: map)
                results.append((key, try entry.value.fold(scalar: scalar, list: list, map: map)))
            }
            return try map(self, results)
        }
    }

    /// The value under the first key of that text, whatever type the key is read as; `nil` where there is none.
    package subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content, let index = Node.place(of: key, in: entries) else { return nil }
        return entries[index].value
    }

    /// The key and the value under the first key of that text.
    package func entry(_ key: String) -> Entry? {
        guard case .mapping(let entries) = content, let index = Node.place(of: key, in: entries) else { return nil }
        return entries[index]
    }

    private static func place(of key: String, in entries: [Entry]) -> Int? {
        // A span lends its elements, where an array would give copies of them.
        let span = entries.span
        for index in span.indices {
            if case .scalar(let scalar) = span[index].key.content, scalar.text == key { return index }
        }
        return nil
    }
}
