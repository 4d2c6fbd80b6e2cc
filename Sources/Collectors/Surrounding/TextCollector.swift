internal import CEL
internal import Facts

/// The text that the person pasted.
struct TextCollector: Collector {
    let declaration = Declaration(
        "text",
        summary: "The text that was pasted, without colours and other control codes.",
        returns: .object(["given": .bool, "text": .string, "lines": .list(.string)]),
        fields: ["given": "false: nothing was pasted; text and lines are empty then"],
        cost: .memory)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let text = Self.withoutControlCodes(surroundings.text)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Value.string(String($0)) }
        return Observation(
            .map([
                "given": .bool(!text.isEmpty), "text": .string(text),
                "lines": .list(List(text.isEmpty ? [] : lines)),
            ]),
            source: "the given text")
    }

    /// Drops ANSI escape sequences (ECMA-48: CSI, OSC and two-character ones), carriage returns and control codes.
    static func withoutControlCodes(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        var pending: Unicode.Scalar?
        while let scalar = pending ?? scalars.next() {
            pending = nil
            switch scalar {
            case "\u{1B}": pending = skipEscape(&scalars)
            case "\u{9B}": skipControlSequence(&scalars)
            case "\n", "\t": kept.append(scalar)
            case "\r":
                // A line end of its own, or a half of CRLF.
                pending = scalars.next()
                if pending != "\n" { kept.append("\n") }
            case "\0"..<" ", "\u{7F}"..."\u{9F}": continue
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }

    /// What follows ESC; returns a scalar that was read but does not belong to it.
    private static func skipEscape(_ scalars: inout String.UnicodeScalarView.Iterator) -> Unicode.Scalar? {
        switch scalars.next() {
        case "[":
            skipControlSequence(&scalars)
            return nil
        case "]":
            while let scalar = scalars.next(), scalar != "\u{07}" {
                if scalar == "\u{1B}" {
                    _ = scalars.next()
                    return nil
                }
                if scalar == "\n" { return scalar }
            }
            return nil
        case .some(let scalar) where scalar == "\n" || scalar == "\u{1B}": return scalar
        default: return nil
        }
    }

    private static func skipControlSequence(_ scalars: inout String.UnicodeScalarView.Iterator) {
        while let scalar = scalars.next(), !("@"..."~").contains(scalar) {}
    }
}
