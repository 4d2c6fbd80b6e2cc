import FoundationEssentials
import Testing
import YAML

@Suite(.enabled(if: Suite.isThere, "the cases of the yaml-test-suite are not beside the project"))
struct ConformanceTests {
    @Test(arguments: Suite.cases.filter(\.libyaml))
    func `what libyaml reads right is read right`(test: Suite.Case) {
        #expect(Suite.verdict(on: test) == .right)
    }

    @Test func `no text is read as something else than it is`() {
        #expect(Suite.cases.filter { Suite.verdict(on: $0) == .wrong }.map(\.id) == [])
    }

    @Test func `the page on deviations is what the run shows`() throws {
        let shown = Suite.cases.map { (id: $0.id, verdict: Suite.verdict(on: $0)) }.filter { $0.verdict != .right }
        let page = try Deviations.read()
        #expect(shown.map { "\($0.id) \($0.verdict)" }.sorted() == page.map { "\($0.id) \($0.verdict)" }.sorted())
        #expect(Suite.cases.count - shown.count == 350)
    }

    /// Cases of files in which an earlier case is invalid; the suite itself says that these are valid.
    @Test(arguments: [
        ("2G84/02", ["+STR", "+DOC ---", "=VAL |", "-DOC", "-STR"]),
        ("2G84/03", ["+STR", "+DOC ---", "=VAL |", "-DOC", "-STR"]),
        ("DK95/02", ["+STR", "+DOC", "+MAP", "=VAL :foo", "=VAL \"bar baz", "-MAP", "-DOC", "-STR"]),
        ("DK95/05", ["+STR", "+DOC", "+MAP", "=VAL :foo", "=VAL :1", "=VAL :bar", "=VAL :2", "-MAP", "-DOC", "-STR"]),
        ("DK95/07", ["+STR", "+DOC ---", "=VAL :", "-DOC", "-STR"]),
        ("DK95/08", ["+STR", "+DOC", "+MAP", "=VAL :foo", "=VAL \"bar baz \\t \\t", "-MAP", "-DOC", "-STR"]),
        ("MUS6/02", ["+STR", "+DOC ---", "=VAL :", "-DOC", "-STR"]),
        ("MUS6/03", ["+STR", "+DOC ---", "=VAL :", "-DOC", "-STR"]),
        ("MUS6/04", ["+STR", "+DOC ---", "=VAL :", "-DOC", "-STR"]),
        ("Y79Y/02", ["+STR", "+DOC", "+SEQ", "+SEQ []", "=VAL :foo", "-SEQ", "-SEQ", "-DOC", "-STR"]),
    ])
    func `a case that is only labelled invalid is read right`(id: String, events: [String]) throws {
        let test = try #require(Suite.cases.first { $0.id == id })
        #expect(Suite.verdict(on: test.yaml, events: events, isInvalid: false) == .right)
    }

    @Test(arguments: Suite.cases.filter { Suite.verdict(on: $0) == .right && $0.events != nil && $0.json != nil })
    func `the nodes hold the values that the suite gives`(test: Suite.Case) throws {
        let result = parse(test.yaml.utf8, limits: .generous)
        let json = Data((test.json ?? "").utf8)
        // Several documents are several values one behind the other, which no JSON reader takes.
        guard result.documents.count == 1, let expected = try? JSONDecoder().decode(JSONValue.self, from: json) else {
            return
        }
        #expect(result.errors == [])
        #expect(JSONValue(try #require(result.documents.first)) == expected)
    }
}

/// A value of JSON, for comparing.
private enum JSONValue: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    init(_ node: Node) {
        self = node.fold(
            scalar: { _, value in
                switch value {
                case .null: .null
                case .bool(let value): .bool(value)
                case .int(let value): .number(Double(value))
                case .uint(let value): .number(Double(value))
                case .double(let value): .number(value)
                case .string(let value): .string(value)
                }
            }, list: { .array($1) },
            map: { _, pairs in
                .object(Dictionary(pairs.map { ($0.key.asKey, $0.value) }) { first, _ in first })
            })
    }

    private var asKey: String {
        switch self {
        case .null: ""
        case .string(let value): value
        case .number(let value): value == value.rounded() ? "\(Int64(value))" : "\(value)"
        case .bool, .array, .object: "\(self)"
        }
    }
}
