internal import Playbooks

/// Where libraries of a source are fetched from instead: what they are their digest and their signatures say.
package struct Mirror: Sendable, Hashable {
    /// How references begin that it stands for.
    let origin: String
    /// What stands in place of that.
    let place: String

    init(of origin: String, at place: String, file: String) throws(LibraryError) {
        self.origin = origin
        self.place = place
        // What is no reference, or changes how the rest of one is read, would only show when something is fetched.
        do throws(LibraryError) {
            let sample = origin.hasSuffix("/") ? "a" : ""
            let (from, to) = (try LibraryReference(origin + sample), try LibraryReference(place + sample))
            guard from.transport == to.transport, origin.hasSuffix("/") == place.hasSuffix("/"),
                from.parameters.isEmpty, to.parameters.isEmpty
            else {
                throw LibraryError(.badReference, "a mirror is of the same kind as what it mirrors, and ends like it")
            }
        } catch {
            throw LibraryError(
                .malformedPolicy,
                "\(file): '\(printable(place))' cannot mirror '\(printable(origin))': \(error.message)",
                hint: "for example {of: \"oci://registry.example/acme/\", at: \"oci://mirror.example/acme/\"}")
        }
    }

    /// The reference at the mirror; `nil` where it is not one that the mirror stands for.
    func reference(for reference: LibraryReference) throws(LibraryError) -> LibraryReference? {
        let text = reference.description
        guard text.hasPrefix(origin) else { return nil }
        let rest = text.dropFirst(origin.count)
        // `oci://host/acme` is not the beginning of `oci://host/acme-evil`, and no host that of one with a port.
        let isHost = origin.split(separator: "/").count == 2
        let ends: [Character] = isHost ? ["/"] : ["/", ":", "@", "?"]
        guard origin.hasSuffix("/") || rest.isEmpty || rest.first.map(ends.contains) == true else { return nil }
        return try LibraryReference(place + rest)
    }
}

extension TrustPolicy {
    /// Where a reference is fetched from.
    func place(of reference: LibraryReference) throws(LibraryError) -> LibraryReference {
        for mirror in mirrors {
            if let place = try mirror.reference(for: reference) { return place }
        }
        return reference
    }
}

extension Shape {
    static let mirror = Shape(
        "a mirror", "Where to look instead.",
        keys: [
            Key("of", .text, "How references begin that it stands for.", isRequired: true),
            Key("at", .text, "What stands in place of that.", isRequired: true),
        ])
}
