/// Keys that mean the same in one mapping, also where they are spelt differently (`0x10` and `16`).
enum DuplicateKeys {
    /// Up to this many keys comparing each with each is faster than hashing.
    private static let few = 8

    static func find(in entries: [Node.Entry], report: (YAMLError) -> Void) {
        guard entries.count > 1 else { return }
        if entries.count <= few { compare(entries, report) } else { hash(entries, report) }
    }

    private static func compare(_ entries: [Node.Entry], _ report: (YAMLError) -> Void) {
        // A span lends its elements, where an array would give copies of them.
        let keys = entries.span
        var lengths = InlineArray<8, Int>(repeating: 0)
        for index in keys.indices {
            lengths[index] = lengthOfString(keys[index].key)
            for earlier in 0..<index {
                let areOfOneLength = lengths[earlier] == lengths[index]
                guard areOfOneLength || lengths[earlier] < 0 || lengths[index] < 0,
                    isSame(keys[earlier].key, keys[index].key)
                else { continue }
                report(error(keys[index].key, first: keys[earlier].key.span.start))
                break
            }
        }
    }

    /// How many bytes a key has that is certainly a string; -1 for any other, which may have several spellings.
    private static func lengthOfString(_ key: Node) -> Int {
        guard case .scalar(let scalar) = key.content, key.tag == nil,
            scalar.style != .plain || !CoreSchema.canBeSpecial(scalar.text)
        else { return -1 }
        // Beyond ASCII equal texts may differ in their bytes.
        return scalar.text.utf8.allSatisfy { $0 < 0x80 } ? scalar.text.utf8.count : -1
    }

    private static func hash(_ entries: [Node.Entry], _ report: (YAMLError) -> Void) {
        var places: [KeyIdentity: Mark] = [:]
        places.reserveCapacity(entries.count)
        for entry in entries {
            let identity = KeyIdentity(entry.key)
            if let first = places[identity] {
                report(error(entry.key, first: first))
            } else {
                places[identity] = entry.key.span.start
            }
        }
    }

    private static func isSame(_ left: Node, _ right: Node) -> Bool {
        guard case .scalar(let first) = left.content, case .scalar(let second) = right.content, left.tag == nil,
            right.tag == nil
        else { return KeyIdentity(left) == KeyIdentity(right) }
        guard first.text != second.text else {
            return first.style == second.style || KeyIdentity(left) == KeyIdentity(right)
        }
        // Two strings of different text are different keys; only other types have several spellings.
        guard CoreSchema.canBeSpecial(first.text), CoreSchema.canBeSpecial(second.text) else { return false }
        return KeyIdentity(left) == KeyIdentity(right)
    }

    private static func error(_ key: Node, first: Mark) -> YAMLError {
        var name = "this key"
        if case .scalar(let scalar) = key.content { name = "the key '\(scalar.text.prefix(100))'" }
        return YAMLError(
            code: .duplicateKey, message: "\(name) is already on line \(first.line)", mark: key.span.start)
    }
}

/// What makes two keys the same.
private enum KeyIdentity: Hashable {
    case scalar(CoreValue, tag: String?)
    case notANumber
    case sequence([KeyIdentity], tag: String?)
    case mapping([KeyIdentity: KeyIdentity], tag: String?)

    init(_ node: Node) {
        // Tags of the core schema have done their work in `resolved`.
        let tag = node.tag.flatMap { $0.hasPrefix(CoreSchema.prefix) || $0 == "!" ? nil : $0 }
        switch node.content {
        case .scalar(let scalar):
            let value = node.resolved ?? scalar.resolved
            if case .double(let number) = value, number.isNaN {
                self = .notANumber
            } else {
                self = .scalar(value, tag: tag)
            }
        case .sequence(let items): self = .sequence(items.map { KeyIdentity($0) }, tag: tag)
        case .mapping(let entries):
            let pairs = entries.map { (KeyIdentity($0.key), KeyIdentity($0.value)) }
            self = .mapping(Dictionary(pairs) { first, _ in first }, tag: tag)
        }
    }
}
