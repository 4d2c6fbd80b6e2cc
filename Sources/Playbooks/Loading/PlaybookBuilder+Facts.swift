internal import CEL
internal import Facts
internal import YAML

extension PlaybookBuilder {
    /// A fact as written, before its parameters are looked at.
    private struct Draft {
        var name: String
        var nameNode: Node
        /// Where the collector is named.
        var collectorNode: Node
        var collector: String
        var parameters: Mapping?
        var timeoutSeconds: Double?
    }

    /// Parameters are compiled once all facts are known: they may read other facts.
    mutating func buildFacts(symptomGroups: [String]) -> [FactDeclaration] {
        let drafts = draftFacts()
        var types: [String: ValueType] = [
            "symptom": .object(Dictionary(symptomGroups.map { ($0, .string) }, uniquingKeysWith: { first, _ in first }))
        ]
        var declarations: [String: Declaration] = [:]
        for draft in drafts {
            let declaration = catalogue[draft.collector]?.declaration
            types[draft.name] = declaration?.returns ?? .dyn
            declarations[draft.name] = declaration
            if declaration == nil { reportUnknownCollector(draft.collector, at: draft.collectorNode) }
        }
        expressions.variables["facts"] = .object(types)
        let facts = drafts.map { draft in
            FactDeclaration(
                name: draft.name, collector: draft.collector,
                parameters: declarations[draft.name].map { buildParameters(draft, $0) } ?? [:],
                timeoutSeconds: draft.timeoutSeconds, location: source.location(of: draft.nameNode))
        }
        checkCircles(facts)
        return facts
    }

    private mutating func draftFacts() -> [Draft] {
        var drafts: [Draft] = []
        for entry in specification?.mapping("facts")?.entries ?? [] {
            if entry.key == "symptom" {
                report(
                    .reservedName, "'symptom' holds the groups of the symptoms' patterns; expected another name",
                    at: entry.keyNode)
                continue
            }
            if let collector = entry.value.text {
                drafts.append(
                    Draft(name: entry.key, nameNode: entry.keyNode, collectorNode: entry.value, collector: collector))
            } else if let long = Mapping(entry.value), let node = long["collector"], let collector = node.text {
                drafts.append(
                    Draft(
                        name: entry.key, nameNode: entry.keyNode, collectorNode: node, collector: collector,
                        parameters: long.mapping("with"),
                        timeoutSeconds: long["timeout"]?.resolved.flatMap(seconds(of:))))
            } else {
                // Its form has been told; conditions that read it are not wrong for that.
                drafts.append(
                    Draft(name: entry.key, nameNode: entry.keyNode, collectorNode: entry.value, collector: ""))
            }
        }
        return drafts
    }

    private mutating func reportUnknownCollector(_ name: String, at node: Node) {
        guard !name.isBlank else { return }
        let nearest = self.nearest(to: name, among: catalogue.names)
        report(
            .unknownCollector,
            "there is no collector \(name.quotedForMessage)"
                + (nearest == nil ? "; 'triage facts list' lists them" : didYouMean(nearest)),
            at: node, suggestion: nearest)
    }

    // MARK: Parameters

    private mutating func buildParameters(
        _ draft: Draft, _ declaration: Declaration
    ) -> [String: FactDeclaration.ParameterValue] {
        var values: [String: FactDeclaration.ParameterValue] = [:]
        let names = declaration.parameters.map(\.name)
        for entry in draft.parameters?.entries ?? [] {
            guard let parameter = declaration.parameters.first(where: { $0.name == entry.key }) else {
                let free = names.filter { draft.parameters?[$0] == nil }
                let nearest = self.nearest(to: entry.key, among: free)
                let expected = names.isEmpty ? "none" : names.map { "'\($0)'" }.joined(separator: ", ")
                report(
                    .unknownParameter,
                    "the collector '\(declaration.name)' has no parameter "
                        + entry.key.quotedForMessage
                        + (nearest == nil ? "; expected \(expected)" : didYouMean(nearest)),
                    at: entry.keyNode, suggestion: nearest)
                continue
            }
            if let value = buildParameter(entry.value, parameter.type, what: "'\(parameter.name)'") {
                values[parameter.name] = value
            }
        }
        for parameter in declaration.parameters where parameter.isRequired && draft.parameters?[parameter.name] == nil {
            report(
                .missingParameter,
                "the collector '\(declaration.name)' needs '\(parameter.name)': \(parameter.summary.asClause)",
                at: draft.collectorNode)
        }
        return values
    }

