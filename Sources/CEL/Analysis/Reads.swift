/// Which parts of their variables expressions read.
///
/// A value that holds no more than that gives the same results: what nobody reads need not be had, sent or kept.
public struct Reads: Sendable {
    private let variables: [String: Projection]

    /// - Parameters:
    ///   - programs: expressions whose results somebody looks at.
    ///   - definitions: what stands for a variable, by its name; counts where something reads it.
    public init(of programs: some Sequence<Program>, definitions: [String: Program] = [:]) {
        var analysis = ReadAnalysis(definitions)
        for program in programs { analysis.readResult(of: program) }
        variables = analysis.projections
    }

    /// `nil`: nothing, not even whether it is there.
    public subscript(variable: String) -> Projection? { variables[variable] }

    /// The names of what is read.
    public var names: Set<String> { Set(variables.keys) }
}

/// Follows values from where they come from to what is done with them.
struct ReadAnalysis {
    private let definitions: [String: Program]
    private var read: [String: ReadTree] = [:]
    private var origins: [String: Origin] = [:]
    private var inProgress: Set<String> = []
    /// Parts of parts of parts can be more than anybody should follow; then everything counts as read.
    private var stepsLeft = 1_000_000
    private static let mostWeight = 4096

    init(_ definitions: [String: Program]) { self.definitions = definitions }

    var projections: [String: Projection] {
        stepsLeft > 0 ? read.mapValues(\.projection) : read.mapValues { _ in .whole }
    }

    mutating func readResult(of program: Program) {
        readWhole(origin(of: program.checked.expression, in: ReadScope(program.checked)))
    }

    // MARK: What is read

    private mutating func touch(_ origin: Origin) {
        for place in origin.places { insert(place, isWhole: false) }
    }

    private mutating func readWhole(_ origin: Origin) {
        guard isWithinBounds else { return }
        for place in origin.places { insert(place, isWhole: true) }
        for field in origin.fields.values { readWhole(field) }
        for other in origin.others { readWhole(other) }
    }

    private mutating func insert(_ place: Origin.Place, isWhole: Bool) {
        stepsLeft -= 1
        let tree = read[place.variable] ?? ReadTree()
        read[place.variable] = tree
        tree.insert(place.steps[...], isWhole: isWhole)
    }

    private var isWithinBounds: Bool {
        mutating get {
            stepsLeft -= 1
            return stepsLeft > 0
        }
    }

    /// A field of the value, or what stands at a name in brackets.
    private mutating func select(_ field: String, of origin: Origin) -> Origin {
        var found = Origin(places: Set(origin.places.map { $0.appending(.field(field)) }))
        if let made = origin.fields[field] { found.join(made) }
        for other in origin.others { found.join(other) }
        touch(found)
        return found
    }

    /// The elements of a list, the values of a map.
    private mutating func elements(of origin: Origin) -> Origin {
        var found = Origin(places: Set(origin.places.map { $0.appending(.element) }))
        for made in origin.fields.values { found.join(made) }
        for other in origin.others { found.join(other) }
        stepsLeft -= found.places.count
        touch(found)
        return found
    }
}

// MARK: - Expressions

