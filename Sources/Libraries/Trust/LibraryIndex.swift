package import CEL
package import Playbooks

/// What a publisher says that there is: signed, with a number that only grows and a time until which it holds.
///
/// A signature of a library says nothing of newer ones; who keeps a machine from seeing those cannot make up a newer index
/// (the rollback and freeze attacks of The Update Framework).
package struct LibraryIndex: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var name: String
        var version: SemanticVersion
        var digest: String
    }

    static let kind = "LibraryIndex"
    static let mostBytes = 8 << 20
    /// Serials are below it: every reader of JSON has these numbers exactly, and there is always a next one.
    package static let serialEnd: Int64 = 1 << 53

    let serial: Int64
    /// In seconds of Unix time.
    let validUntil: Int64
    let entries: [Entry]

    static func signatureFile(of file: String, _ number: Int, _ kind: String) -> String {
        number == 1 ? "\(file).\(kind)" : "\(file).\(number).\(kind)"
    }

    init(reading bytes: [UInt8], from place: String) throws(LibraryError) {
        func malformed(_ detail: String) -> LibraryError {
            LibraryError(.malformedIndex, "\(place) is no index: \(detail)")
        }
        let document: Value
        do throws(JSONError) {
            document = try Value.parseJSON(bytes, limits: JSONLimits(depth: 16, bytes: Self.mostBytes))
        } catch {
            throw malformed("\(error)")
        }
        guard document["apiVersion"]?.text == Shape.apiVersion, document["kind"]?.text == Self.kind else {
            throw malformed("expected a document of kind \(Self.kind)")
        }
        guard case .int(let serial)? = document["serial"], (1..<Self.serialEnd).contains(serial) else {
            throw malformed("it has no serial from 1 to \(Self.serialEnd - 1)")
        }
        guard let until = document["validUntil"]?.text.flatMap({ Timestamp(rfc3339: $0) }) else {
            throw malformed("it has no validUntil")
        }
        entries = try (document["libraries"]?.elements ?? []).map { item throws(LibraryError) in
            guard let name = item["name"]?.text, let version = item["version"]?.text.flatMap(SemanticVersion.init),
                let digest = item["digest"]?.text, LibraryLock.isDigest(digest)
            else { throw malformed("a library in it lacks its name, version or digest") }
            return Entry(name: name, version: version, digest: digest)
        }
        self.serial = serial
        validUntil = until.seconds
    }

    /// Writes an index of packages, with what people search for: titles, tags and the symptoms' texts.
    ///
    /// - Parameter libraries: each with where it can be had; `nil`: nothing is said of that.
    package static func document(
        of libraries: [(package: LibraryPackage, playbooks: [Playbook], source: String?)], serial: Int64,
        validUntil: Timestamp
    ) -> [UInt8] {
        let items = libraries.map { library -> Value in
            let manifest = library.package.manifest
            var fields: [String: Value] = [
                "name": .string(manifest.name), "version": .string(manifest.version.description),
                "digest": .string(library.package.digest), "description": .string(manifest.description),
                "channel": .string(manifest.channel), "permissionsHash": .string(manifest.permissions.hash),
                "permissions": .list(CEL.List(manifest.permissions.words.map(Value.string))),
                "playbooks": .list(CEL.List(library.playbooks.map(summary))),
            ]
            if let source = library.source { fields["source"] = .string(source) }
            return .map(Map(fields))
        }
        return OCI.write(
            .map([
                "apiVersion": .string(Shape.apiVersion), "kind": .string(kind), "serial": .int(serial),
                "validUntil": .string(validUntil.description), "libraries": .list(CEL.List(items)),
            ])) + [UInt8(ascii: "\n")]
    }

    private static func summary(of playbook: Playbook) -> Value {
        let texts = playbook.symptoms.compactMap { symptom in
            if case .text(let text) = symptom { Value.string(text) } else { nil }
        }
        return .map([
            "name": .string(playbook.name), "title": .string(playbook.title),
            "tags": .list(CEL.List(playbook.tags.map(Value.string))), "symptoms": .list(CEL.List(texts)),
        ])
    }
}
