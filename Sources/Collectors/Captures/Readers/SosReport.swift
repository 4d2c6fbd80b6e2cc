internal import CEL
internal import Facts

/// A report of one machine as sos makes it: its files below `proc/`, `etc/` and so on, what commands printed below
/// `sos_commands/`.
///
/// Source: sosreport/sos, `sos/report/plugins` (memory, kernel, process, systemd, logs, kubernetes …). A file that is not
/// in it may well be on the machine.
struct SosReport: CaptureReader {
    let name = "sosreport"
    let looksBelow = true

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        let folders = Set(tree.names(in: ""))
        guard folders.contains("sos_commands") || folders.isSuperset(of: ["proc", "etc"]) else { return nil }
        var contents = CaptureContents(title, tree)
        contents.node = NodeTree(tree)
        contents.collectedAt = Self.time(in: tree)
        return contents
    }

    /// What `date` printed: `Tue Nov 24 00:18:30 UTC 2026`.
    private static func time(in tree: any CaptureTree) -> Timestamp? {
        for path in ["sos_commands/date/date_--utc", "sos_commands/date/date", "date"] where tree.contains(path) {
            guard let text = try? tree.text(path, limit: 4096) else { continue }
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 6, words[4] == "UTC" || words[4] == "GMT" else { continue }
            let day = words[2].count == 1 ? "0" + words[2] : words[2]
            let date = "\(words[0]), \(day) \(words[1]) \(words[5]) \(words[3]) GMT"
            if let time = CEL.Timestamp(httpDate: date) { return time }
        }
        return nil
    }
}
