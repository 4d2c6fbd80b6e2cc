package import CEL

/// One playbook, loaded and checked: every expression is compiled, every name resolved.
package struct Playbook: Sendable {
    package enum Severity: String, Sendable, CaseIterable { case info, warning, error, critical }

    /// Whether others may rely on a cause.
    ///
    /// A stable one has tests that confirm it, rule it out, and lack a fact.
    package enum Stability: String, Sendable, CaseIterable { case experimental, stable }

    /// What conditions may compare `platform` with; what was not recognised is `unknown`.
    package static let platforms = [
        "eks", "aks", "gke", "openshift", "kubeadm", "k3s", "rke2", "minikube", "kind", "docker-desktop",
    ]

    package var name: String
    package var title: String
    package var version: String
    package var severity: Severity
    package var tags: [String]
    package var references: [String]
    package var symptoms: [Symptom]
    package var inputs: [Input]
    package var facts: [FactDeclaration]
    /// In an order in which each uses only those before it.
    package var definitions: [Definition]
    package var causes: [Cause]
    /// In the order of the text.
    package var remedies: [Remedy]
    /// The file it came from, as the person would name it.
    package var file: String
    /// Of its name.
    package var location: Location
    /// Of each symptom.
    package var symptomLocations: [Location]
    /// `playbook/cause` of what is looked at as well where no cause of this one is confirmed.
    package var asks: [String] = []
    /// Where each of them stands.
    package var asksLocations: [String: Location] = [:]
    /// The files of playbooks that it takes over parts of.
    package var lenders: [String] = []
    /// The files of the overlays that have changed it, in their order, and the causes that they left out.
    package var overlays: [String] = []
    package var disabledCauses: [String] = []

    package init(
        name: String, title: String, version: String, severity: Severity, tags: [String], references: [String],
        symptoms: [Symptom], inputs: [Input], facts: [FactDeclaration], definitions: [Definition], causes: [Cause],
        remedies: [Remedy], file: String, location: Location? = nil, symptomLocations: [Location] = []
    ) {
        self.name = name
        self.title = title
        self.version = version
        self.severity = severity
        self.tags = tags
        self.references = references
        self.symptoms = symptoms
        self.inputs = inputs
        self.facts = facts
        self.definitions = definitions
        self.causes = causes
        self.remedies = remedies
        self.file = file
        self.location = location ?? Location(file: file, line: 1, column: 1)
        self.symptomLocations = symptomLocations
    }
}

/// What the user sees: selects the playbook.
package enum Symptom: Sendable {
    /// Literal; case, white space, ANSI codes and line wraps do not matter.
    case text(String)
    /// RE2; named groups become `facts.symptom.<group>`.
    case regex(Pattern)
}

/// What a person may have to say.
package struct Input: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case string, int, bool, double }

    package var name: String
    package var kind: Kind
    package var title: String
    package var defaultValue: Value?
    /// Of its name, where it stands in a file.
    package var location: Location?
    /// Where the default stands, which an overlay may have brought.
    package var defaultLocation: Location?

    package init(
        name: String, kind: Kind, title: String, defaultValue: Value?, location: Location? = nil,
        defaultLocation: Location? = nil
    ) {
        self.name = name
        self.kind = kind
        self.title = title
        self.defaultValue = defaultValue
        self.location = location
        self.defaultLocation = defaultLocation
    }
}

/// `name: collector`, or `name: {collector:, with:, timeout:}`.
package struct FactDeclaration: Sendable {
    package var name: String
    package var collector: String
    /// The `with:` tree; strings in it are templates.
    package var parameters: [String: ParameterValue]
    package var timeoutSeconds: Double?
    package var location: Location

    package indirect enum ParameterValue: Sendable {
        case constant(Value)
        case template(Template)
        case list([ParameterValue])
        case map([String: ParameterValue])
    }

    package init(
        name: String, collector: String, parameters: [String: ParameterValue], timeoutSeconds: Double?,
        location: Location
    ) {
        self.name = name
        self.collector = collector
        self.parameters = parameters
        self.timeoutSeconds = timeoutSeconds
        self.location = location
    }
}

/// A derived fact.
package struct Definition: Sendable {
    package var name: String
    package var condition: Condition

    package init(name: String, condition: Condition) {
        self.name = name
        self.condition = condition
    }
}

/// A compiled expression and its place in the file.
package struct Condition: Sendable {
    package var program: Program
    package var location: Location
    private var places: SourceMap

    package init(program: Program, location: Location, places: SourceMap? = nil) {
        self.program = program
        self.location = location
        self.places = places ?? SourceMap(from: location)
    }

    /// The place in the file of a part of the expression, given as a range of its UTF-8.
    package func location(of range: Range<Int>) -> Location { places.location(of: range, in: program.source) }
}

/// Text with `{{ }}` holes, parsed once at load; what fills a hole is never parsed again.
package struct Template: Sendable {
    package enum Part: Sendable {
        case literal(String)
        case expression(Condition)
    }

    package var parts: [Part]
    /// As written.
    package var source: String
    package var location: Location

    package init(parts: [Part], source: String, location: Location) {
        self.parts = parts
        self.source = source
        self.location = location
    }
}

/// A hypothesis.
package struct Cause: Sendable {
    package var id: String
    package var title: String
    package var severity: Playbook.Severity?
    package var when: Condition
    package var because: Template?
    /// `playbook/cause` of what this one explains.
    package var explains: [String]
    /// Ids of remedies, in the order of preference.
    package var remedies: [String]
    package var location: Location
    /// Where each of `explains` stands.
    package var explainsLocations: [String: Location]
    /// The cause's own, else the playbook's; `nil` where neither says anything.
    package var stability: Playbook.Stability?

    package init(
        id: String, title: String, severity: Playbook.Severity?, when: Condition, because: Template?,
        explains: [String], remedies: [String], location: Location, explainsLocations: [String: Location] = [:],
        stability: Playbook.Stability? = nil
    ) {
        self.id = id
        self.title = title
        self.severity = severity
        self.when = when
        self.because = because
        self.explains = explains
        self.remedies = remedies
        self.location = location
        self.explainsLocations = explainsLocations
        self.stability = stability
    }
}

/// Ordered steps that mend a cause.
package struct Remedy: Sendable {
    package enum Risk: String, Sendable, CaseIterable { case safe, disruptive, destructive }

    package var id: String
    package var title: String
    package var risk: Risk
    /// Precondition, also how platform variants are chosen.
    package var when: Condition?
    package var steps: [Step]
    package var verify: Condition?
    package var rollback: [Step]
    package var location: Location

    package init(
        id: String, title: String, risk: Risk, when: Condition?, steps: [Step], verify: Condition?, rollback: [Step],
        location: Location
    ) {
        self.id = id
        self.title = title
        self.risk = risk
        self.when = when
        self.steps = steps
        self.verify = verify
        self.rollback = rollback
        self.location = location
    }
}

package struct Step: Sendable {
    package enum Action: Sendable {
        /// argv; never a shell line.
        case run([Template])
        /// What a person must do.
        case say(Template)
    }

    package var action: Action
    package var isPrivileged: Bool
    /// Whether the step applies at all; `nil`: always.
    package var when: Condition?

    package init(action: Action, isPrivileged: Bool, when: Condition?) {
        self.action = action
        self.isPrivileged = isPrivileged
        self.when = when
    }
}
