internal import CEL
internal import Facts
internal import YAML

/// Makes a playbook of a document whose form has been checked: resolves names, compiles expressions, tells problems.
struct PlaybookBuilder {
    let document: Mapping
    let specification: Mapping?
    let source: SourceText
    let catalogue: Catalogue
    var expressions: ExpressionCompiler
    private var ownProblems: [Problem] = []
    /// The definitions' values where no fact is known.
    var constants = EverythingUnknown()

    init(_ document: Mapping, source: SourceText, catalogue: Catalogue) {
        self.document = document
        specification = document.mapping("spec")
        self.source = source
        self.catalogue = catalogue
        expressions = ExpressionCompiler(
            source: source, variables: ["platform": .string, "now": .timestamp, "isAsked": .bool])
    }

    var problems: [Problem] { ownProblems + expressions.problems }

    /// The name that was probably meant; comparing names is for people, who do not read hundreds of problems.
    func nearest(to name: String, among candidates: @autoclosure () -> [String]) -> String? {
        ownProblems.count < 100 ? nearestName(to: name, among: candidates()) : nil
    }

    /// `nil` where something essential is missing; every problem has been told then.
    mutating func build() -> Playbook? {
        let symptoms = buildSymptoms()
        let inputs = buildInputs()
        let facts = buildFacts(symptomGroups: symptoms.flatMap { $0.symptom.groupNames })
        let definitions = buildDefinitions()
        let causes = buildCauses()
        let remedies = buildRemedies()
        checkReferences()
        guard let metadata = document.mapping("metadata"), let name = metadata.text("name"),
            let title = metadata.text("title"), let version = metadata["version"]?.scalar?.text,
            let severity = metadata.choice("severity", Playbook.Severity.self)
        else { return nil }
        var playbook = Playbook(
            name: name, title: title, version: version, severity: severity, tags: metadata.texts("tags"),
            references: metadata.texts("references"), symptoms: symptoms.map(\.symptom), inputs: inputs, facts: facts,
            definitions: definitions, causes: causes, remedies: remedies, file: source.file,
            location: metadata["name"].map { source.location(of: $0) },
            symptomLocations: symptoms.map(\.location))
        for node in specification?.elements("asks") ?? [] {
            guard let asked = node.text else { continue }
            playbook.asks.append(asked)
            playbook.asksLocations[asked] = source.location(of: node)
        }
        return playbook
    }

    mutating func report(
        _ code: Problem.Code, _ message: String, at node: Node, severity: Problem.Severity = .error,
        suggestion: String? = nil
    ) {
        report(code, message, at: source.location(of: node), severity: severity, suggestion: suggestion)
    }

    mutating func report(
        _ code: Problem.Code, _ message: String, at location: Location, severity: Problem.Severity = .error,
        suggestion: String? = nil
    ) {
        ownProblems.append(Problem(code, message, at: location, severity: severity, suggestion: suggestion))
    }
}

// MARK: - Symptoms and inputs

extension PlaybookBuilder {
    private mutating func buildSymptoms() -> [(symptom: Symptom, location: Location)] {
        var symptoms: [(symptom: Symptom, location: Location)] = []
        for element in specification?.elements("symptoms") ?? [] {
            guard let mapping = Mapping(element) else { continue }
            if let text = mapping.text("text"), let node = mapping["text"], !text.isBlank {
                symptoms.append((.text(text), source.location(of: node)))
            }
            if let text = mapping.text("regex"), let node = mapping["regex"], !text.isBlank,
                let pattern = buildPattern(text, at: node)
            {
                symptoms.append((.regex(pattern), source.location(of: node)))
            }
        }
        return symptoms
    }

    private mutating func buildPattern(_ text: String, at node: Node) -> Pattern? {
        do {
            let pattern = try Pattern(text)
            if pattern.matches("") {
                report(
                    .matchesEverything,
                    "the pattern \(text.quotedForMessage) matches the empty text, and so every text; expected something"
                        + " that must be there", at: node)
            }
            return pattern
        } catch {
            report(.invalidPattern, "\(text.quotedForMessage) is not a pattern: \(error.message)", at: node)
            return nil
        }
    }

