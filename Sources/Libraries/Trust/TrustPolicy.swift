internal import CEL
internal import Facts
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
        package var grant: Grant
        /// How long a version must have been known here before it is taken, in seconds.
        package var minimumAge: Int64?
        /// Where the index of its libraries is, a folder's file or an https URL.
        var index: LibraryReference?
        /// As the rule writes it: what was seen there is remembered under it, wherever a link of it leads.
        var indexText = ""
        /// Whether nothing is taken without an index that holds.
        var requiresFreshness = false
    }

    package var level = Level.readOnly
    package var unsigned = Unsigned.ask
    package var minimumAge: Int64 = 0
    package var rules: [Rule] = []
    /// Where to look instead, the machine's before the person's; what a source is, its rules and its lock stay the same.
    package var mirrors: [Mirror] = []
    /// Where it was read from; the first rule that matches counts, the system's rules first.
    package private(set) var isEnforced = false
    /// The defaults that an earlier policy has given.
    private var decided: Set<String> = []
    package var signers = AllowedSigners()
    /// Digests of packages and fingerprints of keys, each with the reason.
    package var revoked: [String: String] = [:]

    package init() {}

    static let kind = "TrustPolicy"

    /// Reads `trust.yaml`, `allowed_signers`, `revoked.yaml` and `revoked_keys` of the folders, the machine's before the person's.
    package init(folders: [String]) throws(LibraryError) {
        for folder in folders {
            if let bytes = try Disk.contentsIfPresent(of: folder + "/revoked.yaml", limit: 1 << 20) {
                try add(Revocations(reading: bytes, file: "\(folder)/revoked.yaml"))
            }
            if let bytes = try Disk.contentsIfPresent(of: folder + "/revoked_keys", limit: 1 << 20) {
                try add(Revocations(readingKeys: bytes, file: "\(folder)/revoked_keys"))
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
            // As with the rules, what the machine's policy says counts before what the person's does.
            func isFirst(_ key: String) -> Bool { defaults[key] != nil && decided.insert(key).inserted }
            if isFirst("level") { level = defaults.text("level").flatMap(Level.init) ?? level }
            if isFirst("minimumAge") { minimumAge = try Self.age(defaults, file) ?? minimumAge }
            if isFirst("unsigned") { unsigned = defaults.text("unsigned").flatMap(Unsigned.init) ?? unsigned }
        }
        for item in root.elements("mirrors").compactMap(Mapping.init) {
            guard let origin = item.text("of"), let place = item.text("at") else { continue }
            mirrors.append(try Mirror(of: origin, at: place, file: file))
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
            guard count <= any.count, Set(any).count == any.count else {
                throw LibraryError(
                    .malformedPolicy,
                    "\(file): '\(match)' wants \(count) signers and names \(Set(any).count): each counts once",
                    hint: "for several keys of one team name each key, by its fingerprint SHA256:…")
            }
            for signer in any where signer.hasPrefix("minisign:") && MinisignKey(signer) == nil {
                throw LibraryError(.malformedPolicy, "\(file): '\(printable(signer))' is no key of minisign's")
            }
            rules.append(
                Rule(
                    match: match, name: name, signers: any, count: count, grant: try Self.grant(item, match, file),
                    minimumAge: try Self.age(item, file), index: try Self.index(item, match, any, file),
                    indexText: item.text("index") ?? "", requiresFreshness: item.text("freshness") == "required"))
        }
    }

    private static func index(
        _ rule: Mapping, _ match: String, _ signers: [String], _ file: String
    ) throws(LibraryError) -> LibraryReference? {
        func malformed(_ words: String) -> LibraryError {
            LibraryError(.malformedPolicy, "\(file): the index of '\(match)' \(words)")
        }
        guard let text = rule.text("index") else {
            guard rule["freshness"] == nil else { throw malformed("is not named, but its freshness is") }
            return nil
        }
        let reference: LibraryReference
        do throws(LibraryError) { reference = try LibraryReference(text) } catch { throw malformed(error.message) }
        guard [.archive, .directory].contains(reference.transport), reference.parameters.isEmpty else {
            throw malformed("is a file or an https URL")
        }
        guard !signers.isEmpty else { throw malformed("says nothing that nobody signs: the rule names no signers") }
        return reference
    }

    private static func grant(_ rule: Mapping, _ match: String, _ file: String) throws(LibraryError) -> Grant {
        var grant = Grant(level: rule.text("level").flatMap(Level.init) ?? .readOnly, rule: match)
        if rule["commands"] != nil {
            grant.commands = rule.elements("commands").map { ($0.elements ?? []).compactMap(\.text) }
        }
        if rule["hosts"] != nil { grant.hosts = rule.texts("hosts").map(Surroundings.Permissions.pattern(host:)) }
        if rule["files"] != nil { grant.files = rule.texts("files") }
        if rule["resources"] != nil { grant.resources = rule.texts("resources") }
        // A list beside a level that grants none of it, or an empty one, was meant otherwise.
        for (key, least, isEmpty) in [
            ("commands", Level.commands, grant.commands?.isEmpty), ("hosts", .hosts, grant.hosts?.isEmpty),
        ] {
            guard let isEmpty else { continue }
            guard !isEmpty else {
                throw LibraryError(
                    .malformedPolicy, "\(file): the '\(key)' of '\(match)' are empty: nothing could ever be allowed",
                    hint: "a lower level says that")
            }
            guard grant.level >= least else {
                throw LibraryError(
                    .malformedPolicy,
                    "\(file): '\(match)' names \(key), but its level is '\(grant.level.rawValue)'",
                    hint: "level: \(least.rawValue) allows them")
            }
        }
        return grant
    }

    /// `3d` or `12h`.
    private static func age(_ mapping: Mapping, _ file: String) throws(LibraryError) -> Int64? {
        guard let text = mapping.text("minimumAge") else { return nil }
        let unit: Int64? = text.hasSuffix("d") ? 86_400 : text.hasSuffix("h") ? 3600 : nil
        guard let unit, let number = Int64(text.dropLast()), (0...100_000).contains(number) else {
            throw LibraryError(.malformedPolicy, "\(file): '\(printable(text))' is no age such as 3d or 12h")
        }
        return number * unit
    }

    /// What is revoked on this machine is so for every library.
    mutating func add(_ revocations: Revocations) {
        revoked.merge(revocations.reasons) { first, _ in first }
    }

    static func document(
        _ bytes: [UInt8], _ file: String, kind: String, shape: Shape, or code: LibraryError.Code = .malformedPolicy
    ) throws(LibraryError) -> Mapping {
        let reading = FileReading(bytes, file: file, kind: kind, shape: shape)
        guard reading.problems.isEmpty, reading.documents.count == 1, let root = reading.documents.first?.root else {
            let words = reading.problems.map { "\($0.location.file):\($0.location.line): \($0.message)" }
            throw LibraryError(code, words.first ?? "\(file): expected one document of kind \(kind)")
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
                            minimumAgeKey,
                        ])), "What holds for sources that no rule matches."),
            Key("mirrors", .list(.object(.mirror)), "Where to look instead; the first that matches counts."),
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
                                Key(
                                    "commands", .list(.list(.text, isEmptyAllowed: false)),
                                    "Of the commands that it asks for, those that it may run."),
                                Key("hosts", .list(.text), "Of the hosts that it asks for, those that it may ask."),
                                Key("files", .list(.text), "Of the files that it asks for, those that it may read."),
                                Key(
                                    "resources", .list(.text),
                                    "Of the resources that it asks for, those that it may ask the API server for."),
                                minimumAgeKey,
                                Key("index", .text, "Where the index of its libraries is: a file or an https URL."),
                                Key(
                                    "freshness", .choice(["warn", "required"]),
                                    "What happens without an index that holds."),
                            ]))), "Rules; the first that matches counts."),
        ])

    private static let minimumAgeKey = Key(
        "minimumAge", .text, "How long a version must have been known here before it is taken, such as 3d.")
}
