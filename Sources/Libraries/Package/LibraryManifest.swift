internal import Facts
package import Playbooks
internal import YAML

/// What `library.yaml` says.
package struct LibraryManifest: Sendable, Hashable {
    package struct Requirement: Sendable, Hashable {
        package var name: String
        package var versions: VersionRange
    }

    package static let file = "library.yaml"
    /// The format of packages that this program reads.
    static let format = 1

    package var name: String
    package var version: SemanticVersion
    package var description = ""
    package var license = ""
    package var owners: [String] = []
    package var triage: VersionRange?
    package var libraries: [Requirement] = []
    package var permissions = Permissions()
    package var channel = "stable"

    /// Reads the file; what is wrong with it is told all at once.
    package static func read(_ bytes: [UInt8], file: String) -> (manifest: LibraryManifest?, problems: [Problem]) {
        let reading = FileReading(bytes, file: file, kind: "Library", shape: .library)
        var problems = reading.problems
        func report(_ code: Problem.Code, _ message: String, _ mapping: Mapping, _ key: String) {
            guard let node = mapping[key] else { return }
            problems.append(Problem(code, message, at: reading.source.location(of: node)))
        }
        guard let document = reading.documents.first, reading.documents.count == 1, document.isSound else {
            if problems.isEmpty {
                let message = "expected one document of kind Library, found \(reading.documents.count)"
                problems.append(Problem(.otherKind, message, at: Location(file: file, line: 1, column: 1)))
            }
            return (nil, problems)
        }
        guard let metadata = document.root.mapping("metadata"), let name = metadata.text("name"),
            let version = metadata.text("version").flatMap(SemanticVersion.init)
        else {
            if let metadata = document.root.mapping("metadata") {
                report(.invalidVersion, "this is not a semantic version such as 1.2.3", metadata, "version")
            }
            return (nil, problems)
        }
        var manifest = LibraryManifest(name: name, version: version)
        manifest.description = metadata.text("description") ?? ""
        manifest.license = metadata.text("license") ?? ""
        manifest.owners = metadata.elements("owners").compactMap(Mapping.init).compactMap { owner in
            owner.text("name").map { name in owner.text("contact").map { "\(name) <\($0)>" } ?? name }
        }
        let specification = document.root.mapping("spec")
        if let requires = specification?.mapping("requires") {
            if let text = requires.text("triage") {
                manifest.triage = VersionRange(text)
                if manifest.triage == nil { report(.invalidVersion, Self.rangeMessage, requires, "triage") }
            }
            if let format = requires.int("format"), format != Int64(Self.format) {
                report(.invalidValue, "this program reads packages of format \(Self.format)", requires, "format")
            }
            for item in requires.elements("libraries").compactMap(Mapping.init) {
                guard let name = item.text("name"), let text = item.text("version") else { continue }
                guard let range = VersionRange(text) else {
                    report(.invalidVersion, Self.rangeMessage, item, "version")
                    continue
                }
                manifest.libraries.append(Requirement(name: name, versions: range))
            }
        }
        manifest.permissions = specification?.mapping("permissions").map(Permissions.init(declared:)) ?? Permissions()
        manifest.channel = specification?.text("channel") ?? "stable"
        return (problems.contains { $0.severity == .error } ? nil : manifest, problems)
    }

    private static let rangeMessage = "this is not a range of versions such as '>=1.2 <2' or '^1.4'"
}

extension Permissions {
    /// As `spec.permissions` has them.
    init(declared mapping: Mapping) {
        commands = mapping.elements("commands").map { ($0.elements ?? []).compactMap(\.text) }
        hosts = mapping.texts("hosts").map(Surroundings.Permissions.pattern(host:))
        files = mapping.texts("files")
        resources = mapping.texts("resources")
        remedies = mapping.choice("remedies") ?? .none
    }
}

extension Shape {
    package static let library = Shape(
        "a library", "What a library of playbooks is called, needs and asks for.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant("Library"), "What the document is.", isRequired: true),
            Key(
                "metadata",
                .object(
                    Shape(
                        "metadata", "What the library is called.",
                        keys: [
                            Key("name", .name(.kebab), "Unique among the libraries in use.", isRequired: true),
                            Key("version", .text, "A semantic version, such as 1.2.3.", isRequired: true),
                            Key("description", .text, "What it is about."),
                            Key("license", .text, "An SPDX expression."),
                            Key(
                                "owners",
                                .list(
                                    .object(
                                        Shape(
                                            "an owner", "Who answers for it.",
                                            keys: [
                                                Key("name", .text, "A person or a team.", isRequired: true),
                                                Key("contact", .text, "How to reach them."),
                                            ]))), "Who answers for it."),
                        ])), "What the library is called.", isRequired: true),
            Key("spec", .object(librarySpecification), "What the library needs and asks for."),
        ])

    private static let librarySpecification = Shape(
        "spec", "What the library needs and asks for.",
        keys: [
            Key(
                "requires",
                .object(
                    Shape(
                        "requires", "What must be there.",
                        keys: [
                            Key("triage", .text, "Versions of triage, such as >=1.2 <2."),
                            Key("format", .integer, "The format of packages: 1."),
                            Key(
                                "libraries",
                                .list(
                                    .object(
                                        Shape(
                                            "a required library", "Another library.",
                                            keys: [
                                                Key("name", .name(.kebab), "Its name.", isRequired: true),
                                                Key("version", .text, "Its versions, such as ^1.4.", isRequired: true),
                                            ]))), "Other libraries; each is added by the person, none comes by itself."),
                        ])), "What must be there."),
            Key("permissions", .object(libraryPermissions), "What its playbooks ask for."),
            Key("channel", .choice(["stable", "testing", "experimental"]), "How mature it is."),
        ])

    private static let libraryPermissions = Shape(
        "permissions", "What its playbooks ask for; no playbook may ask for more.",
        keys: [
            Key(
                "commands", .list(.list(.text, isEmptyAllowed: false)),
                "The beginnings of argument lists; * stands for one argument."),
            Key(
                "hosts", .list(.text),
                "Such as https://status.example:443, or dns:status.example to look up the name alone."),
            Key("files", .list(.text), "Paths that are read; * and ** as in a shell."),
            Key("resources", .list(.text), "Such as get,list:deployments.apps."),
            Key(
                "remedies", .choice(Permissions.Remedies.allCases.map(\.rawValue)),
                "What becomes of remedies' commands."),
        ])
}
