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
    public var count: Int { table.rows.count }
    public subscript(key: String) -> Value? { table.value(for: key) }
    /// The value whose key equals this one, whatever its numeric type.
    public subscript(key: Value) -> Value? { table.value(for: key) }

    var table: Table {
        switch storage {
        case .eager(let table): table
        case .lazy(let lazy): lazy.table
        }
    }

    /// Where it is there already.
    var eagerTable: Table? { if case .eager(let table) = storage { table } else { nil } }

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