    private mutating func buildInputs() -> [Input] {
        var inputs: [Input] = []
        var types: [String: ValueType] = [:]
        for entry in specification?.mapping("inputs")?.entries ?? [] {
            guard let mapping = Mapping(entry.value) else { continue }
            let kind = mapping.choice("type", Input.Kind.self) ?? .string
            types[entry.key] = kind.valueType
            let standard = mapping["default"].flatMap { buildDefault($0, kind) }
            inputs.append(
                Input(
                    name: entry.key, kind: kind, title: mapping.text("title") ?? entry.key, defaultValue: standard,
                    location: source.location(of: entry.keyNode),
                    defaultLocation: mapping["default"].map(source.location(of:))))
        }
        expressions.variables["inputs"] = .object(types)
        return inputs
    }

    private mutating func buildDefault(_ node: Node, _ kind: Input.Kind) -> Value? {
        switch (kind, node.resolved) {
        case (.string, .string(let text)): return .string(text)
        case (.int, .int(let number)): return .int(number)
        case (.bool, .bool(let flag)): return .bool(flag)
        case (.double, .double(let number)): return .double(number)
        case (.double, .int(let number)): return .double(Double(number))
        case (_, .null), (_, nil): return nil
        default:
            let quoted = kind == .string ? node.scalar.map { "\"\($0.text)\"" } : nil
            report(
                .wrongType,
                "the default must be \(kind.valueType.phrase), as the input's type says, not \(node.formName)"
                    + (quoted.map { "; write \($0)" } ?? ""), at: node, suggestion: quoted)
            return nil
        }
    }
}

extension Symptom {
    /// The named groups of a pattern, in the order of the text.
    var groupNames: [String] {
        switch self {
        case .text: []
        case .regex(let pattern): pattern.groupNames.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}

extension Input.Kind {
    var valueType: ValueType {
        switch self {
        case .string: .string
        case .int: .int
        case .bool: .bool
        case .double: .double
        }
    }
}

// MARK: - Definitions

extension PlaybookBuilder {
    /// What a name in an expression may not be called: scope names, CEL's words, types and name spaces.
    private static let reservedNames: Set<String> = [
        "facts", "inputs", "platform", "now", "isAsked", "true", "false", "null", "in", "as", "break", "const",
        "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var",
        "void",
        "while",
        "bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp", "type",
        "uint", "optional", "optional_type", "math", "strings", "lists", "sets", "base64", "cel", "regex", "net", "ip",
        "cidr", "format", "quantity", "semver", "url", "size", "has",
    ]

    mutating func checkReserved(_ name: String, at node: Node) {
        guard Self.reservedNames.contains(name) else { return }
        report(.reservedName, "'\(name)' already has a meaning in conditions; expected another name", at: node)
    }

    /// Compiles each definition after those that it needs, so that its type is known where it is used.
    ///
    /// What a definition needs is known once it is parsed.
    private mutating func buildDefinitions() -> [Definition] {
        let entries = specification?.mapping("define")?.entries ?? []
        for entry in entries { checkReserved(entry.key, at: entry.keyNode) }
        var needs: [String: Set<String>] = [:]
        for entry in entries {
            guard let text = entry.value.scalar?.text, let names = Environment.names(in: text) else { continue }
            needs[entry.key] = names
        }
        let order = DependencyOrder(entries.map(\.key), needs: needs)
        let inCircles = Set(order.circles.flatMap { $0 })
        for circle in order.circles { reportCircle(circle, in: entries) }
        // Where the type cannot be known, whatever is said of it is right.
        for name in inCircles { expressions.variables[name] = .dyn }
        var definitions: [Definition] = []
        for name in order.names where !inCircles.contains(name) {
            expressions.variables[name] = .dyn
            guard let node = entries.first(where: { $0.key == name })?.value,
                let condition = expressions.expression(node)
            else { continue }
            expressions.variables[name] = condition.program.resultType
            constants.definitions[name] = constants.value(of: condition.program)
            definitions.append(Definition(name: name, condition: condition))
        }
        return definitions
    }

    private mutating func reportCircle(_ circle: [String], in entries: [(key: String, keyNode: Node, value: Node)]) {
        guard let first = circle.first, let node = entries.first(where: { $0.key == first })?.keyNode else { return }
        let way = (circle + [first]).map { "'\($0)'" }.joined(separator: " needs ")
        report(.definitionCycle, "a definition cannot need itself: \(way)", at: node)
    }
}
