package import CEL

/// What a collector gives, costs and needs.
///
/// Conditions are checked against it; `triage facts show` prints it.
package struct Declaration: Sendable {
    package struct Parameter: Sendable {
        /// What a value may name outside of the program: who chooses it must be allowed to have it.
        package enum Target: Sendable {
            case command, url, file
            /// A directory, of which what is below it is read.
            case folder
            /// A systemd unit, of which the journal is read.
            case journal
            /// A name that is asked for in DNS.
            case hostName
            /// An API server's resource.
            case resource

            /// Of `library.yaml` and `trust.yaml`, the list that the value has to be in.
            package var permission: String {
                switch self {
                case .command: "commands"
                case .url, .hostName: "hosts"
                case .file, .folder, .journal: "files"
                case .resource: "resources"
                }
            }
        }

        package var name: String
        package var type: ValueType
        package var summary: String
        package var isRequired: Bool
        package var defaultValue: Value?
        /// `nil`: whatever its value, the collector decides where it looks.
        package var names: Target?

        package init(
            _ name: String, _ type: ValueType, _ summary: String, isRequired: Bool = false,
            defaultValue: Value? = nil, names: Target? = nil
        ) {
            self.name = name
            self.type = type
            self.summary = summary
            self.isRequired = isRequired
            self.defaultValue = defaultValue
            self.names = names
        }
    }

    /// What asking costs; cheaper facts are asked first.
    package enum Cost: Int, Sendable, Comparable, CaseIterable {
        /// From what is already in memory (the text, the environment).
        case memory
        case file
        case command
        case network
        /// Many requests, or lists that may be long.
        case list

        package static func < (left: Cost, right: Cost) -> Bool { left.rawValue < right.rawValue }
    }

    /// What must be allowed for the fact to be had, for people: `read /proc/swaps`, `get pods`, `root`.
    package struct Privilege: Sendable, Hashable, ExpressibleByStringLiteral {
        package var text: String
        package init(_ text: String) { self.text = text }
        package init(stringLiteral value: String) { text = value }
    }

    package var name: String
    package var summary: String
    package var parameters: [Parameter]
    package var returns: ValueType
    /// What single fields mean, by dotted path; printed by `triage facts show`.
    package var fields: [String: String]
    /// The only words that a text may be, by dotted path; for those of which nothing is said it may be anything.
    package var words: [String: [String]]
    package var cost: Cost
    package var privileges: [Privilege]
    /// Dotted paths of what is read but never shown (removed at collection).
    package var secrets: [String]
    /// `verb,verb:resource` of what is asked for whatever the parameters, and not for everybody to ask for.
    package var asks: [String]
    /// Whether it leaves out what nobody reads of its lists' elements, and gives whole ones to who takes them.
    package var readsInPart: Bool

    package init(
        _ name: String, summary: String, parameters: [Parameter] = [], returns: ValueType,
        fields: [String: String] = [:], words: [String: [String]] = [:], cost: Cost, privileges: [Privilege] = [],
        secrets: [String] = [], asks: [String] = [], readsInPart: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.returns = returns
        self.fields = fields
        self.words = words
        self.cost = cost
        self.privileges = privileges
        self.secrets = secrets
        self.asks = asks
        self.readsInPart = readsInPart
    }
}

extension CaseIterable where Self: RawRepresentable<String> {
    /// What the cases are called in facts.
    package static var words: [String] { allCases.map(\.rawValue) }
}

/// What a collector saw, and what it asked to see it.
package struct Observation: Sendable {
    package var value: Value
    /// A path, a request or a command line; without secrets.
    package var source: String

    package init(_ value: Value, source: String) {
        self.value = value
        self.source = source
    }
}

/// Gets one kind of fact.
///
/// Must return soon after its task is cancelled.
package protocol Collector: Sendable {
    var declaration: Declaration { get }
    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation
}

/// The collectors by name, in the order of registration.
package struct Catalogue: Sendable {
    package let collectors: [any Collector]
    private let byName: [String: Int]

    package init(_ collectors: [any Collector]) {
        self.collectors = collectors
        byName = Dictionary(
            collectors.enumerated().map { ($1.declaration.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package subscript(name: String) -> (any Collector)? { byName[name].map { collectors[$0] } }
    package var names: [String] { collectors.map(\.declaration.name) }
}
