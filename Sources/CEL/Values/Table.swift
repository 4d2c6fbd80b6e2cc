/// Entries with what finds them fast.
@safe final class Table: Sendable {
    static let empty = Table([])

    let entries: [(key: Value, value: Value)]
    let hasDuplicates: Bool
    let rows: TableRows

    init(_ entries: [(key: Value, value: Value)]) {
        self.entries = entries
        rows = TableRows(entries)
        hasDuplicates = rows.index(entries)
        unsafe rows.head.pointee.table = Unmanaged.passUnretained(self)
    }

    deinit { rows.deallocate() }

    @inline(__always)
    func value(for key: Key) -> Value? { position(for: key).map { entries[$0].value } }

    /// The value under this name; `nil` where it takes a closer look to tell.
    @inline(__always)
    func value(for probe: Key.Probe) -> Value? {
        let position = rows.position(for: probe)
        return position < 0 ? nil : entries[position].value
    }

    /// The value at the end of a path; `nil` where it takes a closer look to tell.
    ///
    /// Each table keeps those below it alive: nothing on the way needs to be counted.
    @inline(__always)
    func value(along probes: ContiguousArray<Key.Probe>) -> Value? { look(along: probes) { $0 } }

    /// The same for what only needs to be looked at, where it stands.
    @inline(__always)
    func look<Result>(along probes: ContiguousArray<Key.Probe>, _ body: (Value) -> Result?) -> Result? {
        withExtendedLifetime(self) {
            var rows = rows
            let last = probes.count - 1
            for index in 0..<last {
                guard let next = rows.below(probes[index]) else { return nil }
                rows = next
            }
            let position = rows.position(for: probes[last])
            guard position >= 0 else { return nil }
            return unsafe rows.head.pointee.table?._withUnsafeGuaranteedRef { body($0.entries[position].value) }
        }
    }

    func value(for name: String) -> Value? { value(for: Key(name)) }

    func value(for key: Value) -> Value? {
        if case .string(let name) = key { return value(for: name) }
        guard let hash = key.keyHash else { return nil }
        return rows.position(hash: hash) { position, _ in entries[position].key.isSameKey(as: key) }
            .map { entries[$0].value }
    }

    @inline(__always)
    func position(for key: Key) -> Int? {
        rows.position(hash: key.probe.hash) { position, row in
            row.bits == key.probe.bits || hasKey(key.name, at: position)
        }
    }

    @inline(never)
    private func hasKey(_ name: String, at position: Int) -> Bool {
        if case .string(let text) = entries[position].key { text.isIdentical(to: name) } else { false }
    }
}

/// A table's keys in one piece of memory, behind what is needed to search them; from nine on, with an open-addressed
/// index.
///
/// A step along a path touches this memory and no other. It is filled in the table's `init`, only read from then on, and
/// freed in its `deinit`, when nobody else can hold it. Measured: arrays are retained for each look, and with the table's
/// own memory on the way large joins wait twice as often for memory (benchmark "join").
@safe struct TableRows: Sendable {
    @safe struct Head {
        var count: Int32
        var mask: Int32 = 0
        /// Position + 1 by hash, `mask + 1` long; none for a small table, which is searched row by row.
        var index: UnsafeMutablePointer<Int32>?
        var table: Unmanaged<Table>?
    }

    @safe struct Row {
        var probe: Key.Probe
        /// The value's rows where it is a map that is there already; alive as long as the entry.
        var below: UnsafeMutablePointer<Head>?
    }

    nonisolated(unsafe) let head: UnsafeMutablePointer<Head>

    private init(head: UnsafeMutablePointer<Head>) { unsafe self.head = unsafe head }

