package import CEL

/// What becomes of an entry of a map.
package enum EntryChange {
    case stays
    case isDropped
    case becomes(Value)
}

extension Map {
    /// The map after the changes; `nil` where every entry stays, so that nothing has to be made anew.
    package func changed(_ change: (_ key: Value, _ value: Value) -> EntryChange) -> Map? {
        let entries = entries
        var changed: [(key: Value, value: Value)]?
        for (index, entry) in entries.enumerated() {
            switch change(entry.key, entry.value) {
            case .stays: changed?.append(entry)
            case .isDropped: changed = changed ?? Array(entries[..<index])
            case .becomes(let value):
                changed = changed ?? Array(entries[..<index])
                changed?.append((entry.key, value))
            }
        }
        return changed.map { Map($0) }
    }
}

extension List {
    /// The list with other elements; `nil` where each stays.
    package func changed(_ change: (Value) -> Value?) -> List? {
        let elements = elements
        var changed: [Value]?
        for (index, element) in elements.enumerated() {
            guard let other = change(element) else {
                changed?.append(element)
                continue
            }
            changed = changed ?? Array(elements[..<index])
            changed?.append(other)
        }
        return changed.map { List($0) }
    }
}

extension EntryChange {
    /// `nil`: stays.
    package init(_ value: Value?) { self = value.map { .becomes($0) } ?? .stays }
}
