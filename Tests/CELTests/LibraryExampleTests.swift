import Testing

@testable import CEL

@Suite struct LibraryExampleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var function: String
        var example: Function.Example
        var testDescription: String { "\(example.expression) == \(example.equals)" }
    }

    static let cases = Library.all.flatMap(\.functions).flatMap { function in
        function.examples.map { Case(function: function.name, example: $0) }
    }

    @Test(arguments: cases)
    func `every example is true`(test: Case) throws {
        let source = "dyn(\(test.example.expression)) == dyn(\(test.example.equals))"
        do {
            let value = try Environment().compile(source).evaluate([:] as [String: Value]).value
            #expect("\(value)" == "true", "\(source)")
        } catch {
            Issue.record("\(source): \(error.issues.map(\.message))")
        }
    }

    @Test func `every function has an example`() {
        let without = Library.all.flatMap(\.functions).filter(\.examples.isEmpty).map(\.name)
        #expect(without.isEmpty)
    }
}
