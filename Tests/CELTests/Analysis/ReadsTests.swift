import Foundation
import Testing

@testable import CEL

/// `Cases/reads.list`: what expressions read of a variable.
@Suite struct ReadsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var definitions: [String: String] = [:]
        var source = ""
        var reads = ""
        var testDescription: String { source }
    }

    static let cases: [Case] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Cases/reads.list")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        var cases: [Case] = []
        var next = Case()
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let definition = line.components(separatedBy: " := ")
            if definition.count == 2 {
                next.definitions[definition[0]] = definition[1]
                continue
            }
            let parts = line.components(separatedBy: " => ")
            (next.source, next.reads) = (parts[0], parts[1])
            cases.append(next)
            next = Case()
        }
        return cases
    }()

    @Test func `there are cases`() { #expect(Self.cases.count > 50) }

    @Test(arguments: cases)
    func `reads what the case says, and nothing else`(test: Case) throws {
        var variables: [String: ValueType] = ["f": .dyn]
        for name in test.definitions.keys { variables[name] = .dyn }
        let environment = Environment(variables: variables)
        let definitions = try test.definitions.mapValues(environment.compile)
        let reads = Reads(of: [try environment.compile(test.source)], definitions: definitions)
        #expect(reads["f"]?.description == test.reads)
        #expect(reads.names == ["f"])
    }

    @Test func `several programs read what each of them reads`() throws {
        let environment = Environment(variables: ["f": .dyn, "g": .dyn])
        let programs = try ["f.a == 'x'", "f.b == g.c", "1 + 1 == 2"].map(environment.compile)
        let reads = Reads(of: programs)
        #expect(reads["f"]?.description == "{a, b.*}")
        #expect(reads["g"]?.description == "{c.*}")
        #expect(reads["h"] == nil)
    }

    @Test func `what nobody can follow is read as a whole`() throws {
        let names = (0..<40).map { "d\($0)" }
        let variables = Dictionary(uniqueKeysWithValues: (names + ["f"]).map { ($0, ValueType.dyn) })
        let environment = Environment(variables: variables)
        var definitions = ["d0": try environment.compile("{'x': f.a, 'y': f.b}")]
        for index in 1..<40 {
            definitions["d\(index)"] = try environment.compile("{'x': d\(index - 1), 'y': d\(index - 1)}")
        }
        let reads = Reads(of: [try environment.compile("d39.x.x.x == null")], definitions: definitions)
        #expect(reads["f"]?.description == "{a.*, b.*}")
    }
}

extension Reads {
    /// The variables without what is not read.
    func projected(_ variables: [String: Value]) -> [String: Value] {
        var kept: [String: Value] = [:]
        for (name, value) in variables { kept[name] = self[name].map(value.projected) }
        return kept
    }
}