    fileprivate init(_ entries: [(key: Value, value: Value)]) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Head>.stride + entries.count * MemoryLayout<Row>.stride,
            alignment: MemoryLayout<Head>.alignment)
        unsafe head = unsafe memory.bindMemory(to: Head.self, capacity: 1)
        unsafe head.initialize(to: Head(count: Int32(entries.count)))
        unsafe (memory + MemoryLayout<Head>.stride).bindMemory(to: Row.self, capacity: entries.count)
        for (position, entry) in entries.enumerated() {
            let probe =
                if case .string(let text) = entry.key {
                    Key.Probe(hash: text.textHash, bits: text.bits)
                } else {
                    Key.Probe(hash: entry.key.keyHash ?? 0)
                }
            unsafe (rows + position).initialize(to: Row(probe: probe, below: entry.value.rows?.head))
        }
    }

    /// Tells whether two keys are equal.
    fileprivate func index(_ entries: [(key: Value, value: Value)]) -> Bool {
        var hasDuplicates = false
        guard count > 8 else {
            for position in 0..<count {
                for other in 0..<position where unsafe rows[other].probe.hash == rows[position].probe.hash {
                    if entries[other].key.isSameKey(as: entries[position].key) { hasDuplicates = true }
                }
            }
            return hasDuplicates
        }
        let mask = Int(UInt(count * 2 - 1).nextPowerOfTwo) - 1
        let index = UnsafeMutablePointer<Int32>.allocate(capacity: mask + 1)
        unsafe index.initialize(repeating: 0, count: mask + 1)
        for position in 0..<count {
            let hash = unsafe rows[position].probe.hash
            var slot = Int(truncatingIfNeeded: hash) & mask
            while unsafe index[slot] != 0 {
                let other = Int(unsafe index[slot]) - 1
                if unsafe rows[other].probe.hash == hash, entries[other].key.isSameKey(as: entries[position].key) {
                    hasDuplicates = true
                    break
                }
                slot = (slot + 1) & mask
            }
            if unsafe index[slot] == 0 { unsafe index[slot] = Int32(position + 1) }
        }
        unsafe head.pointee.mask = Int32(mask)
        unsafe head.pointee.index = unsafe index
        return hasDuplicates
    }

    fileprivate func deallocate() {
        unsafe head.pointee.index?.deallocate()
        unsafe UnsafeMutableRawPointer(head).deallocate()
    }

    @inline(__always)
    var count: Int { Int(unsafe head.pointee.count) }

    @inline(__always)
    private var rows: UnsafeMutablePointer<Row> {
        unsafe (UnsafeMutableRawPointer(head) + MemoryLayout<Head>.stride).assumingMemoryBound(to: Row.self)
    }

    /// The rows of the map under this name; `nil` where it takes a closer look to tell.
    @inline(__always)
    fileprivate func below(_ probe: Key.Probe) -> TableRows? {
        let position = position(for: probe)
        return position < 0 ? nil : unsafe rows[position].below.map { unsafe TableRows(head: $0) }
    }

    /// -1 where no key has these very bits.
    @inline(__always)
    fileprivate func position(for probe: Key.Probe) -> Int {
        position(hash: probe.hash) { _, row in row.bits == probe.bits } ?? -1
    }

    @inline(__always)
    fileprivate func position(hash: UInt64, where isSame: (Int, Key.Probe) -> Bool) -> Int? {
        guard let index = unsafe head.pointee.index else {
            for position in 0..<count {
                let row = unsafe rows[position].probe
                if row.hash == hash, isSame(position, row) { return position }
            }
            return nil
        }
        let mask = Int(unsafe head.pointee.mask)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let position = Int(unsafe index[slot]) - 1
            guard position >= 0 else { return nil }
            let row = unsafe rows[position].probe
            if row.hash == hash, isSame(position, row) { return position }
            slot = (slot + 1) & mask
        }
    }
}

extension UInt {
    fileprivate var nextPowerOfTwo: UInt { self <= 1 ? 1 : 1 << UInt(Self.bitWidth - (self - 1).leadingZeroBitCount) }
}

extension Value {
    /// Of a map that is there already.
    fileprivate var rows: TableRows? { if case .map(let map) = self { map.eagerTable?.rows } else { nil } }
}
