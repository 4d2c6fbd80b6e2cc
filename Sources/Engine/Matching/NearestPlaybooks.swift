internal import Playbooks

/// The playbooks whose symptoms share the most telling words with a text that shows none of them.
///
/// A suggestion, never a claim: a symptom must share half of its words, and words that many playbooks use count less.
struct NearestPlaybooks {
    let names: [String]

    init(to text: String, among playbooks: [PlaybookOutline], limit: Int = 3) {
        // A log is searched by its symptoms; only what a person would paste is compared word by word.
        guard text.utf8.count <= 1 << 16 else {
            names = []
            return
        }
        let words = Set(Self.words(of: text))
        let symptoms = playbooks.map { playbook in playbook.symptoms.map { Set(Self.words(of: $0.spelledOut)) } }
        var users: [String: Int] = [:]
        for playbook in symptoms {
            for word in playbook.reduce(Set(), { $0.union($1) }) { users[word, default: 0] += 1 }
        }
        let scores = symptoms.enumerated().compactMap { index, symptoms -> (score: Double, index: Int)? in
            symptoms.compactMap { symptom -> Double? in
                let shared = symptom.intersection(words)
                guard shared.count >= 2, shared.count * 2 >= symptom.count else { return nil }
                let score = shared.reduce(0) { $0 + 1 / Double(users[$1] ?? 1) }
                return score >= 0.5 ? score : nil
            }.max().map { ($0, index) }
        }
        names = scores.sorted { ($1.score, $0.index) < ($0.score, $1.index) }.prefix(limit).map {
            playbooks[$0.index].name
        }
    }

    /// Without endings and without words that say nothing.
    private static func words(of text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.filter { $0.count > 2 && !common.contains(String($0)) }
            .map { String($0.prefix(5)) }
    }

    private static let common: Set<String> = [
        "the", "and", "for", "has", "was", "were", "are", "not", "you", "with", "from", "this", "that", "have", "error",
        "failed", "must", "could", "cannot", "been", "server", "did",
    ]
}

extension PlaybookOutline.Symptom {
    /// What it says, without what a pattern leaves open.
    fileprivate var spelledOut: String {
        switch kind {
        case .text: source
        case .regex: source.replacingGroups
        }
    }
}

extension String {
    /// Escapes such as `\S` and groups' names are no words of the message.
    fileprivate var replacingGroups: String {
        var result = ""
        var rest = Substring(self)
        while let character = rest.popFirst() {
            if character == "\\" {
                _ = rest.popFirst()
                result.append(" ")
            } else if character == "(", rest.hasPrefix("?") {
                rest = rest.drop { $0 != ">" && $0 != ":" && $0 != ")" }.dropFirst()
                result.append(" ")
            } else {
                result.append(character)
            }
        }
        return result
    }
}
