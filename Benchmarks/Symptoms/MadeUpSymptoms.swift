internal import Playbooks

/// Patterns as people write them: the words of an error, or a pattern with a part that varies.
enum MadeUpSymptoms {
    static func outlines(_ count: Int) -> [PlaybookOutline.Symptom] {
        var random = Numbers()
        func word() -> String { words[random.next(words.count)] }
        return (0..<count).map { number in
            let start = "\(word()) \(word()) \(number) \(word())"
            return number % 5 == 0
                ? PlaybookOutline.Symptom(kind: .regex, source: "\(start): [a-z0-9.-]+ \(word()) (?P<code>[0-9]+)")
                : PlaybookOutline.Symptom(kind: .text, source: "\(start) \(word()) \(word())")
        }
    }

    private static let words = [
        "failed", "volume", "mount", "timed", "waiting", "denied", "quota", "webhook", "certificate", "expired", "node",
        "taint", "image", "pull", "secret", "token", "lease", "cluster", "member", "disk", "pressure", "evicted",
        "probe", "container", "exit", "signal", "connection", "reset", "lookup", "refused", "unknown", "authority",
    ]
}
