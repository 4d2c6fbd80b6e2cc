/// A parsed expression.
///
/// Macros keep their shape, so that the checker can speak of them as people wrote them and the evaluator can run each
/// as the loop that it is.
struct Expression: Sendable {
    /// Dense within one parse: an index into the checker's tables.
    let id: Int
    /// Place in the UTF-8 text.
    let range: Range<Int>
    /// Nesting of the tree below, counted so that no walk over it can exhaust the stack.
    let depth: Int
    let kind: Kind

    indirect enum Kind: Sendable {
        case literal(Value)
        case identifier(String, isAbsolute: Bool)
        case select(Expression, field: String, isOptional: Bool)
        /// `has(operand.field)`.
        case presence(Expression, field: String)
        case call(Call)
        case and([Expression])
        case or([Expression])
        case conditional(Expression, Expression, Expression)
        case list([Element])
        case map([Entry])
        case message(String, [Field])
        case comprehension(Comprehension)
        /// `cel.bind(name, value, body)`.
        case bind(String, Expression, Expression)
        /// `cel.block([values], body)`.
        case block([Expression], Expression)
        /// `operand.optMap(name, body)`; `optFlatMap` where `isFlat`.
        case optionalMap(Expression, String, Expression, isFlat: Bool)
        /// Stands where something could not be parsed; its issue is already told.
        case invalid
    }

    struct Call: Sendable {
        var function: String
        /// Where the function's name or the operator stands.
        var nameRange: Range<Int>
        var target: Expression?
        var arguments: [Expression]
    }

    struct Element: Sendable {
        var value: Expression
        var isOptional: Bool
    }

    struct Entry: Sendable {
        var key: Expression
        var value: Expression
        var isOptional: Bool
    }

    struct Field: Sendable {
        var name: String
        var range: Range<Int>
        var value: Expression
        var isOptional: Bool
    }

    struct Comprehension: Sendable {
        enum Kind: String, Sendable {
            case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry
        }

        var kind: Kind
        var source: Expression
        /// The element; or, with two variables, the index or key.
        var variable: String
        var secondVariable: String?
        /// Of the forms that have one beside the body: `map(x, filter, body)`.
        var filter: Expression?
        var body: Expression
    }
}

extension Expression {
    /// `a.b.c` where the expression is nothing but names, else `nil`.
    var qualifiedName: (name: String, isAbsolute: Bool)? {
        switch kind {
        case .identifier(let name, let isAbsolute): (name, isAbsolute)
        case .select(let operand, let field, isOptional: false):
            operand.qualifiedName.map { ($0.name + "." + field, $0.isAbsolute) }
        default: nil
        }
    }

    /// Whether a name occurs anywhere in it, with whatever meaning.
    func mentions(_ name: String) -> Bool {
        if case .identifier(name, _) = kind { return true }
        return children.contains { $0.mentions(name) }
    }

    /// The direct parts, in the order of the text.
    var children: [Expression] {
        switch kind {
        case .literal, .identifier, .invalid: []
        case .select(let operand, _, _), .presence(let operand, _): [operand]
        case .call(let call): (call.target.map { [$0] } ?? []) + call.arguments
        case .and(let operands), .or(let operands): operands
        case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .message(_, let fields): fields.map(\.value)
        case .comprehension(let loop): [loop.source] + (loop.filter.map { [$0] } ?? []) + [loop.body]
        case .bind(_, let value, let body): [value, body]
        case .block(let values, let body): values + [body]
        case .optionalMap(let operand, _, let body, _): [operand, body]
        }
    }
}
