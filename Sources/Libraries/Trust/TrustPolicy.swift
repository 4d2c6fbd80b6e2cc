internal import CEL
internal import Playbooks
internal import YAML

/// Who may publish what, and what each source may do: `trust.yaml`.
package struct TrustPolicy: Sendable {
    package enum Level: String, Sendable, CaseIterable, Comparable {
        /// Built-in collectors that only read.
        case readOnly = "read-only"
        /// The collector `http` too.
        case hosts
        /// The collector `command` too.
        case commands
        /// `triage fix` may run its remedies' steps, each of them confirmed.
        case remedies

        package static func < (left: Level, right: Level) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    package enum Unsigned: String, Sendable, CaseIterable { case ask, refuse }

    package struct Rule: Sendable {
        var match: String
        var name: String
        var signers: [String]
        var count: Int
        package var level: Level
    }

    package var level = Level.readOnly
    package var unsigned = Unsigned.ask
    package var rules: [Rule] = []
    /// Where it was read from; the first rule that matches counts, the system's rules first.
    private var isEnforced = false
    package var signers = AllowedSigners()
    /// Digests of packages and fingerprints of keys, each with the reason.
    package var revoked: [String: String] = [:]

    package init() {}

    static let kind = "TrustPolicy"
    static let revocationKind = "Revocations"

    /// Reads `trust.yaml`, `allowed_signers` and `revoked.yaml` of the folders, the machine's before the person's.
    package init(folders: [String]) throws(LibraryError) {
        for folder in folders {
            if let bytes = try Disk.contentsIfPresent(of: folder + "/revoked.yaml", limit: 1 << 20) {
                try addRevocations(bytes, "\(folder)/revoked.yaml")
            }
            guard !isEnforced else { continue }
            if let bytes = try Disk.contentsIfPresent(of: folder + "/trust.yaml", limit: 1 << 20) {
                try add(bytes, "\(folder)/trust.yaml")
            }
            if let bytes = try Disk.contentsIfPresent(of: folder + "/allowed_signers", limit: 1 << 20) {
                let file = folder + "/allowed_signers"
                let more = try AllowedSigners(reading: String(decoding: bytes, as: UTF8.self), file: file)
                signers = AllowedSigners(joining: signers, more)
            }
        }
    }

    package mutating func add(_ bytes: [UInt8], _ file: String) throws(LibraryError) {
        let root = try Self.document(bytes, file, kind: Self.kind, shape: .trustPolicy)
        isEnforced = root.bool("enforced") ?? false
        if let defaults = root.mapping("default") {
            level = defaults.text("level").flatMap(Level.init) ?? .readOnly
            unsigned = defaults.text("unsigned").flatMap(Unsigned.init) ?? .ask
        }
        for item in root.elements("sources").compactMap(Mapping.init) {
            guard let match = item.text("match"), let name = item.text("name") else { continue }
            let signers = item.mapping("signers")
            let any = signers?.texts("any") ?? []
            let count = signers.flatMap { $0.int("count") }.map(Int.init) ?? (any.isEmpty ? 0 : 1)
            guard signers == nil || !any.isEmpty && count >= 1 else {
                throw LibraryError(
                    .malformedPolicy, "\(file): the signers of '\(match)' are empty: nobody could ever sign")
            }
            for signer in any where signer.hasPrefix("minisign:") && MinisignKey(signer) == nil {
                throw LibraryError(.malformedPolicy, "\(file): '\(printable(signer))' is no key of minisign's")
            }
            rules.append(
                Rule(
                    match: match, name: name, signers: any, count: count,
                    level: item.text("level").flatMap(Level.init) ?? .readOnly))
        }
    }

    package mutating func addRevocations(_ bytes: [UInt8], _ file: String) throws(LibraryError) {
        let root = try Self.document(bytes, file, kind: Self.revocationKind, shape: .revocations)
        for item in root.elements("keys").compactMap(Mapping.init) + root.elements("versions").compactMap(Mapping.init)
        {
            guard let name = item.text("fingerprint") ?? item.text("digest") else { continue }
            let better = item.text("replacedBy").map { "; take \($0) instead" } ?? ""
            revoked[name] = (item.text("reason") ?? "no reason given") + better
        }
    }

    private static func document(
        _ bytes: [UInt8], _ file: String, kind: String, shape: Shape
    ) throws(LibraryError) -> Mapping {
        let reading = FileReading(bytes, file: file, kind: kind, shape: shape)
        guard reading.problems.isEmpty, reading.documents.count == 1, let root = reading.documents.first?.root else {
            let words = reading.problems.map { "\($0.location.file):\($0.location.line): \($0.message)" }
            throw LibraryError(.malformedPolicy, words.first ?? "\(file): expected one document of kind \(kind)")
        }
        return root
    }

    /// The rule for a source; the first that matches.
    package func rule(for source: String) -> Rule? {
        rules.first { AllowedSigners.matches(source, $0.match) }
    }

    /// Minisign's keys that any rule names.
    var minisignKeys: [MinisignKey] { rules.flatMap(\.signers).compactMap { MinisignKey($0) } }
}

extension AllowedSigners {
    init(joining one: AllowedSigners, _ other: AllowedSigners) {
        self.init()
        lines = one.lines + other.lines
    }
}

extension Shape {
    static let trustPolicy = Shape(
        "a trust policy", "Who may publish what.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant(TrustPolicy.kind), "What the document is.", isRequired: true),
            Key("enforced", .boolean, "Whether the policies behind this one are ignored."),
            Key(
                "default",
                .object(
                    Shape(
                        "default", "What holds for sources that no rule matches.",
                        keys: [
                            Key("level", .choice(TrustPolicy.Level.allCases.map(\.rawValue)), "What they may do."),
                            Key(
                                "unsigned", .choice(TrustPolicy.Unsigned.allCases.map(\.rawValue)),
                                "What happens to packages without a signature."),
                        ])), "What holds for sources that no rule matches."),
            Key(
                "sources",
                .list(
                    .object(
                        Shape(
                            "a rule", "What holds for some sources.",
                            keys: [
                                Key("match", .text, "The source; * stands for anything.", isRequired: true),
                                Key("name", .text, "Names that it may ship, such as acme-*.", isRequired: true),
                                Key(
                                    "signers",
                                    .object(
                                        Shape(
                                            "signers", "Who must have signed.",
                                            keys: [
                                                Key("any", .list(.text), "Principals, or minisign:KEY."),
                                                Key("count", .integer, "How many of them."),
                                            ])), "Who must have signed."),
                                Key(
                                    "level", .choice(TrustPolicy.Level.allCases.map(\.rawValue)),
                                    "What its playbooks may do."),
                            ]))), "Rules; the first that matches counts."),
        ])

    static let revocations = Shape(
        "revocations", "Keys and versions that are not trusted any more.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant(TrustPolicy.revocationKind), "What the document is.", isRequired: true),
            Key("keys", .list(.object(revocation("fingerprint"))), "Keys."),
            Key("versions", .list(.object(revocation("digest"))), "Packages."),
        ])

    private static func revocation(_ key: String) -> Shape {
        Shape(
            "a revocation", "What is not trusted any more.",
            keys: [
                Key(key, .text, "What.", isRequired: true), Key("reason", .text, "Why."),
                Key("replacedBy", .text, "What to take instead."),
            ])
    }
}
