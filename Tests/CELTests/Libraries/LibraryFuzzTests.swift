import Testing

@testable import CEL

@Suite struct LibraryFuzzTests {
    private static let overloads = Library.all.flatMap(\.functions).flatMap(\.overloads)

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no function traps, whatever its arguments`(seed: UInt64) {
        var random = Seeded(state: seed)
        for overload in Self.overloads {
            for _ in 0..<20 {
                let arguments = overload.parameters.map { parameter in
                    // Mostly what is declared, now and then anything: the checker cannot see behind `dyn`.
                    Int.random(in: 0..<8, using: &random) == 0
                        ? Self.value(of: .dyn, using: &random) : Self.value(of: parameter, using: &random)
                }
                let result = Self.call(overload, arguments)
                _ = overload.cost?(arguments, result)
                #expect(!result.description.isEmpty)
            }
        }
    }

    private static func call(_ overload: Overload, _ arguments: [Value]) -> Value {
        switch overload.implementation {
        case .nullary(let body): body()
        case .unary(let body): body(arguments[0])
        case .binary(let body): body(arguments[0], arguments[1])
        case .variadic(let body): body(arguments)
        }
    }

    private static let texts = [
        "", "a", "é", "e\u{301}", "☃😀", " \t\n", "%s %d", "%.3f%x%", "%.", "[a-z]+(x)?", "(", #"\1\\"#, "1", "-0",
        "1.5Gi",
        "1e999999", "9999999999999999999999999", "1.2.3-rc.1+b", "v1", "10.0.0.0/8", "::1/128", "fe80::1", "1::2::3",
        "https://u:p@[::1]:80/a%20b?x=1&y#f", "//", "%zz", "2024-02-29", "2024-02-29T23:59:60Z", "P1D", "1h", "-1.5s",
        "Europe/Berlin", "+14:00", "aGVsbG8=", "dns1123Label", String(repeating: "ab", count: 500), "\0",
    ]
    private static let ints: [Int64] = [.min, .min + 1, -64, -1, 0, 1, 2, 6, 63, 64, 1000, .max - 1, .max]
    private static let doubles: [Double] = [
        0, -0.0, 0.5, 1.5, -2.5, 1e22, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, .nan,
    ]

    private static func value(of type: ValueType, using random: inout Seeded) -> Value {
        switch type {
        case .null: return .null
        case .bool: return .bool(Bool.random(using: &random))
        case .int: return .int(ints.randomElement(using: &random) ?? 0)
        case .uint: return .uint(UInt64(bitPattern: ints.randomElement(using: &random) ?? 0))
        case .double: return .double(doubles.randomElement(using: &random) ?? 0)
        case .string: return .string(texts.randomElement(using: &random) ?? "")
        case .bytes: return .bytes(Array((texts.randomElement(using: &random) ?? "").utf8.dropLast()))
        case .timestamp:
            let seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
            return .timestamp(Timestamp(seconds: seconds, nanoseconds: 999_999_999))
        case .duration:
            let seconds = Int64.random(in: -9_223_372_036...9_223_372_036, using: &random)
            return .duration(Duration(seconds: seconds))
        case .list(let element):
            let count = Int.random(in: 0..<5, using: &random)
            return .list(List((0..<count).map { _ in value(of: element, using: &random) }))
        case .map(let key, let element):
            return .map(Map([(value(of: key, using: &random), value(of: element, using: &random))]))
        case .object: return .map([:])
        case .nullable(let inner): return Bool.random(using: &random) ? .null : value(of: inner, using: &random)
        case .optional(let inner):
            return .optional(OptionalValue(Bool.random(using: &random) ? nil : value(of: inner, using: &random)))
        case .type: return .type(TypeValue(name: "int"))
        case .opaque(let name, _): return opaque(name, using: &random)
        case .dyn, .parameter, .error: return value(of: kinds.randomElement(using: &random) ?? .null, using: &random)
        }
    }

    private static let kinds: [ValueType] = [
        .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .list(.int), .list(.string),
        .list(.dyn), .map(.string, .int), .optional(.int), .type(.int), IPAddress.type, CIDR.type, Quantity.type,
    ]

    private static func opaque(_ name: String, using random: inout Seeded) -> Value {
        for _ in 0..<200 {
            let text = texts.randomElement(using: &random) ?? ""
            let made: (any OpaqueValue)? =
                switch name {
                case "net.IP": try? IPAddress(parsing: text)
                case "net.CIDR": try? CIDR(parsing: text)
                case "kubernetes.Quantity": try? Quantity(parsing: text)
                case "kubernetes.Semver": try? Semver(parsing: text)
                case "kubernetes.URL": try? URLValue(parsing: text)
                default: NamedFormat.allCases.randomElement(using: &random)
                }
            if let made { return .opaque(made) }
        }
        return .null
    }
}
