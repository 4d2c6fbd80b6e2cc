internal import CEL
internal import Playbooks
internal import YAML

/// What is pinned: `triage.lock`, written to be reviewed.
package struct LibraryLock: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var version: SemanticVersion
        /// The library's digest: what it is.
        package var digest: String
        /// Where to look for it.
        package var source: String
        /// What the transport calls it: a commit, a manifest's or an archive's digest.
        package var transport: String
        /// Who signed it, each as `principal fingerprint`.
        package var signers: [String]
        /// Of what it asks for.
        package var permissions: String
        package var resolvedAt: String

        /// Whether all who signed then have signed what is there now; what nobody signed is only itself.
        package func isVouchedFor(asBy candidate: LibraryHome.Candidate) -> Bool {
            let now = Set(candidate.admission.signers.map(\.fingerprint))
            return digest == candidate.package.digest && now.isEmpty
                || !signers.isEmpty && signers.allSatisfy { now.contains(LibraryGate.Signer.fingerprint(in: $0)) }
        }
    }

    package static let kind = "LibraryLock"
    static let mostBytes = 1 << 20

    package var entries: [String: Entry] = [:]
    /// The libraries' names, those that override behind those that they override.
    package var order: [String] = []

    package init() {}

    package init(reading bytes: [UInt8], file: String) throws(LibraryError) {
        let root = try TrustPolicy.document(bytes, file, kind: Self.kind, shape: .libraryLock, or: .malformedLock)
        for (name, _, node) in root.mapping("libraries")?.entries ?? [] {
            guard let item = Mapping(node), let version = item.text("version").flatMap(SemanticVersion.init),
                let digest = item.text("digest"), Self.isDigest(digest), let source = item.text("source")
            else { throw LibraryError(.malformedLock, "\(file): the entry '\(name)' lacks a version or a digest") }
            entries[name] = Entry(
                version: version, digest: digest, source: source, transport: item.text("transport") ?? "",
                signers: item.texts("signers"), permissions: item.text("permissions") ?? "",
                resolvedAt: item.text("resolvedAt") ?? "")
        }
        order = root.texts("order")
        guard Set(order) == Set(entries.keys), order.count == entries.count else {
            throw LibraryError(.malformedLock, "\(file): 'order' does not name each library once")
        }
    }

    static func isDigest(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && text.utf8.count == 71
            && text.dropFirst(7).utf8.allSatisfy {
                $0 &- UInt8(ascii: "0") < 10 || $0 &- UInt8(ascii: "a") < 6
            }
    }

    /// A block each, sorted; equal locks give equal bytes.
    package var text: String {
        var lines = [
            "# Written by 'triage library'; what is pinned here is all that runs. Review changes as you review code.",
            "apiVersion: \(Shape.apiVersion)", "kind: \(Self.kind)",
            "order: [\(order.map(quoted).joined(separator: ", "))]",
        ]
        lines.append(entries.isEmpty ? "libraries: {}" : "libraries:")
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            lines += [
                "  \(quoted(name)):", "    version: \(quoted(entry.version.description))",
                "    digest: \(quoted(entry.digest))", "    source: \(quoted(entry.source))",
            ]
            // A directory has none.
            if !entry.transport.isEmpty { lines.append("    transport: \(quoted(entry.transport))") }
            lines += [
                "    signers: [\(entry.signers.map(quoted).joined(separator: ", "))]",
                "    permissions: \(quoted(entry.permissions))", "    resolvedAt: \(quoted(entry.resolvedAt))",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    package mutating func set(_ name: String, _ entry: Entry) {
        if entries[name] == nil { order.append(name) }
        entries[name] = entry
    }

    package mutating func remove(_ name: String) {
        entries[name] = nil
        order.removeAll { $0 == name }
    }
}

/// A double-quoted scalar: JSON's text is YAML's, but for the characters that YAML takes only as an escape.
func quoted(_ text: String) -> String {
    let json = (try? JSONWriter.canonical.string(.string(text))) ?? "\"\""
    return json.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar.value {
        case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
}

extension Shape {
    static let libraryLock = Shape(
        "a lock", "What libraries are pinned.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant(LibraryLock.kind), "What the document is.", isRequired: true),
            Key("order", .list(.name(.kebab)), "The libraries, those that override last.", isRequired: true),
            Key("libraries", .named(.kebab, .object(lockEntry)), "What is pinned, by name.", isRequired: true),
        ])

    private static let lockEntry = Shape(
        "a pinned library", "What is pinned.",
        keys: [
            Key("version", .text, "Its version.", isRequired: true),
            Key("digest", .text, "Its digest.", isRequired: true),
            Key("source", .text, "Where it came from.", isRequired: true),
            Key("transport", .text, "A commit, or the digest of a manifest or an archive."),
            Key("signers", .list(.text), "Who vouches for it."),
            Key("permissions", .text, "The hash of what it asks for."),
            Key("resolvedAt", .text, "When."),
        ])
}
