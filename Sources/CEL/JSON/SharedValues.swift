/// Texts, lists and maps that were read before: what comes again takes no memory again.
///
/// Of those with one hash the latest is kept; what was forgotten is made anew, which costs memory and changes nothing.
final class SharedValues {
    private static let mask = (1 << 14) - 1

    private struct Slot<Content> {
        var hash: UInt64
        var content: Content
    }

    private var texts = [Slot<String>?](repeating: nil, count: mask + 1)
    private var maps = [Slot<Map>?](repeating: nil, count: mask + 1)
    private var lists = [Slot<List>?](repeating: nil, count: mask + 1)

    func text(_ bytes: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> String? {
        guard let slot = texts[Self.place(hash)], slot.hash == hash else { return nil }
        return unsafe slot.content.withUTF8Bytes { unsafe areEqual($0, bytes) } ? slot.content : nil
    }

    func keep(_ text: String, _ hash: UInt64) { texts[Self.place(hash)] = Slot(hash: hash, content: text) }

    func map(_ entries: ArraySlice<(key: Value, value: Value)>) -> Map {
        guard !entries.isEmpty else { return Map() }
        var hash = UInt64(entries.count).mixed
        for (key, value) in entries { hash = hash.folded(with: key.sharedHash).folded(with: value.sharedHash) }
        if let slot = maps[Self.place(hash)], slot.hash == hash, slot.content.count == entries.count,
            zip(slot.content.entries, entries).allSatisfy({
                $0.key.isShared(with: $1.key) && $0.value.isShared(with: $1.value)
            })
        {
            return slot.content
        }
        let map = Map(entries.exactly)
        maps[Self.place(hash)] = Slot(hash: hash, content: map)
        return map
    }

    func list(_ elements: ArraySlice<Value>) -> List {
        guard !elements.isEmpty else { return [] }
        var hash = UInt64(elements.count).mixed
        for element in elements { hash = hash.folded(with: element.sharedHash) }
        if let slot = lists[Self.place(hash)], slot.hash == hash, slot.content.count == elements.count,
            zip(slot.content.elements, elements).allSatisfy({ $0.isShared(with: $1) })
        {
            return slot.content
        }
        let list = List(elements.exactly)
        lists[Self.place(hash)] = Slot(hash: hash, content: list)
        return list
    }

    private static func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }
}

extension ArraySlice {
    /// An array of just these.
    ///
    /// A slice of a whole array would become that array, with all the room that it has.
    var exactly: [Element] { map(\.self) }
}

extension Value {
    /// By content where that is short, by identity where parts are shared already.
    fileprivate var sharedHash: UInt64 {
        switch self {
        case .null: 0x51_7CC1_B727_220A
        case .double(let number): number.bitPattern.mixed
        case .map(let map): UInt64(UInt(bitPattern: ObjectIdentifier(map.table))).mixed
        case .list(let list): UInt64(list.identity).mixed
        default: keyHash ?? 0
        }
    }

    /// Whether one can stand for the other without anybody noticing; `false` also where that takes a longer look.
    fileprivate func isShared(with other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let two)): one == two
        case (.int(let one), .int(let two)): one == two
        case (.uint(let one), .uint(let two)): one == two
        case (.double(let one), .double(let two)): one.bitPattern == two.bitPattern
        case (.string(let one), .string(let two)): one.isIdentical(to: two)
        case (.map(let one), .map(let two)): one.table === two.table
        case (.list(let one), .list(let two)): one.identity == two.identity && one.count == two.count
        default: false
        }
    }
}
