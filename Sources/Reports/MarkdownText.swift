/// Foreign text in Markdown: no markup, no HTML, no line that starts something.
///
/// Scalar by scalar: with a combining mark behind it a character is another one to Swift, and still itself to a reader of
/// Markdown.
enum MarkdownText {
    static func prose(_ text: String) -> String {
        oneLine(text).unicodeScalars.reduce(into: "") { result, scalar in
            if "\\`*_[]<>#|&~".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
    }

    static func code(_ text: String) -> String {
        let clean = String(String.UnicodeScalarView(oneLine(text).unicodeScalars.map { $0 == "`" ? "'" : $0 }))
        return clean.isEmpty ? "–" : "`\(clean)`"
    }

    /// Code in a table, where a bar would end the cell.
    static func cell(_ text: String) -> String { escapingBars(code(text)) }

    static func escapingBars(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if scalar == "|" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
    }

    static func fenced(_ text: String) -> [String] {
        let clean = String(
            escapingControlCharacters(text).unicodeScalars.reduce(into: "") { result, scalar in
                if scalar == "\n" { result += "\\n" } else { result.unicodeScalars.append(scalar) }
            })
        var longest = 0
        var run = 0
        for scalar in clean.unicodeScalars {
            run = scalar == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return ["\(fence)sh", clean, fence]
    }

    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(escapingControlCharacters(text).unicodeScalars.map { $0 == "\n" ? " " : $0 }))
    }
}
