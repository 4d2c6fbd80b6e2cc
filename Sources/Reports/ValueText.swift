package import CEL

/// The value for people: strings bare, the rest as compact JSON, long ones cut.
package func shortText(of value: Value, limit: Int = 240) -> String {
    let text =
        switch value {
        case .string(let string): string.isEmpty ? "\"\"" : string
        case .timestamp(let time): time.description
        case .duration(let span): span.description
        default: compactJSONText(of: value)
        }
    let flat = text.replacing("\n", with: "⏎")
    return flat.count <= limit ? flat : flat.prefix(limit) + "…"
}

/// To the second: nobody reads more.
package func timeText(_ time: Timestamp) -> String { Timestamp(seconds: time.seconds).description }

/// Pretty, in the order of insertion; parts that JSON has no form for say what they are.
package func jsonText(of value: Value) -> String { text(of: value, layout: .indented(by: 2)) }

package func compactJSONText(of value: Value) -> String { text(of: value, layout: .compact) }

private func text(of value: Value, layout: JSONWriter.Layout) -> String {
    let writer = JSONWriter(layout: layout, keys: .asInserted) { .string(placeholder(for: $0)) }
    do {
        return try writer.string(value)
    } catch {
        return #""<not shown: \#(error)>""#
    }
}

/// What stands in a report for a value that could not be had: never nothing, never a default.
private func placeholder(for value: Value) -> String {
    switch value {
    case .unknown(let unknowns): "<unknown: \(unknowns.attributes.map(\.reason).sorted().joined(separator: ", "))>"
    case .error(let error): "<error: \(error.message)>"
    default: "<\(value)>"
    }
}
