/// Text for people, in pieces that are escaped one by one: nothing foreign reaches a terminal as a control code.
///
/// This is the one place that writes escape sequences; whatever is added is data, even where it looks like one
/// (compare CVE-2021-25743, where kubectl passed a pod's escape codes on).
package struct TerminalText: Sendable {
    package enum Style: Sendable, Hashable {
        case plain, bold, dim, red, green, yellow, cyan

        fileprivate var code: String? {
            switch self {
            case .plain: nil
            case .bold: "1"
            case .dim: "2"
            case .red: "1;31"
            case .green: "32"
            case .yellow: "33"
            case .cyan: "36"
            }
        }
    }

    private var pieces: [(text: String, style: Style)] = []
    private var column = 0
    /// Where lines are broken; in characters.
    package let width: Int

    package init(width: Int = 100) { self.width = max(40, width) }

    package mutating func add(_ text: String, _ style: Style = .plain) {
        let escaped = escapingControlCharacters(text)
        pieces.append((escaped, style))
        if let last = escaped.lastIndex(of: "\n") {
            column = escaped.distance(from: last, to: escaped.endIndex) - 1
        } else {
            column += escaped.count
        }
    }

    package mutating func line(_ text: String = "", _ style: Style = .plain) {
        add(text, style)
        add("\n")
    }

    /// Adds text broken between words, each further line indented; ends the line.
    package mutating func wrapped(_ text: String, indent: Int, _ style: Style = .plain) {
        let margin = String(repeating: " ", count: indent)
        for (number, paragraph) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if number > 0 { add("\n" + margin) } else if column < indent { add(String(margin.dropFirst(column))) }
            // Blanks in front set the text off from what stands on the line already.
            if column > 0 { add(String(paragraph.prefix { $0 == " " })) }
            var isFirst = true
            for word in paragraph.split(separator: " ") {
                if !isFirst, column + 1 + word.count > width {
                    add("\n" + margin)
                } else if !isFirst {
                    add(" ")
                }
                add(String(word), style)
                isFirst = false
            }
        }
        add("\n")
    }

    package func rendered(inColor: Bool) -> String {
        pieces.reduce(into: "") { result, piece in
            guard inColor, let code = piece.style.code, piece.text.contains(where: { !$0.isWhitespace }) else {
                result += piece.text
                return
            }
            result += "\u{1b}[\(code)m\(piece.text)\u{1b}[0m"
        }
    }
}

/// The text with every character that could steer a terminal or reorder what is read written out: C0 but line feed and
/// tab, DEL, C1, and the bidirectional controls.
package func escapingControlCharacters(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
        if isControl(scalar) {
            let digits = String(scalar.value, radix: 16)
            result +=
                scalar.value <= 0xFF
                ? "\\x" + String(repeating: "0", count: 2 - digits.count) + digits : "\\u{\(digits)}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
    default: false
    }
}
