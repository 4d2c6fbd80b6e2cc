package import CEL

/// Takes facts as they are gathered, from any task, so that nobody has to hold them all.
package protocol FactRecorder: Sendable {
    /// What takes the elements of the fact's lists before the fact itself is there; `nil`: the fact was taken already.
    func lists(of key: Fact.Key) -> (any ListRecorder)?
    /// Takes the fact, with what was taken of its lists.
    ///
    /// Of several of one key the first that was had counts.
    func record(_ fact: Fact, _ lists: (any ListRecorder)?)
}

/// Takes the elements of a fact's lists one by one, and whole.
package protocol ListRecorder: Sendable {
    func take(_ element: Value, of field: String) throws(Unknown)
    /// Forgets the elements: the list is begun anew.
    func restart(_ field: String)
}