    private mutating func buildParameter(
        _ node: Node, _ type: ValueType, what: String
    ) -> FactDeclaration.ParameterValue? {
        switch node.content {
        case .scalar: return buildScalarParameter(node, type, what: what)
        case .sequence(let elements):
            guard let elementType = type.elementType else { return wrongParameter(node, type, what: what) }
            let values = elements.map { buildParameter($0, elementType, what: "an element of \(what)") }
            let complete = values.compactMap { $0 }
            return complete.count == values.count ? .gathered(complete) : nil
        case .mapping:
            guard let mapping = Mapping(node), let fieldType = type.fieldType else {
                return wrongParameter(node, type, what: what)
            }
            var values: [String: FactDeclaration.ParameterValue] = [:]
            for entry in mapping.entries {
                guard let valueType = fieldType(entry.key) else {
                    reportUnknownField(entry.keyNode, entry.key, type, what: what)
                    continue
                }
                values[entry.key] = buildParameter(entry.value, valueType, what: "'\(entry.key)'")
            }
            return values.count == mapping.entries.count ? .gathered(values) : nil
        }
    }

    private mutating func buildScalarParameter(
        _ node: Node, _ type: ValueType, what: String
    ) -> FactDeclaration.ParameterValue? {
        if let text = node.text, TemplateText.hasHole(text) { return buildTemplateParameter(node, type, what: what) }
        guard let value = node.resolved.flatMap({ Value($0, as: type) }) else {
            return wrongParameter(node, type, what: what)
        }
        return .constant(value)
    }

    /// A text that is one hole keeps the value's type; with anything around it, it is text.
    private mutating func buildTemplateParameter(
        _ node: Node, _ type: ValueType, what: String
    ) -> FactDeclaration.ParameterValue? {
        guard let text = node.text else { return nil }
        let isOneHole = TemplateText(text).isOneHole
        guard let template = isOneHole ? expressions.anyTemplate(node) : expressions.template(node) else { return nil }
        var given = ValueType.string
        if isOneHole, case .expression(let hole) = template.parts.first { given = hole.program.resultType }
        guard given.fits(type) || ValueType.string.fits(type) && given.isWritableAsText else {
            report(
                .wrongParameterType, "\(what) must be \(type.phrase), but this is \(given.phrase)", at: node)
            return nil
        }
        return .template(template)
    }

    private mutating func wrongParameter(
        _ node: Node, _ type: ValueType, what: String
    ) -> FactDeclaration.ParameterValue? {
        let quoted = ValueType.string.fits(type) ? node.scalar.map { "\"\($0.text)\"" } : nil
        report(
            .wrongParameterType,
            "\(what) must be \(type.phrase), not \(node.formName)" + (quoted.map { "; write \($0)" } ?? ""), at: node,
            suggestion: quoted)
        return nil
    }

    private mutating func reportUnknownField(_ node: Node, _ name: String, _ type: ValueType, what: String) {
        let fields = type.fieldNames.sorted()
        let nearest = self.nearest(to: name, among: fields)
        let expected = fields.map { "'\($0)'" }.joined(separator: ", ")
        report(
            .unknownParameter,
            "\(what) has no field \(name.quotedForMessage)"
                + (nearest == nil ? "; expected \(expected)" : didYouMean(nearest)), at: node, suggestion: nearest)
    }

    // MARK: Circles

