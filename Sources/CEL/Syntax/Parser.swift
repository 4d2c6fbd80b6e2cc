/// Text to tree, by recursive descent.
///
/// After a mistake inside brackets it goes on behind the next comma, so that one run tells several.
struct Parser {
    /// Issue 3, "recursion limits"; cel-go has the same depth.
    static let maximumDepth = 250
    static let maximumLength = 16 * 1024

    var lexer: Lexer
    var token: Token
    /// Where the previous token ended.
    var previousEnd = 0
    var issues: [CompilationError.Issue] = []
    var nextID = 0
    var nesting = 0
    let expandsMacros: Bool

    init(_ source: String, expandsMacros: Bool = true) {
        lexer = Lexer(source)
        self.expandsMacros = expandsMacros
        token = Token(kind: .end, range: 0..<0)
        if lexer.text.count <= Self.maximumLength { token = lexer.next() }
    }

    static func parse(
        _ source: String, expandsMacros: Bool = true
    ) -> (expression: Expression, count: Int, issues: [CompilationError.Issue]) {
        var parser = Parser(source, expandsMacros: expandsMacros)
        guard parser.lexer.text.count <= maximumLength else {
            let message = "an expression has at most \(maximumLength) bytes, this one has \(parser.lexer.text.count)"
            let issue = CompilationError.Issue(.tooLong, message, offset: maximumLength, length: 0)
            return (parser.make(.invalid, 0..<0), 1, [issue])
        }
        let expression = parser.expression()
        if parser.token.kind != .end, parser.issues.isEmpty, parser.lexer.issues.isEmpty {
            parser.unexpected("the end of the expression or an operator")
        }
        var issues = parser.lexer.issues + parser.issues
        issues.sort { $0.offset < $1.offset }
        return (expression, parser.nextID, issues)
    }

    // MARK: Tokens

    mutating func advance() {
        previousEnd = token.range.upperBound
        token = lexer.next()
    }

    func at(_ symbol: Token.Symbol) -> Bool { token.kind == .symbol(symbol) }

    mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func fail(
        _ code: CompilationError.Issue.Code = .syntax, _ message: String, at range: Range<Int>,
        suggestion: String? = nil
    ) {
        issues.append(.init(code, message, offset: range.lowerBound, length: range.count, suggestion: suggestion))
    }

    /// Tells that something else was expected here; what the lexer could not read, it has told already.
    mutating func unexpected(_ expected: String) {
        switch token.kind {
        case .invalid: return
        case .end: fail(.syntax, "the expression ends here, expected \(expected)", at: token.range)
        default:
            let found = String(decoding: lexer.text[token.range], as: UTF8.self)
            fail(.syntax, "found '\(found)', expected \(expected)", at: token.range)
        }
    }

    // MARK: Nodes

    mutating func make(_ kind: Expression.Kind, _ range: Range<Int>, depth: Int = 1) -> Expression {
        defer { nextID += 1 }
        guard depth <= Self.maximumDepth else {
            if !issues.contains(where: { $0.code == .tooDeep }) {
                fail(.tooDeep, "the expression is nested more than \(Self.maximumDepth) deep", at: range)
            }
            return Expression(id: nextID, range: range, depth: 1, kind: .invalid)
        }
        return Expression(id: nextID, range: range, depth: depth, kind: kind)
    }

    mutating func makeCall(
        _ function: String, nameRange: Range<Int>, target: Expression? = nil, _ arguments: [Expression],
        range: Range<Int>
    ) -> Expression {
        let depth = arguments.reduce(target?.depth ?? 0) { max($0, $1.depth) }
        let call = Expression.Call(function: function, nameRange: nameRange, target: target, arguments: arguments)
        return make(.call(call), range, depth: depth + 1)
    }

    // MARK: Operators

    mutating func expression() -> Expression {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maximumDepth else {
            let place = token.range
            if !issues.contains(where: { $0.code == .tooDeep }) {
                fail(.tooDeep, "the expression is nested more than \(Self.maximumDepth) deep", at: place)
            }
            while token.kind != .end { advance() }
            return make(.invalid, place)
        }
        let condition = binary(0)
        guard take(.question) else { return condition }
        let then = binary(0)
        guard take(.colon) else {
            unexpected("':' and the other branch of '?'")
            return make(.invalid, condition.range)
        }
        let otherwise = expression()
        let range = condition.range.lowerBound..<otherwise.range.upperBound
        let depth = max(condition.depth, then.depth, otherwise.depth) + 1
        return make(.conditional(condition, then, otherwise), range, depth: depth)
    }

    /// How tightly an operator binds, and its function's name in cel-spec.
    private func precedence(_ symbol: Token.Symbol) -> (level: Int, function: String)? {
        switch symbol {
        case .or: (0, "_||_")
        case .and: (1, "_&&_")
        case .less: (2, "_<_")
        case .lessOrEqual: (2, "_<=_")
        case .greater: (2, "_>_")
        case .greaterOrEqual: (2, "_>=_")
        case .equal: (2, "_==_")
        case .notEqual: (2, "_!=_")
        case .in: (2, "@in")
        case .plus: (3, "_+_")
        case .minus: (3, "_-_")
        case .times: (4, "_*_")
        case .divide: (4, "_/_")
        case .modulo: (4, "_%_")
        default: nil
        }
    }

