/// What the libraries declare, by name, ready for the checker and the evaluator.
struct Declarations: Sendable {
    /// An overload with what the checker asks often.
    final class Entry: Sendable {
        let overload: Overload
        let isGeneric: Bool

        init(_ overload: Overload) {
            self.overload = overload
            isGeneric = overload.result.hasParameters || overload.parameters.contains(where: \.hasParameters)
        }
    }

    /// The overloads of each function.
    private(set) var entries: [String: [Entry]] = [:]
    /// `math` of `math.abs`: what cannot be mistaken for a variable.
    private(set) var namespaces: Set<String> = []
    /// Names of types as values: `int`, `net.IP`.
    private(set) var types: [String: ValueType] = Self.coreTypes
    /// Types that expressions can make, `google.protobuf`'s among them.
    private(set) var messages: [String: any Constructible] = Dictionary(
        uniqueKeysWithValues: WellKnownMessage.allCases.map { ($0.name, $0) })
    private(set) var constants: [String: Value] = [:]

    static let standard = Declarations(Library.all)

    init(_ libraries: [Library]) {
        for type in MessageType.wellKnown { add(type) }
        for library in libraries { add(library) }
    }

    mutating func add(_ library: Library) {
        for function in library.functions {
            entries[function.name, default: []] += function.overloads.map(Entry.init)
            if let dot = function.name.lastIndex(of: "."), function.name.first != "." {
                namespaces.insert(String(function.name[..<dot]))
            }
            for overload in function.overloads {
                if case .opaque(let name, _) = overload.result { types[name] = overload.result }
            }
        }
        for type in library.types { add(type) }
        constants.merge(library.constants) { _, added in added }
    }

    private mutating func add(_ type: MessageType) {
        types[type.name] = type.valueType
        messages[type.name] = type
    }

    /// cel-spec, "Types".
    private static let coreTypes: [String: ValueType] = [
        "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string, "bytes": .bytes,
        "null_type": .null, "list": .list(.dyn), "map": .map(.dyn, .dyn), "type": .type(.dyn),
        "optional_type": .optional(.dyn),
        "google.protobuf.Timestamp": .timestamp, "google.protobuf.Duration": .duration,
    ]
}

/// A type whose values expressions can make: `google.protobuf.Duration{seconds: 5}`.
protocol Constructible: Sendable {
    var valueType: ValueType { get }
    var fieldTypes: [String: ValueType] { get }
    /// The value with these fields; an error where they do not fit.
    func make(_ fields: [String: Value]) -> Value
}
