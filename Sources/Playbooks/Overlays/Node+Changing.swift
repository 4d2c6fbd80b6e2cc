internal import YAML

extension Node {
    var keys: [String] {
        guard case .mapping(let entries) = content else { return [] }
        return entries.compactMap { $0.key.scalar?.text }
    }

    mutating func set(_ key: String, _ keyNode: Node, _ value: Node) {
        guard case .mapping(var entries) = content else { return }
        if let index = entries.firstIndex(where: { $0.key.scalar?.text == key }) {
            entries[index].value = value
        } else {
            entries.append(Entry(key: keyNode, value: value))
        }
        content = .mapping(entries)
    }

    mutating func remove(_ key: String) {
        guard case .mapping(let entries) = content else { return }
        content = .mapping(entries.filter { $0.key.scalar?.text != key })
    }

    /// Changes what a path of keys leads to, where there is something.
    mutating func update(_ path: [String], _ change: (inout Node) -> Void) {
        guard let key = path.first else { return change(&self) }
        guard case .mapping(var entries) = content,
            let index = entries.firstIndex(where: { $0.key.scalar?.text == key })
        else { return }
        entries[index].value.update(Array(path.dropFirst()), change)
        content = .mapping(entries)
    }

    /// The same node in a text that stands behind another one.
    func shifted(by shift: SourceText.Shift) -> Node {
        var node = self
        node.span = Span(start: span.start.shifted(by: shift), end: span.end.shifted(by: shift))
        switch content {
        case .scalar: break
        case .sequence(let elements): node.content = .sequence(elements.map { $0.shifted(by: shift) })
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { Entry(key: $0.key.shifted(by: shift), value: $0.value.shifted(by: shift)) })
        }
        return node
    }
}

extension Mark {
    func shifted(by shift: SourceText.Shift) -> Mark {
        Mark(line: line + shift.lines, column: column, offset: offset + shift.bytes)
    }
}
