package import CEL

/// Facts that are kept outside of memory, each read when it is asked for, as far as it is read.
package protocol SavedFacts: Sendable {
    /// Which there are, in their order.
    var keys: [Fact.Key] { get }

    /// The fact, with at least what the projection reads of it.
    ///
    /// `nil` where there is none of this key; one that cannot be read any more is unknown.
    func fact(_ key: Fact.Key, reading projection: Projection) async -> Fact?
}
