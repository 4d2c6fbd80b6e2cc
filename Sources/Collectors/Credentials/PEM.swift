/// PEM blocks as Go's `encoding/pem` finds them: other text before, between and behind does not matter.
struct PEM: Sendable {
    var label: String
    var bytes: [UInt8]
    var isEncrypted: Bool

    /// The block as text, without what stood around it.
    var text: String {
        let body = Array(Base64.encode(bytes))
        let lines = stride(from: 0, to: body.count, by: 64).map { String(body[$0..<min($0 + 64, body.count)]) }
        return "-----BEGIN \(label)-----\n\(lines.joined(separator: "\n"))\n-----END \(label)-----\n"
    }

    /// The blocks in order; one that cannot be decoded is left out, as Go does.
    static func blocks(in text: String) -> [PEM] {
        var blocks: [PEM] = []
        var label: String?
        var body = ""
        var isEncrypted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if let begun = between(line, "-----BEGIN ") {
                (label, body, isEncrypted) = (begun, "", false)
            } else if let ended = between(line, "-----END "), let begun = label {
                if ended == begun, let bytes = try? Base64.decode(body) {
                    blocks.append(PEM(label: begun, bytes: bytes, isEncrypted: isEncrypted))
                }
                label = nil
            } else if label != nil {
                // RFC 1421 headers of old encrypted keys.
                if line.contains(":") {
                    isEncrypted = isEncrypted || line.contains("ENCRYPTED")
                } else {
                    body += line.filter { !$0.isWhitespace }
                }
            }
        }
        return blocks
    }

    private static func between(_ line: Substring, _ start: String) -> String? {
        guard line.hasPrefix(start), line.hasSuffix("-----"), line.count >= start.count + 5 else { return nil }
        return String(line.dropFirst(start.count).dropLast(5))
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop { $0.isWhitespace }
        while line.last?.isWhitespace ?? false { line.removeLast() }
        return line
    }
}
