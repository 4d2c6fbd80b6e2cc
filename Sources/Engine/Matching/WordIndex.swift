internal import Playbooks

/// The words of all symptoms, to find the playbooks that share the most telling ones with a text that shows none.
///
/// A suggestion, never a claim: a symptom must share half of its words, and words that many playbooks use count less.
struct WordIndex: Sendable {
    /// By word, how many playbooks use it, and in which symptoms it is.
    private let table: IndexTable

    /// - Parameter range: where what `bytes(of:)` made is.
    init(_ bytes: [UInt8], _ range: Range<Int>) throws(MalformedIndex) { table = try IndexTable(bytes, range) }

    private struct Place: Hashable {
        var playbook: Int
        var symptom: Int
    }

    static func bytes(of outlines: [PlaybookOutline]) -> [UInt8] {
        var places: [String: [(place: Place, size: Int)]] = [:]
        let words = outlines.concurrentMap { $0.symptoms.map { Set(Self.words(of: $0.spelledOut)) } }
        for (playbook, symptoms) in words.enumerated() {
            for (number, words) in symptoms.enumerated() {
                for word in words {
                    places[word, default: []].append((Place(playbook: playbook, symptom: number), words.count))
                }
            }
        }
        let sorted = places.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return IndexTable.bytes(
            sorted.map { word, places in
                var writer = IndexWriter()
                writer.add(word)
                writer.add(Set(places.map(\.place.playbook)).count)
                writer.add(list: places) { writer, entry in
                    writer.add(entry.place.playbook)
                    writer.add(entry.place.symptom)
                    writer.add(entry.size)
                }
                return writer.bytes
            })
    }

    /// Places of playbooks, the nearest first.
    func nearest(to text: String, limit: Int) -> [Int] {
        // A log is searched by its symptoms; only what a person would paste is compared word by word.
        guard text.utf8.count <= 1 << 16 else { return [] }
        var shared: [Place: (count: Int, score: Double, size: Int)] = [:]
        for word in Set(Self.words(of: text)).sorted() {
            guard let (users, entries) = try? entries(of: word) else { continue }
            for (place, size) in entries {
                let so = shared[place] ?? (0, 0, size)
                shared[place] = (so.count + 1, so.score + 1 / Double(max(1, users)), size)
            }
        }
        var best: [Int: Double] = [:]
        for (place, found) in shared {
            guard found.count >= 2, found.count * 2 >= found.size, found.score >= 0.5 else { continue }
            best[place.playbook] = max(best[place.playbook] ?? 0, found.score)
        }
        return best.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit).map(\.key)
    }

    private func entries(of word: String) throws(MalformedIndex) -> (users: Int, places: [(Place, Int)]) {
        let index = try table.firstIndex(notBefore: word)
        guard index < table.count else { return (1, []) }
        var reader = try table.entry(index)
        guard try reader.text() == word else { return (1, []) }
        let users = try reader.number()
        let places = try reader.list { reader throws(MalformedIndex) in
            (Place(playbook: try reader.number(), symptom: try reader.number()), try reader.number())
        }
        return (users, places)
    }

    // MARK: Words

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
    var spelledOut: String {
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
