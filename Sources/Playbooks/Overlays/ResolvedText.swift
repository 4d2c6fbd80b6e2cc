internal import YAML

/// A playbook as it counts, overlays applied, with the place that each line comes from.
package struct ResolvedText: Sendable {
    package struct Line: Sendable, Hashable {
        package var text: String
        /// Only the file and the line of it count.
        package var origin: Location
    }

    package private(set) var lines: [Line] = []
    private let source: SourceText

    init(_ root: Node, source: SourceText) {
        self.source = source
        write(root, indentation: 0)
    }

    /// YAML again, whatever style it was written in.
    private mutating func write(_ node: Node, indentation: Int, first: String? = nil) {
        let margin = String(repeating: " ", count: indentation)
        var lead = first
        func prefix() -> String {
            defer { lead = nil }
            return lead ?? margin
        }
        switch node.content {
        case .scalar: add(prefix() + scalar(node), node)
        case .sequence(let elements):
            if elements.isEmpty { add(prefix() + "[]", node) }
            for element in elements {
                write(element, indentation: indentation + 2, first: prefix() + "- ")
            }
        case .mapping(let entries):
            if entries.isEmpty { add(prefix() + "{}", node) }
            for entry in entries {
                let key = prefix() + scalar(entry.key) + ":"
                switch entry.value.content {
                case .scalar: add("\(key) \(scalar(entry.value))", entry.value)
                case .sequence(let elements) where elements.isEmpty: add("\(key) []", entry.value)
                case .mapping(let entries) where entries.isEmpty: add("\(key) {}", entry.value)
                default:
                    add(key, entry.key)
                    write(entry.value, indentation: indentation + 2)
                }
            }
        }
    }

    private mutating func add(_ text: String, _ node: Node) {
        lines.append(Line(text: text, origin: source.location(of: node)))
    }

    /// As written where that is on one line, else in double quotes.
    private func scalar(_ node: Node) -> String {
        guard let scalar = node.scalar else { return "''" }
        switch scalar.style {
        case .plain where source.slice(node) == scalar.text && !scalar.text.isEmpty: return scalar.text
        case .singleQuoted where !scalar.text.contains(where: \.isNewline):
            return "'" + scalar.text.replacing("'", with: "''") + "'"
        default: return quoted(scalar.text)
        }
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _
            where character.value < 0x20 || (0x7F...0xA0).contains(character.value)
                || [0x2028, 0x2029, 0xFEFF].contains(character.value):
                let digits = String(character.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
