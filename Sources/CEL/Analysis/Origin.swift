/// Where a value may come from: parts of variables, and containers that the expression itself makes.
struct Origin {
    enum Step: Hashable {
        case field(String)
        /// Of a list, or of a map under whatever key.
        case element
    }

    struct Place: Hashable {
        var variable: String
        var steps: [Step] = []

        func appending(_ step: Step) -> Place { Place(variable: variable, steps: steps + [step]) }
    }

    /// None: a number, a text and the like that was made of others, of which nothing more can be read.
    private(set) var places: Set<Place> = []
    /// Of a map that the expression makes.
    private(set) var fields: [String: Origin] = [:]
    /// Of a list that it makes, or of a map under keys that are not constant; one or none.
    private(set) var others: [Origin] = []
    /// How many places there are in it, those that stand in several parts counted for each.
    private(set) var weight = 0

    init(places: Set<Place> = []) {
        self.places = places
        weight = places.count
    }

    /// A list or a map with these elements.
    static func container(of elements: [Origin]) -> Origin {
        var made = Origin()
        guard let first = elements.first else { return made }
        let element = elements.dropFirst().reduce(first) { $0.joined($1) }
        made.others = [element]
        made.weight = element.weight + 1
        return made
    }

    mutating func insert(_ value: Origin, as field: String) {
        weight -= fields[field]?.weight ?? 0
        let value = fields[field]?.joined(value) ?? value
        fields[field] = value
        weight += value.weight + 1
    }

    func joined(_ other: Origin) -> Origin {
        var joined = self
        joined.join(other)
        return joined
    }

    mutating func join(_ other: Origin) {
        places.formUnion(other.places)
        fields.merge(other.fields) { $0.joined($1) }
        if let theirs = other.others.first { others = [others.first?.joined(theirs) ?? theirs] }
        weight =
            places.count + fields.values.reduce(0) { $0 + $1.weight + 1 } + others.reduce(0) { $0 + $1.weight + 1 }
    }
}

/// What an expression's names stand for.
struct ReadScope {
    let checked: Checked
    private(set) var locals: [String: Origin] = [:]

    init(_ checked: Checked) { self.checked = checked }

    func with(_ name: String, _ origin: Origin) -> ReadScope {
        var inner = self
        inner.locals[name] = origin
        return inner
    }
}

/// A projection while it grows.
final class ReadTree {
    private var isWhole = false
    private var fields: [String: ReadTree] = [:]
    private var elements: ReadTree?

    func insert(_ steps: ArraySlice<Origin.Step>, isWhole: Bool) {
        guard !self.isWhole else { return }
        guard let first = steps.first else {
            if isWhole { self.isWhole = true }
            return
        }
        let below: ReadTree
        switch first {
        case .field(let name):
            below = fields[name] ?? ReadTree()
            fields[name] = below
        case .element:
            below = elements ?? ReadTree()
            elements = below
        }
        below.insert(steps.dropFirst(), isWhole: isWhole)
    }

    var projection: Projection {
        isWhole ? .whole : Projection(fields: fields.mapValues(\.projection), elements: elements?.projection)
    }
}
