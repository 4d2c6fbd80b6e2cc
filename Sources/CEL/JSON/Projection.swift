/// Which parts of a value somebody reads: what the rest holds changes nothing for them.
///
/// A number, a text and the like is always kept; of a list or a map that nobody looks into only remains that it is
/// there.
public struct Projection: Sendable, Hashable {
    /// Everything below.
    public let isWhole: Bool
    /// What is read of a map's fields, by name.
    public let fields: [String: Projection]
    /// One element or none.
    private let others: [Projection]

    /// What is read of each element of a list, and of each field of a map that has no name above; `nil`: they need not
    /// be there.
    public var elements: Projection? { isWhole ? .whole : others.first }

    public static let whole = Projection(isWhole: true, fields: [:], others: [])
    /// That it is there.
    public static let nothing = Projection()

    /// - Parameter fields: with all that `elements` says of them too.
    public init(fields: [String: Projection] = [:], elements: Projection? = nil) {
        isWhole = false
        guard let elements else {
            self.fields = fields
            others = []
            return
        }
        self.fields = fields.mapValues { $0.union(elements) }
        others = [elements]
    }

    /// Of what stands at these paths: `metadata.name`, `spec.taints[*].key`, `status.capacity.*` (all below).
    public init(paths: [String]) {
        self = paths.reduce(.nothing) { $0.union(Self.path($1.split(separator: ".")[...])) }
    }

    private static func path(_ steps: ArraySlice<Substring>) -> Projection {
        guard let step = steps.first else { return .nothing }
        if step == "*" { return .whole }
        let below = path(steps.dropFirst())
        guard step.hasSuffix("[*]") else { return Projection(fields: [String(step): below]) }
        return Projection(fields: [String(step.dropLast(3)): Projection(elements: below)])
    }

    private init(isWhole: Bool, fields: [String: Projection], others: [Projection]) {
        self.isWhole = isWhole
        self.fields = fields
        self.others = others
    }

    /// What is read of a field; `nil`: nothing, not even whether it is there.
    public subscript(field: String) -> Projection? { isWhole ? .whole : fields[field] ?? elements }

    public func union(_ other: Projection) -> Projection {
        guard !isWhole, !other.isWhole else { return .whole }
        let names = Set(fields.keys).union(other.fields.keys)
        let elements = elements.map { mine in other.elements.map(mine.union) ?? mine } ?? other.elements
        var merged: [String: Projection] = [:]
        for name in names {
            let parts = [self[name], other[name]].compactMap(\.self)
            merged[name] = parts.dropFirst().reduce(parts[0]) { $0.union($1) }
        }
        return Projection(fields: merged, elements: elements)
    }

    /// Whether nothing of the other one is missing here.
    public func covers(_ other: Projection) -> Bool {
        if isWhole { return true }
        if other.isWhole { return false }
        if let needed = other.elements, !(elements?.covers(needed) ?? false) { return false }
        return other.fields.allSatisfy { name, needed in self[name]?.covers(needed) ?? false }
    }
}

extension Value {
    /// The value with what the projection reads, and nothing else.
    public func projected(_ projection: Projection) -> Value {
        guard !projection.isWhole else { return self }
        switch self {
        case .list(let list):
            guard let elements = projection.elements else { return .list([]) }
            return elements.isWhole ? self : .list(List(list.elements.map { $0.projected(elements) }))
        case .map(let map):
            return .map(
                Map(
                    map.entries.compactMap { key, value in
                        let kept = if case .string(let name) = key { projection[name] } else { projection.elements }
                        return kept.map { (key: key, value: value.projected($0)) }
                    }))
        case .optional(let optional): return .optional(OptionalValue(optional.value?.projected(projection)))
        default: return self
        }
    }
}

extension Projection: CustomStringConvertible {
    /// `{metadata.name, spec.containers[*].image}`.
    public var description: String { isWhole ? "*" : "{" + paths.sorted().joined(separator: ", ") + "}" }

    private var paths: [String] {
        func below(_ name: String, _ projection: Projection) -> [String] {
            if projection.isWhole { return [name + ".*"] }
            let deeper = projection.paths
            return deeper.isEmpty ? [name] : deeper.map { $0.hasPrefix("[") ? name + $0 : name + "." + $0 }
        }
        return fields.flatMap { below($0.key, $0.value) } + (elements.map { below("[*]", $0) } ?? [])
    }
}
