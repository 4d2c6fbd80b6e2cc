internal import FoundationEssentials
internal import Playbooks

/// Keys and versions that are not trusted any more: `revoked.yaml`, of this machine or in a library's newer version.
package struct Revocations: Sendable, Hashable {
    static let file = "revoked.yaml"
    static let kind = "Revocations"
    static let mostBytes = 1 << 20

    /// Digests of packages and fingerprints of keys, each with the reason.
    package private(set) var reasons: [String: String] = [:]

    package init() {}

    mutating func merge(_ other: Revocations) { reasons.merge(other.reasons) { first, _ in first } }

    /// As it is read.
    var text: String {
        func lines(_ key: String, _ list: String, _ isWanted: (String) -> Bool) -> [String] {
            let entries = reasons.filter { isWanted($0.key) }.sorted { $0.key < $1.key }
            return entries.isEmpty
                ? [] : ["\(list):"] + entries.map { "  - {\(key): \(quoted($0.key)), reason: \(quoted($0.value))}" }
        }
        let all =
            ["apiVersion: \(Shape.apiVersion)", "kind: \(Self.kind)"]
            + lines("fingerprint", "keys") { !LibraryLock.isDigest($0) }
            + lines("digest", "versions") { LibraryLock.isDigest($0) }
        return all.joined(separator: "\n") + "\n"
    }

    package init(reading bytes: [UInt8], file: String) throws(LibraryError) {
        let root = try TrustPolicy.document(bytes, file, kind: Self.kind, shape: .revocations)
        for item in root.elements("keys").compactMap(Mapping.init) + root.elements("versions").compactMap(Mapping.init)
        {
            guard let name = item.text("fingerprint") ?? item.text("digest") else { continue }
            guard name.hasPrefix("SHA256:") || name.hasPrefix("minisign:") || LibraryLock.isDigest(name) else {
                // A revocation that can never match is a mistake that nobody would notice.
                throw LibraryError(
                    .malformedPolicy, "\(file): '\(printable(name))' is neither a fingerprint nor a digest",
                    hint: "expected SHA256:… (ssh-keygen -l), minisign:RW…, or sha256:… of a version")
            }
            // Signatures hold no time that their key could not make up: 'since' is told, and all of the key's are refused.
            let since = item.text("since").map { " (since \(printable($0)))" } ?? ""
            let better = item.text("replacedBy").map { "; take \($0) instead" } ?? ""
            reasons[name] = (item.text("reason") ?? "no reason given") + since + better
        }
    }

    /// What `ssh-keygen -r` takes: public keys, a line each.
    package init(readingKeys bytes: [UInt8], file: String) throws(LibraryError) {
        guard !bytes.starts(with: Array("SSHKRL".utf8)) else {
            throw LibraryError(
                .malformedPolicy, "\(file) is a binary KRL, which is not read",
                hint: "public keys, a line each, are read by ssh-keygen and by triage")
        }
        for (number, line) in String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let place = words.firstIndex { $0.hasPrefix("ssh-") || $0.hasPrefix("ecdsa-") || $0.hasPrefix("sk-") }
            guard let place, words.count > place + 1, let blob = Data(base64Encoded: words[place + 1]) else {
                throw LibraryError(.malformedPolicy, "\(file):\(number + 1): expected a public key")
            }
            let key = try Self.fingerprint(ofRevoked: Array(blob), words[place], "\(file):\(number + 1)")
            reasons[key] = "it stands in \(file)"
        }
    }

    /// Of whatever type: what is revoked need not be a key that could be used.
    ///
    /// A certificate stands for its key, as ssh has it.
    private static func fingerprint(
        ofRevoked blob: [UInt8], _ word: String, _ place: String
    ) throws(LibraryError) -> String {
        var reader = SSHReader(blob)
        let type = reader.text() ?? ""
        guard type.hasSuffix(SSHCertificate.suffix) || word.hasSuffix(SSHCertificate.suffix) else {
            return SSHKey.fingerprint(of: blob)
        }
        do throws(LibraryError) { return try SSHKey(blob: blob).fingerprint } catch {
            throw LibraryError(
                .malformedPolicy, "\(place): the certificate cannot be read: \(error.message)",
                hint: "the public key that it certifies, in its place, revokes the same")
        }
    }
}

extension Shape {
    static let revocations = Shape(
        "revocations", "Keys and versions that are not trusted any more.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant(Revocations.kind), "What the document is.", isRequired: true),
            Key("keys", .list(.object(revocation("fingerprint"))), "Keys."),
            Key("versions", .list(.object(revocation("digest"))), "Packages."),
        ])

    private static func revocation(_ key: String) -> Shape {
        Shape(
            "a revocation", "What is not trusted any more.",
            keys: [
                Key(key, .text, "What.", isRequired: true), Key("reason", .text, "Why."),
                Key("since", .text, "Since when; it is shown, and counts for nothing."),
                Key("replacedBy", .text, "What to take instead."),
            ])
    }
}
