/// All functions by name, ready for the checker and the evaluator.
struct FunctionTable: Sendable {
    /// An overload with what the checker asks often.
    final class Entry: Sendable {
        let overload: Overload
        let isGeneric: Bool

        init(_ overload: Overload) {
            self.overload = overload
            isGeneric = overload.result.hasParameters || overload.parameters.contains(where: \.hasParameters)
        }
    }

    private(set) var entries: [String: [Entry]] = [:]
    /// `math` of `math.abs`: what cannot be mistaken for a variable.
    private(set) var namespaces: Set<String> = []
    /// Names of types as values: `int`, `net.IP`.
    private(set) var types: [String: ValueType] = Self.coreTypes

    static let standard = FunctionTable(Library.all)

    init(_ libraries: [Library]) { for library in libraries { add(library) } }

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
    }

    /// cel-spec, "Types".
    private static let coreTypes: [String: ValueType] = [
        "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string, "bytes": .bytes,
        "null_type": .null, "list": .list(.dyn), "map": .map(.dyn, .dyn), "type": .type(.dyn),
        "optional_type": .optional(.dyn),
        "google.protobuf.Timestamp": .timestamp, "google.protobuf.Duration": .duration,
    ]
}
