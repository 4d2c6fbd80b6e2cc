import Testing

@testable import CEL

@Suite struct ExampleTests {
    private static let functions = Library.all.flatMap(\.functions)

    @Test(arguments: functions.flatMap { function in function.examples.map { ($0.expression, $0.equals) } })
    func `every example in a declaration holds`(expression: String, equals: String) throws {
        let value = try Self.evaluate(expression)
        let expected = try Self.evaluate(equals)
        #expect(value.isEqual(to: expected), "\(value) is not \(expected)")
    }

    @Test func `every function has an example and says what it does`() {
        for function in Self.functions where !function.name.hasPrefix("_") {
            #expect(!function.examples.isEmpty, "\(function.name)")
            #expect(function.summary.hasSuffix("."), "\(function.name)")
        }
    }

    @Test func `no two overloads have one name`() {
        let ids = Self.functions.flatMap(\.overloads).map(\.id)
        #expect(Set(ids).count == ids.count)
    }

    private static func evaluate(_ expression: String) throws -> Value {
        try Environment().compile(expression).evaluate([String: Value]()).value
    }
}
