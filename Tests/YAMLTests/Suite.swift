import FoundationEssentials
import Testing
import YAML

/// The yaml-test-suite, as far as it lies beside the project.
enum Suite {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var id: String
        var yaml: String
        /// `nil` where the text is invalid, or where the suite says nothing.
        var events: [String]?
        /// The value as JSON, where the suite gives it.
        var json: String?
        var fail: Bool
        /// Whether libyaml 0.2.5 alone is right.
        var libyaml: Bool

        var testDescription: String { id }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let file = root.deletingLastPathComponent().appending(path: "shared/conformance/yaml/cases.jsonl")

    static let isThere = FileManager.default.fileExists(atPath: file.path)

    /// Empty where the cases are not there.
    static let cases: [Case] = {
        guard let data = try? Data(contentsOf: file) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).map { line in
            do {
                return try JSONDecoder().decode(Case.self, from: line)
            } catch {
                fatalError("a case of the yaml-test-suite cannot be read: \(error)")
            }
        }
    }()
}

extension Suite {
    enum Verdict: String, Sendable {
        case right
        /// Valid, and refused as a syntax error.
        case refused
        /// Valid, and refused because libyaml would misread it.
        case misread
        /// Invalid, and not refused.
        case accepted
        /// Read, and as something else than it is: must never happen.
        case wrong
        /// The suite does not say what is right.
        case open
    }

    static func verdict(on test: Case) -> Verdict {
        verdict(on: test.yaml, events: test.events, isInvalid: test.fail)
    }

    static func verdict(on text: String, events expected: [String]?, isInvalid: Bool) -> Verdict {
        let (events, errors) = parseEvents(text.utf8, limits: .generous)
        if isInvalid { return errors.isEmpty ? .accepted : .right }
        guard let expected else { return .open }
        if errors.contains(where: { $0.code == .misreadByLibYAML }) { return .misread }
        guard errors.isEmpty else { return .refused }
        // The cases come without the spaces at the ends of lines.
        return events.map { trimmed($0.notation) } == expected.map(trimmed) ? .right : .wrong
    }

    private static func trimmed(_ line: String) -> Substring {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return line
    }
}

extension Limits {
    /// For texts that the tests know.
    static let generous = Limits(bytes: 64 << 20, depth: 200, nodes: 10_000_000, aliases: 10_000, scalarBytes: 64 << 20)
}
