internal import CEL
internal import YAML

/// Compiles the expressions of one playbook, each at its place; what is wrong is told at its place too.
struct ExpressionCompiler {
    /// How many holes a text may have, and after how many problems no more are looked for.
    private static let mostHoles = 100
    private static let mostProblems = 200

    let source: SourceText
    /// What expressions may name.
    var variables: [String: ValueType]
    private(set) var problems: [Problem] = []

    init(source: SourceText, variables: [String: ValueType]) {
        self.source = source
        self.variables = variables
    }

    /// An expression of any type.
    mutating func expression(_ node: Node?) -> Condition? {
        guard let node, let scalar = node.scalar, !scalar.text.isBlank, node.resolved != .null else { return nil }
        return compile(scalar.text, at: source.location(of: node), SourceMap(of: scalar, at: node.span, in: source))
    }

    /// An expression that must be true or false.
    mutating func condition(_ node: Node?) -> Condition? {
        guard let condition = expression(node) else { return nil }
        let type = condition.program.resultType
        guard type == .bool || type == .dyn else {
            let whole = condition.location(of: 0..<condition.program.source.utf8.count)
            report(.conditionNotBool, "a condition must be true or false, but this is \(type.phrase)", at: whole)
            return nil
        }
        return condition
    }

    /// Text with holes.
    mutating func template(_ node: Node?) -> Template? {
        guard let template = anyTemplate(node) else { return nil }
        for case .expression(let hole) in template.parts where !hole.program.resultType.isWritableAsText {
            let type = hole.program.resultType
            report(
                .templateType,
                "{{ }} must give text, a number or a time, but this is \(type.phrase)"
                    + (type.isList ? "; join(', ') makes text of a list of texts" : ""),
                at: hole.location(of: 0..<hole.program.source.utf8.count))
        }
        return template
    }

    /// Text with holes of any type.
    mutating func anyTemplate(_ node: Node?) -> Template? {
        guard let node, let scalar = node.scalar, let text = node.text else { return nil }
        let places = SourceMap(of: scalar, at: node.span, in: source)
        let parsed = TemplateText(text)
        guard parsed.parts.count <= 2 * Self.mostHoles else {
            let location = source.location(of: node)
            report(.tooLarge, "a text has more than \(Self.mostHoles) {{ }}", at: location)
            return nil
        }
        for offset in parsed.unterminated {
            report(
                .unterminatedTemplate, "'{{' without '}}'; a literal '{{' is written {{ \"{{\" }}",
                at: places.location(of: offset..<offset + 2, in: text))
        }
        for offset in parsed.empty {
            report(
                .unterminatedTemplate, "nothing stands in {{ }}; expected a CEL expression",
                at: places.location(of: offset..<offset + 2, in: text))
        }
        var parts: [Template.Part] = []
        var isComplete = parsed.unterminated.isEmpty && parsed.empty.isEmpty
        for part in parsed.parts {
            switch part {
            case .literal(let literal): parts.append(.literal(literal))
            case .hole(let expression, let offset):
                let location = places.location(of: offset..<offset + expression.utf8.count, in: text)
                if let hole = compile(expression, at: location, places.suffix(from: offset, in: text)) {
                    parts.append(.expression(hole))
                } else {
                    isComplete = false
                }
            }
        }
        return isComplete ? Template(parts: parts, source: text, location: source.location(of: node)) : nil
    }

    private mutating func compile(_ text: String, at location: Location, _ places: SourceMap) -> Condition? {
        guard problems.count < Self.mostProblems else { return nil }
        do {
            return Condition(
                program: try Environment(variables: variables).compile(text), location: location, places: places)
        } catch {
            for issue in error.issues {
                let end = issue.offset + max(issue.length, 0)
                problems.append(Problem(issue, at: places.location(of: issue.offset..<end, in: text)))
            }
            return nil
        }
    }

    private mutating func report(_ code: Problem.Code, _ message: String, at location: Location) {
        problems.append(Problem(code, message, at: location))
    }
}

extension Problem {
    /// A problem of CEL's, in our words.
    init(_ issue: CompilationError.Issue, at location: Location) {
        let code: Code =
            switch issue.code {
            case .syntax: .invalidExpression
            case .undeclaredReference: .undeclaredName
            case .undefinedField: .unknownField
            case .noMatchingOverload, .typeMismatch: .typeMismatch
            case .invalidLiteral, .invalidMacro: .invalidLiteral
            case .tooDeep, .tooLong: .expressionTooLarge
            case .invalidPattern: .invalidPattern
            }
        let offersName = issue.message.contains("did you mean")
        self.init(
            code, issue.message + (offersName ? "" : didYouMean(issue.suggestion)), at: location,
            suggestion: issue.suggestion)
    }
}
