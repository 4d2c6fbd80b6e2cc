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
    public subscript(key: String) -> Value? { table.value(for: key) }
    /// The value whose key equals this one, whatever its numeric type.
    public subscript(key: Value) -> Value? { table.value(for: key) }

    var table: Table {
        switch storage {
        case .eager(let table): table
        case .lazy(let lazy): lazy.table
        }
    }

    fileprivate var eagerTable: Table? { if case .eager(let table) = storage { table } else { nil } }

    /// Whether two keys were equal.
    var hasDuplicates: Bool { table.hasDuplicates }
}

private final class LazyTable: Sendable {
    private let made = AtomicLazyReference<Table>()
    private let make: @Sendable () -> [(key: Value, value: Value)]

    init(_ make: @escaping @Sendable () -> [(key: Value, value: Value)]) { self.make = make }

    var table: Table { made.load() ?? made.storeIfNil(Table(make())) }
}

/// A name to look up, with what makes that fast.
struct Key: Sendable {
    /// What tells most names without looking at their text, and counts no references.
    struct Probe: Sendable {
        var hash: UInt64
        /// The string's own 16 bytes: where they are the same, so is the text.
        ///
        /// Zero of what is no string.
        var bits: (UInt64, UInt64) = (0, 0)
    }

    let name: String
    let probe: Probe

    init(_ name: String) {
        self.name = name
        probe = Probe(hash: name.textHash, bits: name.bits)
    }
}

extension String {
    @inline(__always)
    var bits: (UInt64, UInt64) { unsafe unsafeBitCast(self, to: (UInt64, UInt64).self) }
}

/// Entries with the hashes of their keys; from nine entries on, an open-addressed index over them.
@safe final class Table: Sendable {
    static let empty = Table([])

    @safe private struct Row {
        var probe: Key.Probe
        /// The value's table where it is a map that is there already; alive as long as the entry.
        var table: Unmanaged<Table>?

        var hash: UInt64 { probe.hash }
    }

    let entries: [(key: Value, value: Value)]
    let hasDuplicates: Bool
    private let count: Int
    // Both are filled in `init`, only read from then on, and freed in `deinit`, when nobody else can hold them. Measured:
    // arrays are retained for each look.
    private nonisolated(unsafe) let rows: UnsafeMutablePointer<Row>
    /// Position + 1 by hash, `mask + 1` long; none for a small table, which is searched row by row.
    private nonisolated(unsafe) let index: UnsafeMutablePointer<Int32>?
    private let mask: Int

    init(_ entries: [(key: Value, value: Value)]) {
        self.entries = entries
        let count = entries.count
        self.count = count
        let rows = UnsafeMutablePointer<Row>.allocate(capacity: count)
        for (position, entry) in entries.enumerated() {
            let probe =
                if case .string(let text) = entry.key {
                    Key.Probe(hash: text.textHash, bits: text.bits)
                } else {
                    Key.Probe(hash: entry.key.keyHash ?? 0)
                }
            let table: Unmanaged<Table>? =
                if case .map(let map) = entry.value { unsafe map.eagerTable.map(Unmanaged.passUnretained) } else { nil }
            unsafe (rows + position).initialize(to: Row(probe: probe, table: table))
        }
        unsafe self.rows = rows
        var hasDuplicates = false
        if count > 8 {
            let mask = Int(UInt(count * 2 - 1).nextPowerOfTwo) - 1
            let index = UnsafeMutablePointer<Int32>.allocate(capacity: mask + 1)
            unsafe index.initialize(repeating: 0, count: mask + 1)
            for position in 0..<count {
                let hash = unsafe rows[position].hash
                var slot = Int(truncatingIfNeeded: hash) & mask
                while unsafe index[slot] != 0 {
                    let other = Int(unsafe index[slot]) - 1
                    if unsafe rows[other].hash == hash, entries[other].key.isSameKey(as: entries[position].key) {
                        hasDuplicates = true
                        break
                    }
                    slot = (slot + 1) & mask
                }
                if unsafe index[slot] == 0 { unsafe index[slot] = Int32(position + 1) }
            }
            self.mask = mask
            unsafe self.index = index
        } else {
            mask = 0
            unsafe index = nil
            for position in 0..<count {
                for other in 0..<position where unsafe rows[other].hash == rows[position].hash {
                    if entries[other].key.isSameKey(as: entries[position].key) { hasDuplicates = true }
                }
            }
        }
        self.hasDuplicates = hasDuplicates
    }