extension ReadAnalysis {
    /// Where the expression's value may come from; what it takes to have it counts as read.
    mutating func origin(of expression: Expression, in scope: ReadScope) -> Origin {
        guard isWithinBounds else { return Origin() }
        switch scope.checked.resolution(of: expression) {
        case .variable(let name), .undeclared(let name): return variable(name)
        case .constant: return Origin()
        case .call, .message, nil: break
        }
        switch expression.kind {
        case .literal, .invalid: return Origin()
        case .identifier(let name, _): return scope.locals[name] ?? Origin()
        case .select(let operand, let field, _), .presence(let operand, let field):
            let found = select(field, of: origin(of: operand, in: scope))
            if case .presence = expression.kind { return Origin() }
            return found
        case .call(let call): return self.call(call, expression, in: scope)
        case .and(let operands), .or(let operands):
            for operand in operands { readWhole(origin(of: operand, in: scope)) }
            return Origin()
        case .conditional(let condition, let then, let otherwise):
            readWhole(origin(of: condition, in: scope))
            return bounded(origin(of: then, in: scope).joined(origin(of: otherwise, in: scope)))
        case .list(let elements):
            return bounded(.container(of: elements.map { origin(of: $0.value, in: scope) }))
        case .map(let entries): return map(entries, in: scope)
        case .message(_, let fields):
            for field in fields { readWhole(origin(of: field.value, in: scope)) }
            return Origin()
        case .comprehension(let loop): return comprehension(loop, in: scope)
        case .bind(let name, let value, let body):
            return origin(of: body, in: scope.with(name, origin(of: value, in: scope)))
        case .block(let values, let body):
            var inner = scope
            for (index, value) in values.enumerated() {
                inner = inner.with("@index\(index)", origin(of: value, in: inner))
            }
            return origin(of: body, in: inner)
        case .optionalMap(let operand, let name, let body, _):
            return origin(of: body, in: scope.with(name, origin(of: operand, in: scope)))
        }
    }

    private mutating func variable(_ name: String) -> Origin {
        guard let definition = definitions[name] else {
            let origin = Origin(places: [Origin.Place(variable: name)])
            touch(origin)
            return origin
        }
        if let known = origins[name] { return known }
        // What is defined by itself has no value.
        guard inProgress.insert(name).inserted else { return Origin() }
        defer { inProgress.remove(name) }
        let found = origin(of: definition.checked.expression, in: ReadScope(definition.checked))
        origins[name] = found
        return found
    }

    private mutating func map(_ entries: [Expression.Entry], in scope: ReadScope) -> Origin {
        var made = Origin()
        for entry in entries {
            let value = origin(of: entry.value, in: scope)
            if case .literal(.string(let name)) = entry.key.kind {
                made.insert(value, as: name)
            } else {
                readWhole(origin(of: entry.key, in: scope))
                made.join(.container(of: [value]))
            }
        }
        return bounded(made)
    }

    /// What is made of too many parts counts as read right here, all of it.
    private mutating func bounded(_ origin: Origin) -> Origin {
        guard origin.weight > Self.mostWeight else { return origin }
        readWhole(origin)
        return Origin()
    }

    private mutating func comprehension(_ loop: Expression.Comprehension, in scope: ReadScope) -> Origin {
        let element = elements(of: origin(of: loop.source, in: scope))
        var inner = scope
        if let second = loop.secondVariable {
            // The first is an index or a key.
            inner = inner.with(loop.variable, Origin()).with(second, element)
        } else {
            inner = inner.with(loop.variable, element)
        }
        if let filter = loop.filter { readWhole(origin(of: filter, in: inner)) }
        let body = origin(of: loop.body, in: inner)
        switch loop.kind {
        case .all, .exists, .existsOne:
            readWhole(body)
            return Origin()
        case .filter:
            readWhole(body)
            return .container(of: [element])
        case .map, .transformList, .transformMap: return .container(of: [body])
        // One whole map for each, put together.
        case .transformMapEntry: return .container(of: [elements(of: body)])
        }
    }
}

// MARK: - Calls

extension ReadAnalysis {
    private mutating func call(_ call: Expression.Call, _ expression: Expression, in scope: ReadScope) -> Origin {
        var operands = call.arguments
        var overloads: [String] = []
        if case .call(let entries, let isMember)? = scope.checked.resolution(of: expression) {
            overloads = entries.map(\.overload.id)
            // The target of what is no member is the function's namespace.
            if isMember, let target = call.target { operands.insert(target, at: 0) }
        } else if let target = call.target {
            operands.insert(target, at: 0)
        }
        switch (call.function, operands.count) {
        case ("_[_]", 2), ("_[?_]", 2): return index(operands, in: scope)
        case ("_==_", 2), ("_!=_", 2), ("@in", 2): return compare(call.function, operands, in: scope)
        default: break
        }
        let origins = operands.map { origin(of: $0, in: scope) }
        return apply(Treatment.of(call.function, overloads), to: origins)
    }

