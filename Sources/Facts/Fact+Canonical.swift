package import CEL

extension Fact.Key {
    /// The key of a request: the same parameters give the same text, whatever their order.
    package init(collector: String, parameters: [String: Value]) {
        // Parameters are known before a fact is asked for; one that has no form in JSON still gives one key.
        let text = (try? JSONWriter.canonical.string(.map(Map(parameters)))) ?? Map(parameters).entries.description
        self.init(collector: collector, parameters: text)
    }
}
