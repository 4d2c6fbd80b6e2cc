package import CEL

/// Facts saved to look at later or elsewhere.
package struct Snapshot: Sendable {
    /// What the facts are about.
    package struct Subject: Sendable, Hashable {
        package var context: String
        package var server: String
        package var platform: String

        package init(context: String = "", server: String = "", platform: String = "unknown") {
            self.context = context
            self.server = server
            self.platform = platform
        }
    }

    package var subject: Subject
    /// When the facts were collected: conditions see it as `now`.
    package var now: Timestamp
    /// The pasted text; empty where there was none.
    package var text: String
    /// Those in memory.
    package private(set) var facts: [Fact]
    /// Those that are not; what is in memory stands for what is not.
    package var saved: (any SavedFacts)?
    private var byKey: [Fact.Key: Int]

    package init(
        subject: Subject = Subject(), now: Timestamp, text: String = "", facts: [Fact] = [],
        saved: (any SavedFacts)? = nil
    ) {
        self.saved = saved
        self.subject = subject
        self.now = now
        self.text = text
        self.facts = []
        byKey = [:]
        for fact in facts { insert(fact) }
    }

    /// A fact in memory.
    package subscript(key: Fact.Key) -> Fact? { byKey[key].map { facts[$0] } }

    /// Which facts there are, in memory or not.
    package var keys: [Fact.Key] { (saved?.keys.filter { byKey[$0] == nil } ?? []) + facts.map(\.key) }

    /// The fact, with at least what the projection reads of it.
    package func fact(_ key: Fact.Key, reading projection: Projection = .whole) async -> Fact? {
        if let fact = self[key] { return fact }
        return await saved?.fact(key, reading: projection)
    }

    /// A later fact of the same key replaces the earlier one.
    package mutating func insert(_ fact: Fact) {
        if let index = byKey[fact.key] {
            facts[index] = fact
        } else {
            byKey[fact.key] = facts.count
            facts.append(fact)
        }
    }
}
