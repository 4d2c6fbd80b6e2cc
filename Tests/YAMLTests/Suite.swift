import FoundationEssentials
import Testing
import YAML

/// The yaml-test-suite, as far as it lies beside the project.
enum Suite {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var testDescription: String { id }
        var id: String
        var name: String
        var yaml: String
        /// `nil` where the text is invalid, or where the suite says nothing.
        var events: [String]?
        var fail: Bool
        /// Whether libyaml 0.2.5 alone is right.
        var libyaml: Bool
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/conformance/yaml")

    /// `nil` where the cases are not there.
    static let cases: [Case]? = {
        guard let data = try? Data(contentsOf: folder.appending(path: "cases.jsonl")) else { return nil }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDecoder().decode(Case.self, from: $0) }
    }()

    static var isThere: Bool { cases != nil }
}

extension Limits {
    /// For texts that the tests know.
    static let generous = Limits(bytes: 64 << 20, depth: 200, nodes: 10_000_000, aliases: 10_000, scalarBytes: 64 << 20)
}

extension Suite {
    enum Verdict: String { case right, rejected, accepted, misread }

    static func verdict(on test: Case) -> Verdict {
        let (events, errors) = parseEvents(test.yaml.utf8, limits: .generous)
        guard errors.isEmpty else { return test.fail ? .right : .rejected }
        guard !test.fail else { return .accepted }
        // The cases come without the spaces at the ends of lines.
        return events.map { trimmed($0.notation) } == test.events?.map(trimmed) ? .right : .misread
    }

    private static func trimmed(_ line: String) -> Substring {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return line
    }
}
