/// How much a YAML text may cost.
package struct Limits: Sendable {
    package var bytes: Int
    /// Nested collections, those that aliases bring included.
    package var depth: Int
    /// Nodes of a document, those that aliases bring counted each time.
    package var nodes: Int
    /// Aliases of a document.
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
