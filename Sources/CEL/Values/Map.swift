internal import Synchronization

/// A map with keys of type bool, int, uint or string, in the order of insertion.
///
/// Keys of several numeric types are equal where their numbers are.
public struct Map: Sendable, ExpressibleByDictionaryLiteral {
    private enum Storage {
        case eager(Table)
        case lazy(LazyTable)
    }

    private let storage: Storage

    public init() { storage = .eager(.empty) }
    public init(dictionaryLiteral elements: (String, Value)...) {
        storage = .eager(Table(elements.map { (.string($0.0), $0.1) }))
    }
    /// The first of equal keys counts.
    public init(_ pairs: some Sequence<(key: Value, value: Value)>) { storage = .eager(Table(Array(pairs))) }
    /// Keys in sorted order, so that the same facts always print the same.
    public init(_ dictionary: [String: Value]) {
        storage = .eager(Table(dictionary.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value) }))
    }

    /// A map whose entries are made when it is first looked into, at most once for each thread that asks at the same
    /// time: how a tree of another kind is bridged one level at a time.
    public init(lazily make: @escaping @Sendable () -> [(key: Value, value: Value)]) {
        storage = .lazy(LazyTable(make))
    }

    public var entries: [(key: Value, value: Value)] { table.entries }
    public var count: Int { table.entries.count }
    public subscript(key: String) -> Value? { table.value(for: key, hash: key.textHash) }
    /// The value whose key equals this one, whatever its numeric type.
    public subscript(key: Value) -> Value? { table.value(for: key) }

    var table: Table {
        switch storage {
        case .eager(let table): table
        case .lazy(let lazy): lazy.table
        }
    }

    /// Whether two keys were equal.
    var hasDuplicates: Bool { table.hasDuplicates }
}

private final class LazyTable: Sendable {
    private let made = AtomicLazyReference<Table>()
    private let make: @Sendable () -> [(key: Value, value: Value)]

    init(_ make: @escaping @Sendable () -> [(key: Value, value: Value)]) { self.make = make }

    var table: Table { made.load() ?? made.storeIfNil(Table(make())) }
}

/// Entries with the hashes of their keys; from nine entries on, an open-addressed index over them.
final class Table: Sendable {
    static let empty = Table([])

    let entries: [(key: Value, value: Value)]
    let hasDuplicates: Bool
    private let hashes: [UInt64]
    /// Position + 1 by hash, a power of two long; empty for a small table, which is searched along its hashes.
    private let index: [Int32]

    init(_ entries: [(key: Value, value: Value)]) {
        self.entries = entries
        let hashes = entries.map { $0.key.keyHash ?? 0 }
        self.hashes = hashes
        var hasDuplicates = false
        var index: [Int32] = []
        if entries.count > 8 {
            let size = Int(UInt(entries.count * 2 - 1).nextPowerOfTwo)
            index = Array(repeating: 0, count: size)
            for position in entries.indices {
                var slot = Int(truncatingIfNeeded: hashes[position]) & (size - 1)
                while index[slot] != 0 {
                    let other = Int(index[slot]) - 1
                    if hashes[other] == hashes[position], entries[other].key.isSameKey(as: entries[position].key) {
                        hasDuplicates = true
                        break
                    }
                    slot = (slot + 1) & (size - 1)
                }
                if index[slot] == 0 { index[slot] = Int32(position + 1) }
            }
        } else {
            for position in entries.indices {
                for other in 0..<position
                where hashes[other] == hashes[position] && entries[other].key.isSameKey(as: entries[position].key) {
                    hasDuplicates = true
                }
            }
        }
        self.index = index
        self.hasDuplicates = hasDuplicates
    }

    /// The value for a name whose `textHash` is already known.
    @inline(__always)
    func value(for name: String, hash: UInt64) -> Value? {
        position(hash: hash) { key in
            if case .string(let text) = key { text.isIdentical(to: name) } else { false }
        }.map { entries[$0].value }
    }

    func value(for key: Value) -> Value? {
        if case .string(let name) = key { return value(for: name, hash: name.textHash) }
        guard let hash = key.keyHash else { return nil }
        return position(hash: hash) { $0.isSameKey(as: key) }.map { entries[$0].value }
    }

    @inline(__always)
    private func position(hash: UInt64, where isSame: (Value) -> Bool) -> Int? {
        if index.isEmpty {
            for position in hashes.indices where hashes[position] == hash && isSame(entries[position].key) {
                return position
            }
            return nil
        }
        let mask = index.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while index[slot] != 0 {
            let position = Int(index[slot]) - 1
            if hashes[position] == hash, isSame(entries[position].key) { return position }
            slot = (slot + 1) & mask
        }
        return nil
    }
}

extension UInt {
    fileprivate var nextPowerOfTwo: UInt { self <= 1 ? 1 : 1 << UInt(Self.bitWidth - (self - 1).leadingZeroBitCount) }
}

extension Value {
    /// Equal for equal keys; `nil` for what cannot be one.
    var keyHash: UInt64? {
        switch self {
        case .string(let text): text.textHash
        case .int(let number): UInt64(bitPattern: number).mixed
        case .uint(let number): number.mixed
        case .double(let number):
            if let whole = Int64(exactly: number) {
                UInt64(bitPattern: whole).mixed
            } else {
                UInt64(exactly: number)?.mixed
            }
        case .bool(let flag): flag ? 0x9E37_79B9_7F4A_7C15 : 0xC2B2_AE3D_27D4_EB4F
        default: nil
        }
    }

    func isSameKey(as other: Value) -> Bool {
        switch (self, other) {
        case (.string(let one), .string(let two)): one.isIdentical(to: two)
        case (.bool(let one), .bool(let two)): one == two
        default: isEqualNumber(to: other) ?? false
        }
    }
}

extension UInt64 {
    /// Spreads neighbouring numbers (the finalizer of splitmix64).
    var mixed: UInt64 {
        var bits = self &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
