/// Writes a shape as a JSON Schema: 2020-12, and nothing that readers of draft-07 would not understand.
package struct SchemaDocument: Sendable {
    package let shape: Shape
    package let id: String

    package init(_ shape: Shape, id: String) {
        self.shape = shape
        self.id = id
    }

    package static let playbook = SchemaDocument(.playbook, id: "playbook.schema.json")
    package static let overlay = SchemaDocument(.overlay, id: "overlay.schema.json")
    package static let playbookTest = SchemaDocument(.playbookTest, id: "playbook-test.schema.json")
    package static let suppressions = SchemaDocument(.suppressions, id: "suppressions.schema.json")

    /// The schema's text, with a line break at the end.
    package var text: String {
        var definitions: [(name: String, schema: JSON)] = []
        let root = object(shape, definitions: &definitions)
        let head: [(String, JSON)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("$id", .string(id)),
            ("title", .string(shape.name.withoutArticle)),
        ]
        guard case .object(let members) = root else { preconditionFailure("a shape is written as an object") }
        let all =
            head + members + [("$defs", .object(definitions.sorted { $0.name < $1.name }.map { ($0.name, $0.schema) }))]
        return JSON.object(all).written(indentation: 0) + "\n"
    }

    private func object(_ shape: Shape, definitions: inout [(name: String, schema: JSON)]) -> JSON {
        var properties: [(String, JSON)] = []
        for key in shape.keys {
            properties.append((key.name, schema(key.kind, summary: key.summary, definitions: &definitions)))
        }
        var members: [(String, JSON)] = [
            ("description", .string(shape.summary)), ("type", .string("object")),
            ("additionalProperties", .bool(false)), ("properties", .object(properties)),
        ]
        let required = shape.keys.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        if !shape.exactlyOneOf.isEmpty {
            let choices = shape.exactlyOneOf.map { JSON.object([("required", .array([.string($0)]))]) }
            members.append(("oneOf", .array(choices)))
        }
        return .object(members)
    }

    private func schema(
        _ kind: Shape.Kind, summary: String?, definitions: inout [(name: String, schema: JSON)]
    ) -> JSON {
        var members: [(String, JSON)] = summary.map { [("description", .string($0))] } ?? []
        switch kind {
        case .text, .template, .timestamp: members += [("type", .string("string")), ("minLength", .int(1))]
        case .expression: members += [("type", types("string", "boolean", "number")), ("minLength", .int(1))]
        case .argument: members.append(("type", .string("string")))
        case .boolean: members.append(("type", .string("boolean")))
        case .integer: members.append(("type", .string("integer")))
        case .duration:
            members += [("type", types("string", "number")), ("pattern", .string("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"))]
        case .version:
            let pattern = "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$"
            members += [("type", .string("string")), ("pattern", .string(pattern))]
        case .url: members += [("type", .string("string")), ("pattern", .string("^https?://[^/\\s]+\\S*$"))]
        case .choice(let words):
            members += [("type", .string("string")), ("enum", .array(words.map(JSON.string)))]
        case .name(let style): members += [("type", .string("string")), ("pattern", .string(style.pattern))]
        case .causeReference:
            let name = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
            members += [("type", .string("string")), ("pattern", .string("^\(name)(/\(name))?$"))]
        case .constant(let text): members += [("type", .string("string")), ("enum", .array([.string(text)]))]
        case .scalar: members.append(("type", types("string", "number", "boolean")))
        case .anything: break
        case .list(let element, let isEmptyAllowed):
            members.append(("type", .string("array")))
            if !isEmptyAllowed { members.append(("minItems", .int(1))) }
            members.append(("items", schema(element, summary: nil, definitions: &definitions)))
        case .named(let style, let value):
            members += [
                ("type", .string("object")),
                ("propertyNames", .object([("pattern", .string(style.pattern))])),
                ("additionalProperties", schema(value, summary: nil, definitions: &definitions)),
            ]
        case .either(let first, let second):
            members.append(
                (
                    "anyOf",
                    .array([
                        schema(first, summary: nil, definitions: &definitions),
                        schema(second, summary: nil, definitions: &definitions),
                    ])
                ))
        case .object(let shape):
            let name = shape.name.withoutArticle
            if !definitions.contains(where: { $0.name == name }) {
                let definition = object(shape, definitions: &definitions)
                definitions.append((name, definition))
            }
            // In draft-07 whatever stands beside "$ref" is ignored, so that the description is wrapped.
            let reference = JSON.object([("$ref", .string("#/$defs/\(name)"))])
            guard summary != nil else { return reference }
            members.append(("allOf", .array([reference])))
        }
        return .object(members)
    }

    private func types(_ names: String...) -> JSON { .array(names.map(JSON.string)) }
}

extension String {
    /// `cause` of `a cause`.
    fileprivate var withoutArticle: String {
        for article in ["a ", "an "] where hasPrefix(article) { return String(dropFirst(article.count)) }
        return self
    }
}

/// As much of JSON as a schema needs, with members in a chosen order.
private indirect enum JSON {
    case string(String)
    case int(Int)
    case bool(Bool)
    case array([JSON])
    case object([(String, JSON)])

    func written(indentation: Int) -> String {
        let inner = String(repeating: "  ", count: indentation + 1)
        let outer = String(repeating: "  ", count: indentation)
        switch self {
        case .string(let text): return Self.quoted(text)
        case .int(let number): return String(number)
        case .bool(let flag): return flag ? "true" : "false"
        case .array(let elements):
            if elements.allSatisfy(\.isScalar) {
                return "[" + elements.map { $0.written(indentation: 0) }.joined(separator: ", ") + "]"
            }
            let lines = elements.map { inner + $0.written(indentation: indentation + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { inner + Self.quoted($0.0) + ": " + $0.1.written(indentation: indentation + 1) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .string, .int, .bool: true
        case .array, .object: false
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
