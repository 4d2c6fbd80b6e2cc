internal import CEL
package import Playbooks

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Finds playbooks for the words of somebody who does not know their names.
///
/// A pasted line that shows a playbook's symptom leads to it before any word counts. Words are weighed by the field that
/// they stand in and by how few playbooks have them (BM25 over fields); their beginnings and slips of the keyboard count
/// for less than the word itself.
package struct PlaybookSearch: Sendable {
    package struct Hit: Sendable {
        package var playbook: PlaybookOutline
        /// Higher is better; comparable within one search.
        package var score: Double
        /// The line of the query that shows a symptom.
        package var symptom: SymptomMatch?
        /// Words of the query that the playbook has, as it has them.
        package var words: [String]
    }

    /// What a word weighs by where it stands.
    private enum Weight {
        static let name = 5.0
        static let tag = 3.0
        static let title = 3.0
        static let symptom = 2.0
        static let cause = 1.5
        static let remedy = 1.0
    }

    private struct Document {
        var weights: [String: Double] = [:]
        var length = 0.0

        mutating func add(_ text: String, _ weight: Double) {
            for word in PlaybookSearch.words(of: text) {
                weights[word, default: 0] += weight
                length += 1
            }
        }
    }

    /// How soon more of the same word stops counting, and how much long playbooks pay for their length.
    private static let saturation = 4.0
    private static let lengthShare = 0.4

    private let library: PlaybookLibrary
    private let outlines: [PlaybookOutline]
    private let documents: [Document]
    private let averageLength: Double
    /// In how many playbooks a word is.
    private let spread: [String: Int]

    package init(_ library: PlaybookLibrary) {
        self.library = library
        outlines = library.outlines
        documents = outlines.map { outline in
            var document = Document()
            document.add(outline.name, Weight.name)
            for tag in outline.tags { document.add(tag, Weight.tag) }
            document.add(outline.title, Weight.title)
            for symptom in outline.symptoms { document.add(symptom.spelledOut, Weight.symptom) }
            for cause in outline.causes {
                document.add(cause.id, Weight.cause)
                document.add(cause.title, Weight.cause)
            }
            for remedy in outline.remedies { document.add(remedy, Weight.remedy) }
            return document
        }
        averageLength = max(1, documents.reduce(0) { $0 + $1.length } / Double(max(1, documents.count)))
        var spread: [String: Int] = [:]
        for document in documents { for word in document.weights.keys { spread[word, default: 0] += 1 } }
        self.spread = spread
    }

    /// The best first; equal ones by name.
    package func hits(for query: String) -> [Hit] {
        let shown = library.symptomMatches(in: query)
        let places = Dictionary(shown.enumerated().map { ($1.playbook, $0) }, uniquingKeysWith: { first, _ in first })
        let terms = Set(Self.words(of: query)).subtracting(Self.common).sorted().map { Term($0, spread: spread) }
        var hits = zip(outlines, documents).compactMap { outline, document -> Hit? in
            var hit = Hit(
                playbook: outline, score: 0, symptom: places[outline.name].map { shown[$0] }, words: [])
            for term in terms { add(term, document, to: &hit) }
            return hit.score > 0 || hit.symptom != nil ? hit : nil
        }
        hits.sort { left, right in
            let ranks = [left, right].map { places[$0.playbook.name] ?? .max }
            if ranks[0] != ranks[1] { return ranks[0] < ranks[1] }
            return left.score == right.score ? left.playbook.name < right.playbook.name : left.score > right.score
        }
        return hits
    }

    private func add(_ term: Term, _ document: Document, to hit: inout Hit) {
        let found = term.forms.compactMap { form in document.weights[form.word].map { (form, $0) } }
        guard let best = found.max(by: { $0.0.share * $0.1 < $1.0.share * $1.1 }) else { return }
        let weight = found.reduce(0) { $0 + $1.0.share * $1.1 }
        let rarity = 1 + Double(documents.count) / (0.5 + Double(term.spread))
        let length = 1 - Self.lengthShare + Self.lengthShare * document.length / averageLength
        hit.score += log(rarity) * weight / (weight + Self.saturation * length)
        hit.words.append(best.0.word)
    }

    /// A word of the query, and the words of playbooks that may be meant by it.
    private struct Term {
        var forms: [(word: String, share: Double)] = []
        var spread = 0

        init(_ word: String, spread all: [String: Int]) {
            if all[word] != nil { forms = [(word, 1)] }
            if word.utf8.count >= 4 {
                for other in all.keys where other != word && Self.areAkin(word, other) { forms.append((other, 0.6)) }
                if forms.isEmpty, let nearest = nearestName(to: word, among: all.keys.sorted()) {
                    forms = [(nearest, 0.4)]
                }
            } else if word.utf8.count == 3, forms.isEmpty {
                forms = all.keys.filter { $0.hasPrefix(word) }.map { ($0, 0.5) }
            }
            // In a fixed order, so that sums are the same every time.
            forms.sort { $0.word < $1.word }
            spread = forms.map { all[$0.word] ?? 0 }.max() ?? 0
        }

        /// `expire` and `expired`, `evict` and `evicted`, `certificate` and `certificates`.
        private static func areAkin(_ one: String, _ other: String) -> Bool {
            let (short, long) = one.utf8.count < other.utf8.count ? (one, other) : (other, one)
            if long.hasPrefix(short) { return short.utf8.count >= 4 }
            let shared = zip(short.utf8, long.utf8).prefix { $0 == $1 }.count
            return shared >= 5 && short.utf8.count - shared <= 2 && long.utf8.count - shared <= 3
        }
    }

    // MARK: Words

    /// In lower case; of a compound such as `CrashLoopBackOff` both the whole and its parts.
    static func words(of text: String) -> [String] {
        text.split { !$0.isLetter && !$0.isNumber }.flatMap { word -> [String] in
            let parts = parts(of: word).map { $0.lowercased() }
            return (parts.count > 1 ? [word.lowercased()] : []) + parts
        }.filter { $0.utf8.count > 1 }
    }

    private static func parts(of word: Substring) -> [Substring] {
        var parts: [Substring] = []
        var start = word.startIndex
        for index in word.indices.dropFirst()
        where word[index].isUppercase && word[word.index(before: index)].isLowercase {
            parts.append(word[start..<index])
            start = index
        }
        return parts + [word[start...]]
    }

    private static let common: Set<String> = [
        "the", "an", "and", "or", "of", "to", "in", "on", "at", "by", "is", "are", "be", "it", "its", "my", "our",
        "your",
        "for", "has", "have", "had", "was", "were", "with", "from", "this", "that", "does", "do", "did", "how", "why",
        "what", "when", "cannot", "can", "not", "no", "error", "failed", "kubernetes",
    ]
}
