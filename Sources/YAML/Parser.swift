/// All documents of a text, and everything wrong with it; `documents` holds what could be read before a syntax error.
///
/// Where `errors` is not empty, use `documents` only to look for further errors: an unknown alias, for example, is an
/// empty scalar in them.
package struct ParseResult: Sendable {
    package var documents: [Node]
    /// In the order of the text.
    package var errors: [YAMLError]
    /// Whether a line starts with `%` or with a dot, as those of directives and at the end of documents do.
    package var mayHaveDirectives = false
    /// Whether any node has a tag, or is a plain `<<`.
    package var hasTagsOrMergeKeys = false
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
    reader.read(into: &composer)
    let errors = source.errors + reader.errors + composer.errors
    return ParseResult(
        documents: composer.documents, errors: errors.isEmpty ? [] : told(errors, limits),
        mayHaveDirectives: source.hasDirectives, hasTagsOrMergeKeys: composer.hasTagsOrMergeKeys)
}

/// Reads a YAML text into events, one step below nodes: nothing is composed, aliases are not followed.
package func parseEvents(_ bytes: some Sequence<UInt8>, limits: Limits) -> (events: [Event], errors: [YAMLError]) {
    switch Source.read(bytes, limits: limits) {
    case .success(let source):
        var list = EventList()
        var reader = EventReader(source, limits: limits)
        reader.read(into: &list)
        return (list.events, told(source.errors + reader.errors, limits))
    case .failure(let unreadable): return ([], told(unreadable.errors, limits))
    }
}

/// Those of the errors that count, in the order of the text.
private func told(_ errors: [YAMLError], _ limits: Limits) -> [YAMLError] {
    errors.filter { $0.code != .nonConforming || limits.conformance == .strict }.sorted { $0.mark < $1.mark }
}
