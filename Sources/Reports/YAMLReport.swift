package import CEL
internal import Engine

/// The same document as YAML.
struct YAMLReport: Report {
    func render(_ diagnosis: Diagnosis) -> String { yamlText(of: document(of: diagnosis)) }
}

/// Block style; every string that another reader could take for something else is written as a JSON string, which is
/// YAML too.
package func yamlText(of value: Value) -> String {
    var text = ""
    write(value, indent: 0, isInline: false, into: &text)
    return text
}

private func write(_ value: Value, indent: Int, isInline: Bool, into text: inout String) {
    let margin = String(repeating: " ", count: indent)
    switch value {
    case .map(let map) where map.count > 0:
        for (number, entry) in map.entries.enumerated() {
            text += (number == 0 && isInline ? "" : margin) + scalarText(entry.key) + ":"
            writeChild(entry.value, indent: indent, into: &text)
        }
    case .list(let list) where !list.isEmpty:
        for (number, element) in list.enumerated() {
            text += (number == 0 && isInline ? "" : margin) + "- "
            write(element, indent: indent + 2, isInline: true, into: &text)
        }
    default:
        text += (isInline ? "" : margin) + scalarText(value) + "\n"
    }
}

private func writeChild(_ value: Value, indent: Int, into text: inout String) {
    switch value {
    case .map(let map) where map.count > 0:
        text += "\n"
        write(value, indent: indent + 2, isInline: false, into: &text)
    case .list(let list) where !list.isEmpty:
        text += "\n"
        write(value, indent: indent, isInline: false, into: &text)
    default: text += " " + scalarText(value) + "\n"
    }
}

private func scalarText(_ value: Value) -> String {
    guard case .string(let string) = value else { return compactJSONText(of: value) }
    return isPlain(string) ? string : compactJSONText(of: value)
}

/// Words that no YAML reader, 1.1 ones included, takes for anything but a string.
private func isPlain(_ string: String) -> Bool {
    guard let first = string.utf8.first, (UInt8(ascii: "A")...UInt8(ascii: "z")).contains(first), first != 0x5B,
        string.utf8.allSatisfy({ byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./".utf8.contains(byte)
        })
    else { return false }
    return !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(string.lowercased())
}
