package import Facts

/// The one way by which a playbook comes to be: from bytes, through the catalogue's types.
package struct Loader: Sendable {
    package let catalogue: Catalogue

    package init(catalogue: Catalogue) { self.catalogue = catalogue }

    /// All the playbooks of one file (usually one), and everything wrong with it. A playbook with errors is not
    /// returned; one with warnings is.
    package func load(_ bytes: [UInt8], file: String) -> (playbooks: [Playbook], problems: [Problem]) {
        ([], [])
    }
}