    private mutating func index(_ operands: [Expression], in scope: ReadScope) -> Origin {
        let target = origin(of: operands[0], in: scope)
        if case .literal(.string(let name)) = operands[1].kind { return select(name, of: target) }
        readWhole(origin(of: operands[1], in: scope))
        return elements(of: target)
    }

    private mutating func compare(_ function: String, _ operands: [Expression], in scope: ReadScope) -> Origin {
        let origins = operands.map { origin(of: $0, in: scope) }
        // A text equals no list and no map, whatever they hold.
        let isScalar = operands.contains { operand in
            if case .literal = operand.kind { true } else { false }
        }
        if function == "@in" {
            readWhole(origins[0])
            if case .map = scope.checked.type(of: operands[1]) {
                _ = elements(of: origins[1])
            } else {
                readWhole(origins[1])
            }
        } else {
            for origin in origins { if isScalar { touch(origin) } else { readWhole(origin) } }
        }
        return Origin()
    }

    private mutating func apply(_ treatment: Treatment, to origins: [Origin]) -> Origin {
        switch treatment {
        case .reads:
            for origin in origins { readWhole(origin) }
            return Origin()
        case .counts:
            for origin in origins { _ = elements(of: origin) }
            return Origin()
        case .looksAt: return Origin()
        case .givesOne: return bounded(origins.reduce(Origin()) { $0.joined($1) })
        case .givesElement: return origins.first.map { elements(of: $0) } ?? Origin()
        case .givesList:
            for origin in origins.dropFirst() { readWhole(origin) }
            return origins.first.map { .container(of: [elements(of: $0)]) } ?? Origin()
        case .flattens:
            let element = origins.first.map { elements(of: $0) } ?? Origin()
            // What is no list in it stays as it is.
            return bounded(.container(of: [element, elements(of: element)]))
        }
    }
}

/// What a function does with what it is given.
private enum Treatment {
    /// All of it may matter.
    case reads
    /// How many there are.
    case counts
    /// That it is there, and of which type.
    case looksAt
    /// Its result is one of its arguments.
    case givesOne
    /// Its result is an element of the first argument.
    case givesElement
    /// Its result holds elements of the first argument; the other arguments are read.
    case givesList
    /// The same, one level down.
    case flattens

    /// By the overloads that may be meant: a library of somebody's own may give a known name another meaning.
    static func of(_ function: String, _ overloads: [String]) -> Treatment {
        // Of numbers and texts there is nothing to leave out; lists are put behind each other.
        if function == "_+_" { return .givesOne }
        guard let first = overloads.first, let treatment = known[first],
            overloads.allSatisfy({ known[$0] == treatment })
        else { return .reads }
        return treatment
    }

    private static let known: [String: Treatment] = {
        let groups: [(Treatment, [String])] = [
            (
                .counts,
                [
                    "size_string", "size_bytes", "size_list", "size_map", "string_size", "bytes_size", "list_size",
                    "map_size",
                ]
            ), (.looksAt, ["type", "optional_hasValue"]),
            (.givesOne, ["to_dyn", "optional_of", "optional_value", "optional_or_optional", "optional_orValue_value"]),
            (.givesElement, ["list_first", "list_last"]),
            (
                .givesList,
                ["list_reverse", "list_slice", "optional_unwrap", "optional_unwrapOpt"]
                    + orderedTypes.map { "list_\($0.name)_sortByAssociatedKeys" }
            ), (.flattens, ["list_flatten"]),
        ]
        return Dictionary(
            groups.flatMap { treatment, ids in ids.map { ($0, treatment) } }, uniquingKeysWith: { first, _ in first })
    }()
}
