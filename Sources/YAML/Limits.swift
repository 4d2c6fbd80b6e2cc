/// How much a YAML text may cost, and how strictly it is read.
package struct Limits: Sendable {
    package enum Conformance: Sendable {
        case strict
        /// What is not YAML 1.2 and yet passes libyaml passes Go's reader too, a port of it, and so `kubectl` and the
        /// API server: there is no error of code `nonConforming`.
        case asGoReads
    }

    package var bytes: Int
    /// Nested collections, those that aliases bring included.
    package var depth: Int
    /// Nodes of a document, those that aliases bring counted each time.
    package var nodes: Int
    /// Aliases of a document.
    package var aliases: Int
    package var scalarBytes: Int
    package var conformance: Conformance

    package init(
        bytes: Int, depth: Int, nodes: Int, aliases: Int, scalarBytes: Int, conformance: Conformance = .strict
    ) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.aliases = aliases
        self.scalarBytes = scalarBytes
        self.conformance = conformance
    }

    /// A playbook: 1 MiB, 64 levels.
    package static let playbook = Limits(
        bytes: 1 << 20, depth: 64, nodes: 100_000, aliases: 100, scalarBytes: 256 << 10)
    /// A kubeconfig, or anything else that other programs read: 4 MiB, 128 levels.
    package static let kubeconfig = Limits(
        bytes: 4 << 20, depth: 128, nodes: 100_000, aliases: 100, scalarBytes: 256 << 10, conformance: .asGoReads)
}
