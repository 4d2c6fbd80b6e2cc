/// What is wrong with a YAML text, and where.
package struct YAMLError: Error, Sendable, Hashable {
    /// Stable for ever; callers compare codes, never text.
    package enum Code: String, Sendable {
        case syntax, encoding, duplicateKey, tooDeep, tooLarge, tooManyNodes, tooManyAliases, unknownAnchor
        case misreadByLibYAML
    }

    package var code: Code
    /// Lower case, no full stop.
    package var message: String
    package var mark: Mark

    package init(code: Code, message: String, mark: Mark) {
        self.code = code
        self.message = message
        self.mark = mark
    }
}

/// How much a YAML text may cost. Figures: TRUST, "alias bombs" and "deep nesting".
package struct Limits: Sendable {
    package var bytes: Int
    package var depth: Int
    package var nodes: Int
    package var aliases: Int
    package var scalarBytes: Int

    package init(bytes: Int, depth: Int, nodes: Int, aliases: Int, scalarBytes: Int) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.aliases = aliases
        self.scalarBytes = scalarBytes
    }

    /// A playbook: 1 MiB, 64 levels.
    package static let playbook = Limits(
        bytes: 1 << 20, depth: 64, nodes: 100_000, aliases: 100, scalarBytes: 256 << 10)
    /// A kubeconfig: 4 MiB, 128 levels.
    package static let kubeconfig = Limits(
        bytes: 4 << 20, depth: 128, nodes: 100_000, aliases: 100, scalarBytes: 256 << 10)
}

/// All documents of a text, and everything wrong with it; `documents` holds what could be read before a syntax error.
package struct ParseResult: Sendable {
    package var documents: [Node]
    package var errors: [YAMLError]

    package init(documents: [Node], errors: [YAMLError]) {
        self.documents = documents
        self.errors = errors
    }
}

/// Reads a YAML text into nodes. Never throws, never crashes: what is wrong is in `errors`.
package func parse(_ bytes: some Sequence<UInt8>, limits: Limits) -> ParseResult {
    ParseResult(documents: [], errors: [])
}
