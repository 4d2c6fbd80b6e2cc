/// A projection made ready for a reader, which meets names as bytes.
final class JSONPlan: Sendable {
    struct Name: Sendable {
        let bytes: [UInt8]
        let key: Value
        let plan: JSONPlan
    }

    let isWhole: Bool
    /// Whether fields whose names start with `$` are wanted, whole: what stands for a value that JSON has no form for.
    let keepsTags: Bool
    private let names: [Name]
    private let others: [JSONPlan]

    static let whole = JSONPlan(.whole)

    init(_ projection: Projection, keepsTags: Bool = false) {
        isWhole = projection.isWhole
        self.keepsTags = keepsTags
        names = projection.fields.sorted { $0.key < $1.key }.map { name, below in
            Name(bytes: Array(name.utf8), key: .string(name), plan: JSONPlan(below, keepsTags: keepsTags))
        }
        others =
            projection.isWhole ? [] : projection.elements.map { [JSONPlan($0, keepsTags: keepsTags)] } ?? []
    }

    /// Whether nothing of an object's content is wanted.
    var readsNothing: Bool { !isWhole && names.isEmpty && others.isEmpty && !keepsTags }

    var elements: JSONPlan? { isWhole ? .whole : others.first }

    subscript(key: String) -> JSONPlan? {
        if isWhole || keepsTags && key.hasPrefix("$") { return .whole }
        return names.first { $0.key.isText(key) }?.plan ?? others.first
    }

    /// The field of that name, if it is one that was named.
    func name(_ bytes: UnsafeBufferPointer<UInt8>) -> Name? {
        for name in names where name.bytes.count == bytes.count {
            if unsafe name.bytes.withUnsafeBufferPointer({ unsafe areEqual($0, bytes) }) { return name }
        }
        return nil
    }
}

extension Value {
    fileprivate func isText(_ text: String) -> Bool {
        if case .string(let mine) = self { mine.isIdentical(to: text) } else { false }
    }
}

/// Whether both hold the same bytes.
func areEqual(_ one: UnsafeBufferPointer<UInt8>, _ two: UnsafeBufferPointer<UInt8>) -> Bool {
    guard one.count == two.count else { return false }
    var difference: UInt8 = 0
    for index in one.indices { unsafe difference |= one[index] ^ two[index] }
    return difference == 0
}