    private mutating func binary(_ minimum: Int) -> Expression {
        var left = unary()
        while case .symbol(let symbol) = token.kind, let (level, function) = precedence(symbol), level >= minimum {
            if symbol == .and || symbol == .or {
                left = logical(symbol, level: level, first: left)
                continue
            }
            let nameRange = token.range
            advance()
            let right = binary(level + 1)
            left = makeCall(
                function, nameRange: nameRange, [left, right],
                range: left.range.lowerBound..<right.range.upperBound)
        }
        return left
    }

    /// A chain of one logical operator is one node, however long.
    private mutating func logical(_ symbol: Token.Symbol, level: Int, first: Expression) -> Expression {
        var operands = [first]
        while take(symbol) { operands.append(binary(level + 1)) }
        let range = first.range.lowerBound..<previousEnd
        let depth = operands.reduce(0) { max($0, $1.depth) } + 1
        return make(symbol == .and ? .and(operands) : .or(operands), range, depth: depth)
    }

    private mutating func unary() -> Expression {
        let start = token.range.lowerBound
        let operatorRange = token.range
        if at(.not) {
            var count = 0
            while take(.not) { count += 1 }
            let operand = member()
            // As in the reference: two negations are none.
            guard count % 2 == 1 else { return operand }
            return makeCall("!_", nameRange: operatorRange, [operand], range: start..<operand.range.upperBound)
        }
        guard at(.minus) else { return member() }
        var count = 0
        while take(.minus) { count += 1 }
        if token.kind == .literal, let negated = negatedLiteral() {
            let number = make(.literal(negated), (token.range.lowerBound - 1)..<token.range.upperBound)
            advance()
            let operand = postfix(number)
            guard count % 2 == 0 else { return operand }
            return makeCall("-_", nameRange: operatorRange, [operand], range: start..<operand.range.upperBound)
        }
        let operand = member()
        guard count % 2 == 1 else { return operand }
        return makeCall("-_", nameRange: operatorRange, [operand], range: start..<operand.range.upperBound)
    }

    /// The current literal with a minus before it; the smallest int exists only so.
    private func negatedLiteral() -> Value? {
        switch token.value {
        case .int(let number): .int(-number)
        case .double(let number): .double(-number)
        case nil: .int(.min)
        default: nil
        }
    }

    // MARK: Members

    private mutating func member() -> Expression { postfix(primary()) }

    private mutating func postfix(_ start: Expression) -> Expression {
        var operand = start
        while true {
            if at(.dot) {
                operand = selection(of: operand)
            } else if at(.openBracket) {
                operand = index(of: operand)
            } else if at(.openBrace), let name = operand.qualifiedName {
                operand = message(named: (name.isAbsolute ? "." : "") + name.name, from: operand.range.lowerBound)
            } else {
                return operand
            }
            if case .invalid = operand.kind { return operand }
        }
    }

    private mutating func selection(of operand: Expression) -> Expression {
        let start = operand.range.lowerBound
        advance()
        let isOptional = take(.question)
        let nameRange = token.range
        switch token.kind {
        case .identifier(let name):
            advance()
            guard at(.openParenthesis), !isOptional else {
                let kind = Expression.Kind.select(operand, field: name, isOptional: isOptional)
                return make(kind, start..<nameRange.upperBound, depth: operand.depth + 1)
            }
            let arguments = arguments()
            return macroOrCall(name, nameRange: nameRange, target: operand, arguments, range: start..<previousEnd)
        case .quotedIdentifier(let name):
            advance()
            let kind = Expression.Kind.select(operand, field: name, isOptional: isOptional)
            return make(kind, start..<nameRange.upperBound, depth: operand.depth + 1)
        default:
            unexpected("a field's name")
            return make(.invalid, start..<nameRange.upperBound)
        }
    }

    private mutating func index(of operand: Expression) -> Expression {
        let bracket = token.range
        advance()
        let isOptional = take(.question)
        let index = expression()
        close(.closeBracket)
        return makeCall(
            isOptional ? "_[?_]" : "_[_]", nameRange: bracket, [operand, index],
            range: operand.range.lowerBound..<previousEnd)
    }

    private mutating func primary() -> Expression {
        let start = token.range.lowerBound
        switch token.kind {
        case .literal:
            guard let value = token.value else {
                fail(.invalidLiteral, "this does not fit into an int (64 bits)", at: token.range)
                advance()
                return make(.invalid, start..<previousEnd)
            }
            advance()
            return make(.literal(value), start..<previousEnd)
        case .identifier, .symbol(.dot): return name()
        case .symbol(.openParenthesis):
            advance()
            let inner = expression()
            close(.closeParenthesis)
            return inner
        case .symbol(.openBracket): return list()
        case .symbol(.openBrace): return map()
        case .invalid:
            advance()
            return make(.invalid, start..<previousEnd)
        case .end, .quotedIdentifier, .symbol:
            unexpected("an expression")
            return make(.invalid, token.range)
        }
    }

    private mutating func name() -> Expression {
        let start = token.range.lowerBound
        let isAbsolute = take(.dot)
        guard case .identifier(let name) = token.kind else {
            unexpected("a name")
            return make(.invalid, token.range)
        }
        let nameRange = token.range
        if Self.reservedWords.contains(name) {
            fail(.syntax, "'\(name)' is a reserved word and cannot name anything", at: nameRange)
        }
        advance()
        if at(.openParenthesis) {
            let arguments = arguments()
            let function = isAbsolute ? "." + name : name
            return macroOrCall(function, nameRange: nameRange, target: nil, arguments, range: start..<previousEnd)
        }
        return make(.identifier(name, isAbsolute: isAbsolute), start..<nameRange.upperBound)
    }

    /// cel-spec, `RESERVED`.
    static let reservedWords: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
}
