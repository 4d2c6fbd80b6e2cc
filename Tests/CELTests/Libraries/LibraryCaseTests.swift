import Foundation
import Testing

@testable import CEL

/// A line of `Cases/Libraries`; its README tells the form.
struct LibraryCase: CustomTestStringConvertible, Sendable {
    enum Expectation: Sendable {
        case equals(String)
        case fails(String)
        case unknown
    }

    let place: String
    let expression: String
    let expectation: Expectation

    var testDescription: String { "\(place): \(expression)" }

    init?(_ line: Substring, place: String) {
        self.place = place
        if line.isEmpty || line.hasPrefix("#") { return nil }
        for (mark, make) in [(" ==> ", Expectation.equals), (" !! ", Expectation.fails)] {
            if let range = line.range(of: mark, options: .backwards) {
                expression = String(line[..<range.lowerBound])
                let rest = String(line[range.upperBound...])
                expectation = mark == " ==> " && rest == "unknown" ? .unknown : make(rest)
                return
            }
        }
        expression = String(line)
        expectation = .fails("a line of the form 'a ==> b' or 'a !! code'")
    }

    static let all: [LibraryCase] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Cases/Libraries")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().flatMap { name in
            let text = (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
            return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
                LibraryCase($0.element, place: "\(name):\($0.offset + 1)")
            }
        }
    }()
}

@Suite struct LibraryCaseTests {
    private static let unknown = Value.unknown(UnknownSet(UnknownAttribute(path: ["partly"], reason: "denied")))
    private static let variables: [String: Value] = [
        "dynamic": .map([
            "number": .int(42), "text": .string("42"), "mixed": .list([.int(1), .string("a")]), "empty": .list([]),
            "numbers": .list([.int(1), .uint(2), .double(3.5)]), "nested": .list([.list([.int(1)])]),
        ]),
        "partly": .list([.int(1), unknown, .int(3)]),
    ]
    private static let environment = Environment(variables: ["dynamic": .map(.string, .dyn), "partly": .list(.dyn)])

    @Test func `the files are there`() {
        #expect(LibraryCase.all.count > 500)
    }

    @Test(arguments: LibraryCase.all)
    func `every line holds`(_ line: LibraryCase) throws {
        let value = try Self.evaluate(line.expression)
        switch line.expectation {
        case .unknown:
            guard case .unknown(let set) = value else {
                Issue.record("not unknown: \(value)")
                return
            }
            #expect(set.attributes.map(\.reason) == ["denied"])
        case .fails(let code):
            guard case .error(let error) = value else {
                Issue.record("no error: \(value)")
                return
            }
            #expect(error.code.rawValue == code, "\(error.message)")
        case .equals(let expected):
            let expected = try Self.evaluate(expected)
            #expect(value.isEqual(to: expected), "\(value) is not \(expected)")
            #expect(value.typeName == expected.typeName)
        }
    }

    private static func evaluate(_ expression: String) throws -> Value {
        try environment.compile(expression).evaluate(variables).value
    }
}
