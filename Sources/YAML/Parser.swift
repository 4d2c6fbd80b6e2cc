/// All documents of a text, and everything wrong with it; `documents` holds what could be read before a syntax error.
///
/// Where `errors` is not empty, use `documents` only to look for further errors: an unknown alias, for example, is an
/// empty scalar in them.
package struct ParseResult: Sendable {
    package var documents: [Node]
    /// In the order of the text.
    package var errors: [YAMLError]

    package init(documents: [Node], errors: [YAMLError]) {
        self.documents = documents
        self.errors = errors
    }
}

/// Reads a YAML text into nodes.
///
/// Never throws, never crashes: what is wrong is in `errors`.
package func parse(_ bytes: some Sequence<UInt8>, limits: Limits) -> ParseResult {
    let source: Source
    switch Source.read(bytes, limits: limits) {
    case .success(let readable): source = readable
    case .failure(let unreadable): return ParseResult(documents: [], errors: told(unreadable.errors, limits))
    }
    var composer = Composer(limits: limits)
    var reader = EventReader(source, limits: limits)
    while let event = reader.next() {
        guard composer.take(event) else { break }
    }
    let errors = source.errors + reader.errors + composer.errors
    return ParseResult(documents: composer.documents, errors: errors.isEmpty ? [] : told(errors, limits))
}

/// Reads a YAML text into events, one step below nodes: nothing is composed, aliases are not followed.
package func parseEvents(_ bytes: some Sequence<UInt8>, limits: Limits) -> (events: [Event], errors: [YAMLError]) {
    var events: [Event] = []
    let errors = readEvents(of: bytes, limits: limits) {
        events.append($0)
        return true
    }
    return (events, told(errors, limits))
}

/// Those of the errors that count, in the order of the text.
private func told(_ errors: [YAMLError], _ limits: Limits) -> [YAMLError] {
    errors.filter { $0.code != .nonConforming || limits.conformance == .strict }.sorted { $0.mark < $1.mark }
}

/// Hands each event to `take` until it answers `false` or the text ends; returns what is wrong with the text itself.
private func readEvents(
    of bytes: some Sequence<UInt8>, limits: Limits, take: (consuming Event) -> Bool
) -> [YAMLError] {
    let source: Source
    switch Source.read(bytes, limits: limits) {
    case .success(let readable): source = readable
    case .failure(let unreadable): return unreadable.errors
    }
    var reader = EventReader(source, limits: limits)
    while let event = reader.next(), take(event) {}
    return source.errors + reader.errors
}
