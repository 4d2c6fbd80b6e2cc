/// What stands between brackets: arguments, lists, maps and messages.
extension Parser {
    mutating func arguments() -> [Expression] {
        advance()
        var arguments: [Expression] = []
        items(until: .closeParenthesis, trailingComma: false) { parser in arguments.append(parser.expression()) }
        return arguments
    }

    mutating func list() -> Expression {
        let start = token.range.lowerBound
        advance()
        var elements: [Expression.Element] = []
        items(until: .closeBracket) { parser in
            let isOptional = parser.take(.question)
            elements.append(.init(value: parser.expression(), isOptional: isOptional))
        }
        let depth = elements.reduce(0) { max($0, $1.value.depth) } + 1
        return make(.list(elements), start..<previousEnd, depth: depth)
    }

    mutating func map() -> Expression {
        let start = token.range.lowerBound
        advance()
        var entries: [Expression.Entry] = []
        items(until: .closeBrace) { parser in
            let isOptional = parser.take(.question)
            let key = parser.expression()
            guard parser.take(.colon) else { return parser.unexpected("':' and the key's value") }
            entries.append(.init(key: key, value: parser.expression(), isOptional: isOptional))
        }
        let depth = entries.reduce(0) { max($0, $1.key.depth, $1.value.depth) } + 1
        return make(.map(entries), start..<previousEnd, depth: depth)
    }

    mutating func message(named name: String, from start: Int) -> Expression {
        advance()
        var fields: [Expression.Field] = []
        items(until: .closeBrace) { parser in
            let isOptional = parser.take(.question)
            let range = parser.token.range
            switch parser.token.kind {
            case .identifier(let name), .quotedIdentifier(let name):
                parser.advance()
                guard parser.take(.colon) else { return parser.unexpected("':' and the field's value") }
                let value = parser.expression()
                if fields.contains(where: { $0.name == name }) {
                    parser.fail(.syntax, "the field '\(name)' is set twice", at: range)
                }
                fields.append(.init(name: name, range: range, value: value, isOptional: isOptional))
            default: parser.unexpected("a field's name")
            }
        }
        let depth = fields.reduce(0) { max($0, $1.value.depth) } + 1
        return make(.message(name, fields), start..<previousEnd, depth: depth)
    }

    /// Reads items with commas between them and the closing bracket.
    private mutating func items(
        until end: Token.Symbol, trailingComma: Bool = true, _ item: (inout Parser) -> Void
    ) {
        if take(end) { return }
        while true {
            if trailingComma, take(end) { return }
            let issueCount = issues.count
            item(&self)
            if issues.count > issueCount, !at(.comma), !at(end) { skipItem(until: end) }
            if take(.comma) { continue }
            return close(end)
        }
    }

    mutating func close(_ end: Token.Symbol) {
        if take(end) { return }
        // One mistake is told once: what follows it is often noise.
        if issues.isEmpty { unexpected("',' or '\(end.rawValue)'") }
        skipItem(until: end)
        _ = take(end)
    }

    /// Goes to the comma or bracket that ends the item in which a mistake was found.
    private mutating func skipItem(until end: Token.Symbol) {
        var open = 0
        while token.kind != .end {
            switch token.kind {
            case .symbol(.openParenthesis), .symbol(.openBracket), .symbol(.openBrace): open += 1
            case .symbol(.closeParenthesis), .symbol(.closeBracket), .symbol(.closeBrace):
                if open == 0 { return }
                open -= 1
            case .symbol(.comma) where open == 0: return
            default: break
            }
            advance()
        }
    }
}
