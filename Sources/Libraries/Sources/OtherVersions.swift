/// Where other versions of a library are: other tags of the same repository.
extension LibraryReference {
    /// What stays the same for every version of it: no tag, no ref, no digest.
    package var place: String {
        switch transport {
        case .registry: (try? RegistrySource(self)).map { "oci://\($0.host)/\($0.repository)" } ?? description
        case .git, .archive: location + (parameters["path"].map { "?path=\($0)" } ?? "")
        case .directory: description
        }
    }

    /// Whether both lead to the same place, the version of each apart, which archives have in their name.
    package func isSamePlace(
        as other: LibraryReference, _ version: SemanticVersion, _ otherVersion: SemanticVersion
    ) -> Bool {
        guard transport == .archive, other.transport == .archive else { return place == other.place }
        return place.replacing(version.description, with: "*")
            == other.place.replacing(otherVersion.description, with: "*")
    }

    /// The tag that it names, if it names one.
    private var tag: String? {
        switch transport {
        case .registry: (try? RegistrySource(self)).flatMap { $0.reference.hasPrefix("sha256:") ? nil : $0.reference }
        case .git: parameters["ref"]
        case .archive, .directory: nil
        }
    }

    private func with(tag: String) throws(LibraryError) -> LibraryReference {
        guard transport == .git else { return try LibraryReference("\(place):\(tag)") }
        return try LibraryReference("\(place)\(place.contains("?") ? "&" : "?")ref=\(tag)")
    }

    /// Where a tag holds the version, such as `1.4.2`, `v1.4.2` or `acme-1.4.2`: the tag with the highest version beyond
    /// it; `nil` where there is none, or what is named moves by itself.
    ///
    /// - Parameter asked: where to ask for the tags, if not there.
    func newer(
        than version: SemanticVersion, at asked: LibraryReference, environment: [String: String]
    ) async throws(LibraryError) -> LibraryReference? {
        guard let tag, let range = tag.firstRange(of: version.description) else { return nil }
        let (before, behind) = (tag[..<range.lowerBound], tag[range.upperBound...])
        let tags =
            transport == .git
            ? try await GitSource(asked).tags(environment: environment)
            : try await RegistrySource(asked).tags(environment: environment)
        let others = tags.compactMap { tag -> (version: SemanticVersion, tag: String)? in
            guard tag.hasPrefix(before), tag.hasSuffix(behind), tag.count > before.count + behind.count,
                let found = SemanticVersion(String(tag.dropFirst(before.count).dropLast(behind.count))),
                // What is not finished is offered to who has an earlier state of the like: `rc.2` to `rc.1`.
                found > version, found.prerelease.isEmpty || found.prerelease.first == version.prerelease.first
            else { return nil }
            return (found, tag)
        }
        guard let best = others.max(by: { $0.version < $1.version }) else { return nil }
        return try with(tag: best.tag)
    }
}
