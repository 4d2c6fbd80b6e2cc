internal import CEL
internal import Facts

/// The swap lines of the table of file systems.
///
/// Source: fstab(5).
struct FstabCollector: Collector {
    let declaration = Declaration(
        "node.fstab",
        summary: "The swap lines of /etc/fstab.",
        returns: .object([
            "swapEntries": .list(
                .object([
                    "device": .string, "line": .int, "text": .string, "options": .string, "atBoot": .bool,
                ]))
        ]),
        fields: [
            "swapEntries.line": "line in the file, from one",
            "swapEntries.atBoot": "false where the options say noauto",
        ],
        cost: .file,
        privileges: ["read /etc/fstab"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = "/etc/fstab"
        // A machine without the table (many containers and images) has no lines in it either.
        guard let table = try await surroundings.machineFileIfPresent(path) else {
            return Observation(.map(["swapEntries": .list([])]), source: "\(path) (absent)")
        }
        let entries = table.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .compactMap { Self.entry($1, line: $0 + 1) }
        return Observation(.map(["swapEntries": .list(List(entries))]), source: path)
    }

    private static func entry(_ text: Substring, line: Int) -> Value? {
        let columns = text.split(whereSeparator: \.isWhitespace)
        guard columns.count >= 3, !columns[0].hasPrefix("#"), columns[2] == "swap" else { return nil }
        let options = columns.count > 3 ? String(columns[3]) : "defaults"
        return .map([
            "device": .string(unescapingOctal(columns[0])), "line": .int(Int64(line)),
            "text": .string(String(text)), "options": .string(options),
            "atBoot": .bool(!options.split(separator: ",").contains("noauto")),
        ])
    }
}