    private mutating func checkCircles(_ facts: [FactDeclaration]) {
        let needs = Dictionary(
            facts.map { fact in
                let paths = fact.parameters.values.flatMap(\.conditions).flatMap(\.program.references)
                return (fact.name, Set(paths.filter { $0.count > 1 && $0[0] == "facts" }.map { $0[1] }))
            }, uniquingKeysWith: { first, _ in first })
        for circle in DependencyOrder(facts.map(\.name), needs: needs).circles {
            guard let first = facts.first(where: { $0.name == circle.first }) else { continue }
            let way = (circle + [first.name]).map { "'\($0)'" }.joined(separator: " needs ")
            report(.factCycle, "a fact cannot need itself: \(way)", at: first.location)
        }
    }
}

extension FactDeclaration.ParameterValue {
    /// Every expression in its texts.
    package var conditions: [Condition] {
        switch self {
        case .constant: []
        case .template(let template): template.conditions
        case .list(let values): values.flatMap(\.conditions)
        case .map(let values): values.values.flatMap(\.conditions)
        }
    }

    /// A list; a constant where nothing has to be filled in.
    fileprivate static func gathered(_ values: [Self]) -> Self {
        let constants = values.compactMap(\.constant)
        return constants.count == values.count ? .constant(.list(List(constants))) : .list(values)
    }

    /// A map; a constant where nothing has to be filled in.
    fileprivate static func gathered(_ values: [String: Self]) -> Self {
        let constants = values.compactMapValues(\.constant)
        return constants.count == values.count ? .constant(.map(Map(constants))) : .map(values)
    }

    private var constant: Value? {
        guard case .constant(let value) = self else { return nil }
        return value
    }
}

extension Template {
    /// The expressions in its holes, in order.
    package var conditions: [Condition] {
        parts.compactMap { part in
            guard case .expression(let condition) = part else { return nil }
            return condition
        }
    }
}

extension ValueType {
    fileprivate var elementType: ValueType? {
        switch self {
        case .dyn: .dyn
        case .list(let element): element
        case .nullable(let wrapped): wrapped.elementType
        default: nil
        }
    }

    /// The type of a field by its name; `nil` as a whole where there are no fields.
    fileprivate var fieldType: ((String) -> ValueType?)? {
        switch self {
        case .dyn: { _ in .dyn }
        case .map(_, let value): { _ in value }
        case .object(let fields): { fields[$0] }
        case .nullable(let wrapped): wrapped.fieldType
        default: nil
        }
    }

    fileprivate var fieldNames: [String] {
        switch self {
        case .object(let fields): Array(fields.keys)
        case .nullable(let wrapped): wrapped.fieldNames
        default: []
        }
    }
}

extension Value {
    /// A scalar of YAML as a value of the type; `nil` where it does not fit.
    fileprivate init?(_ scalar: CoreValue, as type: ValueType) {
        switch (scalar, type) {
        case (.null, .nullable), (.null, .dyn), (.null, .null): self = .null
        case (_, .nullable(let wrapped)): self.init(scalar, as: wrapped)
        case (.bool(let flag), .bool), (.bool(let flag), .dyn): self = .bool(flag)
        case (.int(let number), .int), (.int(let number), .dyn): self = .int(number)
        case (.int(let number), .uint) where number >= 0: self = .uint(UInt64(number))
        case (.int(let number), .double): self = .double(Double(number))
        case (.uint(let number), .uint), (.uint(let number), .dyn): self = .uint(number)
        case (.double(let number), .double), (.double(let number), .dyn): self = .double(number)
        case (.string(let text), .string), (.string(let text), .dyn): self = .string(text)
        case (.string(let text), .duration), (.string(let text), .timestamp):
            let name = type == .duration ? "duration" : "timestamp"
            guard let program = try? Environment(variables: ["text": .string]).compile("\(name)(text)") else {
                return nil
            }
            let value = program.evaluate(["text": .string(text)]).value
            switch value {
            case .duration, .timestamp: self = value
            default: return nil
            }
        default: return nil
        }
    }
}
