package import YAML

/// A mapping of a document with access by key.
///
/// Its form has been checked, so what is missing or of a wrong kind is simply `nil` here: the problem has been told.
package struct Mapping: Sendable {
    package let node: Node
    private let pairs: [Node.Entry]

    package init?(_ node: Node?) {
        guard let node, case .mapping(let pairs) = node.content else { return nil }
        self.node = node
        self.pairs = pairs
    }

    /// In the order of the text; the first of duplicate keys.
    package var entries: [(key: String, keyNode: Node, value: Node)] {
        var entries: [(key: String, keyNode: Node, value: Node)] = []
        entries.reserveCapacity(pairs.count)
        // Most mappings are small: comparing beats hashing there.
        var seen: Set<String> = []
        for entry in pairs {
            guard case .scalar(let key) = entry.key.content else { continue }
            let isNew =
                pairs.count <= Self.few
                ? !entries.contains { $0.key == key.text } : seen.insert(key.text).inserted
            if isNew { entries.append((key.text, entry.key, entry.value)) }
        }
        return entries
    }

    private static let few = 12

    package subscript(key: String) -> Node? { node[key] }

    /// The key itself, for problems that concern what stands under it.
    package func keyNode(_ key: String) -> Node? { node.entry(key)?.key }

    package func text(_ key: String) -> String? { self[key]?.text }
    package func mapping(_ key: String) -> Mapping? { Mapping(self[key]) }
    /// The elements of a list; empty where there is none.
    package func elements(_ key: String) -> [Node] { self[key]?.elements ?? [] }
    package func texts(_ key: String) -> [String] { elements(key).compactMap(\.text) }

    package func bool(_ key: String) -> Bool? {
        guard case .bool(let value) = self[key]?.resolved else { return nil }
        return value
    }

    package func int(_ key: String) -> Int64? {
        guard case .int(let value) = self[key]?.resolved else { return nil }
        return value
    }

    /// One of an enumeration's words.
    package func choice<Choice: RawRepresentable<String>>(_ key: String, _: Choice.Type = Choice.self) -> Choice? {
        text(key).flatMap(Choice.init(rawValue:))
    }
}

extension Node {
    package var scalar: Scalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }

    package var elements: [Node]? {
        guard case .sequence(let elements) = content else { return nil }
        return elements
    }

    /// The text of a scalar that is read as text.
    package var text: String? {
        guard case .scalar(let scalar) = content else { return nil }
        if tag == nil, scalar.style != .plain { return scalar.text }
        guard case .string(let text) = resolved else { return nil }
        return text
    }
}
