/// What is wrong with a YAML text, and where.
package struct YAMLError: Error, Sendable, Hashable {
    /// Stable for ever; callers compare codes, never text.
    package enum Code: String, Sendable, CaseIterable {
        case syntax, encoding, duplicateKey, tooDeep, tooLarge, tooManyNodes, tooManyAliases, unknownAnchor
        /// An alias inside of the very node it names.
        case recursiveAnchor
        /// A tag of the core schema that contradicts what it stands at, such as `!!int many`.
        case tagMismatch
        /// Valid, but libyaml would make something else of it than YAML 1.2 says.
        case misreadByLibYAML
        /// Not YAML 1.2, though libyaml (and Go's reader, a port of it) lets it pass; the document is complete.
        case nonConforming
    }

    package var code: Code
    /// Lower case, no full stop; never holds a value of the text.
    package var message: String
    package var mark: Mark

    package init(code: Code, message: String, mark: Mark) {
        self.code = code
        self.message = message
        self.mark = mark
    }
}