    deinit {
        unsafe rows.deallocate()
        unsafe index?.deallocate()
    }

    @inline(__always)
    func value(for key: Key) -> Value? { position(for: key).map { entries[$0].value } }

    /// The table of the map under this name; `nil` where it takes a closer look to tell.
    @inline(__always)
    func table(for probe: Key.Probe) -> Unmanaged<Table>? {
        let position = position(for: probe)
        return position < 0 ? nil : unsafe rows[position].table
    }

    /// The value under this name; `nil` where it takes a closer look to tell.
    @inline(__always)
    func value(for probe: Key.Probe) -> Value? {
        let position = position(for: probe)
        return position < 0 ? nil : entries[position].value
    }

    /// The value at the end of a path; `nil` where it takes a closer look to tell.
    ///
    /// Each table keeps those below it alive: nothing on the way needs to be counted.
    @inline(__always)
    func value(along probes: ContiguousArray<Key.Probe>) -> Value? {
        withExtendedLifetime(self) {
            var table = unsafe Unmanaged.passUnretained(self)
            let last = probes.count - 1
            for index in 0..<last {
                guard let next = unsafe table._withUnsafeGuaranteedRef({ unsafe $0.table(for: probes[index]) }) else {
                    return nil
                }
                unsafe table = next
            }
            return unsafe table._withUnsafeGuaranteedRef { $0.value(for: probes[last]) }
        }
    }

    /// -1 where no key has these very bits.
    @inline(__always)
    private func position(for probe: Key.Probe) -> Int {
        guard let index = unsafe index else {
            for position in 0..<count {
                let row = unsafe rows[position].probe
                if row.hash == probe.hash, row.bits == probe.bits { return position }
            }
            return -1
        }
        var slot = Int(truncatingIfNeeded: probe.hash) & mask
        while true {
            let position = Int(unsafe index[slot]) - 1
            guard position >= 0 else { return -1 }
            let row = unsafe rows[position].probe
            if row.hash == probe.hash, row.bits == probe.bits { return position }
            slot = (slot + 1) & mask
        }
    }

    func value(for name: String) -> Value? { value(for: Key(name)) }

    func value(for key: Value) -> Value? {
        if case .string(let name) = key { return value(for: name) }
        guard let hash = key.keyHash else { return nil }
        return position(hash: hash) { entries[$0].key.isSameKey(as: key) }.map { entries[$0].value }
    }

    @inline(__always)
    func position(for key: Key) -> Int? {
        position(hash: key.probe.hash) { position in
            unsafe rows[position].probe.bits == key.probe.bits || hasKey(key.name, at: position)
        }
    }

    @inline(never)
    private func hasKey(_ name: String, at position: Int) -> Bool {
        if case .string(let text) = entries[position].key { text.isIdentical(to: name) } else { false }
    }

    @inline(__always)
    private func position(hash: UInt64, where isSame: (Int) -> Bool) -> Int? {
        guard let index = unsafe index else {
            for position in 0..<count where unsafe rows[position].hash == hash {
                if isSame(position) { return position }
            }
            return nil
        }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let position = Int(unsafe index[slot]) - 1
            guard position >= 0 else { return nil }
            if unsafe rows[position].hash == hash, isSame(position) { return position }
            slot = (slot + 1) & mask
        }
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
