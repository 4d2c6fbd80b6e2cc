package import Playbooks

/// A playbook whose symptom the text shows, where it shows it best.
package struct SymptomMatch: Sendable {
    package var playbook: String
    /// From one.
    package var line: Int
    /// The line, without control codes.
    package var text: String
    /// What the patterns' named groups caught.
    package var groups: [String: String]
    /// On how many lines.
    package var count: Int
    /// Higher is better.
    var rank: Rank

    struct Rank: Sendable, Comparable {
        /// A program's last word outranks the log lines before it, which often only repeat a part of it.
        var isVerdict: Bool
        /// How many characters the symptom spells out.
        var specificity: Int

        static func < (left: Rank, right: Rank) -> Bool {
            (left.isVerdict ? 1 : 0, left.specificity) < (right.isVerdict ? 1 : 0, right.specificity)
        }
    }
}

/// Finds the symptoms of all playbooks in one pass over the text.
package struct SymptomMatcher: Sendable {
    /// A symptom of a playbook, ready to be looked for.
    struct Entry: Sendable {
        enum Form: Sendable {
            case literal(LiteralSymptom)
            /// Compiled where it is first tried.
            case pattern(String)
        }

        var playbook: Int
        var form: Form
        var specificity: Int
    }

    /// After so many lines a symptom is only counted: more would not change the answer.
    static let enough = 64

    let names: [String]
    let entries: [Entry]
    /// By needle: the entry that it hints at.
    private let owners: [Int]
    private let automaton: NeedleAutomaton
    /// Entries whose patterns spell out too little to be hinted at.
    private let unhinted: [Int]

    package init(_ playbooks: [Playbook]) { self.init(playbooks.map(PlaybookOutline.init)) }

    package init(_ playbooks: [PlaybookOutline]) {
        names = playbooks.map(\.name)
        var entries: [Entry] = []
        var owners: [Int] = []
        var needles: [[UInt8]] = []
        var unhinted: [Int] = []
        for (index, playbook) in playbooks.enumerated() {
            for symptom in playbook.symptoms {
                let (form, specificity, hints) = Self.hints(of: symptom)
                entries.append(Entry(playbook: index, form: form, specificity: specificity))
                guard let hints else {
                    unhinted.append(entries.count - 1)
                    continue
                }
                needles += hints
                owners += hints.map { _ in entries.count - 1 }
            }
        }
        self.entries = entries
        self.owners = owners
        self.unhinted = unhinted
        automaton = NeedleAutomaton(needles)
    }

    /// How the symptom is looked for, and what must occur wherever it does; `nil`: nothing can be said.
    static func hints(
        of symptom: PlaybookOutline.Symptom
    ) -> (form: Entry.Form, specificity: Int, needles: [[UInt8]]?) {
        switch symptom.kind {
        case .text:
            let literal = LiteralSymptom(symptom.source)
            return (.literal(literal), literal.bytes.count, [literal.bytes])
        case .regex:
            let literals = PatternLiterals(symptom.source)
            return (.pattern(symptom.source), literals.specificity, literals.needles)
        }
    }

    /// Every playbook that a symptom selects, the best match first.
    package func matches(in text: String) -> [SymptomMatch] {
        TextBytes.with(text) { bytes in
            var search = SymptomSearch(self, bytes)
            automaton.scan(bytes) { needle, offset in search.hit(owners[needle], at: offset) }
            if !unhinted.isEmpty { search.everyLine(unhinted) }
            return search.result
        }
    }
}

/// A literal symptom: its skeleton, and where it has white space.
struct LiteralSymptom: Sendable {
    let bytes: [UInt8]
    /// By byte: whether white space stands before it.
    let isSpaced: [Bool]

    init(_ text: String) {
        let skeleton = Skeleton(text)
        let source = Array(text.utf8)
        bytes = skeleton.bytes
        isSpaced = skeleton.offsets.indices.map { index in
            guard index > 0 else { return false }
            let between = source[(skeleton.offsets[index - 1] + 1)..<skeleton.offsets[index]]
            return between.contains { $0 == 0x20 || (0x09...0x0D).contains($0) }
        }
    }
}
